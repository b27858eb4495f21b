"""Reads of the diary; every loader takes the viewer and answers only for consented kinds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, or_, select, type_coerce
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import Clinic, ClinicFactor, Membership
from diary.careteam.rules import Kind, Role
from diary.entries.models import Entry, EntryRevision, OwnSymptom
from diary.entries.rules import OWN, REGIONS, SCORES, Note, Projection, Write, names_of_bits, project
from diary.lib import sealing
from diary.lib.extras import FACTORS

_entry = Entry.__table__  # type: ignore[attr-defined]
_revision = EntryRevision.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_writes = (
    select(
        _entry.c.id.label("entry_id"), _entry.c.revisions, _entry.c.day,
        _revision.c.number, _revision.c.write_id, _revision.c.names, _revision.c.effective_at, _revision.c.source,
        _revision.c.recorded_at, _revision.c.written_by, _revision.c.fields, _revision.c.base, _revision.c.note_sealed,
        _revision.c.zone, _revision.c.device, _revision.c.received_at,
    )
    .join_from(_entry, _revision, _revision.c.entry_id == _entry.c.id)
    .where(_entry.c.person_id == bindparam("person"))
)  # fmt: skip
_stored = _writes.where(_entry.c.day == bindparam("day")).order_by(_revision.c.number)
_stored_days = _writes.where(_entry.c.day.between(bindparam("since"), bindparam("until"))).order_by(
    _entry.c.day, _revision.c.number
)
_columns = [
    _entry.c[name]
    for name in (
        "person_id", "day", *SCORES, "unwell", "written_by", "late", "skipped", "worst_pain", "interference",
        "sleep_hours", "times_awake", "changed_at", "has_conflict", "extras",
    )
]  # fmt: skip

AT_ONCE = 500  # SQLite takes an expression of depth 1,000 at most
FORTNIGHT, A_DAY = timedelta(days=14), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One stored day without its note."""

    day: date
    scores: Mapping[str, float | None]
    late: frozenset[str]
    skipped: frozenset[str]
    unwell: bool
    helper: bool
    worst_pain: float | None
    interference: float | None
    sleep_hours: float | None
    times_awake: int | None
    changed_at: datetime
    has_conflict: bool
    regions: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    own: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_scored(self) -> bool:
        return any(score is not None for score in self.scores.values())


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note with its day."""

    day: date
    text: str
    private: bool
    helper: bool
    changed_at: datetime | None = None


@dataclass(frozen=True)
class OpenDay:
    """A day as its own patient sees it, with everything that its form needs; `sources` says where a write came from."""

    day: date
    projection: Projection | None = None
    last_write: UUID | None = None
    changed_at: datetime | None = None
    sources: Mapping[UUID, tuple[str, datetime]] = field(default_factory=dict)


_NAMES = tuple(names_of_bits(bits) for bits in range(32))


def _row(row: Any) -> DayRow:
    return DayRow(
        row[1], dict(zip(SCORES, row[2:7], strict=True)), _NAMES[row[9]], _NAMES[row[10]], bool(row[7]),
        row[8] == "helper", row[11], row[12], row[13], row[14], row[15], bool(row[16]),
        *(marks_of(row[17]) if row[17] else ()),
    )  # fmt: skip


def marks_of(extras: str | None) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, float]]:
    """The keys of the marked regions and of the factors that a stored day holds, and own symptoms' scores by key."""
    marked = json.loads(extras) if extras else {}
    own = {name: marked.pop(name) for name in [*marked] if name.startswith(OWN)}
    return tuple(marked.pop(REGIONS, "").split()), tuple(marked), own


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One of the clinic's own factors; `key` is the name of its field. `is_asked`: on the list of the patient's clinic."""

    uuid: UUID
    name: str
    is_asked: bool

    @property
    def key(self) -> str:
        return f"factor_{self.uuid.hex}"


_factors = (
    select(
        ClinicFactor.uuid,
        ClinicFactor.name,
        ClinicFactor.ended_at,
        Clinic.id,
        Membership.ended_at.label("left_at"),
    )
    .join(Clinic, Clinic.id == ClinicFactor.clinic_id)
    .join(Membership, Membership.clinic_id == Clinic.id)
    .where(Membership.person_id == bindparam("person"), Membership.role == Role.PATIENT)
    .order_by(Membership.ended_at.is_not(None), Clinic.id, ClinicFactor.place, ClinicFactor.id)
)
_first_clinic = (
    select(Membership.clinic_id)
    .where(
        Membership.person_id == bindparam("person"),
        Membership.role == Role.PATIENT,
        Membership.ended_at.is_(None),
    )
    .order_by(Membership.clinic_id)
    .limit(1)
)


def factors_known(s: Session, patient_id: int) -> list[FactorRow]:
    """Those that a patient was ever asked, for actions; asked are now, of two clinics, the first one's."""
    rows = s.connection().execute(_factors, {"person": patient_id}).all()
    first = s.connection().execute(_first_clinic, {"person": patient_id}).scalar() if rows else None
    found: dict[UUID, FactorRow] = {}
    for row in rows:
        is_asked = row.ended_at is None and row.left_at is None and row.id == first
        found.setdefault(row.uuid, FactorRow(row.uuid, row.name, is_asked))
    return list(found.values())


