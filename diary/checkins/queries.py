"""Reads of check-ins and intentions. Answers are of the kind INFUSIONS; words of insight and intention are NOTES."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlmodel import Session

from diary.careteam import access
from diary.careteam import queries as careteam
from diary.careteam.models import Clinic, Membership
from diary.careteam.rules import Kind, Opening, Role, checkin_days, next_opening, parse_opening
from diary.checkins.models import Checkin, CheckinRevision
from diary.checkins.rules import (
    ARRIVAL,
    CHECKIN,
    DAYS,
    EFFECTS,
    INTENTION,
    OWN,
    WORDS,
    Asked,
    Due,
    Given,
    check_ins,
    due_on,
    fires_from,
    intention_for,
    is_asked,
    is_open_at,
    is_urine_answered,
    unasked_of,
    usual_effects,
    when_words,
)
from diary.entries.rules import Merged, Note, Write, merge, plain
from diary.infusions.models import Infusion
from diary.lib import clock, sealing
from diary.lib import words as words_of
from diary.safety.queries import COUNTRIES
from diary.safety.rules import clinic_standing, country_for, until_then

_checkin = Checkin.__table__  # type: ignore[attr-defined]
_revision = CheckinRevision.__table__  # type: ignore[attr-defined]
_infusion = Infusion.__table__  # type: ignore[attr-defined]
_writes = (
    select(
        _checkin.c.id.label("checkin_id"), _checkin.c.kind, _checkin.c.day, _checkin.c.revisions,
        _checkin.c.began_at, _infusion.c.uuid.label("target"), _infusion.c.number.label("infusion_number"),
        _infusion.c.day.label("infusion_day"), _revision.c.number, _revision.c.write_id, _revision.c.names,
        _revision.c.effective_at, _revision.c.received_at, _revision.c.fields, _revision.c.base,
        _revision.c.own_sealed, _revision.c.words_sealed, _revision.c.zone, _revision.c.fired, _revision.c.device,
    )
    .join_from(_checkin, _revision, _revision.c.checkin_id == _checkin.c.id)
    .join(_infusion, _infusion.c.id == _checkin.c.infusion_id)
    .where(_checkin.c.person_id == bindparam("person"))
)  # fmt: skip
_one = _writes.where(
    _checkin.c.kind == bindparam("kind"),
    _checkin.c.infusion_id == bindparam("infusion"),
    _checkin.c.day == bindparam("day"),
).order_by(_revision.c.number)
_between = _writes.where(_checkin.c.day.between(bindparam("since"), bindparam("until"))).order_by(
    _checkin.c.day, _checkin.c.id, _revision.c.number
)
MOST = 1000  # check-ins of one person, some years of them


@dataclass(frozen=True, slots=True)
class Stored:
    """The writes of one check-in in the order they came, and what its page says of them."""

    id: int | None
    revisions: int
    writes: list[Write]
    began_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def fields(self) -> dict[str, Merged]:
        return merge(self.writes)


@dataclass(frozen=True, slots=True)
class CheckinRow:
    """One check-in or intention as it stands, with the infusion that it is about."""

    kind: str
    target: UUID
    number: int
    infusion_day: date
    day: date
    answers: Mapping[str, Any]
    own: str | None
    words: str | None
    words_private: bool
    changed_at: datetime
    last_write: UUID

    @property
    def after(self) -> int:
        return (self.day - self.infusion_day).days

    @property
    def effects(self) -> list[tuple[str, str]]:
        """(name, strength) of the side effects that were marked, in the order of the list."""
        return [(name, self.answers[key]) for key, name in EFFECTS.items() if self.answers.get(key)]


@dataclass(frozen=True)
class Plan:
    """What is due for a patient, and what its page needs; as the infusions stand now."""

    given: tuple[Given, ...]
    asked: tuple[Asked, ...] = ()
    earlier: tuple[tuple[UUID, Mapping[str, Any]], ...] = ()
    done: frozenset[tuple[str, UUID, date]] = frozenset()
    intentions: Mapping[UUID, date] = field(default_factory=dict)
    urine: tuple[Asked, ...] = ()
    days: tuple[int, ...] = DAYS
    unasked: frozenset[str] = frozenset()

    def asked_on(self, before: date) -> date | None:
        return max((one.day for one in self.asked if one.day < before), default=None)

    def due(self, today: date) -> Due | None:
        return due_on(self.given, today, self.asked_on(today), self.days)

    def coming(self, today: date) -> list[Due]:
        return check_ins(self.given, today, self.asked_on(today), self.days)

    def usual(self, due: Due) -> tuple[str, ...]:
        earlier = [(of, said) for of, said in self.earlier if of != due.target]
        return usual_effects(earlier, due.number, self.unasked)

    def urine_from(self, before: date) -> dict[str, int]:
        return fires_from(one for one in self.urine if one.day < before)

    def arrival(self, today: date) -> Given | None:
        """The infusion that is planned for today, the first of several."""
        here = [one for one in self.given if not one.is_done and one.day == today]
        return min(here, key=lambda one: one.at_time, default=None)

    def intention(self, today: date) -> Given | None:
        return intention_for(self.given, today)


def _mine(viewer: access.Viewer, patient_id: int) -> None:
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden


def plan(s: Session, viewer: access.Viewer, patient_id: int) -> Plan:
    """The patient’s own plan; three statements."""
    _mine(viewer, patient_id)
    return plan_of(s, patient_id, access.hidden_before(viewer, patient_id))


def plan_of(s: Session, patient_id: int, hidden: datetime | None) -> Plan:
    """The plan of whoever's right to it is known already: for actions, which judge an answer by it."""
    wanted = select(
        _infusion.c.uuid, _infusion.c.number, _infusion.c.day, _infusion.c.at_time, _infusion.c.status
    )
    wanted = wanted.where(_infusion.c.patient_id == patient_id, _infusion.c.status != "cancelled")
    if hidden is not None:
        wanted = wanted.where(_infusion.c.changed_at >= hidden)
    given = tuple(
        Given(row.uuid, row.number, row.day, row.at_time, row.status == "done")
        for row in s.connection().execute(wanted)
    )
    if not given:
        return Plan(given)
    first = min((one.day for one in given if one.is_done), default=None)
    said = (
        select(_checkin.c.kind, _checkin.c.day, _checkin.c.answers, _infusion.c.uuid)
        .join(_infusion, _infusion.c.id == _checkin.c.infusion_id)
        .where(_checkin.c.person_id == patient_id)
        .order_by(_checkin.c.day.desc(), _checkin.c.id.desc())
        .limit(MOST)
    )
    if hidden is not None:
        said = said.where(_checkin.c.began_at >= hidden)
    rows = [(row.kind, row.day, json.loads(row.answers), row.uuid) for row in s.connection().execute(said)]
    return Plan(
        given,
        tuple(Asked(day, first is None or day < first, answers) for kind, day, answers, _ in rows if kind == CHECKIN and is_asked(answers)),
        tuple((target, answers) for kind, _, answers, target in rows if kind == CHECKIN),
        frozenset((kind, target, day) for kind, day, answers, target in rows if answers.get("done")),
        {target: day for kind, day, _, target in rows if kind == INTENTION},
        tuple(Asked(day, first is None or day < first, answers) for kind, day, answers, _ in rows if kind != INTENTION and is_urine_answered(answers)),
        *_asked(s, patient_id),
    )  # fmt: skip


