"""The one write path of a day: page, phone and file all end here, in one transaction, once per write id."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, func, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.audit.models import SyncWrite
from diary.careteam import access
from diary.entries.models import Entry, EntryRevision, OwnSymptom
from diary.entries.queries import factors_known, first_received, stored_writes
from diary.entries.rules import (
    EXTRAS,
    FACTOR_NAME,
    MOST_OWN,
    NUMBERS,
    OWN,
    SCORES,
    Note,
    Projection,
    Write,
    base_of,
    late_bits,
    merge,
    project,
    renamed,
    signed_anew,
    today_for,
    touched,
    why_closed,
    writer_of,
)
from diary.lib import sealing
from diary.lib.types import from_ms, to_ms

PAGE, PHONE, IMPORT = "page", "phone", "import"


class Closed(Exception):
    """The day can't be written now; the words say why."""


class UnknownSymptom(Exception):
    """A score is for an own symptom that this person never named; carries the field's name."""


class UnknownBase(Exception):
    """The page was made from a write that this server does not hold; carries what is stored now."""


class IdReused(Exception):
    """A phone sent the same id with another body."""


@dataclass(frozen=True)
class DayWrite:
    """One write of a day as it reaches the server; `base` is by field from a phone, `seen` a page's last write."""

    id: UUID
    day: date
    fields: Mapping[str, Any]
    received_at: datetime
    effective_at: datetime
    zone: str
    source: str = PAGE
    device: str = ""
    written_by: str | None = None
    recorded_at: datetime | None = None
    clock_off: bool = False
    zone_assumed: bool = False
    base: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    seen: UUID | None = None
    digest: bytes = b""
    names: UUID | None = None
    is_settled: bool = False  # this server took it before it was restored: the day is not judged again


@dataclass(frozen=True)
class Known:
    """What is kept of a stored write: enough to answer a repeat of it."""

    digest: bytes
    revision: int
    fields: frozenset[str]
    superseded: frozenset[str]
    effective_at: datetime
    clock_off: bool


@dataclass(frozen=True)
class Recorded:
    """What became of a write: its id and revision (0 where nothing differed), and by field what happened."""

    id: UUID
    revision: int
    outcome: Mapping[str, str]
    projection: Projection | None = None
    is_new: bool = False
    is_page_old: bool = False  # others wrote meanwhile, or may have: what the page shows is not all there is


_entry = Entry.__table__  # type: ignore[attr-defined]
_revision = EntryRevision.__table__  # type: ignore[attr-defined]
_sync = SyncWrite.__table__  # type: ignore[attr-defined]
_own = OwnSymptom.__table__  # type: ignore[attr-defined]
_known = select(_sync.c.digest, _sync.c.revision, _sync.c.superseded).where(
    _sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write")
)
_known_whole = (
    select(
        _sync.c.digest, _sync.c.revision, _sync.c.superseded,
        _revision.c.fields, _revision.c.effective_at, _revision.c.clock_off,
    )
    .join_from(
        _sync, _revision,
        (_revision.c.entry_id == _sync.c.entry_id) & (_revision.c.number == _sync.c.revision),
    )
    .where(_sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write"))
)  # fmt: skip
_insert_entry = _entry.insert()
_update_entry = _entry.update().where(_entry.c.id == bindparam("entry_id"))
_insert_revision = _revision.insert().inline()
_insert_sync = _sync.insert().inline()


def record_entry(s: Session, viewer: access.Viewer, patient_id: int, write: DayWrite) -> Recorded:
    """Store one write of a patient's day, or answer a repeat of it from its receipt.

    Raises Hidden for anybody else's day, Closed, UnknownBase (pages), IdReused (phones).
    """
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    # Nothing is decided by less than what is stored: the row and the rule would differ.
    write = replace(write, effective_at=from_ms(to_ms(write.effective_at)))
    connection = s.connection()
    one_at_a_time(connection, patient_id)
    known = connection.execute(_known, {"person": patient_id, "write": write.id.bytes}).first()
    if known is not None and known.digest == write.digest:
        return _repeat(write.id, known)
    if known is not None:
        if write.source != PAGE:
            raise IdReused
        write = replace(write, id=renamed(write.id, write.digest), names=write.id)
        known = connection.execute(_known, {"person": patient_id, "write": write.id.bytes}).first()
        if known is not None:
            return _repeat(write.id, known)
    entry_id, revisions, writes = stored_writes(connection, patient_id, write.day)
    hidden = access.hidden_before(viewer, patient_id)
    if writes and hidden is not None and first_received(connection, entry_id) < hidden:
        raise Closed("This day opens to you when your clinic has confirmed that it is you.")
    if write.source != IMPORT and not write.is_settled:
        closed = why_closed(write.day, today_for(write.effective_at, write.zone), revisions > 0)
        if closed:
            raise Closed(closed)
    is_page_old = write.source == PAGE and len(_seen_by_page(write, writes)) < len(writes)
    write = _resolved(write, writes)
    if not write.fields:
        return Recorded(write.id, 0, {}, is_page_old=is_page_old)
    if not write.is_settled:
        _all_named(s, patient_id, write.fields)
    stored = _store(s, viewer, patient_id, write, entry_id, revisions, writes)
    return replace(stored, is_page_old=is_page_old)


def _all_named(s: Session, patient_id: int, fields: Mapping[str, Any]) -> None:
    """Retired ones may be told: a phone may have written before it knew."""
    factors = {name for name in fields if FACTOR_NAME.fullmatch(name)}
    if factors:
        for name in sorted(factors - {one.key for one in factors_known(s, patient_id)}):
            raise UnknownSymptom(name)
    own = {name for name in fields if name.startswith(OWN)}
    if not own:
        return
    connection = s.connection()
    wanted = select(_own.c.uuid).where(_own.c.person_id == patient_id)
    named = {OWN + uuid.hex for uuid in connection.execute(wanted).scalars()}
    for name in sorted(own - named):
        raise UnknownSymptom(name)


def known_write(s: Session, viewer: access.Viewer, patient_id: int, write_id: UUID) -> Known | None:
    """What is kept of one of the person's own writes; None for an id that was never stored."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    connection = s.connection()
    one_at_a_time(connection, patient_id)
    row = connection.execute(_known_whole, {"person": patient_id, "write": write_id.bytes}).first()
    if row is None:
        return None
    return Known(
        row.digest, row.revision, frozenset(json.loads(row.fields)),
        frozenset(row.superseded.split()), row.effective_at, row.clock_off,
    )  # fmt: skip


def one_at_a_time(connection: Connection, patient_id: int) -> None:
    """On PostgreSQL two writes of one person wait for each other; on SQLite there is one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(patient_id)))


