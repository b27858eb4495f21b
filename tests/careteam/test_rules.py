"""When a clinic is open: hours as text and in words, the next opening, and what waits in opening hours."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.careteam import rules

WEEK = rules.parse_opening(
    "mon 08:00-18:00, tue 08:00-18:00, wed 08:00-18:00, thu 08:00-18:00, fri 08:00-16:00"
)
LONDON = "Europe/London"


def at(day, hour, minute=0):
    """A moment of November 2026, when London is on UTC; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("mon 08:00-17:00", "Monday, 8:00 to 17:00"),
        ("mon 08:00-17:00, tue 08:00-17:00", "Monday and Tuesday, 8:00 to 17:00"),
        (rules.opening_text(WEEK), "Monday to Thursday, 8:00 to 18:00; Friday, 8:00 to 16:00"),
        ("mon 09:30-12:00, wed 09:30-12:00", "Monday, 9:30 to 12:00; Wednesday, 9:30 to 12:00"),
        ("sat 00:00-23:59, sun 00:00-23:59", "Saturday and Sunday, 0:00 to 23:59"),
    ],
)
def test_hours_in_words(text, words):
    opening = rules.parse_opening(text)
    assert rules.opening_text(opening) == text
    assert rules.opening_words(opening) == words


@pytest.mark.parametrize(
    "text", ["mon", "mon 8-17", "moo 08:00-17:00", "mon 17:00-08:00", "mon 08:00-08:00", "mon 24:00-25:00"]
)
def test_what_is_no_text_of_hours(text):
    with pytest.raises(ValueError):
        rules.parse_opening(text)


@pytest.mark.parametrize(
    ("moment", "is_open", "opens"),
    [
        (at(23, 7, 59), False, at(23, 8)),
        (at(23, 8), True, at(24, 8)),
        (at(23, 17, 59), True, at(24, 8)),
        (at(23, 18), False, at(24, 8)),
        (at(27, 16), False, at(30, 8)),
        (at(28, 12), False, at(30, 8)),
    ],
)
def test_open_and_opening(moment, is_open, opens):
    assert rules.is_open_at(WEEK, moment, LONDON) == is_open
    assert rules.next_opening(WEEK, moment, LONDON) == opens
    assert (rules.closing_time(WEEK, moment, LONDON) == time(18)) == is_open


def test_hours_are_those_of_the_clinics_own_clock():
    summer = datetime(2026, 7, 6, 7, 30, tzinfo=UTC)  # 8:30 in London, 9:30 in Paris
    assert rules.is_open_at(WEEK, summer, LONDON)
    assert rules.next_opening(WEEK, datetime(2026, 3, 28, 12, tzinfo=UTC), LONDON) == datetime(
        2026, 3, 30, 7, tzinfo=UTC
    )


def test_a_clinic_that_is_never_open():
    assert rules.next_opening({}, at(23, 8), LONDON) is None
    assert not rules.is_open_at({}, at(23, 8), LONDON)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (at(23, 8, 12), at(23, 9, 12)),  # within the hours
        (at(23, 16, 59), at(23, 17, 59)),
        (at(23, 17), at(24, 8)),  # would end as it closes
        (at(23, 17, 30), at(24, 8)),
        (at(23, 20, 35), at(24, 8)),  # closed: at opening
        (at(24, 7, 45), at(24, 8)),
        (at(27, 15, 30), at(30, 8)),  # Friday: on Monday
        (at(28, 12), at(30, 8)),
    ],
)
def test_what_waits_an_hour(since, due):
    assert rules.moment_after(WEEK, since, timedelta(hours=1), LONDON) == due


def test_without_hours_the_clock_counts():
    assert rules.moment_after({}, at(28, 3), timedelta(hours=1), LONDON) == at(28, 4)


@given(st.integers(0, 366 * 24 * 60))
def test_it_is_always_due_later_and_never_while_closed(minutes):
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = rules.moment_after(WEEK, since, timedelta(hours=1), LONDON)
    assert since < due <= since + timedelta(days=3)
    assert rules.is_open_at(WEEK, due, LONDON)
