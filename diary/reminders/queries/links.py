"""Links that are keys: what stops mails for a while, and what a calendar reads. Each has one purpose."""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.accounts.rules import token_hash
from diary.careteam import access
from diary.lib import clock, sealing
from diary.reminders.models import CalendarFeed, Delivery, ReminderSettings
from diary.reminders.rules.calendar import is_live

PURPOSE = b"unsubscribe/"


@dataclass(frozen=True)
class Quiet:
    """What the page behind an unsubscribe link tells: whose settings, and until which day they are quiet."""

    person_id: int
    zone: str
    until: date | None


def unsubscribe_path(settings_uuid: UUID) -> str:
    """Where mails to the person of these settings are stopped: 16 bytes that name them and 256 bits of proof."""
    proof = bytes.fromhex(sealing.signature(PURPOSE + settings_uuid.bytes))
    return f"/unsubscribe/{base64.urlsafe_b64encode(settings_uuid.bytes + proof).decode()}"


def settings_of_token(token: str) -> UUID | None:
    """Whose settings an unsubscribe link is about; None where one of its characters is another."""
    try:
        whole = base64.urlsafe_b64decode(token.encode("ascii"))
    except (UnicodeError, binascii.Error):
        return None
    named, proof = whole[:16], whole[16:]
    is_ours = len(whole) == 48 and base64.urlsafe_b64encode(whole).decode() == token
    return UUID(bytes=named) if is_ours and sealing.is_signed(PURPOSE + named, proof.hex()) else None


def quiet_of_token(s: Session, token: str, now: datetime) -> Quiet:
    """The settings of an unsubscribe link; Hidden where it opens none, or the person is no longer here."""
    named = settings_of_token(token)
    if named is None:
        raise access.Hidden
    found = s.execute(
        select(ReminderSettings.person_id, ReminderSettings.paused_until, Person.zone)
        .join(Person, Person.id == ReminderSettings.person_id)
        .where(ReminderSettings.uuid == named, Person.ended_at.is_(None))
    ).first()
    if found is None:
        raise access.Hidden
    is_quiet = found.paused_until is not None and found.paused_until > clock.local(now, found.zone).date()
    return Quiet(found.person_id, found.zone, found.paused_until if is_quiet else None)


def sent_to(s: Session, viewer: access.Viewer, delivery: UUID) -> Delivery:
    """A reminder that was sent to the viewer; Hidden for anybody else's."""
    wanted = select(Delivery).where(Delivery.uuid == delivery, Delivery.person_id == viewer.me)
    found = s.scalars(wanted).first()
    if found is None:
        raise access.Hidden
    return found


@dataclass(frozen=True)
class Feed:
    """A calendar's link, without the link: that is known to the calendar alone."""

    id: int
    person_id: int
    made_at: datetime
    read_at: datetime | None
    is_live: bool


def feed_of(s: Session, viewer: access.Viewer, now: datetime) -> Feed | None:
    """The viewer's own newest calendar link; None where there is none, or they ended it."""
    wanted = select(CalendarFeed).where(CalendarFeed.person_id == viewer.me)
    row = s.scalars(wanted.order_by(CalendarFeed.id.desc()).limit(1)).first()
    return _feed(row, now) if row is not None and row.ended_at is None else None


def feed_of_token(s: Session, token: str, now: datetime) -> Feed:
    """The calendar that a link opens; Hidden where it was ended, unread for 90 days, or its person is no patient now."""
    row = s.scalars(select(CalendarFeed).where(CalendarFeed.token_hash == token_hash(token))).first()
    if row is None or not (feed := _feed(row, now)).is_live or not access.is_patient(s, row.person_id):
        raise access.Hidden
    return feed


def _feed(row: CalendarFeed, now: datetime) -> Feed:
    alive = is_live(row.made_at, row.read_at, row.ended_at, now)
    return Feed(row.id, row.person_id, row.made_at, row.read_at, alive)
