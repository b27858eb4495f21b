"""The engine's other steps: what was claimed is looked at once more and marked before it is sent; then what came of it.

`begin` is the last question: is it done by now, paused, over? Of several that come together one goes. From its commit on
a crash leaves the outcome unknown. Sending itself belongs to no transaction. `settle` stores the outcomes, each only
where the try is still this worker's own.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.lib import clock, sealing
from diary.lib.types import from_ms, to_ms
from diary.reminders.actions.claim import Claimed
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings
from diary.reminders.queries.facts import Subject, facts_of_many
from diary.reminders.queries.links import unsubscribe_path
from diary.reminders.queries.wishes import wishes_from
from diary.reminders.queries.words import wording
from diary.reminders.rules.decide import COALESCED, LEASE, is_late, path_of, rank, together, wait_of
from diary.reminders.rules.message import BASELINE, DAILY, EMAIL, SAFETY, TEST, Message, Outcome, Phone
from diary.reminders.rules.plan import EXPIRED, GONE, why_not
from diary.safety.queries import waiting_among

_settings, _delivery = ReminderSettings.__table__, Delivery.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_phone = PushSubscription.__table__  # type: ignore[attr-defined]

PLANNED_ELSEWHERE = SAFETY | {TEST}
OFF, ACKNOWLEDGED = "off", "acknowledged"
_held = (
    select(_delivery)
    .where(
        _delivery.c.id.in_(bindparam("ids", expanding=True)),
        _delivery.c.state == "claimed",
        _delivery.c.try_at == bindparam("until"),
    )
    .with_for_update()
)
_sending = (
    _delivery.update()
    .where(_delivery.c.id == bindparam("row"))
    .values(
        state="sending", attempts=bindparam("tries"), try_at=bindparam("until"), is_late=bindparam("late")
    )
)
_skipped = (
    _delivery.update()
    .where(_delivery.c.id == bindparam("row"))
    .values(state="skipped", reason=bindparam("why"), try_at=None, sent_at=bindparam("now"))
)
_settled = (
    _delivery.update()
    .where(
        _delivery.c.id == bindparam("row"),
        _delivery.c.state == "sending",
        _delivery.c.attempts == bindparam("tries"),
    )
    .values(
        state=bindparam("to"), reason=bindparam("why"), try_at=bindparam("again"), sent_at=bindparam("at"),
        reached=bindparam("phones"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """One try of one reminder, ready to leave without the database: by mail to an address, or to some phones."""

    id: int
    person_id: int
    channel: str
    attempts: int
    expires_at: datetime
    message: Message
    reached: str = ""
    to: str = ""
    unsubscribe: str = ""  # a path of ours that stops mails; "" for a mail that can't be stopped
    phones: tuple[Phone, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of a parcel: for a mail one outcome, for phones one each."""

    parcel: Parcel
    outcomes: tuple[tuple[int | None, Outcome], ...]


def begin(s: Session, now: datetime, claimed: Claimed, ids: Sequence[int]) -> list[Parcel]:
    """Of these claimed deliveries those that are to be sent now, marked so; `claimed.counts` says why not the others."""
    now = from_ms(to_ms(now))
    connection = s.connection()
    rows = connection.execute(_held, {"ids": list(ids), "until": claimed.until}).all()
    if not rows:
        return []
    settings, people = _plans(s, now, rows)
    going: dict[tuple[int, str, Any], list[Any]] = defaultdict(list)
    skipped: list[tuple[Any, str]] = []
    unanswered = waiting_among(s, access.OPERATOR, {row.thing for row in rows if row.kind in SAFETY})
    for row in rows:
        if row.kind in SAFETY and row.thing not in unanswered:
            why = ACKNOWLEDGED
        else:
            why = _why_not(row, now, settings.get(row.person_id), people.get(row.person_id))
        if why:
            skipped.append((row, why))
        else:
            alone = row.id if row.kind in PLANNED_ELSEWHERE else None
            going[row.person_id, row.channel, alone].append(row)
    sent, together_with = [], {}
    for several in going.values():
        first, *others = sorted(several, key=lambda row: (rank(row.kind), -to_ms(row.due_at)))
        sent.append(first)
        together_with[first.id] = len(several)
        skipped += [(row, COALESCED) for row in others]
    if skipped:
        connection.execute(_skipped, [{"row": row.id, "why": why, "now": now} for row, why in skipped])
        claimed.counts.update(f"skipped_{why}" for _, why in skipped)
    if not sent:
        return []
    lates = {row.id: row.is_late or is_late(row.due_at, now) for row in sent}
    connection.execute(
        _sending,
        [
            {"row": row.id, "tries": row.attempts + 1, "until": now + LEASE, "late": lates[row.id]}
            for row in sent
        ],
    )
    claimed.counts["late"] += sum(lates[row.id] and not row.is_late for row in sent)
    return _parcels(s, now, sent, settings, people, lates, together_with)


