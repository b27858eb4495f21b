"""Reads of infusions; the kind is INFUSIONS."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.infusions.models import Infusion, InfusionRevision
from diary.infusions.rules import day_words, mg_per_kg, mg_per_kg_h
from diary.lib import sealing

_table = Infusion.__table__  # type: ignore[attr-defined]


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
