"""Commitments: when they run, may be ticked, are due; counted days; a session as plain text."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.sessions.rules import CommitmentRow, as_text, counted, counted_words, due, may_tick, when_words

AGREED = date(2026, 11, 12)
DAYS = st.integers(0, 40).map(lambda n: AGREED + timedelta(days=n))


def row(**changes) -> CommitmentRow:
    one = CommitmentRow(uuid4(), uuid4(), 1, "Ten quiet minutes", AGREED, AGREED + timedelta(days=14), True)
    return replace(one, **changes)


def days(*numbers) -> frozenset[date]:
    return frozenset(AGREED + timedelta(days=n) for n in numbers)


@pytest.mark.parametrize(
    ("today", "ticked", "words"),
    [
        (0, (), "no day yet"),
        (1, (), "no day yet"),
        (1, (1,), "1 of 1 day"),
        (2, (), "0 of 1 day"),
        (14, (1, 2, 3, 4, 5, 6, 8, 9, 10), "9 of 13 days"),
        (30, (1, 2), "2 of 14 days"),
        (3, (0, 1), "2 of 3 days"),
    ],
)
def test_counted_days(today, ticked, words):
    assert counted_words(row(ticked=days(*ticked)), AGREED + timedelta(days=today)) == words


@pytest.mark.parametrize(
    ("told", "length", "ticked", "words"),
    [
        (10, 16, range(1, 10), "9 of 9 days"),
        (10, 16, range(1, 11), "10 of 10 days"),
        (10, None, range(1, 8), "7 of 9 days"),
        (16, 16, range(1, 11), "10 of 15 days"),
        (20, 16, range(1, 11), "10 of 16 days"),
        (0, 16, (), "no day yet"),
    ],
)
def test_no_day_is_counted_after_it_was_said_what_became_of_it(told, length, ticked, words):
    one = row(
        ticked=days(*ticked),
        until_on=None if length is None else AGREED + timedelta(days=length),
        outcome="partly",
        outcome_on=AGREED + timedelta(days=told),
    )
    assert counted_words(one, AGREED + timedelta(days=30)) == words


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, 14),
        ({"until_on": None}, None),
        ({"outcome": "let_go", "outcome_on": 9}, 9),
        ({"outcome": "let_go", "outcome_on": 9, "until_on": None}, 9),
        ({"outcome": "done", "outcome_on": 20}, 14),
        ({"outcome": "", "outcome_on": 9}, 14),  # said, and taken back
        ({"outcome": "done", "outcome_on": -1}, 0),
    ],
)
def test_it_ends_on_its_last_day_or_when_it_was_said_what_became_of_it(changes, ends):
    told = changes.get("outcome_on")
    if told is not None:
        changes = changes | {"outcome_on": AGREED + timedelta(days=told)}
    assert row(**changes).ends_on == (None if ends is None else AGREED + timedelta(days=ends))


def test_nothing_is_counted_unless_she_chose_it():
    assert counted_words(row(is_counted=False, ticked=days(1)), AGREED + timedelta(days=3)) == ""


@given(DAYS, st.frozensets(DAYS, max_size=30), st.integers(0, 30), st.none() | DAYS)
def test_no_more_days_done_than_there_were(today, ticked, length, told):
    one = row(
        ticked=ticked,
        until_on=AGREED + timedelta(days=length),
        outcome="partly" if told else "",
        outcome_on=told,
    )
    done, whole = counted(one, today)
    assert 0 <= done <= whole <= length + 1


@pytest.mark.parametrize(
    ("changes", "day", "today", "may"),
    [
        ({}, 3, 3, True),
        ({}, 0, 3, True),
        ({}, 4, 3, False),
        ({}, -1, 3, False),
        ({}, 2, 10, False),
        ({}, 3, 10, True),
        ({}, 14, 15, True),
        ({}, 15, 15, False),
        ({"until_on": None}, 15, 15, True),
        ({"is_counted": False}, 3, 3, False),
        ({"outcome": "done"}, 3, 3, False),
    ],
)
def test_which_days_may_be_said(changes, day, today, may):
    at = AGREED + timedelta(days=day)
    assert may_tick(row(**changes), at, AGREED + timedelta(days=today)) is may


def test_due_is_what_ended_in_the_last_week_unanswered():
    ended = [row(until_on=AGREED + timedelta(days=n)) for n in (1, 8, 9)]
    answered = row(until_on=AGREED + timedelta(days=8), outcome="partly")
    open_ended = row(until_on=None)
    assert due([*ended, answered, open_ended], AGREED + timedelta(days=9)) == ended[1:]


def test_a_session_as_text():
    start, end = datetime(2026, 11, 26, 11, tzinfo=UTC), datetime(2026, 11, 26, 11, 50, tzinfo=UTC)
    assert when_words(start, end) == "Thursday 26 November 2026, 11:00 to 11:50"
    text = as_text(
        "Integration session, Alice Marlow", when_words(start, end), "Cora", "the clinic", "We spoke.", "",
        [(row(outcome="partly"), "9 of 13 days")], [row(words="Rest", until_on=None)], [("The harbour", None)],
    )  # fmt: skip
    assert text == (
        "Integration session, Alice Marlow\nThursday 26 November 2026, 11:00 to 11:50, the clinic, with Cora\n\n"
        "What became of the last commitments\n- Ten quiet minutes (agreed 12 Nov): partly; 9 of 13 days\n\n"
        "Goals\n- The harbour\n\nNotes, shared with the patient\nWe spoke.\n\nAgreed on\n1. Rest\n"
    )
