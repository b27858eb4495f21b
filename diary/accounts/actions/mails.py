"""Mails about an account: put into the box in the change's own transaction, taken out by the jobs process.

1. `put` stores what is to be said; nothing is sent. A link's token does not exist yet.
2. `take` moves the next try ahead, makes the token, keeps its hash, and commits: whoever dies from here on leaves the mail
   to the next round, which makes another token.
3. The mail is handed over outside of any transaction; `settle` stores what came of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session

from diary.accounts.models import AccountMail, MailedLink, Person
from diary.accounts.rules import EMAIL, LINK_LIVES, NOTICE_LIVES, RESET, new_token, token_hash
from diary.accounts.rules.letters import (
    CHANGED_HERE,
    GLASS,
    GOING,
    NEW_DEVICE,
    PASSPHRASE_CHANGED,
    Letter,
    letter_of,
)

LEASE = timedelta(minutes=5)
KEPT = timedelta(days=30)  # what was sent or failed, to be looked up
RATHER_TWICE = (GLASS, GOING)
LINKS = {RESET: "/reset/", EMAIL: "/new-email/"}
PLACES = {GLASS: "/", GOING: "/more"}  # what it is about stands on the first page after signing in


@dataclass(frozen=True)
class Envelope:
    """One mail, ready to leave without the database."""

    id: int
    attempts: int
    to: str
    letter: Letter


def put(
    s: Session, person_id: int | None, kind: str, now: datetime, about: str = "", to: str | None = None
) -> None:
    """A mail of this kind to this person; to nobody where the address is unknown, with the same work."""
    mail = AccountMail(
        person_id=person_id, kind=kind, about=about, made_at=now, try_at=now,
        expires_at=now + (LINK_LIVES if kind in LINKS else NOTICE_LIVES),
    )  # fmt: skip
    mail.to = to
    s.add(mail)
    s.flush()


def put_new_device(s: Session, person_id: int, now: datetime, device: str) -> None:
    """That somebody came in on an unknown device; one mail with that of a change of passphrase which nobody took yet."""
    of_change = (
        update(AccountMail)
        .where(
            AccountMail.person_id == person_id,
            AccountMail.kind == PASSPHRASE_CHANGED,
            AccountMail.state == "waiting",
            AccountMail.attempts == 0,
            AccountMail.made_at > now - LEASE,
        )
        .values(kind=CHANGED_HERE, about=device)
    )
    if not s.execute(of_change).rowcount:
        put(s, person_id, NEW_DEVICE, now, about=device)


def let_go(s: Session, now: datetime) -> int:
    """Drop what waits in a restored database, since nobody knows whether it went; how many. What somebody has a right to be
    told stays: rather twice than not at all."""
    waiting = update(AccountMail).where(
        AccountMail.try_at.is_not(None),  # type: ignore[union-attr]
        AccountMail.kind.not_in(RATHER_TWICE),
    )
    gone = waiting.values(state="skipped", reason="restored", try_at=None, sent_at=now, to_sealed=None)
    return s.execute(gone).rowcount


def take(s: Session, now: datetime, most: int = 50) -> list[Envelope]:
    """Claim what is due."""
    rows = s.scalars(
        select(AccountMail)
        .where(AccountMail.try_at.is_not(None), AccountMail.try_at <= now)  # type: ignore[operator]
        .order_by(AccountMail.try_at, AccountMail.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    found = []
    for mail in rows:
        person = s.get(Person, mail.person_id) if mail.person_id is not None else None
        if person is None or person.ended_at is not None or mail.expires_at <= now:
            why = "nobody" if mail.person_id is None else "expired" if person is not None else "gone"
            mail.state, mail.reason, mail.try_at, mail.sent_at = "skipped", why, None, now
            mail.to = None
        else:
            mail.attempts, mail.try_at = mail.attempts + 1, now + LEASE
            path = _link(s, mail, now) if mail.kind in LINKS else PLACES.get(mail.kind, "/signing-in")
            letter = letter_of(mail.kind, mail.uuid, path, mail.about, mail.made_at, person.zone)
            found.append(Envelope(mail.id, mail.attempts, mail.to or person.email, letter))
        s.add(mail)
    old = select(AccountMail.id).where(AccountMail.try_at.is_(None), AccountMail.sent_at < now - KEPT)  # type: ignore[operator]
    s.execute(delete(AccountMail).where(AccountMail.id.in_(old.limit(50))))
    return found


def _link(s: Session, mail: AccountMail, now: datetime) -> str:
    """The address of a new link; the one that an earlier try of the same mail made no longer works."""
    token = new_token()
    s.execute(
        update(MailedLink)
        .where(
            MailedLink.person_id == mail.person_id,
            MailedLink.purpose == mail.kind,
            MailedLink.used_at.is_(None),
        )
        .values(used_at=now)
    )
    link = MailedLink(
        token_hash=token_hash(token), person_id=mail.person_id, purpose=mail.kind, made_at=now,
        expires_at=now + LINK_LIVES,
    )  # fmt: skip
    link.email = mail.to if mail.kind == EMAIL else None
    s.add(link)
    return LINKS[mail.kind] + token


def settle(s: Session, envelope: Envelope, state: str, reason: str, now: datetime) -> str:
    """Store what came of a try: `sent`, `failed` for good, or again later; what it came to."""
    mail = s.get(AccountMail, envelope.id)
    if mail is None or mail.attempts != envelope.attempts or mail.try_at is None:
        return "late"
    again = now + timedelta(minutes=min(60, 2 ** min(mail.attempts, 6)))
    if state in ("sent", "failed") or again >= mail.expires_at:
        mail.state = state if state in ("sent", "failed") else "failed"
        mail.try_at, mail.sent_at, mail.to = None, now, None
    else:
        mail.try_at = again
    mail.reason = reason
    s.add(mail)
    return mail.state


def use_link(s: Session, purpose: str, token: str, now: datetime) -> tuple[Person, str | None] | None:
    """Use up a mailed link: whose it is and the address that it confirms; None for one that does not work."""
    link = s.scalars(
        select(MailedLink).where(MailedLink.token_hash == token_hash(token), MailedLink.purpose == purpose)
    ).first()
    if link is None:
        return None
    used = (
        update(MailedLink)
        .where(MailedLink.id == link.id, MailedLink.used_at.is_(None), MailedLink.expires_at > now)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if s.execute(used).rowcount != 1:
        return None
    person = s.get(Person, link.person_id)
    return (person, link.email) if person is not None and person.ended_at is None else None
