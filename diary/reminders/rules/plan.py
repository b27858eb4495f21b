"""What is due for one person, and when: worked out of their wishes and of what there is to do, never stored.

Whatever hangs on an infusion, a session or a commitment is worked out of it as it stands now, so that a moved one takes
its reminders along and a cancelled one ends them. A `thing` names what a reminder is about in such a way that the same
one has the same name in every zone, and after every change of quiet hours: by (kind, thing) none goes twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from uuid import UUID

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.checkins.rules import DAYS, INTENTION_BEFORE, Due, Given, due_on
from diary.lib import clock
from diary.reminders.rules.message import (
    BASELINE,
    CHECKIN,
    COMMITMENT,
    DAILY,
    INFUSION,
    INTENTION,
    SESSION,
)
from diary.reminders.rules.wall import A_DAY, after_quiet, moment_of
from diary.reminders.rules.wishes import Wishes

EVENING, MORNING, NOON = time(18), time(9), time(12)
Quiet = tuple[time, time] | None
OF_USE = timedelta(hours=6)  # at least so long, also where quiet hours moved it past its day's end
BASELINE_DAYS = timedelta(days=14)
IN_CHECKINS = timedelta(days=60)  # after the last infusion nothing of check-ins comes any more
AGAIN = "+"  # a "Later" is the thing itself, this, and the number of the asking
DONE, PAUSED, GONE, EXPIRED = "done", "paused", "gone", "expired"


@dataclass(frozen=True)
class Again:
    """A "Later": which reminder, once more at which moment."""

    id: int
    kind: str
    thing: str
    day: date
    due_at: datetime


@dataclass(frozen=True)
class Facts:
    """What a plan is made of beside the wishes. Days are the person's own.

    done: days with any answer, or too unwell to log. given: infusions that are not cancelled. asked: days on which the
    asking was answered. checkins: (infusion, day) of check-ins that are done; intentions: infusions that have one.
    days: after an infusion, as the clinic asks. sessions: planned ones and their start. commitments: open ones and their
    last day. again: every "Later". course_gap: in days, as the clinic says.
    """

    done: frozenset[date] = frozenset()
    given: tuple[Given, ...] = ()
    asked: tuple[date, ...] = ()
    checkins: frozenset[tuple[UUID, date]] = frozenset()
    intentions: frozenset[UUID] = frozenset()
    days: tuple[int, ...] = DAYS
    sessions: Mapping[UUID, datetime] = field(default_factory=dict)
    commitments: Mapping[UUID, date] = field(default_factory=dict)
    again: tuple[Again, ...] = ()
    course_gap: int = COURSE_GAP_DAYS

    @cached_property
    def planned(self) -> dict[UUID, Given]:
        return {one.id: one for one in self.given if not one.is_done}

    @cached_property
    def infused(self) -> frozenset[UUID]:
        return frozenset(one.id for one in self.given if one.is_done)

    @cached_property
    def baseline_for(self) -> tuple[date, ...]:
        """The days of planned infusions that begin a course: none was given in the course gap before."""
        days = sorted(one.day for one in self.given)
        return tuple(
            day
            for place, day in enumerate(days)
            if (place == 0 or (day - days[place - 1]).days > self.course_gap)
            and any(one.day == day for one in self.planned.values())
        )

    def check_in(self, day: date) -> Due | None:
        """The check-in that is reminded of on a day; the asking alone only on the first day it is due."""
        if not self.given or all(abs(day - one.day) > IN_CHECKINS for one in self.given):
            return None
        due = due_on(self.given, day, self._asked_before(day), self.days)
        if due is None or not due.is_asking_only:
            return due
        before = due_on(self.given, day - A_DAY, self._asked_before(day - A_DAY), self.days)
        return None if before is not None and before.is_asking_only else due

    def _asked_before(self, day: date) -> date | None:
        return max((one for one in self.asked if one < day), default=None)


@dataclass(frozen=True, slots=True)
class Planned:
    """One reminder: what about, which day of the diary it belongs to, when it comes, until when it is of use."""

    kind: str
    thing: str
    day: date
    due_at: datetime
    expires_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.thing


def plan(wishes: Wishes, facts: Facts, since: datetime, until: datetime) -> list[Planned]:
    """What comes from `since`, included, to `until`, as things stand; the earliest first."""
    return [one for one, why in moments(wishes, facts, since, until) if not why]


def moments(wishes: Wishes, facts: Facts, since: datetime, until: datetime) -> list[tuple[Planned, str]]:
    """Every moment of the plan with why nothing comes then: it is done, paused, or "" for what does come."""
    found = [
        (one, why_not(one.kind, one.thing, one.day, wishes, facts))
        for one in _all(wishes, facts, since, until)
        if since <= one.due_at < until
    ]
    found.sort(key=lambda pair: (pair[0].due_at, pair[0].key))
    return found


def why_not(kind: str, thing: str, day: date, wishes: Wishes, facts: Facts) -> str:
    """Why a reminder is not to come, as things stand now; "" where it is."""
    if wishes.is_paused(day):
        return PAUSED
    about, _, on = thing.split(AGAIN)[0].partition("/")
    if kind in (DAILY, BASELINE):
        return DONE if day in facts.done else ""
    if kind == CHECKIN:
        if (UUID(about), date.fromisoformat(on)) in facts.checkins:
            return DONE
        return "" if UUID(about) in facts.infused or UUID(about) in facts.planned else GONE
    if kind in (INFUSION, INTENTION):
        here = facts.planned.get(UUID(about))
        if here is None or here.day.isoformat() != on:
            return GONE
        return DONE if kind == INTENTION and here.id in facts.intentions else ""
    if kind == SESSION:
        starts = facts.sessions.get(UUID(about))
        return "" if starts is not None and _stamp(starts) == on else GONE
    if kind == COMMITMENT:
        last = facts.commitments.get(UUID(about))
        return "" if last is not None and last.isoformat() == on else GONE
    return ""


def _all(wishes: Wishes, facts: Facts, since: datetime, until: datetime) -> Iterator[Planned]:
    zone = wishes.zone
    day, last = clock.local(since, zone).date() - 2 * A_DAY, clock.local(until, zone).date()
    while day <= last:
        yield from _of_day(wishes, facts, day)
        day += A_DAY
    for again in facts.again:
        due_at = after_quiet(again.due_at, wishes.quiet, zone)
        expires_at = max(clock.day_end(again.day, zone), due_at + OF_USE)
        yield Planned(again.kind, f"{again.thing}{AGAIN}{again.id}", again.day, due_at, expires_at)


def _of_day(wishes: Wishes, facts: Facts, on: date) -> Iterator[Planned]:
    """What a calendar day of the person's wall clock holds, before anything is moved out of another day's quiet hours."""
    daily = wishes.daily[on.weekday()]
    if daily is not None:
        yield _daily(on, daily, wishes.quiet, wishes.zone)
    if wishes.checkins and facts.given:
        yield from _around_infusions(wishes, facts, on, daily)
    if wishes.ahead:
        yield from _ahead(wishes, facts, on)
    if wishes.commitments:
        for commitment, last in facts.commitments.items():
            if last - on == A_DAY:
                yield _at(wishes, COMMITMENT, f"{commitment}/{last}", on, EVENING)


def _around_infusions(wishes: Wishes, facts: Facts, on: date, daily: time | None) -> Iterator[Planned]:
    beside = daily if daily is not None and daily >= clock.DAY_BEGINS else EVENING
    due = facts.check_in(on)
    if due is not None:
        at = {0: EVENING, 1: MORNING}.get(due.after, beside)
        yield _at(wishes, CHECKIN, f"{due.target}/{on}", on, at)
    for one in facts.planned.values():
        if timedelta(0) < one.day - on == A_DAY <= INTENTION_BEFORE:
            yield _at(wishes, INTENTION, f"{one.id}/{one.day}", on, EVENING, _start(one, wishes.zone))
    if any(timedelta(0) < first - on <= BASELINE_DAYS for first in facts.baseline_for):
        yield _at(wishes, BASELINE, f"{on.isoformat()}T{beside:%H:%M}", on, beside)


def _ahead(wishes: Wishes, facts: Facts, on: date) -> Iterator[Planned]:
    for one in facts.planned.values():
        if one.day - on == A_DAY:
            yield _at(wishes, INFUSION, f"{one.id}/{one.day}", on, EVENING, _start(one, wishes.zone))
    for session, starts in facts.sessions.items():
        if clock.local(starts, wishes.zone).date() - on == A_DAY:
            yield _at(wishes, SESSION, f"{session}/{_stamp(starts)}", on, EVENING, starts)


def _at(wishes: Wishes, kind: str, thing: str, on: date, at: time, ends: datetime | None = None) -> Planned:
    """A reminder at a time of the wall clock; of use to the diary day's end, or to where it `ends`."""
    day, due_at, expires_at = _times(on, at, wishes.quiet, wishes.zone)
    return Planned(kind, thing, day, due_at, ends or expires_at)


# At half past eight a whole zone is asked the same two questions.
@lru_cache(maxsize=10_000)
def _daily(on: date, at: time, quiet: Quiet, zone: str) -> Planned:
    return Planned(DAILY, f"{on.isoformat()}T{at:%H:%M}", *_times(on, at, quiet, zone))


@lru_cache(maxsize=10_000)
def _times(on: date, at: time, quiet: Quiet, zone: str) -> tuple[date, datetime, datetime]:
    """The diary's day, the moment it is due and the moment it is of no use any more."""
    day = on if at >= clock.DAY_BEGINS else on - A_DAY
    due_at = after_quiet(moment_of(on, at, zone), quiet, zone)
    return day, due_at, max(clock.day_end(day, zone), due_at + OF_USE)


def _start(one: Given, zone: str) -> datetime:
    at = time.fromisoformat(one.at_time) if one.at_time else NOON
    return moment_of(one.day, at, zone)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M}"


def next_moment(found: Iterable[tuple[Planned, str]], now: datetime) -> datetime | None:
    """When a plan, in its order, has to be looked at next: its first moment that is still to come, done or not, since
    what is done may be undone."""
    return next((one.due_at for one, _ in found if one.due_at > now), None)
