"""What leaves: a reminder in words with where it goes, so that sending it needs no database."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.lib import clock, sealing
from diary.reminders.models import PushSubscription
from diary.reminders.queries.facts import Subject
from diary.reminders.queries.links import unsubscribe_path
from diary.reminders.queries.words import wording
from diary.reminders.rules.decide import path_of
from diary.reminders.rules.message import BASELINE, DAILY, EMAIL, SAFETY, Message, Phone

_person, _phone = Person.__table__, PushSubscription.__table__  # type: ignore[attr-defined]
_ids: Any = bindparam("ids", expanding=True)

_addresses = select(_person.c.id, _person.c.uuid, _person.c.email_sealed, _person.c.zone).where(
    _person.c.id.in_(_ids), _person.c.ended_at.is_(None)
)
_living = (
    select(_phone.c.id, _phone.c.uuid, _phone.c.person_id, _phone.c.endpoint_sealed, _phone.c.keys_sealed)
    .where(_phone.c.person_id.in_(_ids), _phone.c.ended_at.is_(None))
    .order_by(_phone.c.id)
)


@dataclass(slots=True)
class Due:
    """One reminder by one channel that is due now. `id` is its row's, 0 before it is stored; `why` it is not sent; it is
    alone where nothing else came together with it."""

    uuid: UUID
    person_id: int
    kind: str
    thing: str
    day: date
    due_at: datetime
    expires_at: datetime
    channel: str
    id: int = 0
    attempts: int = 0
    reached: str = ""
    is_late: bool = False
    why: str = ""
    is_alone: bool = True


@dataclass(frozen=True, slots=True)
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


def parcels_of(
    s: Session, now: datetime, due: Sequence[Due], settings: dict[int, Any], people: dict[int, Subject]
) -> list[Parcel]:
    """These in words, each with an address or with the phones that don't have it yet."""
    if not due:
        return []
    connection = s.connection()
    addresses: dict[int, Any] = dict(people)
    others = {one.person_id for one in due} - set(addresses)
    if others:
        addresses |= {row.id: row for row in connection.execute(_addresses, {"ids": sorted(others)})}
    phones = _phones(connection, [one.person_id for one in due if one.channel != EMAIL])
    unseal = sealing.unsealing("person", "email")
    todays: dict[str, date] = {}
    found = []
    for one in due:
        person = addresses.get(one.person_id)
        zone = person.zone if person else "UTC"
        if zone not in todays:
            todays[zone] = clock.diary_day(now, zone)
        message = _message(one, now, todays[zone])
        to = stop = ""
        ours: tuple[Phone, ...] = ()
        if one.channel == EMAIL:
            own = settings.get(one.person_id)
            to = unseal(person.uuid.hex, person.email_sealed) if person and person.email_sealed else ""
            stop = unsubscribe_path(own.uuid) if own is not None and one.kind not in SAFETY else ""
        else:
            done = {abs(int(phone)) for phone in one.reached.split()}
            ours = tuple(phone for phone in phones[one.person_id] if phone.id not in done)
        found.append(
            Parcel(
                one.id, one.person_id, one.channel, one.attempts, one.expires_at, message, one.reached, to, stop, ours
            )
        )  # fmt: skip
    return found


def _message(one: Due, now: datetime, today: date) -> Message:
    about = one.day.isoformat() if one.kind in (DAILY, BASELINE) else one.thing
    title, body = wording(one.kind, about, one.day, one.is_late)
    return Message(
        one.uuid, one.kind, title, body, path_of(one.kind, one.day, today, one.is_alone), one.day,
        f"{one.kind}/{one.day}", max(0, int((one.expires_at - now).total_seconds())), one.is_late,
    )  # fmt: skip


def _phones(connection: Any, people: Iterable[int]) -> dict[int, list[Phone]]:
    """Living subscriptions by person, with what seals a message for them."""
    found: dict[int, list[Phone]] = defaultdict(list)
    ids = sorted(set(people))
    if not ids:
        return found
    unseal = {name: sealing.unsealing("push_subscription", name) for name in ("endpoint", "keys")}
    for row in connection.execute(_living, {"ids": ids}):
        endpoint = unseal["endpoint"](row.uuid.hex, row.endpoint_sealed)
        keys = json.loads(unseal["keys"](row.uuid.hex, row.keys_sealed))
        found[row.person_id].append(Phone(row.id, endpoint, keys))
    return found
