"""When a check-in is due, what it holds, and which answers call for help."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.checkins.forms import parse_checkin
from diary.checkins.rules import (
    ASKING,
    CHECKIN,
    CHOICES,
    DAYS,
    EFFECTS,
    EMERGENCIES,
    FIELDS,
    Asked,
    Due,
    Given,
    check_ins,
    due_on,
    fired,
    fires_from,
    intention_for,
    is_open_at,
    rules_by_answer,
    usual_effects,
    when_words,
)
from diary.safety.queries import RULES

D = date(2026, 9, 1)
ID = [UUID(int=n) for n in range(1, 60)]


def infusions(*offsets, planned=()):
    done = [Given(ID[n], n + 1, D + timedelta(days=o)) for n, o in enumerate(offsets)]
    ahead = [
        Given(ID[len(done) + n], len(done) + n + 1, D + timedelta(days=o), is_done=False)
        for n, o in enumerate(planned)
    ]
    return [*done, *ahead]


def asked_days(*offsets, until=40):
    """(days from D on which a check-in is due, its days after the infusion), walked day by day as she lives them."""
    found, asked_on = [], D - timedelta(days=1)
    for step in range(until):
        day = D + timedelta(days=step)
        due = due_on([one for one in infusions(*offsets) if one.day <= day], day, asked_on)
        if due is not None:
            if not due.is_asking_only:
                found.append((step, due.after))
            asked_on = day if due.asks else asked_on
    return found


@pytest.mark.parametrize(
    ("offsets", "wanted"),
    [
        ((0,), [(0, 0), (1, 1), (2, 2), (3, 3), (7, 7)]),
        # The latest infusion only: day 7 of the first is the evening of the second.
        ((0, 7), [(0, 0), (1, 1), (2, 2), (3, 3), (7, 0), (8, 1), (9, 2), (10, 3), (14, 7)]),
        # Less than 7 days apart: from the third on only the next morning.
        ((0, 2, 4), [(0, 0), (1, 1), (2, 0), (3, 1), (5, 1)]),
        ((0, 3, 7, 10, 14), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2), (6, 3), (8, 1), (11, 1), (15, 1)]),
        # A gap of a week begins anew.
        ((0, 3, 6, 13), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2), (7, 1), (13, 0), (14, 1), (15, 2), (16, 3)]),
        # Every day: each morning after is the day of the next, once that is recorded.
        ((0, 1, 2, 3, 4, 5), [(0, 0), (1, 0)]),
        ((), []),
    ],
)  # fmt: skip
def test_the_days_of_check_ins(offsets, wanted):
    until = max([*offsets, 0]) + 15
    found = [(step, after) for step, after in asked_days(*offsets, until=until) if step < 17]
    assert found == wanted


def test_of_the_mornings_three_a_week_are_most():
    """As she lives them: in the morning of a day the infusion of that day is not done yet."""
    found, asked_on = [], D
    for step in range(12):
        day = D + timedelta(days=step)
        due = due_on(infusions(*range(step)), day, asked_on)
        if due is not None and not due.is_asking_only:
            found.append((step, due.after))
    assert found == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (10, 1), (11, 1)]


def test_a_clinic_may_change_the_days():
    assert due_on(infusions(0), D + timedelta(days=5), D, days=(1, 5)).after == 5
    assert due_on(infusions(0), D + timedelta(days=2), D, days=(1, 5)) is None


def test_the_evening_opens_at_five_and_the_morning_at_once():
    evening, morning = due_on(infusions(0), D, D), due_on(infusions(0), D + timedelta(days=1), D)
    assert not is_open_at(evening, datetime.combine(D, datetime.min.time()).replace(hour=16, minute=59))
    assert is_open_at(evening, datetime.combine(D, datetime.min.time()).replace(hour=17))
    assert is_open_at(evening, datetime.combine(D + timedelta(days=1), datetime.min.time()).replace(hour=3))
    assert is_open_at(morning, datetime.combine(D + timedelta(days=1), datetime.min.time()).replace(hour=4))


@pytest.mark.parametrize(
    ("offsets", "planned", "today", "asked", "wanted"),
    [
        ((), (5,), 0, None, ("ask",)),  # before infusion 1
        ((), (5,), 0, 0, None),  # and once only
        ((), (9,), 0, None, None),  # not a month ahead
        ((0,), (), 1, -3, ("first", "morning", "mind", "words")),
        ((0,), (), 1, -27, ("first", "morning", "mind", "ask", "words")),  # every four weeks
        ((0, 7), (), 8, -6, ("first", "morning", "mind", "ask", "words")),  # weekly: every two
        ((0, 7), (), 8, -5, ("first", "morning", "mind", "words")),
        ((0,), (), 25, -6, ("ask",)),  # no check-in came to carry it
        ((0,), (), 24, -6, None),
        ((0,), (), 70, -6, None),  # no longer in treatment
        ((0,), (), 1, None, ("first", "morning", "mind", "ask", "words")),  # never asked
    ],
)
def test_the_asking_of_every_few_weeks(offsets, planned, today, asked, wanted):
    asked_on = D + timedelta(days=asked) if asked is not None else None
    due = due_on(infusions(*offsets, planned=planned), D + timedelta(days=today), asked_on)
    assert (due.steps if due else None) == wanted


def test_what_each_is_called_and_where_driving_is_spoken_of():
    said = [(due.name, due.says_drive) for due in check_ins(infusions(0), D, D)[:5]]
    assert said == [
        ("The evening of infusion 1", True),
        ("The morning after infusion 1", True),
        ("Day 2 after infusion 1", False),
        ("Day 3 after infusion 1", False),
        ("Day 7 after infusion 1", False),
    ]


@given(st.sets(st.integers(0, 60), max_size=30), st.integers(0, 70))
def test_never_two_a_day_nor_over_three_of_the_tight_mornings_a_week(offsets, today):
    given_ = infusions(*sorted(offsets))
    found = check_ins(given_, D + timedelta(days=today), D)
    days = [due.day for due in found]
    assert days == sorted(set(days)) and all(day >= D + timedelta(days=today) for day in days)
    for due in found:
        latest = max((one.day for one in given_ if one.is_done and one.day <= due.day), default=None)
        assert latest is not None and due.after == (due.day - latest).days
        assert due.is_asking_only or due.after in DAYS


@given(st.integers(2, 4), st.integers(9, 40))
def test_on_a_tight_schedule_only_the_morning_after_is_asked(gap, number):
    given_ = infusions(*range(0, gap * number, gap))
    start = D + timedelta(days=gap * 3)
    due = [
        one for one in check_ins([g for g in given_ if g.day <= start + timedelta(days=30)], start, start)
        if not one.is_asking_only
    ]  # fmt: skip
    assert {one.after for one in due} <= {1}
    for one in due:
        assert sum(one.day <= other.day < one.day + timedelta(days=7) for other in due) <= 3


def test_her_usual_ones_come_first_from_the_third_infusion_on():
    earlier = [
        (ID[0], {"nausea": "mild", "dizziness": "severe"}),
        (ID[0], {"nausea": "marked"}),
        (ID[1], {"dizziness": "mild", "nausea": "mild", "itching": "mild"}),
        (ID[2], {"dizziness": "mild", "headache": None}),
    ]
    assert usual_effects(earlier, 4) == ("dizziness", "nausea")
    assert usual_effects(earlier, 2) == ()
    assert usual_effects(earlier[:2], 5) == (), "marked after one infusion only"


def test_an_intention_is_offered_from_three_days_before():
    given_ = infusions(0, planned=(10, 14))
    days = [n for n in range(20) if intention_for(given_, D + timedelta(days=n))]
    assert days == [7, 8, 9, 10, 11, 12, 13, 14]
    assert when_words(D + timedelta(days=1), "10:00", D) == "tomorrow at 10:00"
    assert when_words(D + timedelta(days=3), "", D) == "on Friday"


# Safety -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "urine", "wanted"),
    [
        ({"fall": "yes"}, {}, ["fall"]),
        ({"fall": "no"}, {}, []),
        ({"still_detached": "moderate"}, {}, ["detached_next_day"]),
        ({"still_detached": "severe"}, {}, ["detached_next_day"]),
        ({"still_detached": "mild"}, {}, []),
        ({"detached": "severe"}, {}, []),  # since the infusion, which is not still there
        ({"chest_pain": "yes", "fainting": "yes"}, {}, ["emergency_after_infusion"]),
        ({"breathless": "yes"}, {}, ["emergency_after_infusion"]),
        ({"worst_headache": "yes"}, {}, ["emergency_after_infusion"]),
        ({"headache": "severe"}, {}, []),
        ({"urine_blood": "yes"}, {}, ["urinary"]),
        ({"urine_often": "severe"}, {}, []),
        ({"urine_often": "mild"}, {"urine_often": 1}, ["urinary"]),
        ({"urine_often": "mild"}, {"urine_often": 2}, []),
        ({"urine_pain": "mild"}, {"urine_often": 1}, []),
        ({"craving": "yes", "ketamine_outside": "yes"}, {}, ["ketamine_outside"]),
        ({"memory": "severe"}, {}, []),
        ({"fall": "yes", "still_detached": "moderate"}, {}, ["fall", "detached_next_day"]),
        ({"fall": None}, {}, []),
    ],
)
def test_which_answers_fire(fields, urine, wanted):
    found = fired(fields, ID[0], urine)
    assert [one.rule for one in found] == wanted
    assert all(one.rule in RULES.by_key and one.answer for one in found)


@pytest.mark.parametrize(
    ("earlier", "wanted"),
    [
        ([], {}),
        ([(0, True, "moderate")], {}),  # her own level before the infusions
        ([(0, True, "no"), (14, False, "mild")], {"urine_often": 1}),
        ([(0, True, "mild"), (14, False, "mild")], {}),
        ([(0, True, "mild"), (14, False, "moderate")], {"urine_often": 2}),
        ([(0, True, "no"), (14, False, "mild"), (28, False, "no")], {}),  # not running
        (
            [(14, False, "mild")],
            {"urine_often": 1},
        ),  # never asked before: told once too often rather than never
        ([(0, True, "no"), (14, False, "mild"), (28, False, None)], {"urine_often": 1}),
    ],
)
def test_urinary_symptoms_at_two_askings_running(earlier, wanted):
    asked = [
        Asked(D + timedelta(days=n), first, {"urine_often": said, "memory": "no"})
        for n, first, said in earlier
    ]
    assert fires_from(asked) == wanted


def test_each_question_with_a_rule_is_marked_and_each_rule_says_what_to_do():
    marks = rules_by_answer({"urine_often": 2})
    assert marks["fall"] == {"yes": "fall"}
    assert marks["still_detached"] == {"moderate": "detached_next_day", "severe": "detached_next_day"}
    assert marks["urine_often"] == {"moderate": "urinary", "severe": "urinary"}
    assert set(EMERGENCIES) < set(marks)
    for by_value in marks.values():
        for rule in by_value.values():
            assert RULES[rule].asked and RULES[rule].help in ("emergency", "clinic") and RULES[rule].words


def test_the_twelve_and_all_fields_have_a_form():
    assert len(EFFECTS) == 12 and set(ASKING) < set(CHOICES)
    for name in FIELDS[CHECKIN]:
        texts = {name: ""} | ({"insight_private": "yes"} if name == "insight" else {})
        assert parse_checkin(texts).fields == {name: None}
    assert Due(D, ID[0], 1, 0, asks=True).steps[0] == "first"


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        ({"fall": "maybe"}, "fall"),
        ({"nausea": "worst"}, "nausea"),
        ({"none": "no"}, "none"),
        ({"own": "x" * 401}, "own"),
        ({"insight": "a\x00", "insight_private": "no"}, "insight"),
        ({"insight_private": "no"}, "insight"),
        ({"insight": "a", "insight_private": "perhaps"}, "insight_private"),
        ({"pain": "4"}, "pain"),
        ({"help_shown": "no"}, "help_shown"),
    ],
)
def test_what_is_wrong_is_named(texts, wrong):
    assert wrong in parse_checkin(texts).errors
