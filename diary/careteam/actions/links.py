"""Care links with their dates, and covers for a time; nobody makes one for themselves."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions.clinics import lock_clinic
from diary.careteam.actions.notices import tell
from diary.careteam.actions.refused import Refused
from diary.careteam.models import CareLink, Consent, Membership
from diary.careteam.rules import CARE_ROLES, Role


def link(
    s: Session,
    actor: access.Viewer,
    clinic_id: int,
    patient_id: int,
    staff_id: int,
    now: datetime,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
    covers_id: int | None = None,
) -> None:
    """Let a coach or clinician of the clinic care for one of its patients, or cover for a time for whoever does.

    The patient is told, and a new link shows nothing that was given under an earlier one.
    """
    lock_clinic(s, clinic_id)
    if not actor.operator and clinic_id not in actor.clinics(Role.ADMIN):
        raise access.Hidden
    if not actor.operator and actor.person_id in (patient_id, staff_id):
        raise Refused("Nobody can make a care link for themselves. Please ask another admin.")
    if patient_id == staff_id:
        raise Refused("Nobody cares for themselves.")
    _must_be(s, clinic_id, patient_id, {Role.PATIENT}, "a patient of this clinic")
    _must_be(s, clinic_id, staff_id, CARE_ROLES, "a coach or clinician of this clinic")
    begins_at = begins_at or now
    if ends_at is not None and ends_at <= max(begins_at, now):
        raise Refused("A link ends after it begins, and not in the past.")
    if _standing(s, clinic_id, patient_id, staff_id, covers_id):
        raise Refused("They are linked already.")
    if covers_id is not None:
        _must_cover(s, clinic_id, patient_id, staff_id, covers_id, ends_at)
    elif not _standing(s, None, patient_id, staff_id, None):
        _forget_consent(s, patient_id, staff_id, now)
    s.add(
        CareLink(
            clinic_id=clinic_id, patient_id=patient_id, staff_id=staff_id, began_at=begins_at, ends_at=ends_at,
            covers_id=covers_id,
        )
    )  # fmt: skip
    what = "care_link.create" if covers_id is None else "care_link.cover"
    audit.record(s, actor, what, patient_id, thing=str(staff_id), clinic_id=clinic_id)
    if not actor.operator:
        tell(s, patient_id, "link" if covers_id is None else "cover", actor, now, clinic_id, staff_id)


def _standing(
    s: Session, clinic_id: int | None, patient_id: int, staff_id: int, covers_id: int | None
) -> bool:
    """Whether there is such a link, begun or planned, that has not ended."""
    wanted = select(CareLink.id).where(
        CareLink.patient_id == patient_id,
        CareLink.staff_id == staff_id,
        access.stands(CareLink),
        CareLink.covers_id.is_(None) if covers_id is None else CareLink.covers_id == covers_id,
    )
    if clinic_id is not None:
        wanted = wanted.where(CareLink.clinic_id == clinic_id)
    return s.execute(wanted.limit(1)).first() is not None


def _must_cover(
    s: Session,
    clinic_id: int,
    patient_id: int,
    staff_id: int,
    covers_id: int,
    ends_at: datetime | None,
) -> None:
    if staff_id == covers_id:
        raise Refused("Nobody covers for themselves. Please choose somebody else.")
    if ends_at is None:
        raise Refused("A cover is for a time. Please say until when.")
    if not _standing(s, clinic_id, patient_id, covers_id, None):
        raise Refused("Whom they would cover for does not care for this patient.")


def _forget_consent(s: Session, patient_id: int, staff_id: int, now: datetime) -> None:
    """What was given to them under a link that is over: the patient is asked anew."""
    s.execute(
        update(Consent)
        .where(
            and_(
                Consent.patient_id == patient_id,
                Consent.staff_id == staff_id,
                Consent.withdrawn_at.is_(None),
            )
        )
        .values(withdrawn_at=now)
    )


def end_link(s: Session, actor: access.Viewer, clinic_id: int, link_uuid: UUID, now: datetime) -> None:
    """A link or a cover ends now, and with a link the covers for it."""
    if not actor.operator and clinic_id not in actor.clinics(Role.ADMIN):
        raise access.Hidden
    lock_clinic(s, clinic_id)
    found = s.scalars(
        select(CareLink).where(
            CareLink.uuid == link_uuid, CareLink.clinic_id == clinic_id, CareLink.ended_at.is_(None)
        )
    ).first()
    if found is None:
        raise access.Hidden
    found.ended_at = now
    s.add(found)
    if found.covers_id is None:
        s.execute(
            update(CareLink)
            .where(
                CareLink.clinic_id == clinic_id,
                CareLink.patient_id == found.patient_id,
                CareLink.covers_id == found.staff_id,
                CareLink.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
    audit.record(s, actor, "care_link.end", found.patient_id, thing=str(found.staff_id), clinic_id=clinic_id)


def carers_of(s: Session, patient_id: int) -> list[int]:
    """Whoever has a link of their own to the patient, begun or planned; covers are not among them."""
    live = select(CareLink.staff_id).where(
        CareLink.patient_id == patient_id,
        CareLink.covers_id.is_(None),
        access.stands(CareLink),
    )
    return list(dict.fromkeys(s.scalars(live)))


def _must_be(s: Session, clinic_id: int, person_id: int, roles: Iterable[str], what: str) -> None:
    member = select(Membership.id).where(
        Membership.clinic_id == clinic_id,
        Membership.person_id == person_id,
        Membership.role.in_(list(roles)),
        Membership.ended_at.is_(None),
    )
    if s.execute(member).first() is None:
        raise Refused(f"That is not {what}.")
