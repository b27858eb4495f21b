"""A person's phones: where they are pushed to, what they say has come, and a message to try the ways out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.lib import clock, sealing
from diary.reminders.actions.wishes import change_wishes
from diary.reminders.forms import TypedPhone
from diary.reminders.models import Delivery, PushSubscription, indexed_text
from diary.reminders.queries.wishes import own_wishes
from diary.reminders.rules.message import TEST, Outcome

CHECKED_ONCE_IN = timedelta(hours=1)
MOST_PHONES = 10
LEASE = timedelta(minutes=2)
MOVED, REPLACED, SWITCHED_OFF, TOO_MANY, GONE = "moved", "replaced", "switched_off", "too_many", "gone"


def index_of(endpoint: str) -> bytes:
    """What is stored of an endpoint to find it by."""
    return sealing.index(indexed_text(endpoint))


def indexes_of(endpoint: str) -> list[bytes]:
    """By what an endpoint is found."""
    return sealing.indexes(indexed_text(endpoint))


def _mine(viewer: access.Viewer, patient: access.PatientRef) -> None:
    if not viewer.operator and viewer.person_id != patient.id:
        raise access.Hidden


def register_phone(
    s: Session,
    viewer: access.Viewer,
    patient: access.PatientRef,
    typed: TypedPhone,
    device: str,
    now: datetime,
) -> UUID:
    """Remind the person on this phone from now on; whose it was before is not reminded on it any more.

    A repeat changes nothing. Raises Hidden for anybody else's.
    """
    _mine(viewer, patient)
    row = _subscription(s, patient, typed.endpoint, now)
    is_same = row.person_id == patient.id and row.ended_at is None and row.keys is not None
    if row.person_id != patient.id:
        audit.record(s, None, "reminder_phone.move", row.person_id, thing=str(row.uuid))
    row.person_id, row.device, row.checked_at = patient.id, device, now
    row.endpoint, row.keys = typed.endpoint, json.dumps(dict(typed.keys), sort_keys=True)
    row.ended_at, row.ended_why, row.failing_since = None, "", None
    if not is_same:
        row.made_at = now
        row.sent_at = row.received_at = None
        audit.record(
            s, viewer, "reminder_phone.add", patient.id, thing=str(row.uuid), clinic_id=patient.clinic_id
        )
    if typed.former and typed.former != typed.endpoint:
        _end(s, viewer, patient, _at(s, patient.id, typed.former), REPLACED, now)
    _at_most(s, patient.id, now)
    _push(s, viewer, patient, True, now)
    return row.uuid


def _subscription(s: Session, patient: access.PatientRef, endpoint: str, now: datetime) -> PushSubscription:
    """The row of an endpoint, locked; a new one where two phones of the same name ask at once is made once."""
    wanted = (
        select(PushSubscription)
        .where(PushSubscription.endpoint_index.in_(indexes_of(endpoint)))  # type: ignore[attr-defined]
        .with_for_update()
    )
    found = s.scalars(wanted).first()
    if found is not None:
        return found
    made = PushSubscription(
        person_id=patient.id, endpoint_index=index_of(endpoint), made_at=now, checked_at=now
    )
    try:
        with s.begin_nested():
            s.add(made)
    except IntegrityError:
        return s.scalars(wanted).one()
    return made


def _at(s: Session, person_id: int, endpoint: str) -> PushSubscription | None:
    wanted = select(PushSubscription).where(
        PushSubscription.endpoint_index.in_(indexes_of(endpoint)),  # type: ignore[attr-defined]
        PushSubscription.person_id == person_id,  # type: ignore[arg-type]
    )
    return s.scalars(wanted).first()


def _at_most(s: Session, person_id: int, now: datetime) -> None:
    """Old phones that nobody looked after make room."""
    wanted = (
        select(PushSubscription)
        .where(PushSubscription.person_id == person_id, PushSubscription.ended_at.is_(None))  # type: ignore[union-attr, arg-type]
        .order_by(PushSubscription.checked_at.desc())  # type: ignore[attr-defined]
        .offset(MOST_PHONES)
    )
    for row in s.scalars(wanted).all():
        row.ended_at, row.ended_why = now, TOO_MANY


def check_phone(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, endpoint: str, now: datetime
) -> None:
    """The phone said at an opening that it has its subscription still."""
    _mine(viewer, patient)
    row = _at(s, patient.id, endpoint)
    if row is not None and row.ended_at is None and now - row.checked_at >= CHECKED_ONCE_IN:
        row.checked_at = now


def end_phone(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, endpoint: str, now: datetime
) -> None:
    """No reminders on the phone at this endpoint any more; of nobody else's phone, and a repeat changes nothing."""
    _mine(viewer, patient)
    _end(s, viewer, patient, _at(s, patient.id, endpoint), SWITCHED_OFF, now)


