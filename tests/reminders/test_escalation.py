"""Who is told of a flag that waits, and when."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.careteam.rules import is_open_at, parse_opening
from diary.reminders.rules.escalation import told
from diary.safety.rules import Unanswered

BOB, CORA, DANA, OTHER = 1, 2, 3, 4
STAFF = ((BOB, "clinician", True), (CORA, "coach", True), (OTHER, "coach", False), (DANA, "admin", False))
HOURS = parse_opening("mon 08:00-17:00, tue 08:00-17:00")
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)  # London: the clock is UTC's


def flag(since=MONDAY, level="urgent", owner=BOB, staff=STAFF, opening=HOURS):
    return Unanswered(UUID(int=1), level, since, owner, staff, opening, "Europe/London")


def said(found, minutes, hours=0):
    until = found.waits_since + timedelta(minutes=minutes, hours=hours)
    return sorted((one.person_id, one.kind) for one in told(found, until))


ALL = (BOB, CORA, DANA)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, [(BOB, "flag_opened")]),
        (14, [(BOB, "flag_opened")]),
        (15, [(BOB, "flag_waits")]),
        (59, [(BOB, "flag_waits")]),
        (60, [(one, "flag_overdue") for one in ALL]),
    ],
)
def test_the_owner_at_once_and_after_fifteen_minutes_everybody_after_an_hour(minutes, expected):
    assert said(flag(), minutes) == expected


def test_before_it_waits_nobody_is_told():
    assert told(flag(), MONDAY - timedelta(minutes=1)) == []


def test_a_normal_flag_waits_in_the_list():
    assert said(flag(level="normal"), 0, hours=100) == []


@pytest.mark.parametrize("owner", [None, 99])
def test_where_its_owner_is_not_there_everybody_is_told_from_the_start(owner):
    assert said(flag(owner=owner), 0) == [(one, "flag_opened") for one in ALL]


def test_a_coach_of_somebody_else_is_never_told():
    assert OTHER not in {person for person, _ in said(flag(owner=None), 0, hours=200)}


def test_where_nobody_is_there_nobody_can_be_told():
    assert said(flag(staff=()), 0, hours=100) == []


def moments(found, hours):
    """Every moment at which somebody is told, minute by minute."""
    seen = {}
    for minute in range(hours * 60 + 1):
        for one in told(found, found.waits_since + timedelta(minutes=minute)):
            if one.person_id == BOB:
                seen[one.due_at] = one.kind
    return [(at - found.waits_since) / timedelta(hours=1) for at in sorted(seen)]


def test_in_the_evening_the_escalation_waits_for_the_opening():
    """Monday 18:00: at once, 18:15, then Tuesday 8:00, 9:00, 10:00 and 12:00; Tuesday is the last day of its week."""
    assert moments(flag(MONDAY.replace(hour=18)), 20) == [0, 0.25, 14, 15, 16, 18]


def test_what_falls_outside_the_hours_is_left_to_the_next_opening():
    """Monday 14:30: overdue 15:30, again 16:30; 17:30 and 19:30 are closed, so Tuesday 8:00."""
    assert moments(flag(MONDAY.replace(hour=14, minute=30)), 24) == [0, 0.25, 1, 2, 17.5]


def test_a_clinic_without_hours_is_told_by_the_clock():
    assert moments(flag(opening={}), 24) == [0, 0.25, 1, 2, 3, 5, 13, 21]


def test_handed_over_the_time_runs_from_then_and_to_whoever_has_it():
    later = flag(since=MONDAY + timedelta(hours=3), owner=CORA)
    assert said(later, 15) == [(CORA, "flag_waits")]


@given(
    st.integers(0, 14 * 24 * 60), st.integers(0, 21 * 24 * 60), st.sampled_from(["urgent", "high"]),
    st.sampled_from(["", "mon 08:00-17:00", "mon 08:00-17:00, wed 13:00-19:30, sat 09:00-10:00"]),
)  # fmt: skip
def test_nobody_waits_unheard(began, waited, level, hours):
    """Somebody is told from the first moment on; every later telling is in the clinic's hours; none is forgotten."""
    opening = parse_opening(hours)
    found = flag(MONDAY + timedelta(minutes=began), level, opening=opening)
    until = found.waits_since + timedelta(minutes=waited)
    last = told(found, until)
    assert last
    for one in last:
        assert found.waits_since <= one.due_at <= until
        if one.kind == "flag_overdue" and opening and one.due_at > found.waits_since + timedelta(hours=1):
            assert is_open_at(opening, one.due_at, "Europe/London")
    longest = timedelta(days=8) if opening else timedelta(hours=8)
    assert until - max(one.due_at for one in last) <= longest
