"""The one write path of check-ins and intentions: page and phone end here, and what calls for help is told at once."""

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
from diary.careteam.rules import Kind, Role
from diary.checkins.models import Checkin, CheckinRevision
from diary.checkins.queries import Stored, plan_of, stored
from diary.checkins.rules import ARRIVAL, INTENTION, OWN, WORDS, Fired, fired, matter_of, touched
from diary.entries.actions import Closed, IdReused, Known, UnknownBase, one_at_a_time
from diary.entries.rules import Merged, Note, Write, base_of, merge, renamed, today_for, why_closed
from diary.infusions.models import Infusion
from diary.lib import sealing
from diary.lib.types import from_ms, to_ms
from diary.safety import actions as safety

PAGE, PHONE, STAFF = "page", "phone", "staff"
CANCELLED = "cancelled"


class Cancelled(access.Hidden):
    """The infusion is the patient's own, and was cancelled."""


@dataclass(frozen=True)
class CheckinWrite:
    """One write of a check-in as it reaches the server; `base` is by field from a phone, `seen` a page's last write."""

    id: UUID
    kind: str
    target: UUID
    day: date
    fields: Mapping[str, Any]
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
    help_shown: bool = False
    is_settled: bool = (
        False  # this server took it before it was restored: it is not judged again, and told again
    )


@dataclass(frozen=True)
class Recorded:
    """What became of a write: its id and revision (0 where nothing differed), the outcome by field, the rules fired."""

    id: UUID
    revision: int
    outcome: Mapping[str, str]
    fired: tuple[str, ...] = ()


