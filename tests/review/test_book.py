"""The caseload's reasons as data: a bad file is refused by name; each reason says its numbers; flags stay first."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from diary.response.rules.gap import Gap, Held
from diary.review import rules
from diary.review.queries.data import BOOK
from diary.review.rules.book import SPECS
from diary.safety.queries import RULES
from diary.safety.rules import safety_rules

DATA = Path(rules.__file__).parent.parent / "caseload.json"
TODAY = date(2026, 4, 20)


def changed(**fields):
    """The file with fields of its reasons set; None takes one out."""
    data = json.loads(DATA.read_text("utf-8"))
    for name, value in fields.items():
        key, _, part = name.partition("__")
        place, last = (data["reasons"][key], part) if part else (data["reasons"], key)
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"session": None}, "caseload reason session: missing"),
        ({"birthday": {}}, "caseload reason birthday: nothing finds it"),
        ({"session": []}, "caseload reason session: is no reason"),
        ({"session__title": None}, "caseload reason session: title is missing"),
        ({"session__title": " "}, "caseload reason session: has no place or no title"),
        ({"session__order": "1"}, "caseload reason session: order can't be '1'"),
        ({"session__order": True}, "caseload reason session: order can't be True"),
        ({"session__colour": "red"}, "caseload reason session: colour is not a field"),
        ({"session__rule": "fall"}, "caseload reason session: rule is not a field"),
        ({"session__group": "later"}, "caseload reason session: its group is know or usual"),
        ({"session__group": "flags"}, "caseload reason session: its group is know or usual"),
        ({"flag__group": "know"}, "caseload reason flag: its group is flags"),
        ({"as_usual__group": "know"}, "caseload reason as_usual: its group is usual"),
        ({"silence__rule": "fall"}, "caseload reason silence: its safety rule is silence"),
        ({"silence__counts": {"days": 3}}, "caseload reason silence: its counts are none"),
        ({"session__counts": {}}, "caseload reason session: its counts are days"),
        ({"session__counts": {"days": 0}}, "caseload reason session: days can't be 0"),
        ({"session__counts": {"days": 2.5}}, "caseload reason session: days can't be 2.5"),
        ({"session__words": "{name} waits"}, r"caseload reason session: \{name\} is not one"),
        ({"session__words": "{when.year}"}, r"caseload reason session: \{when.year\} is not one"),
        ({"session__words": "{when"}, "caseload reason session: "),
    ],
)
def test_a_bad_file_is_refused_by_name(fields, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        rules.book(changed(**fields), RULES)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": "1"}', '{"version": "", "groups": {}, "reasons": {}}',
     '{"version": "1", "groups": {"know": {}}, "reasons": {}}'],
)  # fmt: skip
def test_what_is_no_file_of_reasons(text):
    with pytest.raises(ValueError, match=r"^caseload reasons: "):
        rules.book(text, RULES)


def test_the_numbers_of_a_safety_rule_stand_in_its_own_file_alone():
    text = (DATA.parents[1] / "safety" / "rules.json").read_text("utf-8")
    stricter = safety_rules(text.replace('"counts": {"days": 4}', '"counts": {"days": 6}'))
    six = rules.book(DATA.read_text("utf-8"), stricter)
    days = [rules.DayState(TODAY - timedelta(days=6), dict.fromkeys(rules.KEYS, 3.0))]
    assert [one.key for one in rules.of_days(BOOK, days, TODAY, True)] == ["silence"]
    assert rules.of_days(six, days, TODAY, True) == []
    for key, spec in SPECS.items():
        if spec.rule:
            assert json.loads(DATA.read_text("utf-8"))["reasons"][key]["counts"] == {}, key


def test_above_the_usual_says_its_mean_with_its_n():
    days = [
        rules.DayState(TODAY - timedelta(days=21 - n), dict.fromkeys(rules.KEYS) | {"pain": score})
        for n, score in enumerate([4.0] * 14 + [7.0] * 5 + [4.0, 4.0])
    ]
    (reason,) = rules.of_days(BOOK, days, TODAY)
    assert (reason.group, reason.title) == ("know", "Pain above the usual")
    assert (
        reason.words == "2 points or more above 4, the mean of the 14 scored days before, on 5 of the last 7."
    )


@pytest.mark.parametrize(
    ("ahead", "title"),
    [(-1, None), (0, "Session today at 14:00"), (1, "Session tomorrow at 14:00"), (2, None)],
)
def test_a_session_today_or_tomorrow(ahead, title):
    start = datetime(2026, 4, 20, 14, tzinfo=UTC) + timedelta(days=ahead)
    assert [one.title for one in rules.of_sessions(BOOK, start, (), TODAY)] == ([title] if title else [])


@pytest.mark.parametrize(
    ("backs", "said"),
    [
        ([-1], None),
        ([0], "1 commitment due. Until 20 Apr; nothing is said of it yet."),
        ([9, 7, 3], "2 commitments due. Until 17 Apr; nothing is said of them yet."),
        ([8], None),
    ],
)
def test_commitments_whose_last_day_has_come(backs, said):
    found = rules.of_sessions(BOOK, None, [TODAY - timedelta(days=back) for back in backs], TODAY)
    assert [f"{one.title}. {one.words}" for one in found] == ([said] if said else [])


@pytest.mark.parametrize(("ago", "key"), [(-1, None), (0, "relief_ended"), (7, "relief_ended"), (8, None)])
def test_relief_that_ended_lately(ago, key):
    found = rules.of_relief(BOOK, 1, 9, ago, ["6", "6", "7"])
    assert (found and found.key) == key
    if found:
        assert (found.title, found.words) == (
            "Relief ended on day 9", "Relief from pain began on day 1. Pain 6, 6, 7 last.",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "ended", "key", "group"),
    [
        (0, False, None, ""),
        (1, False, "gap", "usual"),
        (10, False, "gap", "usual"),
        (11, False, "gap_ending", "know"),
        (5, True, "gap_ending", "know"),
        (14, False, None, ""),
    ],
)
def test_a_planned_longer_gap_is_as_usual_until_its_end_is_near_or_relief_ended(day, ended, key, group):
    gap = Gap("", TODAY - timedelta(days=day), 14)
    found = rules.of_gap(BOOK, gap, Held(1, 4, 4, ended, 4, 5), ["5", "5", "6"], TODAY)
    assert (found and found.key) == key
    if found:
        assert (found.group, found.title) == (group, f"Longer gap, day {day} of 14")
        held = "held" if ended else "has held"
        assert (
            found.words
            == f"Planned. Relief {held} from day 1 to day 4; 4 of 5 days logged. Pain last: 5, 5, 6."
        )


def test_reasons_stand_in_their_order_and_usual_ones_last():
    gap = rules.of_gap(
        BOOK, Gap("", TODAY - timedelta(days=2), 14), Held(None, None, None, False, 0, 1), [], TODAY
    )
    found = [gap, *rules.of_sessions(BOOK, datetime(2026, 4, 20, 9, tzinfo=UTC), [TODAY], TODAY)]
    severe = rules.of_severe(BOOK, "Nausea", 6, 3)
    assert (severe.title, severe.words) == ("Severe nausea after infusion 6", "Said on day 3.")
    keys = [one.key for one in rules.placed(BOOK, [*found, severe], True, True)]
    assert keys == ["severe", "session", "commitment", "gap"]


@pytest.mark.parametrize(
    ("shares", "is_open", "title"),
    [(True, True, "As usual"), (False, True, "Scores not shared"), (False, False, "Shares nothing with you")],
)
def test_what_stands_where_there_is_no_reason(shares, is_open, title):
    (only,) = rules.placed(BOOK, [], shares, is_open)
    assert (only.title, BOOK.groups[only.place].key) == (title, "usual")


@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_reason_can_be_said_with_the_names_it_is_given(key):
    said = BOOK.say(key, **dict.fromkeys(SPECS[key].names, "x"))
    assert said.title and "{" not in said.title + said.words
