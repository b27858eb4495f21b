"""What plans are made of, for many people at once: for the engine, the operator, and a person's own page."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import Clinic, Membership
from diary.careteam.rules import COURSE_GAP_DAYS, Role, checkin_days
from diary.checkins.models import Checkin
from diary.checkins.rules import CHECKIN, INTENTION, Given, is_asked
from diary.entries.models import Entry
from diary.entries.rules import SCORES
from diary.infusions.models import Infusion
from diary.reminders.models import Nudge
from diary.reminders.rules.plan import Again, Facts
from diary.sessions.models import CareSession, Commitment

_person, _clinic, _membership = Person.__table__, Clinic.__table__, Membership.__table__  # type: ignore[attr-defined]
_entry, _infusion, _checkin = Entry.__table__, Infusion.__table__, Checkin.__table__  # type: ignore[attr-defined]
_session, _commitment, _nudge = CareSession.__table__, Commitment.__table__, Nudge.__table__  # type: ignore[attr-defined]

TREATED = timedelta(days=180)  # how far back infusions and check-ins say what is asked now
ANSWERS = (*SCORES, "worst_pain", "interference", "sleep_hours", "times_awake", "note_sealed", "extras")
_ids: Any = bindparam("ids", expanding=True)

_people = (
    select(
        _person.c.id, _person.c.uuid, _person.c.zone, _person.c.email_sealed, _clinic.c.checkin_days,
        _clinic.c.course_gap_days, _membership.c.accepted_at, _membership.c.confirmed_at,
    )
    .join_from(_person, _membership, _membership.c.person_id == _person.c.id)
    .join(_clinic, _clinic.c.id == _membership.c.clinic_id)
    .where(
        _person.c.id.in_(_ids), _person.c.ended_at.is_(None), _membership.c.ended_at.is_(None),
        _membership.c.role == Role.PATIENT,
    )
    .order_by(_clinic.c.id.desc())
)  # fmt: skip
_done = select(_entry.c.person_id, _entry.c.day).where(
    _entry.c.person_id.in_(_ids),
    _entry.c.day.between(bindparam("since"), bindparam("until")),
    reduce(or_, (_entry.c[name].is_not(None) for name in ANSWERS), _entry.c.unwell),
)
_given = select(
    _infusion.c.patient_id, _infusion.c.uuid, _infusion.c.number, _infusion.c.day, _infusion.c.at_time,
    _infusion.c.status, _infusion.c.changed_at,
).where(
    _infusion.c.patient_id.in_(_ids), _infusion.c.status != "cancelled", _infusion.c.day >= bindparam("since")
)  # fmt: skip
_said = (
    select(
        _checkin.c.person_id, _checkin.c.kind, _checkin.c.day, _checkin.c.answers, _checkin.c.began_at,
        _infusion.c.uuid,
    )
    .join_from(_checkin, _infusion, _infusion.c.id == _checkin.c.infusion_id)
    .where(_checkin.c.person_id.in_(_ids), _checkin.c.day >= bindparam("since"))
)  # fmt: skip
_meetings = select(
    _session.c.patient_id, _session.c.uuid, _session.c.starts_at, _session.c.changed_at
).where(
    _session.c.patient_id.in_(_ids), _session.c.status == "planned",
    _session.c.starts_at.between(bindparam("since"), bindparam("until")),
)  # fmt: skip
_agreed = (
    select(_commitment.c.patient_id, _commitment.c.uuid, _commitment.c.until_on, _session.c.shared_at)
    .join_from(_commitment, _session, _session.c.id == _commitment.c.session_id)
    .where(
        _commitment.c.patient_id.in_(_ids), _commitment.c.outcome == "", _commitment.c.words_sealed.is_not(None),
        _commitment.c.until_on.between(bindparam("since"), bindparam("until")),
        _session.c.shared_at.is_not(None), _session.c.status != "cancelled",
    )
)  # fmt: skip
_again = select(
    _nudge.c.person_id, _nudge.c.id, _nudge.c.kind, _nudge.c.thing, _nudge.c.day, _nudge.c.due_at
).where(_nudge.c.person_id.in_(_ids), _nudge.c.due_at.between(bindparam("since"), bindparam("until")))  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A person who may be reminded, with the facts of their plan."""

    id: int
    uuid: UUID
    zone: str
    email_sealed: bytes
    facts: Facts


