"""What a restored database must be told before anybody is served from it."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session

from diary.accounts.actions import mails
from diary.accounts.models import LoginSession, MailedLink, PasskeyChallenge
from diary.audit import actions as audit
from diary.audit.actions import Actor
from diary.reminders.actions import restored
from diary.sync.actions import begin_epoch


def begin_anew(s: Session, actor: Actor, now: datetime) -> tuple[int, int, int]:
    """A new epoch, no session nor mailed link of before, no mail nor reminder that waited; how many of each ended."""
    begin_epoch(s)
    ending = update(LoginSession).where(LoginSession.ended_at.is_(None)).values(ended_at=now, revoked=False)
    sessions = s.execute(ending).rowcount
    links = s.execute(delete(MailedLink).where(MailedLink.used_at.is_(None))).rowcount
    s.execute(delete(PasskeyChallenge))
    audit.record(s, actor, "backup.restore")
    return sessions, links, mails.let_go(s, now) + restored.let_go(s, now)