def _asked(s: Session, patient_id: int) -> tuple[tuple[int, ...], frozenset[str]]:
    """On which days after an infusion the patient's clinic asks, and what it leaves out; of two clinics the first one's."""
    wanted = (
        select(Clinic.checkin_days, Clinic.unasked)
        .join(Membership, Membership.clinic_id == Clinic.id)
        .where(
            Membership.person_id == patient_id, Membership.role == Role.PATIENT, Membership.ended_at.is_(None)
        )
        .order_by(Clinic.id)
    )
    row = s.execute(wanted).first()
    return checkin_days(row.checkin_days if row else ""), unasked_of(row.unasked if row else "")


def stored(connection: Connection, patient_id: int, kind: str, infusion_id: int, day: date) -> Stored:
    """One check-in's writes; for actions and for its own page."""
    rows = connection.execute(
        _one, {"person": patient_id, "kind": kind, "infusion": infusion_id, "day": day}
    ).all()
    return _stored(rows)


def _stored(rows: list[Any]) -> Stored:
    if not rows:
        return Stored(None, 0, [])
    told = max((row.received_at for row in rows if row.fired), default=None)
    return Stored(
        rows[0].checkin_id, rows[0].revisions, [write_of(row) for row in rows], rows[0].began_at, told
    )


def own_checkin(
    s: Session, viewer: access.Viewer, patient_id: int, kind: str, target: UUID, day: date
) -> Stored:
    """A person's own check-in with everything that its page shows; empty before its first answer."""
    _mine(viewer, patient_id)
    wanted = select(_infusion.c.id).where(_infusion.c.uuid == target, _infusion.c.patient_id == patient_id)
    infusion_id = s.connection().execute(wanted).scalar()
    if infusion_id is None:
        raise access.Hidden
    found = stored(s.connection(), patient_id, kind, infusion_id, day)
    return Stored(None, 0, []) if _is_hidden(viewer, patient_id, found.began_at) else found


