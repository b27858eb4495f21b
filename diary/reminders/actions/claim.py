"""The engine's first step: find whose plan is due, and take what is to be sent, by one worker alone, for a while.

1. `notice` reads the audit trail for what changed below: whose infusions, sessions or commitments are others now.
2. `claim` takes over deliveries whose lease ran out, then the people whose `wake_at` is past: each row by
   `FOR UPDATE SKIP LOCKED`, or by the one writer of SQLite. Their plans are worked out from `looked_at` on; what is due
   becomes a `delivery`, unless one of that kind and thing is there already. Both happen under the lock of the person's
   row and in one transaction, so that two workers never make two.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.lib.types import from_ms, to_ms
from diary.reminders.models import CLAIMED, Delivery, PushSubscription, ReminderSettings, Tick
from diary.reminders.queries.facts import facts_of_many
from diary.reminders.queries.wishes import wishes_from
from diary.reminders.rules.decide import (
    LEASE,
    LOOK_AHEAD,
    LOOK_BACK,
    UNKNOWN,
    is_unreachable,
)
from diary.reminders.rules.message import EMAIL, PUSH, SAFETY
from diary.reminders.rules.plan import EXPIRED, Planned, moments, next_moment

_settings, _delivery = ReminderSettings.__table__, Delivery.__table__  # type: ignore[attr-defined]
_phone, _tick, _event = PushSubscription.__table__, Tick.__table__, AuditEvent.__table__  # type: ignore[attr-defined]

NAME = "reminders"
OVERLAP = 1000  # events: on PostgreSQL an earlier id may be committed after a later one
CHANGES = ("infusion.", "session.", "commitment.", "gap.")
CHANGES_OF_PERSON = ("invitation.accept", "person.confirm", "zone.change")

_changed = (
    select(_event.c.patient_id, func.max(_event.c.at).label("at"))
    .where(
        _event.c.id > bindparam("seen"),
        _event.c.patient_id.is_not(None),
        or_(_event.c.action.in_(CHANGES_OF_PERSON), *(_event.c.action.startswith(one) for one in CHANGES)),
    )
    .group_by(_event.c.patient_id)
)
_over = (
    select(_delivery.c.id, _delivery.c.state, _delivery.c.kind)
    .where(CLAIMED, _delivery.c.try_at <= bindparam("now"))
    .order_by(_delivery.c.kind.not_in(sorted(SAFETY)), _delivery.c.try_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_awake = (
    select(_settings)
    .where(_settings.c.wake_at <= bindparam("now"))
    .order_by(_settings.c.wake_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_here = select(_delivery.c.person_id, _delivery.c.kind, _delivery.c.thing).where(
    _delivery.c.person_id.in_(bindparam("ids", expanding=True)),
    _delivery.c.due_at >= bindparam("since"),
)
_phones = select(_phone.c.person_id, _phone.c.failing_since, _phone.c.checked_at).where(
    _phone.c.person_id.in_(bindparam("ids", expanding=True)), _phone.c.ended_at.is_(None)
)
_looked = (
    _settings.update()
    .where(_settings.c.person_id == bindparam("id"))
    .values(wake_at=bindparam("wake"), looked_at=bindparam("looked"))
)


@dataclass
class Claimed:
    """What one worker holds: deliveries by id, until the lease ends, and what was counted on the way."""

    ids: list[int] = field(default_factory=list)
    until: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    is_more: bool = False


def notice(s: Session, now: datetime) -> int:
    """Have the plans looked at of everybody whose treatment was changed since the last round; how many."""
    connection = s.connection()
    last = connection.execute(select(func.max(_event.c.id))).scalar() or 0
    tick = connection.execute(
        select(_tick.c.seen_event, _tick.c.began_at).where(_tick.c.name == NAME).with_for_update()
    ).first()
    if tick is None:
        first = _dialect(connection).insert(_tick).on_conflict_do_nothing()  # two may begin at once
        connection.execute(first, {"name": NAME, "began_at": now, "seen_event": last, "counts": "{}"})
        return 0
    connection.execute(_tick.update().where(_tick.c.name == NAME).values(began_at=now, seen_event=last))
    if tick.began_at > now + LOOK_BACK:
        _turn_back(connection, now)
    changed = {
        row.patient_id: row.at for row in connection.execute(_changed, {"seen": tick.seen_event - OVERLAP})
    }
    if not changed:
        return 0
    wanted = select(_settings.c.person_id, _settings.c.looked_at).where(
        _settings.c.person_id.in_(list(changed)), _settings.c.wake_at.is_(None) | (_settings.c.wake_at > now)
    )
    updates = [
        {"id": row.person_id, "wake": now, "looked": max(row.looked_at or changed[row.person_id], changed[row.person_id])}
        for row in connection.execute(wanted.with_for_update(skip_locked=True))
        if row.looked_at is None or not changed[row.person_id] + LOOK_BACK <= row.looked_at <= now + LOOK_BACK
    ]  # fmt: skip
    if updates:
        connection.execute(_looked, updates)
    return len(updates)


def _turn_back(connection: Any, now: datetime) -> None:
    """The clock was ahead, as the last round shows. What was sent stays sent; what was put off by it, or given up as of no
    use any more, is decided again by the clock as it is now."""
    ahead = _settings.c.looked_at > now
    connection.execute(_settings.update().where(ahead, _settings.c.wake_at > now).values(wake_at=now))
    given_up = and_(_delivery.c.state == "skipped", _delivery.c.reason == EXPIRED, _delivery.c.sent_at > now)
    put_off = and_(_delivery.c.state.in_(("waiting", "claimed")), _delivery.c.claimed_at > now)
    is_to_come = and_(_delivery.c.due_at > now, _delivery.c.reached == "")  # the plan finds it in its time
    connection.execute(_delivery.delete().where(or_(given_up, put_off), is_to_come))
    again = {"state": "waiting", "reason": "", "sent_at": None, "claimed_at": now, "try_at": now}
    connection.execute(_delivery.update().where(given_up, _delivery.c.expires_at > now).values(**again))
    far = _delivery.c.try_at > now + LEASE
    connection.execute(_delivery.update().where(put_off, far).values(try_at=now + LEASE))


def claim(s: Session, now: datetime, most: int) -> Claimed:
    """Take what is due, of at most so many people."""
    now = from_ms(to_ms(now))
    found = Claimed(until=now + LEASE)
    _take_over(s, now, most, found)
    rows = s.connection().execute(_awake, {"now": now, "most": most}).all()
    found.is_more = found.is_more or len(rows) == most
    if rows:
        _look(s, now, rows, found)
    found.counts["claimed"] += len(found.ids)
    return found


def _take_over(s: Session, now: datetime, most: int, found: Claimed) -> None:
    """Deliveries that wait for another try, and those whose worker died: before sending they are sent now, after that
    nobody knows whether they went."""
    rows = s.connection().execute(_over, {"now": now, "most": most}).all()
    found.is_more = len(rows) == most
    lost = [row.id for row in rows if row.state == "sending" and row.kind not in SAFETY]
    found.ids += [row.id for row in rows if row.id not in set(lost)]
    for ids, values in (
        (lost, {"state": "unknown", "reason": UNKNOWN, "try_at": None, "sent_at": now}),
        (found.ids, {"state": "claimed", "try_at": found.until, "claimed_at": now}),
    ):
        if ids:
            s.connection().execute(_delivery.update().where(_delivery.c.id.in_(ids)).values(**values))
    found.counts["unknown"] += len(lost)
    found.counts["taken_over"] += len(found.ids)


def _look(s: Session, now: datetime, rows: Sequence[Any], found: Claimed) -> None:
    """Work out the plans of these people and store what is due."""
    connection = s.connection()
    ids = [row.person_id for row in rows]
    since = {row.person_id: min(row.looked_at or now, now) - LOOK_BACK for row in rows}
    earliest = min(since.values())
    only = {"again"}
    only |= {"around"} if any(row.checkins or row.ahead for row in rows) else set()
    only |= {"commitments"} if any(row.commitments for row in rows) else set()
    people = facts_of_many(s, access.OPERATOR, ids, earliest, now + LOOK_AHEAD, only)
    here: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for person_id, kind, thing in connection.execute(_here, {"ids": ids, "since": earliest - 3 * LOOK_AHEAD}):
        here[person_id].add((kind, thing))
    phones: dict[int, list[tuple[datetime | None, datetime]]] = defaultdict(list)
    pushed = [row.person_id for row in rows if row.by_push]
    for person_id, failing, checked in connection.execute(_phones, {"ids": pushed}) if pushed else ():
        phones[person_id].append((failing, checked))
    new, looked = [], []
    for row in rows:
        person = people.get(row.person_id)
        at = max(row.looked_at or now, now)
        channels = _channels(row, phones[row.person_id], now) if person else ()
        if person is None or not channels:
            looked.append({"id": row.person_id, "wake": None, "looked": at})
            continue
        wishes = wishes_from(row, person.zone)
        plan = moments(wishes, person.facts, since[row.person_id], now + LOOK_AHEAD)
        for one, why in plan:
            if one.due_at <= now and one.key not in here[row.person_id]:
                if why:
                    found.counts[f"skipped_{why}"] += one.due_at > (row.looked_at or now)
                else:
                    new += [_row(row.person_id, one, channel, now, found.until) for channel in channels]
        wake = next_moment(plan, now) or now + LOOK_AHEAD
        looked.append({"id": row.person_id, "wake": wake, "looked": at})
    found.counts["looked_at"] += len(rows)
    if new:
        found.ids += connection.execute(_insert(connection), new).scalars().all()
    connection.execute(_looked, looked)


def _channels(row: Any, phones: Iterable[tuple[datetime | None, datetime]], now: datetime) -> tuple[str, ...]:
    """By which ways this person's reminders go now: mail in the place of phones that can't be reached, if allowed."""
    phones = list(phones)
    is_lost = row.by_push and is_unreachable(phones, now)
    by_email = row.by_email or (is_lost and row.email_instead)
    by_push = row.by_push and not (is_lost and (row.email_instead or (by_email and not phones)))
    return (*((EMAIL,) if by_email else ()), *((PUSH,) if by_push else ()))


def _row(person_id: int, one: Planned, channel: str, now: datetime, until: datetime | None) -> dict[str, Any]:
    return {
        "uuid": uuid4(), "person_id": person_id, "kind": one.kind, "thing": one.thing, "day": one.day,
        "due_at": one.due_at, "channel": channel, "state": "claimed", "reason": "", "attempts": 0, "reached": "",
        "try_at": until, "expires_at": one.expires_at, "is_late": False, "claimed_at": now,
    }  # fmt: skip


def _insert(connection: Any) -> Any:
    """Whatever else happens, the unique key lets no second one in."""
    return _dialect(connection).insert(_delivery).on_conflict_do_nothing().returning(_delivery.c.id)


def _dialect(connection: Any) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql
