"""What a restored database must be told before anybody is served from it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import Session

from diary.accounts.models import LoginSession, MailedLink, PasskeyChallenge, Person
from diary.audit import actions as audit
from diary.audit.actions import Actor
from diary.sync.actions import begin_epoch


def are_among(s: Session, gone: Collection[UUID]) -> bool:
    """Whether any of these people is in this database."""
    return bool(set(s.scalars(select(Person.uuid)).all()) & set(gone))


def begin_anew(s: Session, actor: Actor, now: datetime) -> tuple[int, int]:
    """A new epoch, and no session nor mailed link of before; how many of each ended."""
    begin_epoch(s)
    ending = update(LoginSession).where(LoginSession.ended_at.is_(None)).values(ended_at=now, revoked=False)
    sessions = s.execute(ending).rowcount
    links = s.execute(delete(MailedLink).where(MailedLink.used_at.is_(None))).rowcount
    s.execute(delete(PasskeyChallenge))
    audit.record(s, actor, "backup.restore")
    return sessions, links
