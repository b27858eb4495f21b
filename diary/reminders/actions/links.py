"""Writes by links that are keys, and of those links."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session

from diary.accounts.rules import new_token, token_hash
from diary.audit import actions as audit
from diary.careteam import access
from diary.entries.actions import one_at_a_time
from diary.lib import clock
from diary.reminders.models import CalendarFeed, ReminderSettings
from diary.reminders.queries.links import quiet_of_token

_feed = CalendarFeed.__table__  # type: ignore[attr-defined]
MOST_QUIET = timedelta(days=7)
READ_ONCE_IN = timedelta(minutes=5)


def make_quiet(s: Session, token: str, now: datetime) -> None:
    """No reminder for 7 days of the person's own; a longer pause stays. Raises Hidden for a link that opens nothing.

    Whoever has the mail may have sent this: so it ends by itself, and the person is told at the next open.
    """
    found = quiet_of_token(s, token, now)
    one_at_a_time(s.connection(), found.person_id)
    row = s.get_one(ReminderSettings, found.person_id, with_for_update=True)
    until = clock.local(now, found.zone).date() + MOST_QUIET
    row.paused_until = max(until, row.paused_until or until)
    row.unsubscribed_at = now
    audit.record(s, None, "reminders.unsubscribe", found.person_id)


def make_feed(s: Session, viewer: access.Viewer, now: datetime) -> str:
    """A new calendar link of the viewer's own, which ends the one before; returns the token, which is kept nowhere."""
    patient = access.own(s, viewer)
    one_at_a_time(s.connection(), patient.id)
    _end(s, patient.id, now)
    token = new_token()
    s.add(CalendarFeed(token_hash=token_hash(token), person_id=patient.id, made_at=now))
    audit.record(s, viewer, "calendar.link", patient.id, clinic_id=patient.clinic_id)
    return token


def end_feed(s: Session, viewer: access.Viewer, now: datetime) -> None:
    """The viewer's calendar link opens nothing from now on."""
    patient = access.own(s, viewer)
    if _end(s, patient.id, now):
        audit.record(s, viewer, "calendar.end", patient.id, clinic_id=patient.clinic_id)


def _end(s: Session, person_id: int, now: datetime) -> bool:
    live = select(CalendarFeed.id).where(CalendarFeed.person_id == person_id, CalendarFeed.ended_at.is_(None))
    ids = list(s.scalars(live))
    s.execute(update(CalendarFeed).where(CalendarFeed.id.in_(ids)).values(ended_at=now))
    return bool(ids)


def note_reading(s: Session, feed_id: int, now: datetime) -> None:
    """A calendar has read its link; noted once in some minutes."""
    is_due = _feed.c.read_at.is_(None) | (_feed.c.read_at < now - READ_ONCE_IN)
    s.execute(update(_feed).where(_feed.c.id == feed_id, is_due).values(read_at=now))
