"""Clinics: who belongs to them, their care links and invitations; who can be told of something."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from diary.accounts.models import LoginSession, Person
from diary.accounts.queries import second_steps
from diary.accounts.rules import token_hash
from diary.careteam import access
from diary.careteam.models import CareLink, Clinic, ClinicFactor, Consent, Invitation, Membership
from diary.careteam.rules import CARE_ROLES, STAFF_ROLES, Role, is_open

WAITING_SHOWN = timedelta(days=30)  # after it is over; it can be sent again


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
    last_seen_at: datetime | None = None
    sees: int = 0
    second_steps: tuple[str, ...] = ()

    @property
    def is_patient(self) -> bool:
        return Role.PATIENT in self.roles

    @property
    def staff_roles(self) -> tuple[str, ...]:
        return tuple(role for role in self.roles if role in STAFF_ROLES)


@dataclass(frozen=True)
class Link:
    """A care link of a clinic that has not ended, with what the patient shares by it: which kinds, no more."""

    uuid: UUID
    patient: str
    patient_uuid: UUID
    staff: str
    staff_uuid: UUID
    staff_role: str
    began_at: datetime
    ends_at: datetime | None
    covers: str
    kinds: frozenset[str]
    given_at: datetime | None
    is_agreed: bool
    is_planned: bool


@dataclass(frozen=True)
class Waiting:
    """An invitation that nobody has used yet."""

    uuid: UUID
    name: str
    role: str
    by: str
    sent_at: datetime
    expires_at: datetime
    is_over: bool


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that can still be used, with what its page says."""

    invitation: Invitation
    clinic_name: str
    name: str
    zone: str
    email: str
    team: tuple[tuple[str, str], ...]
    joins: bool
    holder: UUID

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
    seen: dict[int, datetime] = dict(
        s.execute(
            select(LoginSession.person_id, func.max(LoginSession.seen_at))
            .where(LoginSession.person_id.in_([*people]))
            .group_by(LoginSession.person_id)
        ).all()
    )
    linked = select(CareLink.staff_id, func.count(CareLink.patient_id.distinct())).where(
        CareLink.clinic_id == clinic_id, access.cares()
    )
    sees: dict[int, int] = dict(s.execute(linked.group_by(CareLink.staff_id)).all())
    second = second_steps(s, [id for id, of_one in roles.items() if STAFF_ROLES.intersection(of_one)])
    found = [
        Member(
            p.id, p.uuid, p.name, p.email, tuple(roles[p.id]), p.passphrase_hash is not None, p.id in waiting,
            seen.get(p.id), sees.get(p.id, 0), second.get(p.id, ()),
        )
        for p in people.values()
    ]  # fmt: skip
    return sorted(found, key=lambda m: (m.roles == (Role.PATIENT,), m.name.casefold()))


def links(s: Session, viewer: access.Viewer, clinic_id: int, now: datetime) -> list[Link]:
    """The clinic's care links that have not ended, planned ones too, by patient's name."""
    _admin_of(viewer, clinic_id)
    people = {m.person_id: m for m in members(s, viewer, clinic_id)}
    rows = s.scalars(
        select(CareLink).where(
            CareLink.clinic_id == clinic_id,
            access.stands(CareLink),
        )
    ).all()
    given = _given(s, {row.patient_id for row in rows})
    found = [
        _link(row, people, given, now) for row in rows if row.patient_id in people and row.staff_id in people
    ]
    return sorted(found, key=lambda link: (link.patient.casefold(), bool(link.covers), link.staff.casefold()))


def _link(
    row: CareLink, people: dict[int, Member], given: dict[tuple[int, int], dict[str, datetime]], now: datetime
) -> Link:
    staff = people[row.staff_id]
    covered = people.get(row.covers_id) if row.covers_id is not None else None
    is_agreed = row.covers_id is None or row.agreed_at is not None
    kinds = given.get((row.patient_id, row.covers_id or row.staff_id), {}) if is_agreed else {}
    return Link(
        uuid=row.uuid,
        patient=people[row.patient_id].name,
        patient_uuid=people[row.patient_id].uuid,
        staff=staff.name,
        staff_uuid=staff.uuid,
        staff_role=", ".join(role for role in staff.roles if role in CARE_ROLES),
        began_at=row.began_at,
        ends_at=row.ends_at,
        covers=covered.name if covered else "",
        kinds=frozenset(kinds),
        given_at=max(kinds.values(), default=None),
        is_agreed=is_agreed,
        is_planned=row.began_at > now,
    )