def clinic_factors(s: Session, viewer: access.Viewer, patient_id: int) -> list[FactorRow]:
    """The factors of a patient's clinics, in the order of their lists; those off the list too, for the days that hold them."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    return factors_known(s, patient_id)


def factor_names(s: Session, viewer: access.Viewer, patient_id: int) -> dict[str, str]:
    """By key what a day's factors are called: Neap's own, and the clinic's."""
    return FACTORS | {one.key: one.name for one in clinic_factors(s, viewer, patient_id)}


def factors_for_phone(s: Session, viewer: access.Viewer, patient_id: int) -> list[dict[str, str]]:
    """What the phone needs to ask for the clinic's factors without internet."""
    return [
        {"key": one.key, "name": one.name} for one in clinic_factors(s, viewer, patient_id) if one.is_asked
    ]


@dataclass(frozen=True, slots=True)
class OwnSymptomRow:
    """One of a person's own symptoms; `key` is the name of its field."""

    uuid: UUID
    name: str
    retired_on: date | None

    @property
    def key(self) -> str:
        return OWN + self.uuid.hex


def own_symptoms(s: Session, viewer: access.Viewer, patient_id: int) -> list[OwnSymptomRow]:
    """All that a patient ever named, in the order in which they were named; retired ones too."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    wanted = select(OwnSymptom).where(OwnSymptom.person_id == patient_id).order_by(OwnSymptom.id)
    hidden = access.hidden_before(viewer, patient_id)
    return [
        OwnSymptomRow(one.uuid, one.name, one.retired_at.date() if one.retired_at else None)
        for one in s.execute(wanted).scalars()
        if hidden is None or one.created_at >= hidden
    ]


def own_words(own: Mapping[str, float], symptoms: Iterable[OwnSymptomRow]) -> list[tuple[str, float]]:
    """(name, score) of a day's own symptoms, in the order in which they were named."""
    return [(one.name, own[one.key]) for one in symptoms if one.key in own]


def own_for_phone(s: Session, viewer: access.Viewer, patient_id: int) -> list[dict[str, str]]:
    """What the phone needs to ask for the own symptoms without internet: those that are scored now."""
    return [
        {"key": one.key, "name": one.name}
        for one in own_symptoms(s, viewer, patient_id)
        if one.retired_on is None
    ]


def days_between(
    s: Session, viewer: access.Viewer, patient_id: int, since: date, until: date
) -> list[DayRow]:
    """The stored days from `since` to `until`, both included, oldest first."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    return _days(s, viewer, patient_id, _entry.c.day >= since, _entry.c.day <= until)


def all_days(s: Session, viewer: access.Viewer, patient_id: int) -> list[DayRow]:
    """Every stored day, oldest first."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    return _days(s, viewer, patient_id)


