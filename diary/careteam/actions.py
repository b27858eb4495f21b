"""Writes to clinics, roles, care links, consent and invitations."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session

from diary.accounts.actions import (
    begin_session,
    create_person,
    end_sessions,
    mails,
    remember_device,
    set_passphrase,
)
from diary.accounts.models import Person
from diary.accounts.queries import device_owner, factors_of, has_device, person_by_email
from diary.accounts.rules import new_token, token_hash
from diary.accounts.rules.letters import NEW_DEVICE
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.forms import Contacts
from diary.careteam.models import CareLink, Clinic, Consent, Invitation, Membership
from diary.careteam.rules import CARE_ROLES, CONSENT_WORDING, INVITATION_LIVES, Kind, Role, opening_text


class Refused(Exception):
    """What was asked can't be done; the words say why."""


def clinic_named(s: Session, name: str, now: datetime) -> Clinic:
    """The clinic of that name, made when it is missing."""
    clinic = s.scalars(select(Clinic).where(func.lower(Clinic.name) == name.strip().lower())).first()
    if clinic is None:
        clinic = Clinic(name=name.strip(), created_at=now)
        s.add(clinic)
        s.flush()
    return clinic


def set_contacts(s: Session, actor: access.Viewer, clinic: Clinic, contacts: Contacts) -> None:
    """How the clinic is reached and when, as its help page and its flags' timers use it from now on."""
    clinic.phone, clinic.country, clinic.zone = contacts.phone, contacts.country, contacts.zone
    clinic.hours, clinic.opening = contacts.hours, opening_text(contacts.opening)
    s.add(clinic)
    audit.record(s, actor, "clinic.contacts", clinic_id=clinic.id)


def set_checkin_days(s: Session, actor: access.Viewer, clinic: Clinic, days: tuple[int, ...]) -> None:
    """On which days after an infusion the clinic's patients are asked, beside the evening and the next morning."""
    clinic.checkin_days = " ".join(map(str, days)) or "-"
    s.add(clinic)
    audit.record(s, actor, "clinic.checkin_days", clinic_id=clinic.id)


def add_member(s: Session, clinic_id: int, person_id: int, role: str, now: datetime) -> None:
    """Give a person a role in a clinic; having it already is fine."""
    live = select(Membership.id).where(
        Membership.clinic_id == clinic_id,
        Membership.person_id == person_id,
        Membership.role == role,
        Membership.ended_at.is_(None),
    )
    if s.execute(live).first() is None:
        s.add(Membership(clinic_id=clinic_id, person_id=person_id, role=role, began_at=now))
        s.flush()


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
    """Invite somebody to a clinic; returns the token of the link. An earlier unused link stops working."""
    person = person_by_email(s, email)
    if person is None:
        person = create_person(s, email, name or email.split("@")[0], zone, now, born)
    elif not actor.operator and (person.passphrase_hash or _is_known_elsewhere(s, person.id, clinic.id)):
        # Whoever holds a new link sets the passphrase: another clinic's person is not this admin's to invite.
        raise Refused(
            "This e-mail address belongs to somebody who is here already. Please ask whoever runs Neap."
        )
    add_member(s, clinic.id, person.id, role, now)
    s.execute(
        update(Invitation)
        .where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
        .values(used_at=now)
    )
    token = new_token()
    s.add(
        Invitation(
            token_hash=token_hash(token),
            clinic_id=clinic.id,
            person_id=person.id,
            role=role,
            invited_by=actor.person_id,
            created_at=now,
            expires_at=now + INVITATION_LIVES,
        )
    )
    audit.record(s, actor, "invitation.create", person.id, clinic_id=clinic.id)
    return token


def _is_known_elsewhere(s: Session, person_id: int, clinic_id: int) -> bool:
    other = select(Membership.id).where(
        Membership.person_id == person_id, Membership.clinic_id != clinic_id, Membership.ended_at.is_(None)
    )
    return s.execute(other).first() is not None


def accept_invitation(
    s: Session,
    invitation: Invitation,
    name: str,
    zone: str,
    passphrase: str,
    kinds: Iterable[str],
    now: datetime,
) -> Person:
    """Set name, zone and passphrase, and a patient's consent to the care team as it is now; once only."""
    used = s.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise access.Hidden
    person = s.get(Person, invitation.person_id)
    if person is None or person.ended_at is not None:
        raise access.Hidden
    person.name = name
    person.zone = zone
    set_passphrase(s, person, passphrase)
    end_sessions(s, person.id, now)
    actor = access.Viewer(person.id, roles=frozenset({(invitation.clinic_id, invitation.role)}))
    audit.record(s, actor, "invitation.accept", person.id)
    if invitation.role == Role.PATIENT:
        _of_patient(s, invitation.clinic_id, person.id, accepted_at=now)
        for staff_id in carers_of(s, person.id):
            give_consent(s, actor, person.id, staff_id, kinds, now)
    return person