def _given(s: Session, patients: set[int]) -> dict[tuple[int, int], dict[str, datetime]]:
    """By patient and member of staff the kinds that are given now, and since when."""
    found: dict[tuple[int, int], dict[str, datetime]] = {}
    for row in s.scalars(
        select(Consent).where(Consent.patient_id.in_(sorted(patients)), Consent.withdrawn_at.is_(None))
    ):
        found.setdefault((row.patient_id, row.staff_id), {})[row.kind] = row.given_at
    return found


def waiting(s: Session, viewer: access.Viewer, now: datetime, clinic_id: int | None = None) -> list[Waiting]:
    """Invitations that nobody used, the latest first: a clinic's for its admin, else the viewer's own."""
    if clinic_id is not None:
        _admin_of(viewer, clinic_id)
        whose = Invitation.clinic_id == clinic_id
    else:
        clinics = sorted(viewer.clinics(*CARE_ROLES))
        whose = and_(Invitation.invited_by == viewer.me, Invitation.clinic_id.in_(clinics))
    by = aliased(Person)
    rows = s.execute(
        select(Invitation, by)
        .outerjoin(by, by.id == Invitation.invited_by)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            whose,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now - WAITING_SHOWN,
            Person.ended_at.is_(None),
        )
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
    ).all()
    return [
        Waiting(
            row.uuid, row.name or "", row.role, inviter.name if inviter else "", row.created_at, row.expires_at,
            row.expires_at <= now,
        )
        for row, inviter in rows
    ]  # fmt: skip


def invited_again(s: Session, viewer: access.Viewer, uuid: UUID) -> tuple[Clinic, str, str, str]:
    """(clinic, e-mail, role, name) of an unused invitation that the viewer may send again; Hidden else."""
    row = s.execute(
        select(Invitation, Person, Clinic)
        .join(Person, Person.id == Invitation.person_id)
        .join(Clinic, Clinic.id == Invitation.clinic_id)
        .where(Invitation.uuid == uuid, Invitation.used_at.is_(None), Person.ended_at.is_(None))
    ).first()
    if row is None:
        raise access.Hidden
    invitation, person, clinic = row
    is_own = invitation.invited_by == viewer.me and clinic.id in viewer.clinics(*CARE_ROLES)
    if not is_own and clinic.id not in viewer.clinics(Role.ADMIN):
        raise access.Hidden
    return clinic, person.email, invitation.role, invitation.name or ""


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
    here = select(Membership.id).where(
        Membership.clinic_id == invitation.clinic_id,
        Membership.person_id == person.id,
        Membership.role == invitation.role,
        Membership.ended_at.is_(None),
    )
    joins = person.passphrase_hash is not None or s.execute(here).first() is None
    return OpenInvitation(
        invitation,
        clinic_name,
        "" if joins else person.name,
        person.zone,
        "" if joins else person.email,
        () if joins else _team(s, invitation.clinic_id, person.id),
        joins,
        person.uuid,
    )


def _team(s: Session, clinic_id: int, patient_id: int) -> tuple[tuple[str, str], ...]:
    rows = s.execute(
        select(Person, Membership.role)
        .join(CareLink, CareLink.staff_id == Person.id)
        .join(Membership, (Membership.person_id == Person.id) & (Membership.clinic_id == clinic_id))
        .where(
            CareLink.patient_id == patient_id,
            CareLink.clinic_id == clinic_id,
            access.stands(CareLink),
            CareLink.covers_id.is_(None),
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
            access.cares(),
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


def factors_of_clinic(s: Session, viewer: access.Viewer, clinic_id: int) -> list[str]:
    """What the clinic's patients may tick about a day beside Neap's own list; for its admins, Hidden for others."""
    if not viewer.operator and clinic_id not in viewer.clinics(Role.ADMIN):
        raise access.Hidden
    wanted = select(ClinicFactor.name).where(
        ClinicFactor.clinic_id == clinic_id, ClinicFactor.ended_at.is_(None)
    )
    return list(s.scalars(wanted.order_by(ClinicFactor.place, ClinicFactor.id)))
