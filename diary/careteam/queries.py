"""Reads for the admin's page and for invitations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.accounts.rules import token_hash
from diary.careteam import access
from diary.careteam.models import CareLink, Clinic, Invitation, Membership
from diary.careteam.rules import CARE_ROLES, STAFF_ROLES, Role, is_open


@dataclass(frozen=True)
class Member:
    """Somebody of a clinic as its admin sees them: no diary."""

    person_id: int
    uuid: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    has_signed_up: bool
    is_unconfirmed: bool = False


@dataclass(frozen=True)
class Link:
    """A live care link of a clinic."""

    uuid: UUID
    patient: str
    staff: str
    staff_role: str
    began_at: datetime


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that can still be used, with what its page says."""

    invitation: Invitation
    clinic_name: str
    name: str
    zone: str
    email: str
    team: tuple[tuple[str, str], ...]

    @property
    def is_patient(self) -> bool:
        return self.invitation.role == Role.PATIENT


def own_clinic(s: Session, viewer: access.Viewer) -> Clinic | None:
    """The one clinic that the viewer belongs to; None where there is none, or more than one."""
    return s.get(Clinic, viewer.clinic_id) if viewer.clinic_id is not None else None


def own_clinics(s: Session, viewer: access.Viewer) -> list[Clinic]:
    """Every clinic that the viewer belongs to, in a fixed order."""
    ids = sorted({clinic for clinic, _ in viewer.roles})
    return list(s.scalars(select(Clinic).where(Clinic.id.in_(ids)).order_by(Clinic.id))) if ids else []


def members(s: Session, viewer: access.Viewer, clinic_id: int) -> list[Member]:
    """Everybody with a live role in the clinic, staff first, then by name."""
    _admin_of(viewer, clinic_id)
    rows = s.execute(
        select(Person, Membership.role, Membership.accepted_at, Membership.confirmed_at)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.clinic_id == clinic_id, Membership.ended_at.is_(None), Person.ended_at.is_(None))
        .order_by(Membership.id)
    ).all()
    roles: dict[int, list[str]] = {}
    people: dict[int, Person] = {}
    waiting: set[int] = set()
    for person, role, accepted_at, confirmed_at in rows:
        people[person.id] = person
        if role == Role.PATIENT and accepted_at is not None and confirmed_at is None:
            waiting.add(person.id)
        roles.setdefault(person.id, []).append(role)
    found = [
        Member(
            p.id, p.uuid, p.name, p.email, tuple(roles[p.id]), p.passphrase_hash is not None, p.id in waiting
        )
        for p in people.values()
    ]
    return sorted(found, key=lambda m: (m.roles == (Role.PATIENT,), m.name.casefold()))


def links(s: Session, viewer: access.Viewer, clinic_id: int) -> list[Link]:
    """The clinic's live care links, by patient's name."""
    _admin_of(viewer, clinic_id)
    people = {m.person_id: m for m in members(s, viewer, clinic_id)}
    rows = s.scalars(
        select(CareLink).where(CareLink.clinic_id == clinic_id, CareLink.ended_at.is_(None))
    ).all()
    found = [
        Link(
            row.uuid,
            people[row.patient_id].name,
            people[row.staff_id].name,
            ", ".join(r for r in people[row.staff_id].roles if r in CARE_ROLES),
            row.began_at,
        )
        for row in rows
        if row.patient_id in people and row.staff_id in people
    ]
    return sorted(found, key=lambda link: (link.patient.casefold(), link.staff.casefold()))


def open_invitation(s: Session, token: str, now: datetime) -> OpenInvitation:
    """The invitation of a link that still works; Hidden for every other link."""
    row = s.execute(
        select(Invitation, Clinic.name, Person)
        .join(Clinic, Clinic.id == Invitation.clinic_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.token_hash == token_hash(token), Person.ended_at.is_(None))
    ).first()
    if row is None or not is_open(row[0].expires_at, row[0].used_at, now):
        raise access.Hidden
    invitation, clinic_name, person = row
    return OpenInvitation(
        invitation,
        clinic_name,
        person.name,
        person.zone,
        person.email,
        _team(s, invitation.clinic_id, person.id),
    )


