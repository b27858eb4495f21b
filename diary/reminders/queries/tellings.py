"""Whether a clinic's people could be told of a flag: for its page and the list."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.reminders.models import Delivery
from diary.reminders.rules.message import SAFETY
from diary.safety.queries import flag_row, open_flags

UNSENT = ("waiting", "claimed", "sending")


@dataclass(frozen=True)
class Telling:
    """One way to one person: when it was due, what became of it, after how many tries."""

    name: str
    channel: str
    kind: str
    due_at: datetime
    state: str
    reason: str
    attempts: int
    sent_at: datetime | None
    try_at: datetime | None

    @property
    def is_held_up(self) -> bool:
        return self.state == "failed" or (self.state in UNSENT and self.attempts > 0)


def tellings(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> list[Telling]:
    """Who was told of a flag, newest first; Hidden for whoever may not open it. What was not needed is left out."""
    flag_row(s, viewer, uuid, now)
    rows = s.execute(
        select(Delivery, Person)
        .join(Person, Person.id == Delivery.person_id)
        .where(Delivery.thing == str(uuid), Delivery.kind.in_(sorted(SAFETY)), Delivery.state != "skipped")
        .order_by(Delivery.due_at.desc(), Delivery.id)
    ).all()
    return [
        Telling(
            person.name, one.channel, one.kind, one.due_at, one.state, one.reason, one.attempts, one.sent_at, one.try_at
        )
        for one, person in rows
    ]  # fmt: skip


def held_up(s: Session, viewer: access.Viewer, now: datetime) -> int:
    """How many mails and pushes about open flags that the viewer knows of could not be sent so far."""
    flags = [str(row.flag.uuid) for row in open_flags(s, viewer, now) if row.flag.state == "open"]
    wanted = select(func.count()).where(
        Delivery.thing.in_(flags), Delivery.kind.in_(sorted(SAFETY)),
        (Delivery.state == "failed") | (Delivery.state.in_(UNSENT) & (Delivery.attempts > 0)),
    )  # fmt: skip
    return s.scalar(wanted) or 0
