"""Reads of people, their sessions and what is left of their sign-in budgets."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from diary.accounts.models import (
    Authenticator,
    KnownDevice,
    LoginSession,
    MailedLink,
    Passkey,
    Person,
    RecoveryCode,
    SignInBudget,
)
from diary.accounts.rules import BUDGET, is_alive, retry_after, token_hash
from diary.lib import sealing


def person_by_email(s: Session, email: str) -> Person | None:
    """The person of an e-mail address; for signing in and for the operator's commands."""
    found = select(Person).where(Person.email_index.in_(sealing.indexes(email)), Person.ended_at.is_(None))
    return s.scalars(found).first()


def person_of(s: Session, person_id: int) -> Person | None:
    """Whoever is signed in, to be asked for their passphrase once more."""
    return s.get(Person, person_id)


def names_of(s: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of people whom somebody may know of; whoever is gone has none."""
    return {person.id: person.name for person in s.scalars(select(Person).where(Person.id.in_(set(ids))))}


def device_owner(s: Session, device_token: str | None) -> int | None:
    if not device_token:
        return None
    return s.scalar(select(KnownDevice.person_id).where(KnownDevice.token_hash == token_hash(device_token)))


def budgets_of(account: str, address: str, known_device: str | None) -> dict[bytes, int]:
    """The budgets that a guess draws on: a known device's own, else the account's and the address's.

    An account is named by its e-mail address, as it is typed: one that nobody has is worn out like any other.
    """
    if known_device:
        return {sealing.email_index(f"device:{known_device}"): BUDGET.device}
    return {
        sealing.email_index(f"account:{account}"): BUDGET.account,
        sealing.email_index(f"address:{address}"): BUDGET.address,
    }


def mail_budgets(email: str, address: str) -> dict[bytes, int]:
    """The budgets of asking for a mail to an address, whoever's it is."""
    return {
        sealing.email_index(f"mails:{email}"): BUDGET.mails,
        sealing.email_index(f"address:{address}"): BUDGET.address,
    }


def address_budget(address: str) -> dict[bytes, int]:
    """The budget of guesses that name no account."""
    return {sealing.email_index(f"address:{address}"): BUDGET.address}


def passkey_budgets(address: str, known_device: str | None) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """The budgets of answers that name no account, and of questions: a device that signed in before has its own."""
    whose = f"device:{known_device}" if known_device else f"address:{address}"
    answers = BUDGET.device if known_device else BUDGET.address
    return (
        {sealing.email_index(whose): answers},
        {sealing.email_index(f"questions:{whose}"): BUDGET.questions},
    )


def wait_before_next(s: Session, budgets: dict[bytes, int], now: datetime) -> int:
    """Seconds until another guess is allowed, 0 for at once."""
    rows = s.scalars(select(SignInBudget).where(SignInBudget.key.in_(list(budgets)))).all()
    return max((retry_after(row.failures, budgets[row.key], row.since, now) for row in rows), default=0)


def live_sessions(s: Session, person_id: int, now: datetime) -> list[LoginSession]:
    """A person's own sessions that still count, the latest used first; half a session is none."""
    rows = s.scalars(
        select(LoginSession)
        .where(
            LoginSession.person_id == person_id,
            LoginSession.ended_at.is_(None),
            LoginSession.is_half.is_(False),
        )
        .order_by(LoginSession.seen_at.desc())
    ).all()
    return [row for row in rows if is_alive(row.created_at, row.seen_at, row.is_staff, now)]


def has_device(s: Session, person_id: int) -> bool:
    """Whether somebody signed in on any device before."""
    return (
        s.execute(select(KnownDevice.id).where(KnownDevice.person_id == person_id).limit(1)).first()
        is not None
    )


@dataclass(frozen=True)
class Factors:
    """The ways in that somebody set up, beside a passphrase."""

    has_app: bool
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def has_any(self) -> bool:
        return self.has_app or bool(self.passkeys)


def factors_of(s: Session, person_id: int) -> Factors:
    """A person's own passkeys, the oldest first, whether an authenticator app is set up, and the codes not used yet."""
    app = select(Authenticator.id).where(
        Authenticator.person_id == person_id, Authenticator.confirmed_at.is_not(None)
    )
    passkeys = s.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)).all()
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return Factors(s.execute(app).first() is not None, tuple(passkeys), s.scalar(left) or 0)


def second_steps(s: Session, person_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """By person the kinds of second step that are set up, in words; who has none is left out."""
    passkey = select(Passkey.person_id).where(Passkey.person_id.in_(person_ids)).distinct()
    app = select(Authenticator.person_id).where(
        Authenticator.person_id.in_(person_ids), Authenticator.confirmed_at.is_not(None)
    )
    found: dict[int, tuple[str, ...]] = dict.fromkeys(s.scalars(passkey), ("passkey",))
    for person_id in s.scalars(app):
        found[person_id] = (*found.get(person_id, ()), "code app")
    return found


def passkey_of(s: Session, credential_id: bytes) -> tuple[Passkey, Person] | None:
    """A passkey by its own name, with whose it is; for signing in."""
    row = s.execute(
        select(Passkey, Person)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential_id == credential_id, Person.ended_at.is_(None))
    ).first()
    return (row[0], row[1]) if row is not None else None


def waiting_secret(s: Session, person_id: int) -> str | None:
    """The secret of an authenticator app that is being set up."""
    found = s.scalars(
        select(Authenticator).where(
            Authenticator.person_id == person_id, Authenticator.confirmed_at.is_(None)
        )
    ).first()
    return found.secret if found is not None else None


def open_link(s: Session, purpose: str, token: str, now: datetime) -> Person | None:
    """Whose mailed link this is, while it works; looking at it changes nothing."""
    return s.scalars(
        select(Person)
        .join(MailedLink, MailedLink.person_id == Person.id)
        .where(
            MailedLink.token_hash == token_hash(token),
            MailedLink.purpose == purpose,
            MailedLink.used_at.is_(None),
            MailedLink.expires_at > now,
            Person.ended_at.is_(None),
        )
    ).first()