def end_phone_by_id(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, uuid: UUID, now: datetime
) -> None:
    """The same from the list of phones; raises Hidden for one that is not the person's."""
    _mine(viewer, patient)
    wanted = select(PushSubscription).where(
        PushSubscription.uuid == uuid,  # type: ignore[arg-type]
        PushSubscription.person_id == patient.id,  # type: ignore[arg-type]
    )
    row = s.scalars(wanted).first()
    if row is None:
        raise access.Hidden
    _end(s, viewer, patient, row, SWITCHED_OFF, now)


def _end(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, row: PushSubscription | None, why: str, now: datetime
) -> None:  # fmt: skip
    if row is None or row.ended_at is not None:
        return
    row.ended_at, row.ended_why = now, why
    s.flush()
    audit.record(
        s, viewer, "reminder_phone.end", patient.id, thing=str(row.uuid), clinic_id=patient.clinic_id
    )
    live = select(func.count()).where(
        PushSubscription.person_id == patient.id,  # type: ignore[arg-type]
        PushSubscription.ended_at.is_(None),  # type: ignore[union-attr]
    )
    if not s.scalar(live):
        _push(s, viewer, patient, False, now)


def _push(s: Session, viewer: access.Viewer, patient: access.PatientRef, is_on: bool, now: datetime) -> None:
    """Push is among the ways of whoever has a phone for it."""
    chosen = own_wishes(s, viewer, patient.id).wishes.chosen
    if chosen.by_push != is_on:
        change_wishes(s, viewer, patient, replace(chosen, by_push=is_on), now)


def note_receipt(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, uuid: UUID, endpoint: str, now: datetime
) -> None:
    """The phone's worker says that a message came and was shown; the first word counts. Raises Hidden."""
    _mine(viewer, patient)
    wanted = select(Delivery).where(Delivery.uuid == uuid, Delivery.person_id == patient.id)  # type: ignore[arg-type]
    row = s.scalars(wanted).first()
    if row is None:
        raise access.Hidden
    if row.received_at is None:
        row.received_at = now
    phone = _at(s, patient.id, endpoint) if endpoint else None
    if phone is not None:
        phone.received_at = now


# A message to try the ways out: claimed, sent by whoever called, and its outcome stored ---------------------


def begin_test(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, channels: Sequence[str], now: datetime
) -> dict[str, UUID]:
    """The ids of the messages to send now, by channel. A crash from here on leaves their outcome unknown."""
    _mine(viewer, patient)
    thing = uuid4().hex
    made = {}
    for channel in channels:
        row = Delivery(
            person_id=patient.id, kind=TEST, thing=thing, day=clock.diary_day(now, patient.zone), due_at=now,
            channel=channel, state="sending", attempts=1, try_at=now + LEASE, expires_at=now + LEASE, claimed_at=now,
        )  # fmt: skip
        s.add(row)
        made[channel] = row.uuid
    audit.record(s, viewer, "reminders.test", patient.id, clinic_id=patient.clinic_id)
    return made


def end_test(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, uuid: UUID, outcomes: Sequence[tuple[int, Outcome]],
    now: datetime,
) -> None:  # fmt: skip
    """Store what became of one message: `outcomes` by the phone's row, 0 for mail. One that went is enough.

    A phone whose subscription is gone is not asked again.
    """
    _mine(viewer, patient)
    wanted = select(Delivery).where(Delivery.uuid == uuid, Delivery.person_id == patient.id)  # type: ignore[arg-type]
    row = s.scalars(wanted).one()
    best = next((one for _, one in outcomes if one.state == "sent"), None)
    row.state = "sent" if best else "failed"
    row.reason = "" if best else next((one.reason for _, one in outcomes), "no_phone")
    row.sent_at, row.try_at = now, None
    for phone_id, outcome in outcomes:
        phone = s.get(PushSubscription, phone_id) if phone_id else None
        if phone is None or phone.person_id != patient.id:
            continue
        if outcome.state == "sent":
            phone.sent_at = now
        elif outcome.state == "gone":
            _end(s, viewer, patient, phone, GONE, now)
