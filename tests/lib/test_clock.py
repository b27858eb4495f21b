"""The diary's day runs from 04:00 to 04:00 of the local wall clock, on days of 23 and 25 hours too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.lib import clock


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-03-15T03:59:59", "Europe/London", "2026-03-14"),
        ("2026-03-15T04:00:00", "Europe/London", "2026-03-15"),
        ("2026-07-15T03:00:00", "Europe/London", "2026-07-15"),  # summer: 04:00 there
        ("2026-07-15T02:59:59", "Europe/London", "2026-07-14"),
        ("2026-03-29T02:59:00", "Europe/London", "2026-03-28"),  # the night of 23 hours: 03:59 there
        ("2026-03-29T03:00:00", "Europe/London", "2026-03-29"),
        ("2026-10-25T03:59:00", "Europe/London", "2026-10-24"),  # the night of 25 hours
        ("2026-10-25T04:00:00", "Europe/London", "2026-10-25"),
        ("2026-03-15T12:00:00", "Pacific/Kiritimati", "2026-03-15"),
        ("2026-03-15T15:00:00", "Pacific/Kiritimati", "2026-03-16"),
        ("2026-03-15T14:59:00", "Pacific/Honolulu", "2026-03-15"),
        ("2026-03-15T13:59:00", "Pacific/Honolulu", "2026-03-14"),
    ],
)
def test_diary_day(moment, zone, day):
    assert clock.diary_day(utc(moment), zone) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-27", 24), ("2026-03-28", 23), ("2026-10-24", 25), ("2026-10-25", 24)]
)
def test_days_of_23_and_25_hours(day, hours):
    day = date.fromisoformat(day)
    begins = clock.day_end(day - timedelta(days=1), "Europe/London")
    assert clock.day_end(day, "Europe/London") - begins == timedelta(hours=hours)


@given(
    st.integers(946_684_800, 2_208_988_800).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from(clock.zone_names()),
)
def test_every_moment_lies_in_its_day(moment, zone):
    day = clock.diary_day(moment, zone)
    assert clock.day_end(day - timedelta(days=1), zone) <= moment < clock.day_end(day, zone) or _odd(
        day, zone
    )


def _odd(day, zone):
    """04:00 itself did not exist or came twice that night: a handful of nights in the world's history."""
    at = datetime.combine(day + timedelta(days=1), clock.DAY_BEGINS)
    there = clock.zone_of(zone)
    before = datetime.combine(day, clock.DAY_BEGINS)
    return any(
        m.replace(tzinfo=there, fold=0).utcoffset() != m.replace(tzinfo=there, fold=1).utcoffset()
        for m in (at, before)
    )


def test_zones():
    assert clock.is_zone("Europe/London")
    assert not clock.is_zone("Atlantis/Sunk")
    assert not clock.is_zone("../../etc/passwd")
