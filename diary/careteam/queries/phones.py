"""A patient's phones as their clinic may see them: which, and when used; and a patient found by their exact name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import LoginSession, Person
from diary.accounts.queries import live_sessions
from diary.careteam import access
from diary.careteam.models import CareLink, Clinic, Membership
from diary.careteam.rules import CARE_ROLES, Role


@dataclass(frozen=True)
class PatientPhones:
    """Where a patient is signed in."""

    uuid: UUID
    name: str
    clinic: str
    sessions: Sequence[LoginSession]
    has_signed_up: bool


@dataclass(frozen=True)
class Named:
    """A patient of one of the viewer's clinics, found by name."""

    person_id: int
    uuid: UUID
    clinic_id: int


def phone_clinic(s: Session, viewer: access.Viewer, uuid: UUID) -> tuple[Person, int]:
    """(the patient, the clinic) for staff with a live care link or the clinic's admin; nobody does it for themselves."""
    rows = s.execute(
        select(Person, Membership.clinic_id)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Person.uuid == uuid,
            Person.ended_at.is_(None),
            Membership.role == Role.PATIENT,
            Membership.ended_at.is_(None),
        )
        .order_by(Membership.id)
    ).all()
    for person, clinic_id in rows:
        if person.id != viewer.me and _may(s, viewer, person.id, clinic_id):
            return person, clinic_id
    raise access.Hidden


def _may(s: Session, viewer: access.Viewer, person_id: int, clinic_id: int) -> bool:
    if clinic_id in viewer.clinics(Role.ADMIN):
        return True
    linked = select(CareLink.id).where(
        CareLink.patient_id == person_id,
        CareLink.clinic_id == clinic_id,
        CareLink.staff_id == viewer.me,
        access.cares(),
    )
    return clinic_id in viewer.clinics(*CARE_ROLES) and s.execute(linked.limit(1)).first() is not None


def patient_phones(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> PatientPhones:
    """The patient's devices for whoever may end one; a session of theirs as staff is not among them."""
    person, clinic_id = phone_clinic(s, viewer, uuid)
    found = [row for row in live_sessions(s, person.id, now) if not row.is_staff]
    return PatientPhones(
        person.uuid, person.name, s.get_one(Clinic, clinic_id).name, found, person.passphrase_hash is not None
    )


def patient_named(s: Session, viewer: access.Viewer, who: str, born_on: date | None) -> Named | None:
    """The one patient of the clinics where the viewer is a clinician whose whole name or e-mail this is; None else."""
    wanted = " ".join(who.split()).casefold()
    rows = s.execute(
        select(Person, Membership.clinic_id)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.clinic_id.in_(sorted(viewer.clinics(Role.CLINICIAN))),
            Membership.role == Role.PATIENT,
            Membership.ended_at.is_(None),
            Person.ended_at.is_(None),
        )
        .order_by(Membership.id)
    ).all()
    found = {
        person.id: (person.uuid, clinic_id)
        for person, clinic_id in reversed(rows)
        if wanted in (person.name.casefold(), person.email.casefold())
        and (born_on is None or person.born_on == born_on)
    }
    if len(found) != 1:
        return None
    ((person_id, (uuid, clinic_id)),) = found.items()
    return Named(person_id, uuid, clinic_id)