def _plans(s: Session, now: datetime, rows: Sequence[Any]) -> tuple[dict[int, Any], dict[int, Subject]]:
    planned = [row for row in rows if row.kind not in PLANNED_ELSEWHERE]
    everybody = sorted({row.person_id for row in rows})
    settings = {
        row.person_id: row
        for row in s.connection().execute(select(_settings).where(_settings.c.person_id.in_(everybody)))
    }
    if not planned:
        return settings, {}
    ids = sorted({row.person_id for row in planned})
    return settings, facts_of_many(s, access.OPERATOR, ids, min(row.due_at for row in planned), now)


def _why_not(row: Any, now: datetime, settings: Any, person: Subject | None) -> str:
    if row.expires_at <= now:
        return EXPIRED
    if row.kind in PLANNED_ELSEWHERE:
        return ""
    if settings is None or person is None:
        return GONE
    is_wanted = settings.by_push if row.channel != EMAIL else settings.by_email or settings.email_instead
    if not is_wanted:
        return OFF
    wishes = wishes_from(settings, person.zone)
    if row.kind == DAILY and not any(wishes.daily):
        return OFF
    return why_not(row.kind, row.thing, row.day, wishes, person.facts)


def _parcels(
    s: Session, now: datetime, rows: Sequence[Any], settings: dict[int, Any], people: dict[int, Subject],
    lates: dict[int, bool], together_with: dict[int, int],
) -> list[Parcel]:  # fmt: skip
    connection = s.connection()
    addresses = {one.id: (one.uuid, one.email_sealed, one.zone) for one in people.values()}
    others = [row.person_id for row in rows if row.person_id not in addresses]
    if others:
        wanted = select(_person).where(_person.c.id.in_(others), _person.c.ended_at.is_(None))
        for one in connection.execute(wanted):
            addresses[one.id] = (one.uuid, one.email_sealed, one.zone)
    phones = _phones(connection, [row.person_id for row in rows if row.channel != EMAIL])
    found = []
    for row in rows:
        uuid, sealed, zone = addresses.get(row.person_id, (None, None, "UTC"))
        today = clock.diary_day(now, zone)
        about = row.day.isoformat() if row.kind in (DAILY, BASELINE) else row.thing
        title, body = wording(row.kind, about, row.day, lates[row.id])
        message = Message(
            row.uuid, row.kind, title, body, path_of(row.kind, row.day, today, together_with[row.id] == 1), row.day,
            f"{row.kind}/{row.day}", max(0, int((row.expires_at - now).total_seconds())), lates[row.id],
        )  # fmt: skip
        is_mail = row.channel == EMAIL
        done = _tried(row.reached)
        own = settings.get(row.person_id)
        found.append(
            Parcel(
                row.id, row.person_id, row.channel, row.attempts + 1, row.expires_at, message, row.reached,
                sealing.unseal("person", uuid.hex, "email", sealed) if is_mail and sealed else "",
                unsubscribe_path(own.uuid) if is_mail and own is not None and row.kind not in SAFETY else "",
                () if is_mail else tuple(one for one in phones[row.person_id] if one.id not in done),
            )
        )  # fmt: skip
    return found


