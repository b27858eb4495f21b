"""Codes that a clinic prints for sore hands and new or lost phones; and ending a patient's phone for them."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlmodel import Session

from diary.accounts.actions import end_sessions
from diary.accounts.models import LoginSession, Person
from diary.accounts.rules import new_token, token_hash
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions.notices import tell
from diary.careteam.actions.refused import Refused
from diary.careteam.models import Membership, SignInCode
from diary.careteam.queries import phone_clinic
from diary.careteam.rules import CODE_LIVES, STAFF_ROLES, Role
from diary.lib import sealing

NOT_SIGNED_UP = "They have not accepted their invitation yet, so there is nothing to sign in to."
ONLY_PATIENTS = "A code signs in patients only, and this person is staff too."


def make_code(s: Session, actor: access.Viewer, uuid: UUID, now: datetime) -> tuple[str, str]:
    """(eight digits, token of the QR code) that sign this patient in once; an earlier one stops working.

    By staff with a live care link or the clinic's admin, never for themselves; Hidden for everybody else.
    """
    person, clinic_id = phone_clinic(s, actor, uuid)
    if _is_staff(s, person.id):
        raise Refused(ONLY_PATIENTS)
    if person.passphrase_hash is None:
        raise Refused(NOT_SIGNED_UP)
    s.execute(
        update(SignInCode)
        .where(SignInCode.person_id == person.id, SignInCode.used_at.is_(None))
        .values(used_at=now)
    )
    digits, token = _free_digits(s, now), new_token()
    s.add(
        SignInCode(
            code_hash=code_hash(digits), token_hash=token_hash(token), clinic_id=clinic_id, person_id=person.id,
            made_by=actor.me, created_at=now, expires_at=now + CODE_LIVES,
        )
    )  # fmt: skip
    audit.record(s, actor, "code.make", person.id, clinic_id=clinic_id)
    return digits, token


def code_hash(digits: str) -> bytes:
    """What is kept of eight digits: without the install's key nobody finds them by trying all."""
    return sealing.index(_kept_of(digits))


def _hashes(digits: str) -> list[bytes]:
    return sealing.indexes(_kept_of(digits))


def _kept_of(digits: str) -> str:
    return f"code:{digits}"


def _free_digits(s: Session, now: datetime) -> str:
    while True:
        digits = f"{secrets.randbelow(10**8):08}"
        taken = select(SignInCode.id).where(
            SignInCode.code_hash.in_(_hashes(digits)), SignInCode.expires_at > now
        )
        if s.execute(taken).first() is None:
            return digits


def use_code(s: Session, now: datetime, digits: str = "", token: str = "") -> Person:
    """Whose code this is, which is used by it; Hidden where it is unknown, old, used, or no patient's any more."""
    found = s.scalars(
        select(SignInCode).where(
            SignInCode.code_hash.in_(_hashes(digits))
            if digits
            else SignInCode.token_hash == token_hash(token),
            SignInCode.used_at.is_(None),
            SignInCode.expires_at > now,
        )
    ).first()
    if found is None:
        raise access.Hidden
    used = s.execute(
        update(SignInCode).where(SignInCode.id == found.id, SignInCode.used_at.is_(None)).values(used_at=now)
    )
    person = s.get(Person, found.person_id)
    if used.rowcount != 1 or person is None or person.ended_at is not None or _is_staff(s, person.id):
        raise access.Hidden
    actor = access.viewer_of(s, person)
    if found.clinic_id not in actor.clinics(Role.PATIENT):
        raise access.Hidden
    audit.record(s, actor, "code.use", person.id, thing=str(found.made_by), clinic_id=found.clinic_id)
    made_by = access.Viewer(found.made_by)
    tell(s, person.id, "code_used", made_by, now, found.clinic_id)
    return person


def leave_unproven(s: Session, user: access.SignedIn) -> None:
    """A code from the clinic signs in and proves nothing: whoever made it gives no consent in the patient's name."""
    s.flush()
    s.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == token_hash(user.get_id()))
        .values(proven_at=None)
    )


def end_device(s: Session, actor: access.Viewer, uuid: UUID, session_id: int, now: datetime) -> None:
    """The clinic signs one of a patient's phones out; the patient is told."""
    person, clinic_id = phone_clinic(s, actor, uuid)
    live = select(LoginSession.id).where(
        LoginSession.id == session_id,
        LoginSession.person_id == person.id,
        or_(LoginSession.is_staff.is_(False), LoginSession.is_staff.is_(None)),
        LoginSession.ended_at.is_(None),
    )
    if s.execute(live).first() is None:
        raise access.Hidden
    end_sessions(s, person.id, now, only=session_id)
    # Ended from elsewhere, so that the phone is told to wipe what it keeps.
    s.execute(update(LoginSession).where(LoginSession.id == session_id).values(revoked=True))
    audit.record(s, actor, "device.end", person.id, thing=str(session_id), clinic_id=clinic_id)
    tell(s, person.id, "device_ended", actor, now, clinic_id)


def _is_staff(s: Session, person_id: int) -> bool:
    roles = select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.role.in_(sorted(STAFF_ROLES)),
        Membership.ended_at.is_(None),
    )
    return s.execute(roles.limit(1)).first() is not None