def _repeat(write_id: UUID, known: Any) -> Recorded:
    superseded = set(known.superseded.split()) if known.superseded else set()
    outcome = dict.fromkeys(superseded, "superseded")
    return Recorded(write_id, known.revision, outcome, is_page_old=True)


def _resolved(write: DayWrite, writes: list[Write]) -> DayWrite:
    """The write with only the fields that differ from what its screen showed, and their base by field."""
    if write.source == PHONE:
        return write
    if write.source == IMPORT:
        shown = merge(writes)
        fields = imported_fields(writes, write.fields, write.written_by)
        return replace(write, fields=fields, base=base_of(shown, fields))
    seen = _seen_by_page(write, writes)
    shown = merge(seen)
    fields = touched(shown, write.fields, settles=True)
    if write.written_by and shown and write.written_by != writer_of(seen, shown):
        fields = signed_anew(shown, merge(writes)) | fields
    return replace(write, fields=fields, base=base_of(shown, fields, write.names))


def imported_fields(writes: list[Write], typed: Mapping[str, Any], written_by: str | None) -> dict[str, Any]:
    """What a file's row writes: the cells that differ, and where it names another writer all that is shown."""
    shown = merge(writes)
    fields = touched(shown, typed)
    if written_by and shown and written_by != writer_of(writes, shown):
        fields = signed_anew(shown, shown) | fields
    return fields


def _seen_by_page(write: DayWrite, writes: list[Write]) -> list[Write]:
    """What the page showed: the writes up to its base, and what the same page sent before."""
    place = -1
    if write.seen is not None:
        place = next((n for n, stored in enumerate(writes) if stored.id == write.seen), -1)
        if place < 0:
            raise UnknownBase
    own = [
        stored for stored in writes[place + 1 :] if write.names in (stored.id, stored.names) and write.names
    ]
    return writes[: place + 1] + own


def _store(
    s: Session, viewer: access.Viewer, patient_id: int, write: DayWrite,
    entry_id: int | None, revisions: int, writes: list[Write],
) -> Recorded:  # fmt: skip
    connection = s.connection()
    is_timed = write.source != IMPORT or write.recorded_at is not None
    written_by = write.written_by or (writes[-1].written_by if writes and write.source == PAGE else "self")
    stored = Write(
        write.id, write.effective_at, write.fields, write.base, written_by, is_timed, write.names, write.zone
    )  # fmt: skip
    projection = project([*writes, stored], write.day)
    number = revisions + 1
    values = _entry_values(patient_id, write, projection, number)
    if entry_id is None:
        entry_id = connection.execute(
            _insert_entry, {"person_id": patient_id, "day": write.day, **values}
        ).inserted_primary_key[0]
    else:
        connection.execute(_update_entry, {"entry_id": entry_id, **values})
    connection.execute(_insert_revision, _revision_values(viewer, write, entry_id, number, written_by))
    superseded = sorted(name for name in write.fields if projection.fields[name].value != write.fields[name])
    connection.execute(
        _insert_sync,
        {
            "person_id": patient_id, "id": write.id.bytes, "digest": write.digest,
            "entry_id": entry_id, "revision": number,
            "superseded": " ".join(superseded), "received_at": write.received_at,
        },
    )  # fmt: skip
    audit.record(
        s, viewer, "entry.create" if number == 1 else "entry.revise", patient_id, thing=str(entry_id)
    )
    outcome = {name: "superseded" if name in superseded else "applied" for name in write.fields}
    return Recorded(write.id, number, outcome, projection, is_new=number == 1)


