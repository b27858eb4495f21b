"""The engine's first step: find whose plan is due, take what is to be sent, by one worker alone, and mark it so.

All in one transaction, under locks that another worker leaves out (`FOR UPDATE SKIP LOCKED`, or the one writer of SQLite):

1. Deliveries that wait for another try, or whose worker died, are taken over.
2. The plans of people whose `wake_at` is past are worked out from `looked_at` on; what is due becomes a delivery, unless
   one of that kind and thing is there already.
3. What is done, paused or over by now is skipped, and of several that come together to one person by one channel one goes.
4. What goes is marked as being sent, for the time of a lease: from the commit on a crash leaves the outcome unknown.

Whatever is read is read for all of them at once; that it is done is asked in the same transaction, so right before sending.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, select
from sqlmodel import Session

from diary.careteam import access
from diary.lib.types import from_ms, to_ms
from diary.reminders.actions.bulk import Update
from diary.reminders.actions.notice import dialect_of
from diary.reminders.actions.parcels import Due, Parcel, parcels_of
from diary.reminders.models import CLAIMED, Delivery, PushSubscription, ReminderSettings
from diary.reminders.queries.facts import EVERYTHING, Subject, facts_of_many
from diary.reminders.queries.wishes import wishes_from
from diary.reminders.rules.decide import (
    ACKNOWLEDGED,
    COALESCED,
    LEASE,
    LOOK_AHEAD,
    LOOK_BACK,
    OFF,
    UNKNOWN,
    is_late,
    is_unreachable,
    rank,
)
from diary.reminders.rules.message import DAILY, EMAIL, PUSH, SAFETY, TEST
from diary.reminders.rules.plan import EXPIRED, GONE, moments, next_moment, why_not
from diary.safety.queries import waiting_among

_settings, _delivery = ReminderSettings.__table__, Delivery.__table__  # type: ignore[attr-defined]
_phone = PushSubscription.__table__  # type: ignore[attr-defined]

PLANNED_ELSEWHERE = SAFETY | {TEST}
SENT_AGAIN = SAFETY  # where nobody knows whether it went, rather twice than not at all

_over = (
    select(
        _delivery.c.id, _delivery.c.uuid, _delivery.c.person_id, _delivery.c.kind, _delivery.c.thing, _delivery.c.day,
        _delivery.c.due_at, _delivery.c.channel, _delivery.c.state, _delivery.c.attempts, _delivery.c.reached,
        _delivery.c.expires_at, _delivery.c.is_late,
    )
    .where(CLAIMED, _delivery.c.try_at <= bindparam("now"))
    .order_by(_delivery.c.kind.not_in(sorted(SAFETY)), _delivery.c.try_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)  # fmt: skip
_wishes = select(
    *(one for one in _settings.c if one.name not in ("unsubscribed_at", "wake_at", "changed_at"))
)
_awake = (
    _wishes.where(_settings.c.wake_at <= bindparam("now"))
    .order_by(_settings.c.wake_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_of_people = _wishes.where(_settings.c.person_id.in_(bindparam("ids", expanding=True)))
_here = select(_delivery.c.person_id, _delivery.c.kind, _delivery.c.thing).where(
    _delivery.c.person_id.in_(bindparam("ids", expanding=True)),
    _delivery.c.due_at >= bindparam("since"),
)
_phones = select(_phone.c.person_id, _phone.c.failing_since, _phone.c.checked_at).where(
    _phone.c.person_id.in_(bindparam("ids", expanding=True)), _phone.c.ended_at.is_(None)
)
_looked = Update(_settings, "person_id", ("wake_at", "looked_at"))
_lost = Update(_delivery, "id", ("sent_at",), state="unknown", reason=UNKNOWN, try_at=None)
_sending = Update(
    _delivery, "id", ("attempts", "try_at", "is_late", "claimed_at"), state="sending"
)  # to `try_at` the try is this worker's own
_skipped = Update(_delivery, "id", ("reason", "sent_at"), state="skipped", try_at=None)


@dataclass
class Claimed:
    """What one worker holds, ready to be sent while the lease lasts, and what was counted on the way."""

    parcels: list[Parcel] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    is_more: bool = False


def claim(s: Session, now: datetime, most: int) -> Claimed:
    """Take what is due and mark it: at most so many tries again and people."""
    now = from_ms(to_ms(now))
    found = Claimed()
    held = _take_over(s, now, most, found)
    left = most - len(held)
    awake = s.connection().execute(_awake, {"now": now, "most": left}).all() if left > 0 else []
    found.is_more = found.is_more or len(awake) == left
    if not held and not awake:
        return found
    settings, people = _read(s, now, held, awake)
    due = [*held, *_look(s, now, awake, people, found)]
    _judge(s, now, held, settings, people)
    sent = _mark(s, now, due, found)
    found.parcels = parcels_of(s, now, sent, settings, people)
    return found


def _take_over(s: Session, now: datetime, most: int, found: Claimed) -> list[Due]:
    """Deliveries that wait for another try, and those whose worker died: before sending they are sent now, after that
    nobody knows whether they went."""
    rows = s.connection().execute(_over, {"now": now, "most": most}).all()
    found.is_more = len(rows) == most
    lost = [row.id for row in rows if row.state == "sending" and row.kind not in SENT_AGAIN]
    _lost(s.connection(), ((one, (now,)) for one in lost))
    found.counts["unknown"] += len(lost)
    found.counts["taken_over"] += len(rows) - len(lost)
    return [
        Due(
            row.uuid, row.person_id, row.kind, row.thing, row.day, row.due_at, row.expires_at, row.channel, row.id,
            row.attempts, row.reached, row.is_late,
        )
        for row in rows
        if row.state != "sending" or row.kind in SENT_AGAIN
    ]  # fmt: skip


def _read(
    s: Session, now: datetime, held: Sequence[Due], awake: Sequence[Any]
) -> tuple[dict[int, Any], dict[int, Subject]]:
    """The wishes of everybody concerned, and the facts of those whose plan says what is due."""
    settings = {row.person_id: row for row in awake}
    others = {one.person_id for one in held} - set(settings)
    if others:
        rows = s.connection().execute(_of_people, {"ids": sorted(others)})
        settings |= {row.person_id: row for row in rows}
    planned = [one for one in held if one.kind not in PLANNED_ELSEWHERE]
    ids = sorted({*(row.person_id for row in awake), *(one.person_id for one in planned)})
    if not ids:
        return settings, {}
    since = min([*(_since(row, now) for row in awake), *(one.due_at for one in planned)])
    only = EVERYTHING if planned else _wanted(awake)
    return settings, facts_of_many(s, access.OPERATOR, ids, since, now + LOOK_AHEAD, only)


def _since(row: Any, now: datetime) -> datetime:
    return min(row.looked_at or now, now) - LOOK_BACK


def _wanted(awake: Sequence[Any]) -> set[str]:
    only = {"again"}
    only |= {"around"} if any(row.checkins or row.ahead for row in awake) else set()
    return only | ({"commitments"} if any(row.commitments for row in awake) else set())


def _look(
    s: Session, now: datetime, rows: Sequence[Any], people: dict[int, Subject], found: Claimed
) -> list[Due]:
    """Work out the plans of these people: what is due of them and not here yet, and when to look again."""
    connection = s.connection()
    here = _already(connection, now, rows)
    phones: dict[int, list[tuple[datetime | None, datetime]]] = defaultdict(list)
    pushed = [row.person_id for row in rows if row.by_push]
    for person_id, failing, checked in connection.execute(_phones, {"ids": pushed}) if pushed else ():
        phones[person_id].append((failing, checked))
    due, looked = [], []
    for row in rows:
        person = people.get(row.person_id)
        at = max(row.looked_at or now, now)
        channels = _channels(row, phones[row.person_id], now) if person else ()
        if person is None or not channels:
            looked.append((row.person_id, (None, at)))
            continue
        plan = moments(wishes_from(row, person.zone), person.facts, _since(row, now), now + LOOK_AHEAD)
        for one, why in plan:
            if one.due_at > now:
                break
            if one.key in here[row.person_id]:
                continue
            if why:
                found.counts[f"skipped_{why}"] += one.due_at > (row.looked_at or now)
                continue
            due += [
                Due(uuid4(), row.person_id, one.kind, one.thing, one.day, one.due_at, one.expires_at, channel)
                for channel in channels
            ]
        looked.append((row.person_id, (next_moment(plan, now) or now + LOOK_AHEAD, at)))
    found.counts["looked_at"] += len(rows)
    _looked(connection, looked)
    return due


def _already(connection: Any, now: datetime, rows: Sequence[Any]) -> dict[int, set[tuple[str, str]]]:
    """What these people were reminded of lately, or will be."""
    here: dict[int, set[tuple[str, str]]] = defaultdict(set)
    if rows:
        since = min(_since(row, now) for row in rows) - 3 * LOOK_AHEAD
        ids = [row.person_id for row in rows]
        for person_id, kind, thing in connection.execute(_here, {"ids": ids, "since": since}):
            here[person_id].add((kind, thing))
    return here


def _channels(row: Any, phones: Iterable[tuple[datetime | None, datetime]], now: datetime) -> tuple[str, ...]:
    """By which ways this person's reminders go now: mail in the place of phones that can't be reached, if allowed."""
    phones = list(phones)
    is_lost = row.by_push and is_unreachable(phones, now)
    by_email = row.by_email or (is_lost and row.email_instead)
    by_push = row.by_push and not (is_lost and (row.email_instead or (by_email and not phones)))
    return (*((EMAIL,) if by_email else ()), *((PUSH,) if by_push else ()))


def _judge(
    s: Session, now: datetime, held: Sequence[Due], settings: dict[int, Any], people: dict[int, Subject]
) -> None:
    """Of what was taken over, say why it is not to come any more: what was planned just now has been asked already."""
    unanswered = waiting_among(s, access.OPERATOR, {one.thing for one in held if one.kind in SAFETY})
    for one in held:
        if one.kind in SAFETY and one.thing not in unanswered:
            one.why = ACKNOWLEDGED
        elif one.kind not in PLANNED_ELSEWHERE:
            one.why = _why_not(one, settings.get(one.person_id), people.get(one.person_id))


def _why_not(one: Due, settings: Any, person: Subject | None) -> str:
    if settings is None or person is None:
        return GONE
    is_wanted = settings.by_push if one.channel != EMAIL else settings.by_email or settings.email_instead
    if not is_wanted:
        return OFF
    wishes = wishes_from(settings, person.zone)
    if one.kind == DAILY and not any(wishes.daily):
        return OFF
    return why_not(one.kind, one.thing, one.day, wishes, person.facts)


def _mark(s: Session, now: datetime, due: Sequence[Due], found: Claimed) -> list[Due]:
    """Store which of these are being sent from now on, and why the others are not; those that are."""
    going: dict[tuple[int, str, object], list[Due]] = defaultdict(list)
    for one in due:
        if one.expires_at <= now and one.why != ACKNOWLEDGED:
            one.why = EXPIRED
        if not one.why:
            alone = one.uuid if one.kind in PLANNED_ELSEWHERE else None
            going[one.person_id, one.channel, alone].append(one)
    for several in going.values():
        if len(several) > 1:
            first, *others = sorted(several, key=lambda one: (rank(one.kind), -to_ms(one.due_at)))
            first.is_alone = False
            for one in others:
                one.why = COALESCED
    for one in due:
        if not one.why:
            one.attempts += 1
            if not one.is_late and is_late(one.due_at, now):
                one.is_late = True
                found.counts["late"] += 1
    due = _store(s.connection(), now, due)
    sent = [one for one in due if not one.why]
    found.counts["claimed"] += len(due)
    found.counts.update(f"skipped_{one.why}" for one in due if one.why)
    return sent


def _store(connection: Any, now: datetime, due: Sequence[Due]) -> list[Due]:
    """Keep what was decided of each; without those that were here already: the unique key lets no second one in."""
    until = now + LEASE
    held = [one for one in due if one.id]
    _skipped(connection, ((one.id, (one.why, now)) for one in held if one.why))
    _sending(connection, ((one.id, (one.attempts, until, one.is_late, now)) for one in held if not one.why))
    new = {one.uuid: one for one in due if not one.id}
    if not new:
        return held
    insert = dialect_of(connection).insert(_delivery).on_conflict_do_nothing()
    for row in connection.execute(
        insert.returning(_delivery.c.id, _delivery.c.uuid), [_row(one, now, until) for one in new.values()]
    ):
        new[row.uuid].id = row.id
    return [one for one in due if one.id]


def _row(one: Due, now: datetime, until: datetime) -> dict[str, Any]:
    is_sent = not one.why
    return {
        "uuid": one.uuid, "person_id": one.person_id, "kind": one.kind, "thing": one.thing, "day": one.day,
        "due_at": one.due_at, "channel": one.channel, "state": "sending" if is_sent else "skipped", "reason": one.why,
        "attempts": one.attempts, "reached": "", "try_at": until if is_sent else None, "expires_at": one.expires_at,
        "is_late": one.is_late, "claimed_at": now, "sent_at": None if is_sent else now,
    }  # fmt: skip
