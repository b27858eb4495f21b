"""What a restored database may not send any more: nobody knows whether it went since the copy was made."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from diary.reminders.models import CLAIMED, Delivery, ReminderSettings
from diary.reminders.rules.decide import RESTORED
from diary.reminders.rules.message import SAFETY


def let_go(s: Session, now: datetime) -> int:
    """Drop what waits, and what came due since; how many waited. What is of safety stays: rather twice than not at all."""
    waiting = update(Delivery).where(CLAIMED, Delivery.kind.not_in(sorted(SAFETY)))
    count = s.execute(waiting.values(state="skipped", reason=RESTORED, try_at=None, sent_at=now)).rowcount
    settings = ReminderSettings.__table__
    s.execute(settings.update().where(settings.c.looked_at < now).values(looked_at=now))
    return count
