"""What a person wants to be reminded of, where to, and what became of each reminder."""

import hashlib
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment

CLAIMED = text("state IN ('waiting', 'claimed', 'sending')")
AWAKE = text("wake_at IS NOT NULL")


class ReminderSettings(SQLModel, table=True):
    """One person's wishes, and the next moment at which their plan has to be looked at."""

    __tablename__ = "reminder_settings"
    __table_args__ = (
        Index("ix_reminder_settings_wake_at", "wake_at", sqlite_where=AWAKE, postgresql_where=AWAKE),
    )

    person_id: int = Field(
        primary_key=True, foreign_key="person.id", sa_column_kwargs={"autoincrement": False}
    )
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    daily: str = ""  # seven of "20:30" or nothing, Monday first, with a comma between; "" is off
    checkins: bool = True
    ahead: bool = True  # infusions and sessions, the day before
    commitments: bool = True
    by_email: bool = False
    by_push: bool = False
    email_instead: bool = False  # while the phone could not be reached for days
    quiet_from: str = ""  # "22:00"; both or neither
    quiet_until: str = ""
    paused_until: date | None = None  # the first day of her own on which reminders come again
    not_today: date | None = None  # the diary's day that "Not today" was said of
    unsubscribed_at: datetime | None = Field(default=None, sa_type=Moment)  # shown at the next open
    wake_at: datetime | None = Field(default=None, sa_type=Moment)
    looked_at: datetime | None = Field(default=None, sa_type=Moment)  # up to here everything due was decided
    changed_at: datetime = Field(sa_type=Moment)


class Nudge(SQLModel, table=True):
    """ "Later": the same reminder once more at a moment of its own."""

    __tablename__ = "nudge"
    __table_args__ = (UniqueConstraint("person_id", "kind", "thing", "due_at"),)

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: str
    thing: str
    day: date
    due_at: datetime = Field(sa_type=Moment)
    made_at: datetime = Field(sa_type=Moment)


class Delivery(SQLModel, table=True):
    """One reminder by one channel: claimed, sent, and what became of it. Its key is what keeps it from going twice.

    States: `waiting` for another try, `claimed` by a worker, `sending` (from here a crash leaves the outcome
    unknown), then one of `sent`, `failed`, `unknown`, `skipped`.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "thing", "due_at", "channel"),
        Index("ix_delivery_try_at", "try_at", sqlite_where=CLAIMED, postgresql_where=CLAIMED),
        Index("ix_delivery_person_id_sent_at", "person_id", "sent_at"),
    )

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id")
    kind: str
    thing: (
        str  # what it is about, named alike in every zone: "2026-03-28T20:30", or a uuid, a slash and its day
    )
    day: date
    due_at: datetime = Field(sa_type=Moment)
    channel: str
    state: str
    reason: str = ""  # a code: "done", "paused", "expired", "gone", "429", "refused", ...
    attempts: int = 0
    reached: str = ""  # ids of the phones that have it, so that another try is for the others only
    try_at: datetime | None = Field(default=None, sa_type=Moment)  # next try, or when the lease runs out
    expires_at: datetime = Field(sa_type=Moment)
    is_late: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    claimed_at: datetime = Field(sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)  # or failed, skipped
    received_at: datetime | None = Field(default=None, sa_type=Moment)  # the phone's worker said so

    @property
    def message_id(self) -> str:
        """The same at every try, so that a mail server can tell a second one."""
        return f"<{self.uuid.hex}@neap>"


def indexed_text(endpoint: str) -> str:
    """An endpoint's letters count as they are, so it is hashed before it is indexed."""
    return f"push:{hashlib.sha256(endpoint.encode()).hexdigest()}"


class PushSubscription(SQLModel, table=True):
    """Where a phone's push service takes messages for it; an endpoint belongs to one person."""

    __tablename__ = "push_subscription"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    endpoint_index: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    endpoint_sealed: bytes | None = None
    keys_sealed: bytes | None = None  # JSON: p256dh and auth
    device: str = ""
    made_at: datetime = Field(sa_type=Moment)
    checked_at: datetime = Field(sa_type=Moment)  # the phone said it has it still
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime | None = Field(default=None, sa_type=Moment)
    failing_since: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_why: str = ""

    endpoint = sealing.sealed("endpoint", lambda one: one.uuid.hex)
    by_endpoint = sealing.indexed("endpoint_index", lambda one: one.endpoint and indexed_text(one.endpoint))
    keys = sealing.sealed("keys", lambda one: one.uuid.hex)


class CalendarFeed(SQLModel, table=True):
    """A link that a calendar reads; the link is the key, of which only the hash is kept."""

    __tablename__ = "calendar_feed"

    id: int = Field(default=None, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    person_id: int = Field(foreign_key="person.id", index=True)
    made_at: datetime = Field(sa_type=Moment)
    read_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Tick(SQLModel, table=True):
    """The scheduler's last round: one row for each kind of work, so that silence is seen."""

    __tablename__ = "tick"

    name: str = Field(primary_key=True)
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    seen_event: int = 0  # the audit trail has been read up to here
    counts: str = "{}"  # JSON