def _of(viewer: access.Viewer, patient_id: int) -> list[Any]:
    """Which entries of a patient the viewer may see at all: not what was there before an unconfirmed person came."""
    mine, hidden = _entry.c.person_id == patient_id, access.hidden_before(viewer, patient_id)
    if hidden is None:
        return [mine]
    earlier = select(_revision.c.id).where(
        _revision.c.entry_id == _entry.c.id, _revision.c.received_at < hidden
    )
    return [mine, ~earlier.exists()]


def _days(s: Session, viewer: access.Viewer, patient_id: int, *where: Any) -> list[DayRow]:
    wanted = select(*_columns).where(*_of(viewer, patient_id), *where).order_by(_entry.c.day)
    return [_row(row) for row in s.connection().execute(wanted)]


def days_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef], since: date, until: date
) -> dict[int, list[DayRow]]:
    """Stored days of those patients whose scores the viewer may see, by patient; one statement."""
    ids = [ref.id for ref in refs if ref.shares(Kind.SCORES)]
    found: dict[int, list[DayRow]] = {patient_id: [] for patient_id in ids}
    if not ids:
        return found
    wanted = (
        select(*_columns)
        .where(_entry.c.person_id.in_(ids), _entry.c.day >= since, _entry.c.day <= until)
        .order_by(_entry.c.person_id, _entry.c.day)
    )
    for row in s.connection().execute(wanted):
        found[row[0]].append(_row(row))
    return found


class LastWrite(NamedTuple):
    """When anything of a patient's days was written last, in milliseconds as stored."""

    at: int


_changes = select(
    _person.c.id,
    select(type_coerce(func.max(_entry.c.changed_at), BigInteger))
    .where(_entry.c.person_id == _person.c.id)
    .scalar_subquery(),
).where(_person.c.id.in_(access.sharing(Kind.SCORES)))


def changes_of_many(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef]
) -> dict[int, LastWrite]:
    """By patient whose scores the viewer may see; one statement, a seek each."""
    ids = {ref.id for ref in refs if ref.shares(Kind.SCORES)}
    found = s.connection().execute(_changes, {"me": viewer.person_id}).all()
    return {patient_id: LastWrite(at) for patient_id, at in found if at is not None and patient_id in ids}


def pain_before(
    s: Session, viewer: access.Viewer, refs: Iterable[access.PatientRef], starts: Mapping[int, date]
) -> dict[int, dict[date, float]]:
    """Pain scores of the 14 days before a day, by patient whose scores the viewer may see; one statement for 500."""
    wanted = [
        and_(
            _entry.c.person_id == ref.id,
            _entry.c.day.between(starts[ref.id] - FORTNIGHT, starts[ref.id] - A_DAY),
        )
        for ref in refs
        if ref.id in starts and ref.shares(Kind.SCORES)
    ]
    found: dict[int, dict[date, float]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        spans = or_(*wanted[start : start + AT_ONCE])
        rows = select(_entry.c.person_id, _entry.c.day, _entry.c.pain).where(
            _entry.c.pain.is_not(None), spans
        )
        for patient_id, day, pain in s.connection().execute(rows):
            found.setdefault(patient_id, {})[day] = pain
    return found


def notes_between(
    s: Session, viewer: access.Viewer, patient_id: int, since: date, until: date
) -> list[NoteRow]:
    """Notes by day; private ones only for the patient and the operator."""
    access.require(s, viewer, patient_id, Kind.NOTES)
    wanted = (
        select(_entry.c.day, _entry.c.note_sealed, _entry.c.note_private, _entry.c.written_by, _entry.c.changed_at)
        .where(
            *_of(viewer, patient_id), _entry.c.day >= since, _entry.c.day <= until,
            _entry.c.note_sealed.is_not(None),
        )
        .order_by(_entry.c.day)
    )  # fmt: skip
    if not (viewer.operator or viewer.person_id == patient_id):
        wanted = wanted.where(_entry.c.note_private.is_(False))
    return [
        NoteRow(row.day, sealing.unseal("entry", f"{patient_id}/{row.day}", "note", row.note_sealed),
                bool(row.note_private), row.written_by == "helper", row.changed_at)
        for row in s.connection().execute(wanted)
    ]  # fmt: skip


def span(s: Session, viewer: access.Viewer, patient_id: int) -> tuple[date, date] | None:
    """The first and last stored day, or None for an empty diary."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    first, last = (
        s.connection()
        .execute(select(func.min(_entry.c.day), func.max(_entry.c.day)).where(*_of(viewer, patient_id)))
        .one()
    )
    return (first, last) if first else None


def last_change(s: Session, viewer: access.Viewer, patient_id: int, until: date) -> datetime | None:
    """The moment of the last revision of any day up to `until`."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    return (
        s.connection()
        .execute(select(func.max(_entry.c.changed_at)).where(*_of(viewer, patient_id), _entry.c.day <= until))
        .scalar()
    )


