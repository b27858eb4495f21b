"""Reads of infusions; the kind is INFUSIONS."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select, type_coerce
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.rules import MOST_COURSE_GAP, Kind
from diary.infusions.models import Infusion, InfusionRevision, PlannedGap
from diary.infusions.rules import day_words, mg_per_kg, mg_per_kg_h
from diary.lib import sealing

_table = Infusion.__table__  # type: ignore[attr-defined]
_gap = PlannedGap.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class InfusionRow:
    """One infusion as it stands."""

    id: int
    uuid: UUID
    number: int
    day: date
    at_time: str
    series: str
    dose_mg: float
    minutes: float
    weight_kg: float | None
    route: str
    status: str
    note: str | None
    revisions: int
    changed_at: datetime
    given: Mapping[str, Any]
    words: Mapping[str, str]

    @property
    def mg_per_kg(self) -> float | None:
        return mg_per_kg(self.dose_mg, self.weight_kg)

    @property
    def mg_per_kg_h(self) -> float | None:
        return mg_per_kg_h(self.dose_mg, self.weight_kg, self.minutes)


@dataclass(frozen=True, slots=True)
class GapRow:
    """One planned longer gap: from an infusion's day so many days to the next one, and what came of it.

    `next_on` is the next infusion that was done since; `usual_days` the median interval of its course when marked.
    """

    uuid: UUID
    number: int
    infusion: UUID
    from_on: date
    days: int
    usual_days: float | None
    reason: str | None
    marked_at: datetime
    taken_back_at: datetime | None = None
    next_on: date | None = None

    @property
    def until_on(self) -> date:
        """The day from which the next infusion is meant to be."""
        return self.from_on + timedelta(days=self.days)

    @property
    def came_after(self) -> int | None:
        """How many days it lasted in truth; None while it lasts."""
        return (self.next_on - self.from_on).days if self.next_on else None

    def is_ahead(self, today: date) -> bool:
        """Whether it is still to end: neither taken back nor over."""
        return self.taken_back_at is None and self.next_on is None and today < self.until_on


def _row(row: Any) -> InfusionRow:
    note = sealing.unseal("infusion", row.uuid.hex, "note", row.note_sealed) if row.note_sealed else None
    given = (
        sealing.unseal("infusion", row.uuid.hex, "given_words", row.given_words_sealed)
        if row.given_words_sealed
        else "{}"
    )
    return InfusionRow(
        row.id, row.uuid, row.number, row.day, row.at_time, row.series, row.dose_mg, row.minutes, row.weight_kg,
        row.route, row.status, note, row.revisions, row.changed_at,
        json.loads(row.given), json.loads(given),
    )  # fmt: skip


def _of(viewer: access.Viewer, patient_id: int) -> list[Any]:
    """Which infusions of a patient the viewer may see at all: not what was there before an unconfirmed person came."""
    mine, hidden = _table.c.patient_id == patient_id, access.hidden_before(viewer, patient_id)
    if hidden is None:
        return [mine]
    earlier = select(InfusionRevision.id).where(
        InfusionRevision.infusion_id == _table.c.id, InfusionRevision.at < hidden
    )
    return [mine, ~earlier.exists()]


def infusions_of(
    s: Session, viewer: access.Viewer, patient_id: int, statuses: Iterable[str] = ("done",)
) -> list[InfusionRow]:
    """A patient's infusions with these statuses, oldest first."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    wanted = (
        select(_table)
        .where(*_of(viewer, patient_id), _table.c.status.in_(list(statuses)))
        .order_by(_table.c.day, _table.c.at_time)
    )
    return [_row(row) for row in s.connection().execute(wanted)]


def infusion(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> InfusionRow:
    """One infusion of that patient; Hidden where there is none."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    wanted = select(_table).where(*_of(viewer, patient_id), _table.c.uuid == uuid)
    row = s.connection().execute(wanted).first()
    if row is None:
        raise access.Hidden
    return _row(row)


def infusions_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef]
) -> dict[int, list[tuple[date, int, str]]]:
    """(day, number, status) of the infusions the viewer may see, by patient, oldest first; one statement."""
    ids = [ref.id for ref in refs if ref.shares(Kind.INFUSIONS)]
    found: dict[int, list[tuple[date, int, str]]] = {patient_id: [] for patient_id in ids}
    if not ids:
        return found
    wanted = (
        select(_table.c.patient_id, _table.c.day, _table.c.number, _table.c.status)
        .where(_table.c.patient_id.in_(ids), _table.c.status != "cancelled")
        .order_by(_table.c.patient_id, _table.c.day, _table.c.at_time)
    )
    for patient_id, day, number, status in s.connection().execute(wanted):
        found[patient_id].append((day, number, status))
    return found


class LastChange(NamedTuple):
    """When anything of a patient's infusions was changed last, in milliseconds as stored."""

    at: int


_changes = select(
    _person.c.id,
    select(type_coerce(func.max(_table.c.changed_at), BigInteger))
    .where(_table.c.patient_id == _person.c.id)
    .scalar_subquery(),
).where(_person.c.id.in_(access.sharing(Kind.INFUSIONS)))


def changes_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef]
) -> dict[int, LastChange]:
    """By patient whose infusions the viewer may see; one statement, a seek each."""
    ids = {ref.id for ref in refs if ref.shares(Kind.INFUSIONS)}
    found = s.connection().execute(_changes, {"me": viewer.person_id}).all()
    return {patient_id: LastChange(at) for patient_id, at in found if at is not None and patient_id in ids}