def sign_in(
    s: Session,
    person: Person,
    device: str,
    known: str | None,
    now: datetime,
    second_at: datetime | None = None,
) -> tuple[access.SignedIn, str | None]:
    """Begin a session of somebody who has proved who they are: the user for the cookie, and the device's token.

    Where a second factor is still to come (second_at: when it was given) the session is half, and so no device yet.
    """
    viewer = access.viewer_of(s, person)
    factors = factors_of(s, person.id)
    is_staff = viewer.is_staff or viewer.is_admin
    has_factor = factors.has_app or (is_staff and bool(factors.passkeys))
    if second_at is None and (has_factor or access.wants_factor(s, viewer)):
        token = begin_session(s, person.id, device, is_staff, now, is_half=True)
        audit.record(s, viewer, "sign_in.half", person.id)
        return access.SignedIn(token, replace(viewer, is_half=True)), None
    is_new = known is None or device_owner(s, known) != person.id
    if known is None or is_new:
        if has_device(s, person.id):
            mails.put(s, person.id, NEW_DEVICE, now, about=device)
        known = remember_device(s, person.id, now)
    token = begin_session(s, person.id, device, is_staff, now, is_new=is_new, second_at=second_at)
    audit.record(s, viewer, "sign_in", person.id)
    return access.SignedIn(token, viewer), known


def _of_patient(s: Session, clinic_id: int, person_id: int, **values: datetime) -> int:
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


def carers_of(s: Session, patient_id: int) -> list[int]:
    live = select(CareLink.staff_id).where(CareLink.patient_id == patient_id, CareLink.ended_at.is_(None))
    return list(dict.fromkeys(s.scalars(live)))


def give_consent(
    s: Session, actor: access.Viewer, patient_id: int, staff_id: int, kinds: Iterable[str], now: datetime
) -> None:
    """The patient lets this member of staff see these kinds, besides what they may see already."""
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


def link(
    s: Session, actor: access.Viewer, clinic_id: int, patient_id: int, staff_id: int, now: datetime
) -> None:
    """Let a coach or clinician of the clinic care for one of its patients; nobody links themselves."""
    if not actor.operator and actor.person_id in (patient_id, staff_id):
        raise Refused("Nobody can make a care link for themselves. Please ask another admin.")
    _must_be(s, clinic_id, patient_id, {Role.PATIENT}, "a patient of this clinic")
    _must_be(s, clinic_id, staff_id, CARE_ROLES, "a coach or clinician of this clinic")
    live = select(CareLink.id).where(
        CareLink.clinic_id == clinic_id,
        CareLink.patient_id == patient_id,
        CareLink.staff_id == staff_id,
        CareLink.ended_at.is_(None),
    )
    if s.execute(live).first():
        raise Refused("They are linked already.")
    s.add(CareLink(clinic_id=clinic_id, patient_id=patient_id, staff_id=staff_id, began_at=now))
    audit.record(s, actor, "care_link.create", patient_id, thing=str(staff_id), clinic_id=clinic_id)


def end_link(s: Session, actor: access.Viewer, clinic_id: int, link_uuid: UUID, now: datetime) -> None:
    found = s.scalars(
        select(CareLink).where(
            CareLink.uuid == link_uuid, CareLink.clinic_id == clinic_id, CareLink.ended_at.is_(None)
        )
    ).first()
    if found is None:
        raise access.Hidden
    found.ended_at = now
    s.add(found)
    audit.record(s, actor, "care_link.end", found.patient_id, thing=str(found.staff_id), clinic_id=clinic_id)


def _must_be(s: Session, clinic_id: int, person_id: int, roles: Iterable[str], what: str) -> None:
    member = select(Membership.id).where(
        Membership.clinic_id == clinic_id,
        Membership.person_id == person_id,
        Membership.role.in_(list(roles)),
        Membership.ended_at.is_(None),
    )
    if s.execute(member).first() is None:
        raise Refused(f"That is not {what}.")
