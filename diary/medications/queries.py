"""Reads of medicines; the kind is INFUSIONS, which medicines share. The data files are read once, at start."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.lib import sealing
from diary.medications.models import DoseTaken, Medication, MedicationRevision, indexed_text
from diary.medications.rules import (
    Counts,
    DayTotal,
    Regime,
    Span,
    catalogue,
    day_total,
    in_force,
    name_key,
    spans,
    table,
)

T = TypeVar("T")
_table = Medication.__table__  # type: ignore[attr-defined]


def _read(name: str, parse: Callable[[str], T]) -> T:
    """A data file that ships with Neap; a bad one stops the start and is named."""
    try:
        return parse((Path(__file__).parent / name).read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


TABLE = _read("mme_cdc_2022.json", table)
KNOWN = _read("drugs.json", catalogue)


@dataclass(frozen=True, slots=True)
class MedicationRow:
    """One dose from a day on, as it stands; struck ones are never among those that are read."""

    id: int
    uuid: UUID
    name: str
    klass: str
    from_on: date
    until_on: date | None
    dose: float | None
    parts: tuple[float, ...]
    dose_unit: str
    route: str
    times_per_day: float | None
    as_needed: bool
    reason: str
    until_reason: str
    said_by: str
    said_by_id: int | None
    is_outside_plan: bool
    confirmed_at: datetime | None
    revisions: int

    @property
    def is_waiting(self) -> bool:
        """Said by the patient, and no clinician has confirmed it."""
        return self.confirmed_at is None

    @property
    def key(self) -> str:
        return name_key(self.name)

    @property
    def regime(self) -> Regime:
        return Regime(
            self.name, self.from_on, self.until_on, self.dose, self.dose_unit, self.route, self.times_per_day,
            self.as_needed, self.klass, self.parts, self.reason, self,
        )  # fmt: skip


def parts_of(text: str) -> tuple[float, ...]:
    """The differing doses of a day as they are kept: "10+5"."""
    return tuple(float(part) for part in text.split("+")) if text else ()


def name_index(patient_id: int, name: str) -> bytes:
    """A keyed digest to find a patient's medicine by, since its name is sealed."""
    return sealing.index(indexed_text(patient_id, name))


def name_indexes(patient_id: int, name: str) -> list[bytes]:
    """By what a patient's medicine is found."""
    return sealing.indexes(indexed_text(patient_id, name))


def _row(row: Any) -> MedicationRow:
    def opened(column: str) -> str:
        blob = getattr(row, f"{column}_sealed")
        return sealing.unseal("medication", row.uuid.hex, column, blob) if blob else ""

    return MedicationRow(
        row.id, row.uuid, opened("name"), opened("class"), row.from_on, row.until_on, row.dose, parts_of(row.parts),
        row.dose_unit, row.route, row.times_per_day, row.as_needed, opened("reason"), opened("until_reason"),
        row.said_by, row.said_by_id, row.is_outside_plan, row.confirmed_at, row.revisions,
    )  # fmt: skip


def _of(viewer: access.Viewer, patient_id: int) -> list[Any]:
    """Which rows the viewer may see at all: none struck, and not what was there before an unconfirmed person came."""
    wanted = [_table.c.patient_id == patient_id, _table.c.is_struck.is_(False)]
    hidden = access.hidden_before(viewer, patient_id)
    if hidden is not None:
        earlier = select(MedicationRevision.id).where(
            MedicationRevision.medication_id == _table.c.id, MedicationRevision.at < hidden
        )
        wanted.append(~earlier.exists())
    return wanted


def medications_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[MedicationRow]:
    """Every dose of a patient, by first day and name."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    found = s.connection().execute(select(_table).where(*_of(viewer, patient_id)))
    return sorted((_row(row) for row in found), key=lambda row: (row.from_on, row.key))


def medication(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> MedicationRow:
    """One row of that patient; Hidden where there is none."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    row = (
        s.connection().execute(select(_table).where(*_of(viewer, patient_id), _table.c.uuid == uuid)).first()
    )
    if row is None:
        raise access.Hidden
    return _row(row)


def spans_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[Span]:
    """Every dose with the days that it holds."""
    return spans(row.regime for row in medications_of(s, viewer, patient_id))