def _entry_values(patient_id: int, write: DayWrite, projection: Projection, number: int) -> dict[str, Any]:
    note: Note | None = projection.value("note")
    return {
        **{name: projection.value(name) for name in (*SCORES, *NUMBERS)},
        "unwell": bool(projection.value("unwell")),
        "written_by": projection.written_by,
        "note_sealed": sealing.seal("entry", f"{patient_id}/{write.day}", "note", note.text or "")
        if note
        else None,
        "note_private": bool(note and note.private),
        "late": late_bits(projection.late),
        "skipped": late_bits(projection.skipped),
        "revisions": number,
        "has_conflict": projection.has_conflict,
        "last_write": write.id.bytes,
        "changed_at": write.received_at,
        "extras": _extras(projection),
    }


def _extras(projection: Projection) -> str | None:
    """What was added to the day, as JSON: only what is marked; None where nothing is."""
    of_clinic = sorted(name for name in projection.fields if FACTOR_NAME.fullmatch(name))
    marked = {name: projection.value(name) for name in (*EXTRAS, *of_clinic) if projection.value(name)}
    scored = {name: projection.value(name) for name in sorted(projection.fields) if name.startswith(OWN)}
    marked |= {name: score for name, score in scored.items() if score is not None}  # 0 is an answer
    return json.dumps(marked, separators=(",", ":")) if marked else None


def _revision_values(
    viewer: access.Viewer, write: DayWrite, entry_id: int, number: int, written_by: str
) -> dict[str, Any]:
    note = write.fields.get("note")
    fields = {**write.fields, "note": note.private} if note else write.fields
    base = {name: [i.hex for i in ids] for name, ids in write.base.items() if ids}
    return {
        "entry_id": entry_id,
        "number": number,
        "write_id": write.id.bytes,
        "names": write.names.bytes if write.names else None,
        "actor_id": viewer.person_id,
        "device": write.device,
        "source": write.source,
        "written_by": written_by,
        "recorded_at": write.recorded_at,
        "received_at": write.received_at,
        "effective_at": write.effective_at,
        "clock_off": write.clock_off,
        "zone": write.zone,
        "zone_assumed": write.zone_assumed,
        "fields": json.dumps(fields, separators=(",", ":")),
        "base": json.dumps(base, separators=(",", ":")),
        "note_sealed": sealing.seal("entry_revision", write.id.bytes.hex(), "note", note.text or "")
        if note
        else None,
    }


# Own symptoms ---------------------------------------------------------------------------------------


class TooMany(Exception):
    """Five own symptoms are scored already."""


def _own_of(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> OwnSymptom:
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    wanted = select(OwnSymptom).where(OwnSymptom.uuid == uuid, OwnSymptom.person_id == patient_id)  # type: ignore[arg-type]
    found = s.execute(wanted).scalar()
    if found is None:
        raise access.Hidden
    return found


def _room_for_one(s: Session, patient_id: int) -> None:
    one_at_a_time(s.connection(), patient_id)
    wanted = select(func.count()).where(_own.c.person_id == patient_id, _own.c.retired_at.is_(None))
    if s.connection().execute(wanted).scalar_one() >= MOST_OWN:
        raise TooMany


def name_symptom(s: Session, viewer: access.Viewer, patient_id: int, name: str, now: datetime) -> OwnSymptom:
    """Another own symptom; TooMany where five are scored already, Hidden for anybody else."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    _room_for_one(s, patient_id)
    one = OwnSymptom(uuid=uuid4(), person_id=patient_id, created_at=now, changed_at=now)
    one.name = name
    s.add(one)
    s.flush()
    audit.record(s, viewer, "symptom.name", patient_id, thing=str(one.id))
    return one


def rename_symptom(
    s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID, name: str, now: datetime
) -> None:
    """The same symptom by another name; its scores stay its own."""
    one = _own_of(s, viewer, patient_id, uuid)
    one.name, one.changed_at = name, now
    s.add(one)
    audit.record(s, viewer, "symptom.rename", patient_id, thing=str(one.id))


def retire_symptom(
    s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID, now: datetime, retired: bool = True
) -> None:
    """Ask for it no more, or again; its scores stay. TooMany where five others are scored already."""
    one = _own_of(s, viewer, patient_id, uuid)
    if (one.retired_at is not None) == retired:
        return
    if not retired:
        _room_for_one(s, patient_id)
    one.retired_at, one.changed_at = (now if retired else None), now
    s.add(one)
    audit.record(s, viewer, "symptom.retire" if retired else "symptom.resume", patient_id, thing=str(one.id))


def imported(day: date, fields: Mapping[str, Any], zone: str, now: datetime, written_by: str | None = None,
             recorded_at: datetime | None = None) -> DayWrite:  # fmt: skip
    """A row of a file as a write: it has seen what is stored, and its moment is the file's or unknown."""
    return DayWrite(
        id=uuid4(), day=day, fields=fields, received_at=now, effective_at=recorded_at or now, zone=zone,
        source=IMPORT, device="import", written_by=written_by, recorded_at=recorded_at, digest=bytes(32),
    )  # fmt: skip
