"""Reads of people, their sessions and what is left of their sign-in budgets."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import KnownDevice, LoginSession, Person, SignInBudget
from diary.accounts.rules import BUDGET, is_alive, retry_after, token_hash
from diary.lib import sealing


def person_by_email(s: Session, email: str) -> Person | None:
    """The person of an e-mail address; for signing in and for the operator's commands."""
    found = select(Person).where(Person.email_index == sealing.email_index(email), Person.ended_at.is_(None))
    return s.scalars(found).first()


def person_of(s: Session, person_id: int) -> Person | None:
    """Whoever is signed in, to be asked for their passphrase once more."""
    return s.get(Person, person_id)


def device_owner(s: Session, device_token: str | None) -> int | None:
    if not device_token:
        return None
    return s.scalar(select(KnownDevice.person_id).where(KnownDevice.token_hash == token_hash(device_token)))


def budgets_of(account: str, address: str, known_device: str | None) -> dict[bytes, int]:
    """The budgets that a sign-in draws on: a known device's own, else the account's and the address's."""
    if known_device:
        return {sealing.email_index(f"device:{known_device}"): BUDGET.device}
    return {
        sealing.email_index(f"account:{account}"): BUDGET.account,
        sealing.email_index(f"address:{address}"): BUDGET.address,
    }


def wait_before_next(s: Session, budgets: dict[bytes, int], now: datetime) -> int:
    """Seconds until another guess is allowed, 0 for at once."""
    rows = s.scalars(select(SignInBudget).where(SignInBudget.key.in_(list(budgets)))).all()
    return max((retry_after(row.failures, budgets[row.key], row.since, now) for row in rows), default=0)


def live_sessions(s: Session, person_id: int, now: datetime) -> list[LoginSession]:
    """A person's own sessions that still count, the latest used first."""
    rows = s.scalars(
        select(LoginSession)
        .where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))
        .order_by(LoginSession.seen_at.desc())
    ).all()
    return [row for row in rows if is_alive(row.created_at, row.seen_at, row.is_staff, now)]
