"""Who is what in a clinic; nobody changes their own role, and a clinic is never left without an admin."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlmodel import Session

from diary.accounts.actions import end_sessions
from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions.clinics import lock_clinic
from diary.careteam.actions.refused import Refused
from diary.careteam.models import CareLink, Invitation, Membership, SignInCode
from diary.careteam.rules import CARE_ROLES, STAFF_ROLES, Role

THEMSELVES = "Nobody changes their own role. Please ask another admin."
LAST_ADMIN = "They are the last admin who can sign in here. Please make somebody else an admin first."


def add_member(s: Session, clinic_id: int, person_id: int, role: str, now: datetime) -> None:
    """Give a person a role in a clinic; having it already is fine."""
    if role not in _live_roles(s, clinic_id, person_id):
        s.add(Membership(clinic_id=clinic_id, person_id=person_id, role=role, began_at=now))
        s.flush()


def change_roles(
    s: Session, actor: access.Viewer, clinic_id: int, uuid: UUID, roles: Iterable[str], now: datetime
) -> None:
    """What a member of staff is from now on: at least one of coach, clinician and admin. They sign in anew."""
    lock_clinic(s, clinic_id)
    person = _member(s, actor, clinic_id, uuid, STAFF_ROLES)
    wanted, had = {Role(role) for role in roles} & STAFF_ROLES, _staff_roles(s, clinic_id, person.id)
    if not wanted:
        raise Refused("Please choose at least one role, or end their membership.")
    if wanted == had:
        return
    if Role.ADMIN in had - wanted:
        _keep_an_admin(s, clinic_id, person.id)
    for role in sorted(had - wanted):
        _end_roles(s, clinic_id, person.id, {role}, now)
        audit.record(s, actor, f"role.end.{role}", None, thing=str(person.id), clinic_id=clinic_id)
    for role in sorted(wanted - had):
        add_member(s, clinic_id, person.id, role, now)
        audit.record(s, actor, f"role.give.{role}", None, thing=str(person.id), clinic_id=clinic_id)
    if not wanted & CARE_ROLES:
        _end_care_by(s, clinic_id, person.id, now)
    end_sessions(s, person.id, now)


def end_membership(
    s: Session, actor: access.Viewer, clinic_id: int, uuid: UUID, now: datetime, as_patient: bool
) -> None:
    """Somebody is no longer a patient, or no longer staff, of the clinic; links and open invitations end with it.

    Their sessions end where they were staff, or where they belong to no clinic any more.
    """
    lock_clinic(s, clinic_id)
    person = _member(s, actor, clinic_id, uuid, {Role.PATIENT} if as_patient else STAFF_ROLES)
    ending = {Role.PATIENT} if as_patient else _staff_roles(s, clinic_id, person.id)
    if Role.ADMIN in ending:
        _keep_an_admin(s, clinic_id, person.id)
    _end_roles(s, clinic_id, person.id, ending, now)
    if as_patient:
        _end_links(s, now, CareLink.clinic_id == clinic_id, CareLink.patient_id == person.id)
        codes = update(SignInCode).where(SignInCode.person_id == person.id, SignInCode.used_at.is_(None))
        s.execute(codes.values(used_at=now))
    else:
        _end_care_by(s, clinic_id, person.id, now)
    open_ones = update(Invitation).where(
        Invitation.person_id == person.id, Invitation.clinic_id == clinic_id, Invitation.used_at.is_(None),
        Invitation.role.in_(sorted(ending)),
    )  # fmt: skip
    s.execute(open_ones.values(used_at=now))
    for role in sorted(ending):
        about = person.id if as_patient else None
        audit.record(s, actor, f"role.end.{role}", about, thing=str(person.id), clinic_id=clinic_id)
    if not as_patient or not _is_anything(s, person.id):
        end_sessions(s, person.id, now)


def _member(s: Session, actor: access.Viewer, clinic_id: int, uuid: UUID, roles: Iterable[str]) -> Person:
    """Somebody else with one of these roles in the clinic that the actor administers."""
    if not actor.operator and clinic_id not in actor.clinics(Role.ADMIN):
        raise access.Hidden
    person = s.scalars(select(Person).where(Person.uuid == uuid, Person.ended_at.is_(None))).first()
    if person is None or not _live_roles(s, clinic_id, person.id) & set(roles):
        raise access.Hidden
    if person.id == actor.person_id:
        raise Refused(THEMSELVES)
    return person


def _live_roles(s: Session, clinic_id: int, person_id: int) -> set[str]:
    wanted = select(Membership.role).where(
        Membership.clinic_id == clinic_id, Membership.person_id == person_id, Membership.ended_at.is_(None)
    )
    return set(s.scalars(wanted))


def _staff_roles(s: Session, clinic_id: int, person_id: int) -> set[Role]:
    return {Role(role) for role in _live_roles(s, clinic_id, person_id)} & STAFF_ROLES


def _is_anything(s: Session, person_id: int) -> bool:
    live = select(Membership.id).where(Membership.person_id == person_id, Membership.ended_at.is_(None))
    return s.execute(live.limit(1)).first() is not None


def _keep_an_admin(s: Session, clinic_id: int, but: int) -> None:
    others = (
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.clinic_id == clinic_id,
            Membership.role == Role.ADMIN,
            Membership.ended_at.is_(None),
            Membership.person_id != but,
            Person.passphrase_hash.is_not(None),
            Person.ended_at.is_(None),
        )
    )
    if not s.scalar(others):
        raise Refused(LAST_ADMIN)


def _end_roles(s: Session, clinic_id: int, person_id: int, roles: Iterable[str], now: datetime) -> None:
    s.execute(
        update(Membership)
        .where(
            Membership.clinic_id == clinic_id,
            Membership.person_id == person_id,
            Membership.role.in_(sorted(roles)),
            Membership.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


def _end_care_by(s: Session, clinic_id: int, staff_id: int, now: datetime) -> None:
    """The links of a member of staff, and the covers for them."""
    by = or_(CareLink.staff_id == staff_id, CareLink.covers_id == staff_id)
    _end_links(s, now, CareLink.clinic_id == clinic_id, by)


def _end_links(s: Session, now: datetime, *where: object) -> None:
    s.execute(update(CareLink).where(CareLink.ended_at.is_(None), *where).values(ended_at=now))  # type: ignore[arg-type]
