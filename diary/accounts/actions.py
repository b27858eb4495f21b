"""Writes to people, their passphrases and their sessions."""

from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlmodel import Session

from diary.accounts.models import KnownDevice, LoginSession, Person, SignInBudget
from diary.accounts.rules import WINDOW, is_alive, new_token, token_hash
from diary.lib import sealing

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


def is_passphrase_of(person: Person | None, passphrase: str) -> bool:
    """The same work whether or not the person exists."""
    kept = person.passphrase_hash if person and person.passphrase_hash else None
    try:
        return hasher.verify(kept or _hash_of_nobody(), passphrase) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def begin_session(s: Session, person_id: int, device: str, is_staff: bool, now: datetime) -> str:
    """A new entry in the session list; returns the token that only the cookie holds."""
    token = new_token()
    s.add(
        LoginSession(
            token_hash=token_hash(token),
            person_id=person_id,
            device=device,
            is_staff=is_staff,
            created_at=now,
            seen_at=now,
        )
    )
    return token


def touch_session(s: Session, session_id: int, now: datetime) -> None:
    s.execute(update(LoginSession).where(LoginSession.id == session_id).values(seen_at=now))


def end_sessions(
    s: Session, person_id: int, now: datetime, only: int | None = None, but: int | None = None
) -> None:
    """End all of a person's sessions, only one of them (the person's own sign-out), or all but one (revoked)."""
    wanted = update(LoginSession).where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))
    if only is not None:
        wanted = wanted.where(LoginSession.id == only)
    if but is not None:
        wanted = wanted.where(LoginSession.id != but)
    s.execute(wanted.values(ended_at=now, revoked=only is None))


def remember_device(s: Session, person_id: int, now: datetime) -> str:
    token = new_token()
    s.add(KnownDevice(token_hash=token_hash(token), person_id=person_id, created_at=now))
    return token


def count_failure(s: Session, keys: list[bytes], now: datetime) -> None:
    """One failed sign-in against each of these budgets; a window that is over begins anew."""
    for key in keys:
        budget = s.get(SignInBudget, key)
        if budget is None:
            s.add(SignInBudget(key=key, failures=1, since=now))
        elif now - budget.since >= WINDOW:
            budget.failures, budget.since = 1, now
        else:
            budget.failures += 1
    old = select(SignInBudget).where(SignInBudget.since < now - 4 * WINDOW).limit(20)
    for budget in s.scalars(old).all():
        s.delete(budget)


def forget_failures(s: Session, keys: list[bytes]) -> None:
    for key in keys:
        budget = s.get(SignInBudget, key)
        if budget is not None:
            s.delete(budget)


def end_dead_sessions(s: Session, now: datetime) -> int:
    """Mark the sessions that no longer count as ended; at most 500 at a time, so that writers wait little."""
    rows = s.scalars(
        select(LoginSession).where(LoginSession.ended_at.is_(None)).order_by(LoginSession.seen_at).limit(500)
    )
    dead = [row for row in rows.all() if not is_alive(row.created_at, row.seen_at, row.is_staff, now)]
    for row in dead:
        row.ended_at = now
    return len(dead)
