"""The words of the response page, from the worked examples of the definitions; each says its n."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.lib.symptoms import BY_KEY
from diary.response.rules import courses_of, is_tight, staff
from diary.response.rules.drawn import lines_of, week_days
from tests.response.test_properties import build, day_texts, infusion_steps, infusions

DAY = date(2026, 3, 15)
GOOD = [8] * 14
A_BEFORE = [7, 8, 7, 6, 7, 8, 7, 7, 6, 7, 8, 7, 7, 7]


def case(before, on, after, infused=(0,)):
    """(courses, scores, last known day) of days before, on and after the infusion of 15 March."""
    texts = [*before, on, *after]
    first = DAY - timedelta(days=len(before))
    scores, unwell = {}, set()
    for step, text in enumerate(texts):
        if text == "u":
            unwell.add(first + timedelta(days=step))
        elif text != "x":
            scores[first + timedelta(days=step)] = float(text)
    given = [DAY + timedelta(days=step) for step in infused]
    course = courses_of(scores, unwell, given)[-1]
    return course, scores, unwell, max([*scores, *unwell], default=None)


def said(before, on, after, infused=(0,), at=-1, ago=0, key="pain"):
    course, scores, unwell, last = case(before, on, after, infused)
    lines = lines_of(scores, unwell, [one.on for one in course.infusions])
    named = str(len(course.infusions) if at == -1 else at + 1)
    today = (last or DAY) + timedelta(days=ago)
    return staff.headline(course, course.infusions[at], named, key, lines[at], last, today)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        # A, B, C, D, E, F, G, H, I of the definitions
        ((A_BEFORE, 7, [6, 4, 3, 3, 4, 4, 5, 6, 7, 7, 7]),
         "After infusion 1 relief from pain began on day 2 and lasted 5 days, to day 6. Logged on 6 of those first 6 days."),
        ((GOOD, 8, [5, 4, 7, 4, "x", "x", 7, 7, 8]),
         "After infusion 1 relief from pain began on day 1 and lasted 4 to 6 days, to day 4 at least and day 6 at most. Logged on 4 of those first 6 days."),
        ((["x"] * 4 + [6, 6, 7, 7, 6, 6, 7, 7, 6, 6], 6, [4, 3, 3, 5, 3, 3], (0, 4)),
         "Relief from pain was there already before infusion 2, so neither its beginning nor its length is counted for it. Logged on 2 of 2 days."),
        (([7] * 14, 7, [6, 6, 6, 7, 7, 7, 7]),
         "No relief from pain on two days running in the 7 days after infusion 1. Logged on 7 of those 7 days."),
        (([7] * 14, 7, [6, 6, 6, 7, 7, 7]),
         "No relief from pain by day 6 after infusion 1; it can still come. Logged on 6 of 6 days."),
        (([2] * 14, 2, [1, 1, 1, 0, 0]),
         "Pain eased from 2 to 0.6 after infusion 1, the mean of 5 logged days. The level before is under 3 of 10, so only changes in points are shown."),
        (([7] * 14, 7, ["x", "x", 3]), "Not enough days yet after infusion 1: 1 of 2."),
        ((GOOD, 8, [5, 8, 5, 8, 5, 8, 5, 8]),
         "No relief from pain on two days running in the 8 days after infusion 1. Logged on 8 of those 8 days."),
        ((GOOD, 8, [5, 4, 4, 4, "u", "u", 8, 8]),
         "After infusion 1 relief from pain began on day 1 and lasted 4 days, to day 4. Logged on 4 of those first 4 days."),
        ((["x"] * 14, 6, [5, 5, 4, 4, 5, 5, 4, 4]),
         "Pain rose from 4.7 to 4.9 in week 1, compared with the first two weeks here, already in treatment. Logged on 7 of 7 days."),
        # and what else can be
        ((GOOD, 8, []), "No day after infusion 1 yet."),
        ((GOOD, 8, [5, 4, 4]),
         "After infusion 1 relief from pain began on day 1 and has lasted at least 3 days so far. Logged on 3 of those 3 days."),
        ((GOOD, 8, [5, 4, 4, 8]),
         "After infusion 1 relief from pain began on day 1 and has lasted at least 3 days so far. The last day was without; one such day does not end it. Logged on 4 of those 4 days."),
        ((["x"] * 14, "x", ["x", 5]),
         "Not enough days before the infusions: 0 of 4. So relief from pain can't be counted; the days are drawn as they are."),
        (([2] * 14, 2, ["x"]),
         "No logged day after infusion 1 yet. The level before is under 3 of 10, so only changes in points are shown."),
    ],
)  # fmt: skip
def test_what_followed_an_infusion(made, words):
    assert said(*made) == words


def test_the_next_infusion_ends_what_can_be_said_of_the_one_before():
    made = ([6.4] * 14, 6, [4, 3, 3, 5, 3, 3], (0, 4))
    assert said(*made, at=0) == (
        "After infusion 1 relief from pain began on day 1 and lasted at least 3 days, until the next infusion. "
        "Logged on 3 of those 3 days."
    )
    assert said(GOOD, 8, [7, 7, 7], (0, 2), at=0) == (
        "No relief from pain by day 1 after infusion 1, then the next infusion came: too soon to tell, and counted "
        "nowhere. Logged on 1 of 1 day."
    )
    assert said(GOOD, 8, [7, 7, 7], (0, 1), at=0) == "No day between infusion 1 and the next one."


def test_so_far_and_yet_are_only_said_of_now():
    assert "has lasted" not in said(GOOD, 8, [5, 4, 4], ago=9)
    assert "the last logged day is 18 March 2026" in said(GOOD, 8, [5, 4, 4], ago=9)
    assert said([7] * 14, 7, ["x", "x", 3], ago=30) == "Not enough days after infusion 1: 1 of 2."
    assert "can still come" not in said([7] * 14, 7, [6] * 6, ago=9)


def test_facts_with_their_n():
    course, *_ = case(A_BEFORE, 7, [6, 4, 3, 3, 4, 4, 5, 6, 7, 7, 7])
    found = {fact.term: (fact.words, fact.small) for fact in staff.facts(course)}
    assert found == {
        "Level before": ("7.1", "14 of 14 days, swing ±0.6; counts at 4 or less"),
        "Response in the first week": (
            "1 of 1 by 30\u00a0%, 0 of 1 by 50\u00a0%",
            "mean of days 1 to 7. On at least one day: 1 and 1 of 1",
        ),
        "First relief": ("day 2", "from one response"),
        "It lasted": ("5 days", "from one response; 95\u00a0% interval 5 to 5"),
    }


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        ((["x"] * 12 + [7, 7], 7, [7]), ("Level before", "not enough days", "2 of 14 days logged, 4 needed")),
        ((["x"] * 14, 6, [5] * 8), ("First two weeks here", "5.1", "already in treatment; before it 0 of 14 days logged, 4 needed")),
        (([2] * 14, 2, [1]), ("Level before", "2", "14 of 14 days, swing ±0; under 3: changes in points only")),
    ],
)  # fmt: skip
def test_without_a_level_nothing_is_counted(made, fact):
    (found,) = staff.facts(case(*made)[0])
    assert (found.term, found.words, found.small) == fact


def test_a_tight_course_leads_with_weeks_and_runs():
    texts = [8] + [8, 8, 4, 4, 4, 4] + [4] * 14 + [8, 8, 4, 4, 4]
    course, scores, _, last = case(GOOD, texts[0], texts[1:], range(0, 25, 3))
    assert is_tight(course)
    assert staff.weeks_headline(course, "pain", last, last) == (
        "Pain eased from 8 to 4 in week 3, 7 of 7 days logged. Relief has held for at least 3 days, since 7 Apr."
    )
    assert staff.weeks_headline(course, "pain", last, last + timedelta(days=5)).endswith(
        "Relief had held for at least 3 days at the last logged day, 9 April 2026."
    )
    level, weeks, run = staff.weeks_facts(course, week_days(course, scores), last)
    assert (weeks.term, weeks.words, weeks.small) == (
        "Weeks 1 to 3",
        "relief on 18 of 21 days",
        "logged, of 21 days in all",
    )
    assert (run.words, run.small) == ("18 days", "18 Mar to 4 Apr, 6 infusions in it")
    assert staff.spacing_words(course) == "every 3 days"
    assert level.words == "8"


@pytest.mark.parametrize(
    ("gaps", "words"),
    [([3, 4] * 9, "every 3 or 4 days"), ([2, 2, 3, 2, 2], "every 2 days"), ([1], "every day"), ([], ""), ([2, 4] * 4, "every 2 to 4 days")],
)  # fmt: skip
def test_how_far_apart(gaps, words):
    days = [DAY]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    assert staff.spacing_words(courses_of({}, (), days)[0]) == words


def test_groups():
    days = [DAY + timedelta(days=step) for step in (0, 2, 4, 7, 9, 11)]
    assert staff.group_words("induction", days) == "6 infusions in 12 days"
    assert staff.group_words("maintenance", days[:1]) == "1 infusion"
    later = [DAY, DAY + timedelta(days=14), DAY + timedelta(days=35)]
    assert staff.group_words("maintenance", later) == "3 infusions, 14 to 21 days apart"


def test_a_change_is_the_difference_of_the_figures_shown():
    assert staff.against(6.25, 4.24) == "eased 2.1"  # 6.3 and 4.2
    assert staff.against(6.5, 6.6) == "worse 0.1"
    assert staff.against(6.5, 6.46) == "the same"
    assert staff.moved(6.5, 6.46) == "is unchanged at 6.5"


@given(day_texts, infusion_steps, st.sampled_from(sorted(BY_KEY)), st.integers(0, 90))
@settings(max_examples=200, deadline=None)
def test_every_diary_has_its_words(texts, steps, key, ago):
    """Whatever was logged, there is a sentence, facts and definitions; none of them judges or predicts."""
    scores, unwell = build(texts)
    last = max([*scores, *unwell], default=None)
    today = (last or DAY) + timedelta(days=ago)
    for course in courses_of(scores, unwell, infusions(steps)):
        lines = lines_of(scores, unwell, [one.on for one in course.infusions])
        found = [
            staff.headline(course, one, "7", key, line, last, today)
            for one, line in zip(course.infusions, lines, strict=True)
        ]
        found.append(staff.weeks_headline(course, key, last, today))
        found.append(staff.definitions(course))
        found += [
            fact.words
            for fact in (*staff.facts(course), *staff.weeks_facts(course, week_days(course, scores), last))
        ]
        for words in found:
            assert words and "None" not in words and "  " not in words
            assert not any(
                word in words.lower() for word in ("significant", "should", "predict", "recommend")
            )
