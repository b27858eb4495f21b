"""The one write path of a word from a good day: page and phone end here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.audit.models import SyncWrite
from diary.careteam import access
from diary.entries.actions import Closed, IdReused, Known, UnknownBase, one_at_a_time
from diary.entries.rules import Write, base_of, merge, renamed, today_for, touched, why_closed
from diary.goodday.models import GoodDayWord
from diary.goodday.queries import Stored, stored
from diary.goodday.rules import WORD
from diary.lib import sealing
from diary.lib.types import from_ms, to_ms

PAGE, PHONE = "page", "phone"


@dataclass(frozen=True)
class WordWrite:
    """One write as it reaches the server; `base` is from a phone, `seen` a page's last write.

    `target` is whom the word is for: oneself, and nobody else.
    """

    id: UUID
    target: UUID
    day: date
    fields: Mapping[str, str | None]
    received_at: datetime
    effective_at: datetime
    zone: str
    source: str = PAGE
    device: str = ""
    recorded_at: datetime | None = None
    clock_off: bool = False
    zone_assumed: bool = False
    base: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    seen: UUID | None = None
    digest: bytes = b""
    names: UUID | None = None
    is_settled: bool = False  # this server took it before it was restored: the day is not judged again


@dataclass(frozen=True)
class Recorded:
    """What became of a write: its id and revision (0 where nothing differed), and by field what happened."""

    id: UUID
    revision: int
    outcome: Mapping[str, str]


_word = GoodDayWord.__table__  # type: ignore[attr-defined]
_sync = SyncWrite.__table__  # type: ignore[attr-defined]
_known = (
    select(_sync.c.digest, _sync.c.revision, _sync.c.superseded, _word.c.effective_at, _word.c.clock_off)
    .join_from(_sync, _word, (_word.c.person_id == _sync.c.person_id) & (_word.c.write_id == _sync.c.id))
    .where(_sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write"))
)
_digest = select(_sync.c.digest, _sync.c.revision).where(
    _sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write")
)


def known_write(s: Session, viewer: access.Viewer, patient_id: int, write_id: UUID) -> Known | None:
    """What is kept of one of the person's own writes of a word; None for an id that was never stored as one."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    one_at_a_time(s.connection(), patient_id)
    row = s.connection().execute(_known, {"person": patient_id, "write": write_id.bytes}).first()
    if row is None:
        return None
    lost = frozenset(row.superseded.split())
    return Known(row.digest, row.revision, frozenset({WORD}), lost, row.effective_at, row.clock_off)


def record_word(s: Session, viewer: access.Viewer, patient: access.PatientRef, write: WordWrite) -> Recorded:
    """Store one write of a person's word, or answer a repeat of it.

    Raises Hidden for anybody else's, Closed, UnknownBase (pages), IdReused (phones).
    """
    if not (viewer.operator or viewer.person_id == patient.id) or write.target != patient.uuid:
        raise access.Hidden
    write = replace(write, effective_at=from_ms(to_ms(write.effective_at)))
    connection = s.connection()
    one_at_a_time(connection, patient.id)
    known = connection.execute(_digest, {"person": patient.id, "write": write.id.bytes}).first()
    if known is not None and known.digest != write.digest:
        if write.source != PAGE:
            raise IdReused
        write = replace(write, id=renamed(write.id, write.digest), names=write.id)
        known = connection.execute(_digest, {"person": patient.id, "write": write.id.bytes}).first()
    if known is not None:
        return Recorded(write.id, known.revision, {})
    found = stored(connection, patient.id)
    hidden = access.hidden_before(viewer, patient.id)
    if hidden is not None and found.began_at is not None and found.began_at < hidden:
        raise Closed("This opens to you when your clinic has confirmed that it is you.")
    if not write.is_settled:
        closed = why_closed(write.day, today_for(write.effective_at, write.zone))
        if closed:
            raise Closed(closed)
    if write.source == PAGE:
        write = _of_page(write, found.writes)
    if not write.fields:
        return Recorded(write.id, 0, {})
    return _store(s, viewer, patient.id, write, found)


def _of_page(write: WordWrite, writes: list[Write]) -> WordWrite:
    """The write with its field only where that differs from what its page showed, and the base of it."""
    place = -1
    if write.seen is not None:
        place = next((n for n, one in enumerate(writes) if one.id == write.seen), -1)
        if place < 0:
            raise UnknownBase
    own = [one for one in writes[place + 1 :] if write.names and write.names in (one.id, one.names)]
    shown = merge(writes[: place + 1] + own)
    fields = touched(shown, write.fields, settles=True)
    return replace(write, fields=fields, base=base_of(shown, fields, write.names))


def _store(s: Session, viewer: access.Viewer, patient_id: int, write: WordWrite, found: Stored) -> Recorded:
    new = Write(write.id, write.effective_at, write.fields, write.base, names=write.names, zone=write.zone)
    stands = merge([*found.writes, new])[WORD]
    number = len(found.writes) + 1
    connection = s.connection()
    row_id = connection.execute(
        _word.insert(), _values(viewer, patient_id, write, number)
    ).inserted_primary_key[0]
    superseded = WORD if stands.value != write.fields[WORD] else ""
    connection.execute(
        _sync.insert(),
        {
            "person_id": patient_id, "id": write.id.bytes, "digest": write.digest, "revision": number,
            "superseded": superseded, "received_at": write.received_at,
        },
    )  # fmt: skip
    audit.record(s, viewer, "word.keep", patient_id, thing=str(row_id))
    return Recorded(write.id, number, {WORD: "superseded" if superseded else "applied"})


def _values(viewer: access.Viewer, patient_id: int, write: WordWrite, number: int) -> dict[str, Any]:
    text = write.fields[WORD]
    return {
        "person_id": patient_id,
        "number": number,
        "write_id": write.id.bytes,
        "names": write.names.bytes if write.names else None,
        "actor_id": viewer.person_id,
        "device": write.device,
        "source": write.source,
        "day": write.day,
        "recorded_at": write.recorded_at,
        "received_at": write.received_at,
        "effective_at": write.effective_at,
        "clock_off": write.clock_off,
        "zone": write.zone,
        "zone_assumed": write.zone_assumed,
        "base": json.dumps([i.hex for i in write.base.get(WORD, ())]),
        "word_sealed": sealing.seal("good_day_word", write.id.bytes.hex(), "word", text) if text else None,
    }