@dataclass
class _Found:
    """One person's facts while they are gathered; `hidden` is what an unconfirmed patient may not see before."""

    row: Any
    hidden: datetime | None = None
    done: set[date] = field(default_factory=set)
    given: list[Given] = field(default_factory=list)
    asked: list[date] = field(default_factory=list)
    checkins: set[tuple[UUID, date]] = field(default_factory=set)
    intentions: set[UUID] = field(default_factory=set)
    sessions: dict[UUID, datetime] = field(default_factory=dict)
    commitments: dict[UUID, date] = field(default_factory=dict)
    again: list[Again] = field(default_factory=list)

    def may_know(self, moment: datetime) -> bool:
        return self.hidden is None or moment >= self.hidden

    def subject(self) -> Subject:
        facts = Facts(
            frozenset(self.done), tuple(self.given), tuple(self.asked), frozenset(self.checkins),
            frozenset(self.intentions), checkin_days(self.row.checkin_days), self.sessions, self.commitments,
            tuple(self.again), self.row.course_gap_days or COURSE_GAP_DAYS,
        )  # fmt: skip
        return Subject(self.row.id, self.row.uuid, self.row.zone, self.row.email_sealed, facts)


EVERYTHING = frozenset({"around", "commitments", "again"})


def facts_of_many(
    s: Session, viewer: access.Viewer, people: Sequence[int], since: datetime, until: datetime,
    only: Collection[str] = EVERYTHING,
) -> dict[int, Subject]:  # fmt: skip
    """By person who is a patient now, what plans between two moments need; at most seven statements, whatever their
    number. `only`: which of EVERYTHING anybody of them wants. Raises Hidden for others than the operator and oneself."""
    if not viewer.operator and list(people) != [viewer.person_id]:
        raise access.Hidden
    connection = s.connection()
    found: dict[int, _Found] = {}
    for row in connection.execute(_people, {"ids": list(people)}):
        hidden = row.accepted_at if row.confirmed_at is None else None
        before = found.get(row.id)
        found[row.id] = _Found(row, max(filter(None, (hidden, before and before.hidden)), default=None))
    if not found:
        return {}
    span = {"ids": list(found), "since": since - timedelta(days=3), "until": until + timedelta(days=3)}
    days = span | {"since": span["since"].date(), "until": span["until"].date()}  # type: ignore[attr-defined]
    for person_id, day in connection.execute(_done, days):
        found[person_id].done.add(day)
    if "around" in only:
        _around(connection, found, days | {"since": days["since"] - TREATED})  # type: ignore[operator]
        for row in connection.execute(_meetings, span):
            if found[row.patient_id].may_know(row.changed_at):
                found[row.patient_id].sessions[row.uuid] = row.starts_at
    if "commitments" in only:
        for row in connection.execute(_agreed, days):
            if found[row.patient_id].may_know(row.shared_at):
                found[row.patient_id].commitments[row.uuid] = row.until_on
    if "again" in only:
        for row in connection.execute(_again, span):
            found[row.person_id].again.append(Again(row.id, row.kind, row.thing, row.day, row.due_at))
    return {person_id: one.subject() for person_id, one in found.items()}


def _around(connection: Any, found: dict[int, _Found], days: dict[str, Any]) -> None:
    """Infusions and what was said around them."""
    for row in connection.execute(_given, days):
        one = found[row.patient_id]
        if one.may_know(row.changed_at):
            one.given.append(Given(row.uuid, row.number, row.day, row.at_time, row.status == "done"))
    treated = [person_id for person_id, one in found.items() if one.given]
    if not treated:
        return
    for row in connection.execute(_said, days | {"ids": treated}):
        one = found[row.person_id]
        if not one.may_know(row.began_at):
            continue
        if row.kind == INTENTION:
            one.intentions.add(row.uuid)
        elif row.kind == CHECKIN:
            answers = json.loads(row.answers)
            if answers.get("done"):
                one.checkins.add((row.uuid, row.day))
            if is_asked(answers):
                one.asked.append(row.day)