def _is_hidden(viewer: access.Viewer, patient_id: int, began_at: datetime | None) -> bool:
    hidden = access.hidden_before(viewer, patient_id)
    return hidden is not None and began_at is not None and began_at < hidden


def write_of(row: Any) -> Write:
    """A stored revision as the rule of merging reads it."""
    fields = json.loads(row.fields)
    box = WORDS.get(row.kind, "")
    sealed = row.write_id.hex()
    if fields.get(box) is not None:
        text = sealing.unseal("checkin_revision", sealed, "words", row.words_sealed)
        fields[box] = Note(text, bool(fields[box]))
    if fields.get(OWN) is not None:
        fields[OWN] = sealing.unseal("checkin_revision", sealed, "own", row.own_sealed)
    return Write(
        id=UUID(bytes=row.write_id),
        effective_at=row.effective_at,
        fields=fields,
        base={name: tuple(UUID(i) for i in ids) for name, ids in json.loads(row.base).items()},
        names=UUID(bytes=row.names) if row.names else None,
        zone=row.zone,
    )


# For the phone ------------------------------------------------------------------------------------


def key_of(kind: str, target: UUID, day: date) -> str:
    """What a phone keeps a check-in under, beside its days."""
    return f"{kind}/{target}/{day}"


def described(found: Stored) -> dict[str, Any]:
    """A check-in for the phone, as a day is; in the place of `help_shown` the moment when the clinic was told last."""
    fields = found.fields
    told = (
        {"help_shown": {"value": found.told_at.isoformat(timespec="milliseconds"), "ids": []}}
        if found.told_at
        else {}
    )
    return {
        "revision": found.revisions,
        "values": told
        | {
            name: {"value": plain(merged.value), "ids": [str(i) for i in merged.ids]}
            for name, merged in fields.items()
        },
        "conflicts": {
            name: [{"value": plain(value), "id": str(write)} for value, write in merged.conflicts]
            for name, merged in fields.items()
            if merged.conflicts
        },
    }


def for_phone(
    s: Session, viewer: access.Viewer, patient_id: int, since: date, until: date
) -> dict[str, dict[str, Any]]:
    """The person's own check-ins and intentions of these days, by the phone's key; one statement."""
    _mine(viewer, patient_id)
    rows = s.connection().execute(_between, {"person": patient_id, "since": since, "until": until})
    found = {}
    for _, group in groupby(rows, key=lambda row: row.checkin_id):
        of_one = list(group)
        first = of_one[0]
        if not _is_hidden(viewer, patient_id, first.began_at):
            found[key_of(first.kind, first.target, first.day)] = described(_stored(of_one))
    return found