def _phones(connection: Any, people: Iterable[int]) -> dict[int, list[Phone]]:
    """Living subscriptions by person, with what seals a message for them."""

    found: dict[int, list[Phone]] = defaultdict(list)
    ids = sorted(set(people))
    if not ids:
        return found
    wanted = (
        select(_phone).where(_phone.c.person_id.in_(ids), _phone.c.ended_at.is_(None)).order_by(_phone.c.id)
    )
    for row in connection.execute(wanted):
        endpoint, keys = (
            sealing.unseal("push_subscription", row.uuid.hex, name, sealed)
            for name, sealed in (("endpoint", row.endpoint_sealed), ("keys", row.keys_sealed))
        )
        found[row.person_id].append(Phone(row.id, endpoint, json.loads(keys)))
    return found


def _tried(reached: str) -> set[int]:
    return {abs(int(one)) for one in reached.split()}


def settle(s: Session, now: datetime, results: Sequence[Result], jitter: float) -> Counter[str]:
    """Store what came of these tries; counted by what they came to."""
    now = from_ms(to_ms(now))
    counts: Counter[str] = Counter()
    rows = []
    for result in results:
        row = _outcome(result, now, jitter)
        rows.append(row)
        counts[row["to"]] += 1
        if row["to"] == "failed":
            counts[f"failed_{row['why']}"] += 1
    if rows:
        s.connection().execute(_settled, rows)
    _note_phones(s.connection(), now, results)
    return counts


def _outcome(result: Result, now: datetime, jitter: float) -> dict[str, Any]:
    parcel = result.parcel
    outcome = together([one for _, one in result.outcomes])
    # A phone that has it, or may have it, is not tried again, nor (with a minus) one that never takes it.
    said = [
        phone if one.state in ("sent", "unknown") else -phone
        for phone, one in result.outcomes
        if phone is not None and one.state != "retry"
    ]
    reached = " ".join([*parcel.reached.split(), *map(str, said)])
    state, again = outcome.state, None
    if state == "retry":
        again = now + wait_of(parcel.attempts, outcome.wait, jitter, parcel.message.kind)
        state = "waiting" if again < parcel.expires_at else "failed"
    elif state == "gone":
        state = "failed"
    if state == "failed" and any(not one.startswith("-") for one in reached.split()):
        state = "sent"  # one of the phones has it
    is_over = state != "waiting"
    return {
        "row": parcel.id, "tries": parcel.attempts, "to": state, "why": "" if state == "sent" else outcome.reason,
        "again": None if is_over else again, "at": now if is_over else None, "phones": reached,
    }  # fmt: skip


def _note_phones(connection: Any, now: datetime, results: Sequence[Result]) -> None:
    """How each phone's subscription goes: it took a message, it fails since now, or it has ended."""
    by_state: dict[tuple[str, str], list[int]] = defaultdict(list)
    for result in results:
        for phone, one in result.outcomes:
            if phone is not None:
                by_state[one.state, one.reason if one.state == "gone" else ""].append(phone)
    if (
        by_state
    ):  # in one order, so that two workers that settle for the same phones don't wait for each other
        ids = sorted({one for several in by_state.values() for one in several})
        connection.execute(
            select(_phone.c.id).where(_phone.c.id.in_(ids)).order_by(_phone.c.id).with_for_update()
        )
    for (state, reason), ids in by_state.items():
        if state == "sent":
            change: Any = _phone.update().values(sent_at=now, failing_since=None)
        elif state == "gone":
            change = _phone.update().values(ended_at=now, ended_why=reason)
        else:
            change = _phone.update().where(_phone.c.failing_since.is_(None)).values(failing_since=now)
        connection.execute(change.where(_phone.c.id.in_(ids)))
