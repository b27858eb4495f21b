"""How the scheduler goes, for its own alarm, the staff's banner and the admin's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from diary.careteam import access
from diary.careteam.models import Clinic, Membership
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings, Tick
from diary.reminders.rules.silence import Pulse
from diary.safety.queries import overdue_flags

OPEN = ("waiting", "claimed", "sending")
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def pulse(s: Session, now: datetime) -> Pulse:
    """The whole install's: moments and a count, nobody's name; for whatever watches over the process."""
    wakes, tries = _waits(now)
    return Pulse(
        s.scalar(select(func.max(Tick.ended_at))), _first(s, wakes, tries), overdue_flags(s, access.OPERATOR, now)
    )  # fmt: skip


def last_round(s: Session, now: datetime) -> Pulse:
    """As `pulse`, without the flags, for a banner on every page: one seek, and more only before the first round."""
    last_at = s.scalar(select(func.max(Tick.ended_at)))
    return Pulse(last_at, None if last_at else _first(s, *_waits(now)))


def _waits(now: datetime) -> tuple[Any, Any]:
    """What should have been looked at, and what should have been tried again."""
    wakes = select(func.min(ReminderSettings.wake_at)).where(col(ReminderSettings.wake_at) <= now)
    tries = select(func.min(Delivery.try_at)).where(Delivery.state.in_(OPEN), col(Delivery.try_at) <= now)
    return wakes, tries


def _first(s: Session, *wanted: Any) -> datetime | None:
    return min((at for at in (s.scalar(one) for one in wanted) if at is not None), default=None)


@dataclass(frozen=True)
class Span:
    """What became of the reminders of one span: by state, how many of the sent ones were late, or said to be there."""

    states: Mapping[str, int]
    late: int
    received: int

    def of(self, state: str) -> int:
        return self.states.get(state, 0)


@dataclass(frozen=True)
class Overview:
    """A clinic's reminders in numbers; `why` are (state, reason, how many) of the week that were not sent."""

    last_tick: datetime | None
    oldest_due: datetime | None
    waiting: int
    day: Span
    week: Span
    why: tuple[tuple[str, str, int], ...]
    phones: int
    phones_failing: int
    phones_gone: int


def overview(s: Session, viewer: access.Viewer, now: datetime) -> Overview:
    """The reminders of the people of the admin's clinic, counted; Hidden for everybody else."""
    clinic: Clinic = access.clinic_admin(s, viewer)
    people = select(Membership.person_id).where(
        Membership.clinic_id == clinic.id, Membership.ended_at.is_(None)
    )
    wakes, tries = _waits(now)
    ours = Delivery.person_id.in_(people)
    week = [*s.execute(_ended(ours, now - WEEK))]
    phone = select(func.count()).where(PushSubscription.person_id.in_(people))
    return Overview(
        last_tick=s.scalar(select(func.max(Tick.ended_at))),
        oldest_due=_first(s, wakes.where(ReminderSettings.person_id.in_(people)), tries.where(ours)),
        waiting=s.scalar(select(func.count()).where(ours, Delivery.state.in_(OPEN))) or 0,
        day=_span(s.execute(_ended(ours, now - DAY))),
        week=_span(week),
        why=_why(week),
        phones=s.scalar(phone.where(PushSubscription.ended_at.is_(None))) or 0,
        phones_failing=s.scalar(
            phone.where(PushSubscription.ended_at.is_(None), PushSubscription.failing_since.is_not(None))
        ) or 0,
        phones_gone=s.scalar(phone.where(col(PushSubscription.ended_at) >= now - WEEK)) or 0,
    )  # fmt: skip


def _ended(ours: Any, since: datetime) -> Any:
    return (
        select(
            Delivery.state, Delivery.reason, Delivery.is_late, func.count(), func.count(Delivery.received_at)
        )
        .where(ours, col(Delivery.sent_at) >= since, Delivery.state.not_in(OPEN))
        .group_by(Delivery.state, Delivery.reason, Delivery.is_late)
    )


def _span(rows: Any) -> Span:
    states: dict[str, int] = {}
    late = received = 0
    for state, _, is_late, count, there in rows:
        states[state] = states.get(state, 0) + count
        late += count if state == "sent" and is_late else 0
        received += there
    return Span(states, late, received)


def _why(rows: Any) -> tuple[tuple[str, str, int], ...]:
    found: dict[tuple[str, str], int] = {}
    for state, reason, _, count, _ in rows:
        if state != "sent":
            found[state, reason] = found.get((state, reason), 0) + count
    return tuple((*key, count) for key, count in sorted(found.items()))
