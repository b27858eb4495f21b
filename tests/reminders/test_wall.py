"""Wall clocks against a walk minute by minute: every change of every zone's clocks from 2020 to 2030."""

import os
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from diary.reminders.rules.wall import after_quiet, is_quiet, moment_of

LONG = bool(os.environ.get("NEAP_LONG"))
A_MINUTE, HALF_A_DAY = timedelta(minutes=1), timedelta(hours=12)
SHORT = (
    "Europe/London", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Nuuk", "Antarctica/Troll", "Asia/Tehran", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Apia",
    "Asia/Gaza", "America/Asuncion", "Africa/Juba", "Pacific/Fiji",
)  # fmt: skip


def changes(name: str) -> list[datetime]:
    """The UTC moments from 2020 to the end of 2030 at which a zone's clocks are set, found without our own code."""
    there = ZoneInfo(name)
    found, moment, end = [], datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    while moment < end:
        later = moment + timedelta(days=2)
        if moment.astimezone(there).utcoffset() != later.astimezone(there).utcoffset():
            early, late = moment, later
            while late - early > A_MINUTE:
                middle = early + (late - early) // A_MINUTE // 2 * A_MINUTE
                same = middle.astimezone(there).utcoffset() == moment.astimezone(there).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            found.append(late)
        moment = later
    return found


def walk(name: str, change: datetime) -> list[tuple[datetime, datetime]]:
    """(wall clock, moment) of every minute of half a day around a change, as somebody with a watch would write them."""
    there = ZoneInfo(name)
    moments = (change + step * A_MINUTE for step in range(-720, 721))
    return [(moment.astimezone(there).replace(tzinfo=None, fold=0), moment) for moment in moments]


def judged(name: str) -> tuple[int, int]:
    """(changes, times of the wall clock compared) of one zone; each time within four hours of a change."""
    count = compared = 0
    for change in changes(name):
        count += 1
        written = walk(name, change)
        first: dict[datetime, datetime] = {}
        for wall, moment in written:
            first.setdefault(wall, moment)
        shown = sorted(first)
        middle = change.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        for step in range(-240, 241):
            wall = middle + step * A_MINUTE
            # A time that was never shown comes when the clock first shows a later one.
            expected = first[wall] if wall in first else first[shown[bisect_left(shown, wall)]]
            assert moment_of(wall.date(), wall.time(), name) == expected, (name, wall)
            compared += 1
    return count, compared


def test_every_change_of_every_zone_against_a_walk():
    zones = sorted(available_timezones()) if LONG else SHORT
    # Many names are one zone: each rule of clocks once.
    seen: dict[tuple, str] = {}
    for name in zones:
        seen.setdefault(tuple((c, c.astimezone(ZoneInfo(name)).utcoffset()) for c in changes(name)), name)
    totals = [judged(name) for name in seen.values()]
    print(
        f"{len(zones)} zones, {sum(n for n, _ in totals)} changes of clocks, {sum(n for _, n in totals):,} times compared"
    )
    assert sum(n for n, _ in totals) > 150


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),  # the gap: at 3:00
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # twice: the first
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 10), "2026-10-03T15:30"),  # half an hour
        ("Pacific/Kiritimati", date(2026, 3, 29), time(20, 30), "2026-03-29T06:30"),
        ("Pacific/Pago_Pago", date(2026, 3, 29), time(20, 30), "2026-03-30T07:30"),
        ("Pacific/Apia", date(2011, 12, 30), time(8), "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_by_hand(zone, day, at, moment):
    assert moment_of(day, at, zone) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "wall", "end"),
    [
        ("22:00-08:00", "2026-06-10T21:59", "2026-06-10T21:59"),
        ("22:00-08:00", "2026-06-10T22:00", "2026-06-11T08:00"),
        ("22:00-08:00", "2026-06-11T00:00", "2026-06-11T08:00"),
        ("22:00-08:00", "2026-06-11T07:59", "2026-06-11T08:00"),
        ("22:00-08:00", "2026-06-11T08:00", "2026-06-11T08:00"),
        ("13:00-15:00", "2026-06-11T14:00", "2026-06-11T15:00"),
        ("00:00-23:59", "2026-06-11T14:00", "2026-06-11T23:59"),
        ("22:00-02:30", "2026-03-28T23:00", "2026-03-29T03:00"),  # their end falls into the gap
    ],
)
def test_quiet_hours(quiet, wall, end):
    there = ZoneInfo("Europe/Berlin")
    hours = tuple(time.fromisoformat(part) for part in quiet.split("-"))
    moment, expected = (
        datetime.fromisoformat(text).replace(tzinfo=there).astimezone(UTC) for text in (wall, end)
    )
    assert after_quiet(moment, hours, "Europe/Berlin") == expected
    assert is_quiet(moment, hours, "Europe/Berlin") == (wall != end)


def test_quiet_hours_that_end_in_the_hour_that_comes_twice():
    """2:45 by the second clock is quiet until 3:00; 2:15 by the second lies behind the first end at 2:30."""
    hours = (time(22), time(2, 30))
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert after_quiet(second, hours, "Europe/Berlin") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert after_quiet(second - timedelta(hours=1), hours, "Europe/Berlin") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