_checkin = Checkin.__table__  # type: ignore[attr-defined]
_revision = CheckinRevision.__table__  # type: ignore[attr-defined]
_infusion = Infusion.__table__  # type: ignore[attr-defined]
_sync = SyncWrite.__table__  # type: ignore[attr-defined]
_known = (
    select(
        _sync.c.digest, _sync.c.revision, _sync.c.superseded,
        _revision.c.fields, _revision.c.effective_at, _revision.c.clock_off, _revision.c.fired,
    )
    .join_from(
        _sync, _revision,
        (_revision.c.checkin_id == _sync.c.checkin_id) & (_revision.c.number == _sync.c.revision),
    )
    .where(_sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write"))
)  # fmt: skip
_digest = select(_sync.c.digest).where(
    _sync.c.person_id == bindparam("person"), _sync.c.id == bindparam("write")
)


def known_write(s: Session, viewer: access.Viewer, patient_id: int, write_id: UUID) -> Known | None:
    """What is kept of one of the person's own writes of a check-in; None for an id that was never stored as one."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    one_at_a_time(s.connection(), patient_id)
    row = s.connection().execute(_known, {"person": patient_id, "write": write_id.bytes}).first()
    if row is None:
        return None
    return Known(
        row.digest, row.revision, frozenset(json.loads(row.fields)),
        frozenset(row.superseded.split()), row.effective_at, row.clock_off,
    )  # fmt: skip


def record_checkin(s: Session, viewer: access.Viewer, patient_id: int, write: CheckinWrite) -> Recorded:
    """Store one write of a patient's check-in, intention or arrival sheet, or answer a repeat of it.

    An answer that fires opens its flag in the same transaction, whatever becomes of the answer. Raises Hidden for
    anybody else's and for an infusion that is not theirs, Cancelled, Closed, UnknownBase (pages), IdReused.
    """
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    return _record(s, viewer, patient_id, write)


def record_arrival_by_staff(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, write: CheckinWrite
) -> Recorded:
    """The arrival sheet as a clinician fills it in with the patient; the same rules fire. Raises as `record_checkin`."""
    if Role.CLINICIAN not in ref.staff_roles or not ref.shares(Kind.INFUSIONS) or write.kind != ARRIVAL:
        raise access.Hidden
    return _record(s, viewer, ref.id, replace(write, source=STAFF))


def _record(s: Session, viewer: access.Viewer, patient_id: int, write: CheckinWrite) -> Recorded:
    write = replace(write, effective_at=from_ms(to_ms(write.effective_at)))
    connection = s.connection()
    one_at_a_time(connection, patient_id)
    key = {"person": patient_id, "write": write.id.bytes}
    digest = connection.execute(_digest, key).scalar()
    if digest is not None and digest != write.digest:
        if write.source == PHONE:
            raise IdReused
        write = replace(write, id=renamed(write.id, write.digest), names=write.id)
        key = {"person": patient_id, "write": write.id.bytes}
        digest = connection.execute(_digest, key).scalar()
    if digest is not None:
        known = connection.execute(_known, key).one()
        return Recorded(write.id, known.revision, {}, tuple(known.fired.split()))
    infusion_id = _target(s, viewer, patient_id, write)
    found = stored(connection, patient_id, write.kind, infusion_id, write.day)
    hidden = access.hidden_before(viewer, patient_id)
    if found.began_at is not None and hidden is not None and found.began_at < hidden:
        raise Closed("This opens to you when your clinic has confirmed that it is you.")
    if not write.is_settled:
        closed = why_closed(write.day, today_for(write.effective_at, write.zone), found.revisions > 0)
        if closed:
            raise Closed(closed)
    if write.source != PHONE:
        write = _of_page(write, found.writes)
    if not write.fields:
        return Recorded(write.id, 0, {})
    return _store(s, viewer, patient_id, write, infusion_id, found)


def _target(s: Session, viewer: access.Viewer, patient_id: int, write: CheckinWrite) -> int:
    """The infusion that the write is about; cancelled ones take nothing new."""
    wanted = select(_infusion.c.id, _infusion.c.status).where(
        _infusion.c.patient_id == patient_id, _infusion.c.uuid == write.target
    )
    row = s.connection().execute(wanted).first()
    if row is None:
        raise access.Hidden
    if row.status == CANCELLED and not write.is_settled:
        raise Cancelled
    infusion_id: int = row.id
    return infusion_id


def _of_page(write: CheckinWrite, writes: list[Write]) -> CheckinWrite:
    """The write with only the fields that differ from what its page showed, and their base by field."""
    place = -1
    if write.seen is not None:
        place = next((n for n, one in enumerate(writes) if one.id == write.seen), -1)
        if place < 0:
            raise UnknownBase
    own = [one for one in writes[place + 1 :] if write.names and write.names in (one.id, one.names)]
    shown = merge(writes[: place + 1] + own)
    fields = touched(shown, write.fields, settles=True)
    return replace(write, fields=fields, base=base_of(shown, fields, write.names))


def _store(
    s: Session, viewer: access.Viewer, patient_id: int, write: CheckinWrite, infusion_id: int, found: Stored
) -> Recorded:
    connection = s.connection()
    rules = _rules(s, viewer, patient_id, write)
    new = Write(write.id, write.effective_at, write.fields, write.base, names=write.names, zone=write.zone)
    fields = merge([*found.writes, new])
    number = found.revisions + 1
    values = _values(patient_id, write, infusion_id, fields, number)
    checkin_id = found.id
    if checkin_id is None:
        row = {"person_id": patient_id, "kind": write.kind, "infusion_id": infusion_id, "day": write.day}
        row |= {"began_at": write.received_at} | values
        checkin_id = connection.execute(_checkin.insert(), row).inserted_primary_key[0]
    else:
        connection.execute(_checkin.update().where(_checkin.c.id == checkin_id), values)
    connection.execute(_revision.insert(), _revision_values(viewer, write, checkin_id, number, rules))
    superseded = sorted(name for name in write.fields if fields[name].value != write.fields[name])
    connection.execute(
        _sync.insert(),
        {
            "person_id": patient_id, "id": write.id.bytes, "digest": write.digest, "checkin_id": checkin_id,
            "revision": number, "superseded": " ".join(superseded), "received_at": write.received_at,
        },
    )  # fmt: skip
    audit.record(
        s, viewer, f"{write.kind}.{'create' if number == 1 else 'revise'}", patient_id, thing=str(checkin_id)
    )
    for one in rules:
        safety.open_flag(
            s, viewer, patient_id, one.rule, one.matter, write.effective_at, write.received_at,
            write_id=write.id, resent=write.is_settled, answer=one.answer,
        )  # fmt: skip
    if rules and write.help_shown:
        audit.record(s, viewer, "help.shown", patient_id, thing=str(checkin_id))
    outcome = {name: "superseded" if name in superseded else "applied" for name in write.fields}
    return Recorded(write.id, number, outcome, tuple(one.rule for one in rules))


def _rules(s: Session, viewer: access.Viewer, patient_id: int, write: CheckinWrite) -> list[Fired]:
    """What the write's own answers fire: looked at before it is stored, against the askings of earlier days."""
    if write.kind == INTENTION:
        return []
    urine = any(write.fields.get(name) for name in ("urine_often", "urine_pain"))
    if not urine and write.kind != ARRIVAL:
        return fired(write.fields, write.target, {})
    found = plan_of(s, patient_id, access.hidden_before(viewer, patient_id))
    about = matter_of(write.kind, write.target, found.given)
    return fired(write.fields, about, found.urine_from(write.day) if urine else {})


def _values(
    patient_id: int, write: CheckinWrite, infusion_id: int, fields: Mapping[str, Merged], number: int
) -> dict[str, Any]:
    words: Note | None = _value(fields, box := WORDS.get(write.kind, ""))
    own = _value(fields, OWN)
    plain = {
        name: merged.value
        for name, merged in fields.items()
        if name not in (OWN, box) and merged.value is not None
    }
    place = f"{patient_id}/{write.kind}/{infusion_id}/{write.day}"
    return {
        "answers": json.dumps(plain, separators=(",", ":"), sort_keys=True),
        "own_sealed": sealing.seal("checkin", place, "own", own) if own else None,
        "words_sealed": sealing.seal("checkin", place, "words", words.text or "") if words else None,
        "words_private": bool(words.private) if words else True,
        "revisions": number,
        "has_conflict": any(merged.conflicts for merged in fields.values()),
        "last_write": write.id.bytes,
        "changed_at": write.received_at,
    }


def _value(fields: Mapping[str, Merged], name: str) -> Any:
    return fields[name].value if name in fields else None


def _revision_values(
    viewer: access.Viewer, write: CheckinWrite, checkin_id: int, number: int, rules: Sequence[Fired]
) -> dict[str, Any]:
    box = WORDS.get(write.kind, "")
    words: Note | None = write.fields.get(box)
    own = write.fields.get(OWN)
    fields = dict(write.fields)
    if words is not None:
        fields[box] = bool(words.private)
    if own is not None:
        fields[OWN] = True
    base = {name: [i.hex for i in ids] for name, ids in write.base.items() if ids}
    row = write.id.bytes.hex()
    return {
        "checkin_id": checkin_id,
        "number": number,
        "write_id": write.id.bytes,
        "names": write.names.bytes if write.names else None,
        "actor_id": viewer.person_id,
        "device": write.device,
        "source": write.source,
        "recorded_at": write.recorded_at,
        "received_at": write.received_at,
        "effective_at": write.effective_at,
        "clock_off": write.clock_off,
        "zone": write.zone,
        "zone_assumed": write.zone_assumed,
        "fields": json.dumps(fields, separators=(",", ":")),
        "base": json.dumps(base, separators=(",", ":")),
        "own_sealed": sealing.seal("checkin_revision", row, "own", own) if own else None,
        "words_sealed": sealing.seal("checkin_revision", row, "words", words.text or "") if words else None,
        "fired": " ".join(one.rule for one in rules),
        "help_shown": write.help_shown,
        "resent": write.is_settled,
    }
