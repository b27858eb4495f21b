"""Writes to people, their passphrases and their sessions."""

from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlmodel import Session

from diary.accounts.models import KnownDevice, LoginSession, MailedLink, Person
from diary.accounts.rules import BY_PASSKEY, is_alive, new_token, token_hash
from diary.lib import sealing
from diary.lib.errors import Hidden

hasher = PasswordHasher()


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return hasher.hash(new_token())


def create_person(
    s: Session, email: str, name: str, zone: str, now: datetime, born: str | None = None
) -> Person:
    """Somebody new, without a passphrase yet."""
    person = Person(
        email_index=sealing.email_index(email), email_sealed=b"", name_sealed=b"", zone=zone, created_at=now
    )
    person.email = email.strip()
    person.name = name
    person.born = born
    s.add(person)
    s.flush()
    return person


def set_passphrase(s: Session, person: Person, passphrase: str) -> None:
    person.passphrase_hash = hasher.hash(passphrase)
    s.add(person)


def sign_in_by_passkey_alone(s: Session, person: Person) -> None:
    """They have an account, and no passphrase opens it."""
    person.passphrase_hash = BY_PASSKEY
    s.add(person)


def is_passphrase_of(person: Person | None, passphrase: str) -> bool:
    """The same work whether or not the person exists."""
    kept = person.passphrase_hash if person and person.has_passphrase else None
    try:
        return hasher.verify(kept or _hash_of_nobody(), passphrase) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def begin_session(
    s: Session,
    person_id: int,
    device: str,
    is_staff: bool,
    now: datetime,
    *,
    is_half: bool = False,
    is_new: bool = False,
    second_at: datetime | None = None,
) -> str:
    """A new entry in the session list; returns the token that only the cookie holds."""
    token = new_token()
    s.add(
        LoginSession(
            token_hash=token_hash(token),
            person_id=person_id,
            device=device,
            is_staff=is_staff or is_half,  # half a session has staff's short life
            created_at=now,
            seen_at=now,
            is_half=is_half,
            is_new=is_new,
            proven_at=None if is_half else now,
            second_at=second_at,
        )
    )
    return token


def prove_session(s: Session, session_id: int, now: datetime) -> str:
    """Somebody showed once more who they are: the moment is kept, and the session gets a new token."""
    token = new_token()
    proven = (
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.ended_at.is_(None))
        .values(proven_at=now, token_hash=token_hash(token))
    )
    if s.execute(proven).rowcount != 1:
        raise Hidden
    return token


def note_second(s: Session, session_id: int, now: datetime) -> None:
    """This session has seen a second factor: it was set up in it."""
    s.execute(update(LoginSession).where(LoginSession.id == session_id).values(second_at=now))


def touch_session(s: Session, session_id: int, now: datetime) -> None:
    s.execute(update(LoginSession).where(LoginSession.id == session_id).values(seen_at=now))


def end_sessions(
    s: Session,
    person_id: int,
    now: datetime,
    only: int | None = None,
    but: int | None = None,
    revoked: bool | None = None,
) -> int:
    """End all of a person's sessions, only one of them, or all but one; how many there were.

    A device whose session was revoked clears what it keeps when it asks the next time: every way of ending but the
    person's own signing out (`only`).
    """
    wanted = update(LoginSession).where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))
    if only is not None:
        wanted = wanted.where(LoginSession.id == only)
    if but is not None:
        wanted = wanted.where(LoginSession.id != but)
    is_revoked = only is None if revoked is None else revoked
    return s.execute(wanted.values(ended_at=now, revoked=is_revoked)).rowcount


def change_passphrase(s: Session, person: Person, passphrase: str, now: datetime) -> None:
    """A new passphrase; links that were mailed before, for another one, no longer work."""
    set_passphrase(s, person, passphrase)
    end_links(s, person.id, now)


def change_email(s: Session, person: Person, email: str, now: datetime) -> None:
    """Another address to sign in with; links that were mailed to the one before no longer work."""
    person.email_index = sealing.email_index(email)
    person.email = email.strip()
    s.add(person)
    end_links(s, person.id, now)


def end_links(s: Session, person_id: int, now: datetime) -> None:
    s.execute(
        update(MailedLink)
        .where(MailedLink.person_id == person_id, MailedLink.used_at.is_(None))
        .values(used_at=now)
    )


def remember_device(s: Session, person_id: int, now: datetime) -> str:
    token = new_token()
    s.add(KnownDevice(token_hash=token_hash(token), person_id=person_id, created_at=now))
    return token


def end_dead_sessions(s: Session, now: datetime) -> int:
    """Mark the sessions that no longer count as ended; at most 500 at a time, so that writers wait little."""
    rows = s.scalars(
        select(LoginSession).where(LoginSession.ended_at.is_(None)).order_by(LoginSession.seen_at).limit(500)
    )
    dead = [row for row in rows.all() if not is_alive(row.created_at, row.seen_at, row.is_staff, now)]
    for row in dead:
        row.ended_at = now
    return len(dead)