def _team(s: Session, clinic_id: int, patient_id: int) -> tuple[tuple[str, str], ...]:
    rows = s.execute(
        select(Person, Membership.role)
        .join(CareLink, CareLink.staff_id == Person.id)
        .join(Membership, (Membership.person_id == Person.id) & (Membership.clinic_id == clinic_id))
        .where(
            CareLink.patient_id == patient_id,
            CareLink.clinic_id == clinic_id,
            CareLink.ended_at.is_(None),
            Membership.ended_at.is_(None),
            Membership.role.in_(list(CARE_ROLES)),
        )
    ).all()
    return tuple(sorted((person.name, str(role)) for person, role in rows))


def clinics_of_patient(s: Session, patient_id: int) -> list[tuple[int, str]]:
    """(clinic, the person's zone) of every clinic that somebody is a patient of now, in a fixed order."""
    rows = s.execute(
        select(Membership.clinic_id, Person.zone)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.person_id == patient_id,
            Membership.role == Role.PATIENT,
            Membership.ended_at.is_(None),
            Person.ended_at.is_(None),
        )
        .order_by(Membership.clinic_id)
    )
    return list(dict.fromkeys((row[0], row[1]) for row in rows))


def patients_with_zone(s: Session) -> list[tuple[int, str]]:
    """(person, zone) of everybody who is a patient of some clinic now; for the operator."""
    rows = s.execute(
        select(Person.id, Person.zone)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.role == Role.PATIENT, Membership.ended_at.is_(None), Person.ended_at.is_(None))
        .order_by(Person.id)
    )
    return list(dict.fromkeys((row[0], row[1]) for row in rows))


def reachable_staff(s: Session, clinic_id: int, patient_id: int) -> list[tuple[int, str, bool]]:
    """(person, role, whether they care for the patient) of staff who can sign in, longest here first.

    For choosing who is told of something; whoever only was invited can't be told.
    """
    cares = (
        select(CareLink.id)
        .where(
            CareLink.clinic_id == clinic_id,
            CareLink.patient_id == patient_id,
            CareLink.staff_id == Membership.person_id,
            CareLink.ended_at.is_(None),
        )
        .exists()
    )
    rows = s.execute(
        select(Membership.person_id, Membership.role, cares)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.clinic_id == clinic_id,
            Membership.role.in_(list(STAFF_ROLES)),
            Membership.ended_at.is_(None),
            Person.ended_at.is_(None),
            Person.passphrase_hash.is_not(None),
            Person.id != patient_id,
        )
        .order_by(Membership.id)
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def has_people(s: Session) -> bool:
    """Whether anybody is here yet; for the operator."""
    return s.execute(select(Person.id).limit(1)).first() is not None


def has_clinic(s: Session, name: str) -> bool:
    return s.execute(select(Clinic.id).where(Clinic.name == name)).first() is not None


def _admin_of(viewer: access.Viewer, clinic_id: int) -> None:
    if clinic_id not in viewer.clinics(Role.ADMIN):
        raise access.Hidden


# Of the audit trail -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """Somebody who is or was of a clinic, as its admin's audit page knows them: of a patient no name."""

    id: int
    uuid: UUID
    name: str
    is_patient: bool


def ever_in(viewer: access.Viewer) -> Any:
    """The ids of everybody who is or was in a clinic that the viewer administers, as part of a statement."""
    return select(Membership.person_id).where(Membership.clinic_id.in_(viewer.clinics(Role.ADMIN)))


def known_ever(s: Session, viewer: access.Viewer) -> dict[int, Known]:
    """By id everybody of the clinics that the viewer administers, those who left too; names of staff only."""
    rows = s.execute(
        select(Person, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.clinic_id.in_(viewer.clinics(Role.ADMIN)))
    ).all()
    people = {person.id: person for person, _ in rows}
    staff = {person.id for person, role in rows if role in STAFF_ROLES}
    patients = {person.id for person, role in rows if role == Role.PATIENT}
    return {
        one.id: Known(one.id, one.uuid, one.name if one.id in staff else "", one.id in patients)
        for one in people.values()
    }