def plan_for_phone(
    s: Session, viewer: access.Viewer, patient_id: int, today: date, now: datetime
) -> dict[str, Any]:
    """What the phone needs to ask without internet: what is due on which day, and whom to call."""
    found = plan(s, viewer, patient_id)
    following = found.coming(today) if found.given else []
    ahead = [one for one in found.given if not one.is_done and one.day >= today]
    return {
        "due": [_due(found, due) for due in following],
        "intentions": [
            {
                "target": str(one.id), "number": one.number, "on": one.day.isoformat(), "time": one.at_time,
                "day": found.intentions[one.id].isoformat() if one.id in found.intentions else None,
            }
            for one in sorted(ahead, key=lambda one: (one.day, one.at_time))
        ],
        "urine_from": found.urine_from(today),
        "unasked": sorted(found.unasked),
        "call": whom_to_call(s, viewer, now),
    }  # fmt: skip


def _due(found: Plan, due: Due) -> dict[str, Any]:
    return {
        "day": due.day.isoformat(), "target": str(due.target), "number": due.number, "after": due.after,
        "name": due.name, "steps": list(due.steps), "from_hour": due.from_hour, "drive": due.says_drive,
        "usual": list(found.usual(due)), "done": (CHECKIN, due.target, due.day) in found.done,
    }  # fmt: skip


def whom_to_call(s: Session, viewer: access.Viewer, now: datetime) -> dict[str, Any]:
    """The patient's own clinic, the emergency number of its country, and what is said while the clinic is closed.

    Empty texts for what is not known; `opens` are its coming openings, for a phone without internet.
    """
    clinic: Clinic | None = careteam.own_clinic(s, viewer)
    country = country_for(COUNTRIES, clinic.country if clinic else "", viewer.zone)
    opening = parse_opening(clinic.opening) if clinic else {}
    standing = clinic_standing(opening, now, clinic.zone) if clinic else None
    until = until_then(country) if country else ""
    return {
        "clinic": clinic.name if clinic else "",
        "phone": clinic.phone if clinic else "",
        "hours": standing.hours if standing else (clinic.hours if clinic else ""),
        "closed": f"{standing.words} {until}" if standing and not standing.is_open else "",
        "emergency": country.emergency.number if country else "",
        "until": until,
        "opens": _openings(opening, now, clinic.zone) if clinic else [],
    }


def _openings(opening: Opening, now: datetime, zone: str) -> list[dict[str, str]]:
    """The openings that end after now, a fortnight of them at most: from, until, and the words of one who waits."""
    found: list[dict[str, str]] = []
    at = now - timedelta(days=1)
    while len(found) < 14 and (opens := next_opening(opening, at, zone)) is not None:
        at = opens
        there = clock.local(opens, zone)
        closes = datetime.combine(there.date(), opening[there.weekday()][1], there.tzinfo)
        if closes <= now:
            continue
        words = f"Your clinic opens {words_of.weekday(there.date())} {words_of.time_hm(there)}."
        found.append({"from": opens.isoformat(), "until": closes.isoformat(), "words": words})
    return found


# Today and lists --------------------------------------------------------------------------------------------


def due_rows(s: Session, viewer: access.Viewer, patient_id: int, now: datetime) -> list[tuple[str, str, str]]:
    """What Today offers after the day's questions: (address, words, what stands beneath); for today only."""
    today = clock.diary_day(now, viewer.zone)
    found_plan = plan(s, viewer, patient_id)
    if not found_plan.given:
        return []
    found = []
    here = found_plan.arrival(today)
    if here is not None:
        is_said = (ARRIVAL, here.id, today) in found_plan.done
        beneath = "You can look at it again" if is_said else when_words(here.day, here.at_time, today)
        found.append(
            (
                "/arrival",
                "For the nurse, from your diary",
                f"infusion {here.number}: {words_of.lower_first(beneath)}",
            )
        )
    due = found_plan.due(today)
    is_open_now = due is not None and is_open_at(due, clock.local(now, viewer.zone))
    if due is not None and is_open_now and (CHECKIN, due.target, due.day) not in found_plan.done:
        found.append(("/check-in", "A check-in", due.name))
    ahead = found_plan.intention(today)
    if ahead is not None and ahead.id not in found_plan.intentions:
        when = when_words(ahead.day, "", today)
        found.append(
            ("/intention", f"An intention for {when.removeprefix('on ')}", f"before infusion {ahead.number}")
        )
    return found