def day_after_infusion(s: Session, viewer: access.Viewer, patient_id: int, day: date) -> str:
    """Where a day stands after the latest infusion that was done, in words; empty before the first."""
    return day_words(day, last_infusion(s, viewer, patient_id, day))


def last_infusion(s: Session, viewer: access.Viewer, patient_id: int, day: date) -> tuple[date, int] | None:
    """(day, number) of the latest infusion that was done up to a day; None before the first."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    wanted = (
        select(_table.c.day, _table.c.number)
        .where(*_of(viewer, patient_id), _table.c.status == "done", _table.c.day <= day)
        .order_by(_table.c.day.desc(), _table.c.at_time.desc())
        .limit(1)
    )
    row = s.connection().execute(wanted).first()
    return (row.day, row.number) if row else None


def done_days(s: Session, viewer: access.Viewer, patient_id: int, until: date) -> list[date]:
    """The days of the infusions that were done up to a day, oldest first."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    wanted = select(_table.c.day).where(
        *_of(viewer, patient_id), _table.c.status == "done", _table.c.day <= until
    )
    return sorted(s.connection().execute(wanted).scalars())


def revisions_of(
    s: Session, viewer: access.Viewer, patient_id: int, infusion_id: int
) -> list[tuple[InfusionRevision, dict[str, Any], str]]:
    """What the record said before and now, oldest first, with all its values by name, and the name of who wrote it."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    rows = s.scalars(
        select(InfusionRevision)
        .where(InfusionRevision.infusion_id == infusion_id)
        .order_by(InfusionRevision.number)
    ).all()
    ids = {row.actor_id for row in rows if row.actor_id is not None}
    people = s.scalars(select(Person).where(Person.id.in_(ids))).all() if ids else ()  # type: ignore[attr-defined]
    names: dict[int | None, str] = {person.id: person.name for person in people}
    return [(row, values_said(row), names.get(row.actor_id, "not said")) for row in rows]


def values_said(revision: InfusionRevision) -> dict[str, Any]:
    """All that a revision says, words too, by name."""
    kept = {**json.loads(revision.values), **json.loads(revision.given_words or "{}")}
    return kept | ({"note": revision.note} if revision.note else {})


def gaps_of(s: Session, viewer: access.Viewer, patient_id: int, with_history: bool = False) -> list[GapRow]:
    """A patient's planned longer gaps as they stand, oldest first: also for whoever compares their days with the usual.

    Not those that were taken back or whose infusion was cancelled, unless the history is wanted.
    """
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    wanted = (
        select(PlannedGap, Infusion)
        .join(Infusion, Infusion.id == PlannedGap.infusion_id)
        .where(PlannedGap.patient_id == patient_id)
        .order_by(Infusion.day, PlannedGap.id)
    )
    hidden = access.hidden_before(viewer, patient_id)
    if hidden is not None:
        wanted = wanted.where(PlannedGap.marked_at >= hidden)
    if not with_history:
        wanted = wanted.where(PlannedGap.taken_back_at.is_(None), Infusion.status != "cancelled")
    found = s.execute(wanted).all()
    done = [row.day for row in infusions_of(s, viewer, patient_id)] if found else []
    return [
        GapRow(
            gap.uuid, infusion.number, infusion.uuid, infusion.day, gap.days, gap.usual_days, gap.reason,
            gap.marked_at, gap.taken_back_at, next((day for day in done if day > infusion.day), None),
        )
        for gap, infusion in found
    ]  # fmt: skip


_gaps = (
    select(_gap.c.patient_id, _table.c.day, _gap.c.days)
    .join(_table, _table.c.id == _gap.c.infusion_id)
    .where(
        _gap.c.patient_id.in_(access.sharing(Kind.INFUSIONS)), _gap.c.taken_back_at.is_(None),
        _table.c.status == "done", _table.c.day > bindparam("since"),
    )
    .order_by(_table.c.day, _gap.c.id)
)  # fmt: skip


def gaps_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef], today: date
) -> dict[int, tuple[date, int]]:
    """The latest planned longer gap that has begun and is to end after today: its infusion's day and its length.

    By patient whose infusions the viewer may see; one statement. Whether an infusion came since is not asked.
    """
    ids = {ref.id for ref in refs if ref.shares(Kind.INFUSIONS)}
    since = {"me": viewer.person_id, "since": today - timedelta(days=MOST_COURSE_GAP)}
    found = {}
    for patient_id, day, days in s.connection().execute(_gaps, since):
        if patient_id in ids and day <= today < day + timedelta(days=days):
            found[patient_id] = (day, days)
    return found


def gap_now(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> GapRow | None:
    """The one longer gap that is planned or lasts now."""
    return next((gap for gap in gaps_of(s, viewer, patient_id) if gap.is_ahead(today)), None)
