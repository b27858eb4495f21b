"""Consent by person and kind, given and taken back by the patient alone, with the wording and the moment."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.models import CareLink, Consent
from diary.careteam.rules import CONSENT_WORDING, Kind


def give_consent(
    s: Session, actor: access.Viewer, patient_id: int, staff_id: int, kinds: Iterable[str], now: datetime
) -> None:
    """The patient lets this member of staff see these kinds, besides what they may see already."""
    _own_only(actor, patient_id)
    live = select(Consent.kind).where(
        Consent.patient_id == patient_id, Consent.staff_id == staff_id, Consent.withdrawn_at.is_(None)
    )
    given = set(s.scalars(live))
    for kind in sorted({Kind(kind) for kind in kinds} - given):
        s.add(
            Consent(
                patient_id=patient_id, staff_id=staff_id, kind=kind, wording=CONSENT_WORDING, given_at=now
            )
        )
        audit.record(s, actor, f"consent.give.{kind}", patient_id, thing=str(staff_id))


def withdraw_consent(
    s: Session, actor: access.Viewer, patient_id: int, staff_id: int, kinds: Iterable[str], now: datetime
) -> None:
    """Take these kinds back; it holds from the next request on."""
    _own_only(actor, patient_id)
    for kind in sorted({Kind(kind) for kind in kinds}):
        done = s.execute(
            update(Consent)
            .where(
                Consent.patient_id == patient_id,
                Consent.staff_id == staff_id,
                Consent.kind == kind,
                Consent.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=now)
        )
        if done.rowcount:
            audit.record(s, actor, f"consent.withdraw.{kind}", patient_id, thing=str(staff_id))


def agree_to_cover(s: Session, actor: access.Viewer, link_uuid: UUID, now: datetime) -> None:
    """The patient agrees that this person, named, covers for one of their team until the day that the cover ends."""
    found = _own_cover(s, actor, link_uuid)
    if found.agreed_at is None:
        found.agreed_at, found.agreed_wording = now, CONSENT_WORDING
        s.add(found)
        audit.record(s, actor, "consent.give.cover", found.patient_id, thing=str(found.staff_id))


def refuse_cover(s: Session, actor: access.Viewer, link_uuid: UUID, now: datetime) -> None:
    """The patient takes that back: from the next request on the cover sees nothing."""
    found = _own_cover(s, actor, link_uuid)
    if found.agreed_at is not None:
        found.agreed_at, found.agreed_wording = None, ""
        s.add(found)
        audit.record(s, actor, "consent.withdraw.cover", found.patient_id, thing=str(found.staff_id))


def _own_only(actor: access.Viewer, patient_id: int) -> None:
    if not actor.operator and actor.person_id != patient_id:
        raise access.Hidden


def _own_cover(s: Session, actor: access.Viewer, link_uuid: UUID) -> CareLink:
    found = s.scalars(
        select(CareLink)
        .where(
            CareLink.uuid == link_uuid,
            CareLink.patient_id == actor.me,
            CareLink.covers_id.is_not(None),
            CareLink.ended_at.is_(None),
        )
        .with_for_update()
    ).first()
    if found is None:
        raise access.Hidden
    return found