def day_of(s: Session, viewer: access.Viewer, patient_id: int, on: date) -> DayTotal:
    """What is taken on a day, and its MME."""
    taken = doses_taken(s, viewer, patient_id)
    return day_total(on, in_force(spans_of(s, viewer, patient_id), on), KNOWN, TABLE, taken)


def doses_taken(s: Session, viewer: access.Viewer, patient_id: int) -> Counts:
    """By name and day how many as-needed doses the patient says were taken, as said last."""
    names = {row.id: row.key for row in medications_of(s, viewer, patient_id)}
    wanted = (
        select(DoseTaken.medication_id, DoseTaken.day, DoseTaken.times)
        .where(DoseTaken.patient_id == patient_id)
        .order_by(DoseTaken.id)
    )
    return {
        (names[row.medication_id], row.day): row.times
        for row in s.execute(wanted)
        if row.medication_id in names
    }


def last_change(s: Session, viewer: access.Viewer, patient_id: int) -> datetime | None:
    """The moment of the last change of any medicine of a patient that the viewer may see."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    return s.execute(select(func.max(_table.c.changed_at)).where(*_of(viewer, patient_id))).scalar()


def planned_of(s: Session, patient_id: int) -> list[Regime]:
    """The plan: every row as a clinic said or confirmed it last. For the rule on stopping, which asks no consent."""
    wanted = (
        select(Medication, MedicationRevision)
        .join(MedicationRevision, MedicationRevision.medication_id == Medication.id)
        .where(Medication.patient_id == patient_id, MedicationRevision.is_confirmed.is_(True))
        .order_by(Medication.id, MedicationRevision.number)
    )
    last = {row.id: (row, revision) for row, revision in s.execute(wanted)}
    found = (_planned(row, json.loads(revision.values)) for row, revision in last.values())
    return [regime for regime in found if regime is not None]


def _planned(row: Medication, values: dict[str, Any]) -> Regime | None:
    if values["is_struck"]:
        return None
    return Regime(
        row.name, date.fromisoformat(values["from_on"]),
        date.fromisoformat(values["until_on"]) if values["until_on"] else None, values["dose"],
        values["dose_unit"], values["route"], values["times_per_day"], values["as_needed"], row.klass or "",
        parts_of(values["parts"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sayers:
    """Who said what of a patient's rows: `began` by row, of those whose beginning a clinic or a file said; names by person."""

    began: dict[int, int | None]
    names: dict[int | None, str]

    def of(self, row: MedicationRow, first_name: str, is_end: bool = False) -> str:
        """Who said the row as it stands, or, of a row that the patient has ended since, its beginning."""
        if row.said_by != "patient":
            return self.names.get(row.said_by_id, "")
        if not is_end and row.id in self.began:
            return self.names.get(self.began[row.id], "")
        return f"{first_name}, {'not confirmed yet' if row.is_waiting else 'confirmed'}"


def sayers(s: Session, viewer: access.Viewer, patient_id: int, rows: Sequence[MedicationRow]) -> Sayers:
    """Who said each row; for pages that show the rows anyway."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    firsts = select(MedicationRevision.medication_id, MedicationRevision.actor_id).where(
        MedicationRevision.medication_id.in_([row.id for row in rows]),
        MedicationRevision.number == 1, MedicationRevision.said_by != "patient",
    )  # fmt: skip
    began: dict[int, int | None] = (
        {row.medication_id: row.actor_id for row in s.execute(firsts)} if rows else {}
    )
    ids = {actor for actor in (*began.values(), *(row.said_by_id for row in rows)) if actor is not None}
    people = s.scalars(select(Person).where(Person.id.in_(ids))).all() if ids else ()
    return Sayers(began, {None: "from a file"} | {person.id: person.name for person in people})


def history_of(
    s: Session, viewer: access.Viewer, patient_id: int, medication_id: int
) -> list[tuple[MedicationRevision, dict[str, Any]]]:
    """What a row said before and now, oldest first, with the values as kept."""
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    rows = s.scalars(
        select(MedicationRevision)
        .where(MedicationRevision.medication_id == medication_id)
        .order_by(MedicationRevision.number)
    ).all()
    return [(row, json.loads(row.values) | json.loads(row.words or "{}")) for row in rows]
