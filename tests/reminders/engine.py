"""A recording sink in the place of mail and push, a worker with a clock of its own, and people with wishes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from diary import db
from diary.careteam import access
from diary.reminders.actions import wishes as actions
from diary.reminders.rules.message import Outcome
from diary.reminders.rules.wishes import Chosen
from diary.reminders.worker import Worker

BY_MAIL = Chosen(by_email=True, quiet=None)


def at(text: str) -> datetime:
    """A UTC moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Sink:
    """Takes everything, and answers as it is told: by (channel, phone's id or None), or "sent"."""

    def __init__(self) -> None:
        self.took: list = []
        self.answers: dict = {}

    def ways(self):
        return dict.fromkeys(("email", "push"), self._take)

    def _take(self, parcel, phone):
        answer = self.answers.get((parcel.channel, phone.id if phone else None), Outcome("sent"))
        answer = answer() if callable(answer) else answer
        self.took.append((parcel, phone, answer))
        return answer

    @property
    def sent(self) -> list:
        return [parcel for parcel, _, answer in self.took if answer.state == "sent"]

    @property
    def said(self) -> list:
        """(person, kind, day) of what was taken."""
        return [(p.person_id, p.message.kind, p.message.day.isoformat()) for p in self.sent]


class Engine:
    """The real engine on the test's database, its clock set by hand."""

    def __init__(self, start: str) -> None:
        self.now = at(start)
        self.sink = Sink()
        self.worker = Worker(self.sink.ways(), now=lambda: self.now, threads=1, jitter=lambda: 0.5)

    def tick(self, moment: str | datetime | None = None) -> Counter:
        if moment is not None:
            self.now = at(moment) if isinstance(moment, str) else moment
        return self.worker.round()


def wish(someone, now: str, **changes):
    """Somebody's choices, as their own page would have stored them."""
    with db.write() as s:
        patient = access.load_patient(s, access.OPERATOR, someone.uuid)
        actions.change_wishes(s, access.OPERATOR, patient, replace(BY_MAIL, **changes), at(now))
        return patient
