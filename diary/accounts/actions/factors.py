"""Second factors and passkeys: set up, given, used up, and taken away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from diary.accounts.models import Authenticator, Passkey, PasskeyChallenge, RecoveryCode
from diary.accounts.rules import (
    CHALLENGE_LIVES,
    CODES,
    MOST_PASSKEYS,
    matching_step,
    new_code,
    plain_code,
    token_hash,
)
from diary.lib import sealing, webkeys
from diary.lib.errors import Hidden


class Refused(Exception):
    """What was asked can't be done; the words say why."""


# Passkeys -----------------------------------------------------------------------------------------


def make_challenge(s: Session, purpose: str, now: datetime) -> str:
    """32 random bytes in base64url for a browser to have signed; of what was never answered old rows go."""
    challenge = webkeys.new_challenge()
    s.add(PasskeyChallenge(hash=token_hash(challenge), purpose=purpose, made_at=now))
    old = select(PasskeyChallenge.hash).where(PasskeyChallenge.made_at < now - CHALLENGE_LIVES).limit(50)
    s.execute(delete(PasskeyChallenge).where(PasskeyChallenge.hash.in_(old)))
    return challenge


def take_challenge(s: Session, challenge: str, purpose: str, now: datetime) -> bool:
    """Whether this challenge was made for this purpose a short while ago and nobody answered it yet; once true."""
    taken = delete(PasskeyChallenge).where(
        PasskeyChallenge.hash == token_hash(challenge),
        PasskeyChallenge.purpose == purpose,
        PasskeyChallenge.made_at > now - CHALLENGE_LIVES,
    )
    return s.execute(taken).rowcount == 1


def add_passkey(s: Session, person_id: int, made: webkeys.Made, name: str, now: datetime) -> Passkey:
    """Keep a new passkey; raises Refused where it is here already, or there are too many."""
    kept = s.scalar(select(func.count()).select_from(Passkey).where(Passkey.person_id == person_id))
    if (kept or 0) >= MOST_PASSKEYS:
        raise Refused(f"There are {MOST_PASSKEYS} passkeys already. Please remove one first.")
    passkey = Passkey(
        person_id=person_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=" ".join(made.transports),
        name_sealed=b"",
        made_at=now,
    )
    passkey.name = name
    try:
        with s.begin_nested():
            s.add(passkey)
    except IntegrityError:
        raise Refused("This passkey is kept in Neap already.") from None
    return passkey


def use_passkey(s: Session, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    """Note that a passkey signed. False where its counter did not go on: another one has a copy of it."""
    counts = or_(Passkey.sign_count < sign_count, and_(Passkey.sign_count == 0, sign_count == 0))
    used = (
        update(Passkey)
        .where(Passkey.id == passkey.id, counts)
        .values(sign_count=sign_count, used_at=now)
        .execution_options(synchronize_session=False)
    )
    return s.execute(used).rowcount == 1


def name_passkey(s: Session, person_id: int, uuid: UUID, name: str) -> None:
    passkey = _own(s, person_id, uuid)
    passkey.name = name
    s.add(passkey)


def remove_passkey(s: Session, person_id: int, uuid: UUID) -> None:
    s.delete(_own(s, person_id, uuid))


def _own(s: Session, person_id: int, uuid: UUID) -> Passkey:
    found = s.scalars(select(Passkey).where(Passkey.person_id == person_id, Passkey.uuid == uuid)).first()
    if found is None:
        raise Hidden
    return found


# The authenticator app ----------------------------------------------------------------------------


def begin_authenticator(s: Session, person_id: int, now: datetime) -> None:
    """A new secret that waits for its first code; one that waited before is dropped."""
    s.execute(
        delete(Authenticator).where(
            Authenticator.person_id == person_id, Authenticator.confirmed_at.is_(None)
        )
    )
    new = Authenticator(person_id=person_id, secret_sealed=b"", made_at=now)
    new.secret = pyotp.random_base32()
    s.add(new)


def confirm_authenticator(s: Session, person_id: int, code: str, now: datetime) -> bool:
    """Whether the first code is that of the secret that waits; then it counts, and the one before no longer."""
    rows = s.scalars(
        select(Authenticator)
        .where(Authenticator.person_id == person_id)
        .order_by(Authenticator.id)
        .with_for_update()
    ).all()
    new = next((row for row in rows if row.confirmed_at is None), None)
    step = matching_step(new.secret, code, 0, now) if new is not None else None
    if new is None or step is None:
        return False
    for row in rows:
        if row is not new:
            s.delete(row)
    new.confirmed_at, new.last_step = now, step
    s.add(new)
    return True


def remove_authenticator(s: Session, person_id: int) -> None:
    s.execute(delete(Authenticator).where(Authenticator.person_id == person_id))


def use_code(s: Session, person_id: int, code: str, now: datetime) -> bool:
    """Whether this is a code of the person's app that did not count before; it does not again."""
    found = s.scalars(
        select(Authenticator).where(
            Authenticator.person_id == person_id, Authenticator.confirmed_at.is_not(None)
        )
    ).first()
    step = matching_step(found.secret, code, found.last_step, now) if found is not None else None
    if found is None or step is None:
        return False
    used = (
        update(Authenticator)
        .where(Authenticator.id == found.id, Authenticator.last_step < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return s.execute(used).rowcount == 1


# Recovery codes -----------------------------------------------------------------------------------


def make_codes(s: Session, person_id: int, now: datetime) -> list[str]:
    """Ten new recovery codes, to be shown this once; those before no longer work."""
    s.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [new_code() for _ in range(CODES)]
    s.add_all(
        RecoveryCode(person_id=person_id, code_hash=sealing.index(_kept(person_id, code)), made_at=now)
        for code in codes
    )
    return codes


def use_recovery(s: Session, person_id: int, typed: str, now: datetime) -> bool:
    """Whether this is one of the person's recovery codes that was not used before; it is now."""
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash.in_(sealing.indexes(_kept(person_id, typed))),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return s.execute(used).rowcount == 1


def _kept(person_id: int, code: str) -> str:
    """49 bits can be tried out: what is kept of a code, an index of this, can't be, without the key."""
    return f"recovery:{person_id}:{plain_code(code)}"


def remove_factors(s: Session, person_id: int) -> Mapping[str, Any]:
    """All passkeys, the authenticator and the recovery codes; how many rows of each."""
    return {
        table.__tablename__: s.execute(delete(table).where(table.person_id == person_id)).rowcount
        for table in (Passkey, Authenticator, RecoveryCode)
    }
