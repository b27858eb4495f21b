"""Invitations: single use, seven days, hashed; and the clinic's word on who took one up."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from diary.accounts.actions import create_person, end_sessions, set_passphrase, sign_in_by_passkey_alone
from diary.accounts.models import Person
from diary.accounts.queries import person_by_email
from diary.accounts.rules import new_token, token_hash
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions.clinics import lock_clinic
from diary.careteam.actions.consent import give_consent
from diary.careteam.actions.links import carers_of
from diary.careteam.actions.refused import Refused
from diary.careteam.actions.roles import add_member
from diary.careteam.models import Clinic, Invitation, Membership
from diary.careteam.rules import CARE_ROLES, INVITATION_LIVES, Role


def invite(
    s: Session,
    actor: access.Viewer,
    clinic: Clinic,
    email: str,
    role: str,
    now: datetime,
    name: str = "",
    zone: str = "Europe/London",
    born: str | None = None,
) -> str:
    """Invite somebody to a clinic; returns the token of the link. An earlier unused link of the clinic stops working.

    Somebody new is a member at once, so that links can be made before they come; whoever has an account, or was
    invited elsewhere, becomes one by accepting as themselves, and the clinic can't tell which of the two it was.
    """
    _may_invite(actor, clinic.id, role)
    lock_clinic(s, clinic.id)
    person = person_by_email(s, email) or _created(s, email, name or email.split("@")[0], zone, now, born)
    if person.id == actor.person_id:
        raise Refused("Nobody gives a role to themselves. Please ask another admin.")
    here = _roles_in(s, person.id, clinic.id)
    if role in here and person.passphrase_hash and not actor.operator:
        raise Refused(f"They are {_article(role)} of this clinic already.")
    if not _has_to_join(s, person, clinic.id, here):
        add_member(s, clinic.id, person.id, role, now)
    s.execute(
        update(Invitation)
        .where(
            Invitation.person_id == person.id,
            Invitation.clinic_id == clinic.id,
            Invitation.used_at.is_(None),
        )
        .values(used_at=now)
    )
    token = new_token()
    invitation = Invitation(
        token_hash=token_hash(token),
        clinic_id=clinic.id,
        person_id=person.id,
        role=role,
        invited_by=actor.person_id,
        created_at=now,
        expires_at=now + INVITATION_LIVES,
    )
    invitation.name = name or email.split("@")[0]
    s.add(invitation)
    audit.record(s, actor, "invitation.create", person.id, clinic_id=clinic.id)
    return token


def _may_invite(actor: access.Viewer, clinic_id: int, role: str) -> None:
    """An admin invites anybody, coaches and clinicians invite patients, each to their own clinic."""
    as_carer = role == Role.PATIENT and clinic_id in actor.clinics(*CARE_ROLES)
    if not (actor.operator or as_carer or clinic_id in actor.clinics(Role.ADMIN)):
        raise access.Hidden


def _created(s: Session, email: str, name: str, zone: str, now: datetime, born: str | None) -> Person:
    """Somebody new; or whoever another clinic made of the same address in this very moment."""
    try:
        with s.begin_nested():
            return create_person(s, email, name, zone, now, born)
    except IntegrityError:
        person = person_by_email(s, email)
        if person is None:
            raise
        return person


def _roles_in(s: Session, person_id: int, clinic_id: int) -> set[str]:
    live = select(Membership.role).where(
        Membership.person_id == person_id, Membership.clinic_id == clinic_id, Membership.ended_at.is_(None)
    )
    return set(s.scalars(live))


def _has_to_join(s: Session, person: Person, clinic_id: int, here: set[str]) -> bool:
    """Whether only the person themselves can take this up: they have an account, or another clinic knows them."""
    if person.passphrase_hash:
        return True
    other = select(Membership.id).where(
        Membership.person_id == person.id,
        Membership.clinic_id != clinic_id,
        Membership.ended_at.is_(None),
    )
    return not here and s.execute(other.limit(1)).first() is not None


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def end_invitation(s: Session, actor: access.Viewer, clinic_id: int, uuid: UUID, now: datetime) -> None:
    """The link no longer works."""
    found = s.scalars(
        select(Invitation).where(
            Invitation.uuid == uuid, Invitation.clinic_id == clinic_id, Invitation.used_at.is_(None)
        )
    ).first()
    if found is None:
        raise access.Hidden
    _may_invite(actor, clinic_id, found.role)
    if clinic_id not in actor.clinics(Role.ADMIN) and found.invited_by != actor.person_id:
        raise access.Hidden
    s.execute(
        update(Invitation).where(Invitation.id == found.id, Invitation.used_at.is_(None)).values(used_at=now)
    )
    audit.record(s, actor, "invitation.end", found.person_id, clinic_id=clinic_id)


def accept_invitation(
    s: Session,
    invitation: Invitation,
    name: str,
    zone: str,
    passphrase: str | None,
    kinds: Iterable[str],
    now: datetime,
) -> Person:
    """Set name, zone and passphrase, and a patient's consent to the care team as it is now; once only.

    passphrase: None for whoever signs in by a passkey alone, which is kept in the same transaction.
    """
    _use(s, invitation, now)
    person = s.get(Person, invitation.person_id)
    here = _roles_in(s, invitation.person_id, invitation.clinic_id)
    if person is None or person.ended_at is not None or person.passphrase_hash or invitation.role not in here:
        raise access.Hidden
    person.name = name
    person.zone = zone
    if passphrase is None:
        sign_in_by_passkey_alone(s, person)
    else:
        set_passphrase(s, person, passphrase)
    end_sessions(s, person.id, now)
    actor = access.Viewer(person.id, roles=frozenset({(invitation.clinic_id, invitation.role)}))
    audit.record(s, actor, "invitation.accept", person.id)
    if invitation.role == Role.PATIENT:
        # Who accepts is confirmed afterwards: what was said of the person before says nothing of who holds the link.
        _of_patient(s, invitation.clinic_id, person.id, accepted_at=now, confirmed_at=None)
        for staff_id in carers_of(s, person.id):
            give_consent(s, actor, person.id, staff_id, kinds, now)
    return person


def join(s: Session, actor: access.Viewer, invitation: Invitation, now: datetime) -> Person:
    """Whoever has an account takes a role in one more clinic, signed in as themselves; they sign in anew with it."""
    if actor.person_id != invitation.person_id:
        raise access.Hidden
    lock_clinic(s, invitation.clinic_id)
    _use(s, invitation, now)
    person = s.get_one(Person, invitation.person_id)
    add_member(s, invitation.clinic_id, person.id, invitation.role, now)
    if invitation.role == Role.PATIENT:
        _of_patient(s, invitation.clinic_id, person.id, accepted_at=now, confirmed_at=now)
    end_sessions(s, person.id, now)
    audit.record(s, actor, "invitation.accept", person.id, clinic_id=invitation.clinic_id)
    return person


def _use(s: Session, invitation: Invitation, now: datetime) -> None:
    """One conditional update: of two who use a link at once, one finds it used."""
    used = s.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise access.Hidden


def _of_patient(s: Session, clinic_id: int, person_id: int, **values: datetime | None) -> int:
    """Note a moment on a patient's live membership of a clinic; how many there were."""
    done = s.execute(
        update(Membership)
        .where(
            Membership.clinic_id == clinic_id,
            Membership.person_id == person_id,
            Membership.role == Role.PATIENT,
            Membership.ended_at.is_(None),
        )
        .values(**values)
    )
    return done.rowcount


def confirm_person(s: Session, actor: access.Viewer, clinic_id: int, uuid: UUID, now: datetime) -> None:
    """The clinic says that whoever accepted the invitation is its patient: what was recorded before opens to them."""
    person_id = s.scalar(select(Person.id).where(Person.uuid == uuid, Person.ended_at.is_(None)))
    if person_id is None or not _of_patient(s, clinic_id, person_id, confirmed_at=now):
        raise access.Hidden
    audit.record(s, actor, "person.confirm", person_id, clinic_id=clinic_id)