def checkins_of(
    s: Session, viewer: access.Viewer, patient_id: int, since: date | None = None, until: date | None = None
) -> list[CheckinRow]:
    """Check-ins and intentions, newest first. Others see the words only with NOTES, and private ones never."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    is_own = viewer.operator or viewer.person_id == patient_id
    may_read = is_own or Kind.NOTES in access.kinds(s, viewer, patient_id)
    wanted = (
        select(_checkin, _infusion.c.uuid, _infusion.c.number, _infusion.c.day.label("infusion_day"))
        .join(_infusion, _infusion.c.id == _checkin.c.infusion_id)
        .where(_checkin.c.person_id == patient_id)
        .order_by(_checkin.c.day.desc(), _checkin.c.id.desc())
    )
    hidden = access.hidden_before(viewer, patient_id)
    if hidden is not None:
        wanted = wanted.where(_checkin.c.began_at >= hidden)
    if since is not None:
        wanted = wanted.where(_checkin.c.day >= since)
    if until is not None:
        wanted = wanted.where(_checkin.c.day <= until)
    found = [_row(row, is_own, may_read) for row in s.connection().execute(wanted)]
    return [row for row in found if row.kind != INTENTION or row.words is not None or is_own]


@dataclass(frozen=True, slots=True)
class Severe:
    """A side effect that was called severe: its name, the infusion's number, and how many days after it."""

    name: str
    number: int
    after: int


_severe = (
    select(_checkin.c.person_id, _checkin.c.day, _checkin.c.answers, _infusion.c.number, _infusion.c.day)
    .join(_infusion, _infusion.c.id == _checkin.c.infusion_id)
    .where(
        _checkin.c.person_id.in_(access.sharing(Kind.INFUSIONS)), _checkin.c.kind == CHECKIN,
        _checkin.c.day >= bindparam("since"), _checkin.c.answers.like('%"severe"%'),
    )
    .order_by(_checkin.c.day, _checkin.c.id)
)  # fmt: skip


def severe_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef], since: date
) -> dict[int, Severe]:
    """The latest one since a day, by patient whose infusions the viewer may see; one statement."""
    ids = {ref.id for ref in refs if ref.shares(Kind.INFUSIONS)}
    found = {}
    for patient_id, day, answers, number, infused_on in s.connection().execute(
        _severe, {"me": viewer.person_id, "since": since}
    ):
        if patient_id not in ids:
            continue
        said = json.loads(answers)
        names = [name for key, name in EFFECTS.items() if said.get(key) == "severe"]
        if names:
            found[patient_id] = Severe(names[0], number, (day - infused_on).days)
    return found


def _row(row: Any, is_own: bool, may_read: bool) -> CheckinRow:
    place = f"{row.person_id}/{row.kind}/{row.infusion_id}/{row.day}"
    text = None
    if row.words_sealed is not None and (is_own or (may_read and not row.words_private)):
        text = sealing.unseal("checkin", place, "words", row.words_sealed)
    own = sealing.unseal("checkin", place, "own", row.own_sealed) if row.own_sealed is not None else None
    return CheckinRow(
        row.kind, row.uuid, row.number, row.infusion_day, row.day, json.loads(row.answers), own, text,
        bool(row.words_private), row.changed_at, UUID(bytes=row.last_write),
    )  # fmt: skip


def revisions_of(
    s: Session, viewer: access.Viewer, patient_id: int
) -> Iterable[tuple[str, date, int, CheckinRevision]]:
    """(kind, day, infusion's number, revision) of every write, oldest day first; for the person's own export."""
    _mine(viewer, patient_id)
    wanted = (
        select(Checkin.kind, Checkin.day, Infusion.number, CheckinRevision)
        .join(CheckinRevision, CheckinRevision.checkin_id == Checkin.id)
        .join(Infusion, Infusion.id == Checkin.infusion_id)
        .where(Checkin.person_id == patient_id)
        .order_by(Checkin.day, Checkin.id, CheckinRevision.number)
    )
    yield from s.execute(wanted)  # type: ignore[misc]