def open_day(s: Session, viewer: access.Viewer, patient_id: int, day: date) -> OpenDay:
    """A day with its merged fields and conflicts, for the patient's own page."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    rows = s.connection().execute(_stored, {"person": patient_id, "day": day}).all()
    if not rows:
        return OpenDay(day)
    if is_hidden(viewer, patient_id, rows[0].received_at):
        raise access.Hidden
    writes = [write_of(row) for row in rows]
    sources = {write.id: (row.device, row.effective_at) for write, row in zip(writes, rows, strict=True)}
    return OpenDay(day, project(writes, day), writes[-1].id, rows[-1].received_at, sources)


def is_hidden(viewer: access.Viewer, patient_id: int, first_at: datetime) -> bool:
    """Whether an entry that began at a moment was there before a person who is not confirmed yet."""
    hidden = access.hidden_before(viewer, patient_id)
    return hidden is not None and first_at < hidden


def revisions_of(s: Session, viewer: access.Viewer, patient_id: int) -> Iterable[tuple[date, EntryRevision]]:
    """Every revision with its day, oldest day first; for the person's own export."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    wanted = (
        select(Entry.day, EntryRevision)
        .join(EntryRevision, EntryRevision.entry_id == Entry.id)
        .where(Entry.person_id == patient_id)
        .order_by(Entry.day, EntryRevision.number)
    )
    yield from s.execute(wanted)


def days_with_writes(
    s: Session, viewer: access.Viewer, patient_id: int, since: date, until: date
) -> Iterable[tuple[date, int, list[Write]]]:
    """(day, number of revisions, writes in the order they came) of a person's own stored days; one statement."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    rows = s.connection().execute(_stored_days, {"person": patient_id, "since": since, "until": until})
    for day, of_day in groupby(rows, key=lambda row: row.day):
        found = list(of_day)
        if is_hidden(viewer, patient_id, found[0].received_at):
            continue
        yield day, found[0].revisions, [write_of(row) for row in found]


def stored_writes(connection: Connection, patient_id: int, day: date) -> tuple[int | None, int, list[Write]]:
    """The day's entry id, its number of revisions, and its writes in the order they were accepted; for actions."""
    rows = connection.execute(_stored, {"person": patient_id, "day": day}).all()
    if not rows:
        return None, 0, []
    return rows[0].entry_id, rows[0].revisions, [write_of(row) for row in rows]


def first_received(connection: Connection, entry_id: int | None) -> datetime:
    """When the first write of a stored entry came."""
    wanted = select(func.min(_revision.c.received_at)).where(_revision.c.entry_id == entry_id)
    return connection.execute(wanted).scalar_one()


def write_of(row: Any) -> Write:
    """A stored revision as the pure core reads it."""
    fields = json.loads(row.fields)
    if fields.get("note") is not None:
        text = sealing.unseal("entry_revision", row.write_id.hex(), "note", row.note_sealed)
        fields["note"] = Note(text, bool(fields["note"]))
    return Write(
        id=UUID(bytes=row.write_id),
        effective_at=row.effective_at,
        fields=fields,
        base={name: tuple(UUID(i) for i in ids) for name, ids in json.loads(row.base).items()},
        written_by=row.written_by,
        is_timed=row.source != "import" or row.recorded_at is not None,
        names=UUID(bytes=row.names) if row.names else None,
        zone=row.zone,
    )
