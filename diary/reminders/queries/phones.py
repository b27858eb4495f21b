"""Reads of a person's phones and of what reached them; for themselves and the operator, nobody else."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.careteam import access
from diary.lib.words import date_short
from diary.reminders.models import Delivery, PushSubscription
from diary.reminders.queries.wishes import own_wishes
from diary.reminders.rules.message import CHANNELS, PUSH, TEST, Phone

PATIENCE = timedelta(seconds=30)
TRIED_LATELY = timedelta(minutes=15)
TRY_AGAIN = timedelta(minutes=10)
MOST_TRIES = 5


@dataclass(frozen=True)
class PhoneRow:
    """A phone that can be pushed to; `received_at` is its own word that something came."""

    id: int
    uuid: UUID
    device: str
    made_at: datetime
    checked_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    failing_since: datetime | None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Tried:
    """One message to try a channel, and what became of it."""

    id: UUID
    channel: str
    at: datetime
    state: str
    reason: str
    received_at: datetime | None

    def is_waiting(self, now: datetime) -> bool:
        """Whether a phone may still say that it came."""
        return (
            self.channel == PUSH
            and self.state == "sent"
            and not self.received_at
            and now - self.at < PATIENCE
        )


@dataclass(frozen=True)
class Delivered:
    """What a notification or a mail was about, for whoever answers it."""

    id: UUID
    kind: str
    thing: str
    day: date
    is_received: bool


def _mine(viewer: access.Viewer, patient_id: int) -> None:
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden


def phones_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[PhoneRow]:
    """The person's phones that are still reminded, the latest added first."""
    _mine(viewer, patient_id)
    wanted = (
        select(PushSubscription)
        .where(PushSubscription.person_id == patient_id, PushSubscription.ended_at.is_(None))  # type: ignore[union-attr, arg-type]
        .order_by(PushSubscription.made_at.desc(), PushSubscription.id.desc())  # type: ignore[attr-defined]
    )
    return [_row(one) for one in s.scalars(wanted)]


def _row(one: PushSubscription) -> PhoneRow:
    return PhoneRow(
        one.id, one.uuid, one.device, one.made_at, one.checked_at, one.sent_at, one.received_at, one.failing_since, one.ended_at
    )  # fmt: skip


def phone_at(s: Session, viewer: access.Viewer, patient_id: int, indexes: list[bytes]) -> PhoneRow | None:
    """The person's phone at an endpoint, ended or not; None for one that is nobody's or somebody else's."""
    _mine(viewer, patient_id)
    wanted = select(PushSubscription).where(
        PushSubscription.person_id == patient_id,  # type: ignore[arg-type]
        PushSubscription.endpoint_index.in_(indexes),  # type: ignore[attr-defined]
    )
    found = s.scalars(wanted).first()
    return _row(found) if found else None


def endpoints_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[Phone]:
    """Where the person's phones are pushed to."""
    _mine(viewer, patient_id)
    wanted = select(PushSubscription).where(
        PushSubscription.person_id == patient_id,  # type: ignore[arg-type]
        PushSubscription.ended_at.is_(None),  # type: ignore[union-attr]
    )
    return [as_phone(one) for one in s.scalars(wanted)]


def as_phone(one: PushSubscription) -> Phone:
    return Phone(one.id, one.endpoint, json.loads(one.keys))


def silence(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> str:
    """Why no reminder comes, in one quiet line; empty where they come."""
    own = own_wishes(s, viewer, patient_id)
    until = own.wishes.paused_until
    if until is None or until <= today:
        return ""
    if own.unsubscribed_at is not None:
        return f"You stopped the mails until {date_short(until)}."
    return f"Reminders are paused until {date_short(until)}."


def delivered(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> Delivered:
    """One message that went to the person; Hidden for anybody else's, and for one that never was."""
    _mine(viewer, patient_id)
    wanted = select(Delivery).where(Delivery.person_id == patient_id, Delivery.uuid == uuid)  # type: ignore[arg-type]
    one = s.scalars(wanted).first()
    if one is None:
        raise access.Hidden
    return Delivered(one.uuid, one.kind, one.thing, one.day, one.received_at is not None)


def tried(s: Session, viewer: access.Viewer, patient_id: int, now: datetime) -> list[Tried]:
    """The last messages to try the channels, one a channel, while they are news."""
    _mine(viewer, patient_id)
    rows = _tests(s, patient_id, now - TRIED_LATELY)
    last = rows[-1].thing if rows else ""
    found = {row.channel: row for row in rows if row.thing == last}
    return [
        Tried(row.uuid, row.channel, row.due_at, row.state, row.reason, row.received_at)
        for channel in reversed(CHANNELS)
        if (row := found.get(channel)) is not None
    ]


def tries_left(s: Session, viewer: access.Viewer, patient_id: int, now: datetime) -> int:
    """How many more may be sent just now: a button is no way to fill somebody's mailbox."""
    _mine(viewer, patient_id)
    return MOST_TRIES - len({row.thing for row in _tests(s, patient_id, now - TRY_AGAIN)})


def _tests(s: Session, patient_id: int, since: datetime) -> Sequence[Delivery]:
    wanted = (
        select(Delivery)
        .where(Delivery.person_id == patient_id, Delivery.kind == TEST, Delivery.due_at > since)  # type: ignore[arg-type]
        .order_by(Delivery.id)  # type: ignore[arg-type]
    )
    return s.scalars(wanted).all()
