"""What stands in a person's calendar: reminders and visits by moment, with nothing about health in them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from diary.lib import clock

AHEAD = timedelta(days=60)
UNREAD = timedelta(days=90)
MOMENT = timedelta(minutes=10)  # how long a reminder takes in a calendar
USUAL_VISIT = timedelta(hours=1)
TITLE, VISIT = "Neap", "Neap: an appointment"


@dataclass(frozen=True)
class Event:
    """One entry; `ends` is None for a whole day, on which `starts` is then midnight of the wall clock.

    rings: a reminder, which takes no time away from others.
    """

    uid: str
    title: str
    starts: datetime
    ends: datetime | None
    path: str
    rings: bool = False


def uid_of(person: UUID, *what: str) -> str:
    """The same for the same thing, however often it moves; tells nothing of what it is."""
    return hashlib.sha256("/".join((person.hex, *what)).encode()).hexdigest()[:32] + "@neap"


def reminder(person: UUID, kind: str, thing: str, due_at: datetime, zone: str) -> Event:
    starts = clock.local(due_at, zone)
    return Event(
        uid_of(person, "reminder", kind, thing), TITLE, starts, ends_of(starts, MOMENT), "/today", True
    )


def visit(person: UUID, thing: UUID, day: date, at: time | None, minutes: float | None, zone: str) -> Event:
    """An infusion as it is planned; of one whose time nobody has said the whole day."""
    starts = datetime.combine(day, at or time(), clock.zone_of(zone))
    lasts = timedelta(minutes=minutes) if minutes else USUAL_VISIT
    return Event(
        uid_of(person, "visit", thing.hex), VISIT, starts, ends_of(starts, lasts) if at else None, "/today"
    )


def meeting(person: UUID, thing: UUID, starts_at: datetime, ends_at: datetime, zone: str) -> Event:
    """A session as it is planned."""
    starts, ends = clock.local(starts_at, zone), clock.local(ends_at, zone)
    return Event(uid_of(person, "visit", thing.hex), VISIT, starts, ends, "/today")


def ends_of(starts: datetime, lasts: timedelta) -> datetime:
    """So much later by the clock that does not jump."""
    return (starts.astimezone(UTC) + lasts).astimezone(starts.tzinfo)


def is_live(made_at: datetime, read_at: datetime | None, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a calendar's link opens still: not ended, and read within 90 days."""
    return ended_at is None and now - (read_at or made_at) < UNREAD


@dataclass(frozen=True)
class Observance:
    """From `onset` on, read on the clock as it went before, the offset of a zone is another (RFC 5545, 3.6.5)."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str
    is_summer: bool


def observances(zone: str, moments: Iterable[datetime]) -> list[Observance]:
    """What a zone's clock does from a day before the first of these moments to a day after the last."""
    moments = sorted(moment.astimezone(UTC) for moment in moments)
    if not moments:
        return []
    here = clock.zone_of(zone)
    at, last = moments[0] - timedelta(days=1), moments[-1] + timedelta(days=1)
    found = [_observance(at, at, zone)]
    while at < last:
        then = at + timedelta(hours=1)
        if then.astimezone(here).utcoffset() != at.astimezone(here).utcoffset():
            low, high = at, then
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                is_same = middle.astimezone(here).utcoffset() == low.astimezone(here).utcoffset()
                low, high = (middle, high) if is_same else (low, middle)
            found.append(_observance(low, high.replace(microsecond=0), zone))
        at = then
    return found


def _observance(before: datetime, onset: datetime, zone: str) -> Observance:
    old, new = before.astimezone(clock.zone_of(zone)), onset.astimezone(clock.zone_of(zone))
    was, now = old.utcoffset() or timedelta(), new.utcoffset() or timedelta()
    name = new.tzname() or zone
    return Observance((onset + was).replace(tzinfo=None, microsecond=0), was, now, name, bool(new.dst()))
