"""Planning and recording sessions, what became of commitments, ticks and goals."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.audit.models import SyncWrite
from diary.careteam import access
from diary.careteam.rules import CARE_ROLES, Kind
from diary.lib import clock
from diary.sessions.forms import PLACES, SessionValues
from diary.sessions.models import (
    CareSession,
    CareSessionRevision,
    Commitment,
    CommitmentTick,
    Goal,
    TickRevision,
)
from diary.sessions.queries import commitments_of, tick_writes
from diary.sessions.rules import Agreed, TickWrite, may_tick, standing

COLUMNS = ("kind", "status", "starts_at", "ends_at")
WORDS = ("place", "note", "private_note")


class Changed(Exception):
    """Somebody changed the record since the page was opened."""


@dataclass(frozen=True)
class Recorded:
    """The session after the write, and what became of it: new, changed or unchanged."""

    session: CareSession
    outcome: str


def record_session(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, values: SessionValues, now: datetime, is_shared: bool
) -> Recorded:  # fmt: skip
    """A new session with whoever records it; a care link is enough, Hidden for others."""
    _may_record(viewer, ref)
    stored = CareSession(
        uuid=uuid4(), patient_id=ref.id, clinic_id=ref.clinic_id, with_id=viewer.person_id, kind=values.kind,
        starts_at=values.starts_at, ends_at=values.ends_at, zone=ref.zone, changed_at=now,
    )  # fmt: skip
    _set(stored, values)
    s.add(stored)
    s.flush()
    _store(s, viewer, ref, stored, values, now, is_shared, "session.create")
    _new_goal(s, viewer, ref, values, now)
    return Recorded(stored, "new")


def count_on(s: Session, viewer: access.Viewer, ref: access.PatientRef, day: date) -> int:
    """How many sessions of a patient lie on a day, cancelled ones not counted; for who may record another one."""
    _may_record(viewer, ref)
    begins = datetime.combine(day, time(), clock.zone_of(ref.zone))
    wanted = select(CareSession.id).where(
        CareSession.patient_id == ref.id, CareSession.status != "cancelled",
        CareSession.starts_at >= begins, CareSession.starts_at < begins + timedelta(days=1),
    )  # fmt: skip
    return len(s.scalars(wanted).all())


def amend(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: CareSession, values: SessionValues, now: datetime,
    is_shared: bool, seen_revision: int,
) -> Recorded:  # fmt: skip
    """Another revision of a session; raises Changed when the page was made from an older one.

    What was shared stays shared: it cannot be unread.
    """
    _may_record(viewer, ref)
    if seen_revision != stored.revisions:
        raise Changed
    before = _said(s, stored)
    _set(stored, values)
    is_shared = is_shared or stored.shared_at is not None
    _agree(s, ref, stored, values)
    became = _became(s, viewer, ref, values, now)
    _new_goal(s, viewer, ref, values, now)
    if before == _said(s, stored) and is_shared == (stored.shared_at is not None):
        return Recorded(stored, "changed" if became or values.goal else "unchanged")
    _store(s, viewer, ref, stored, values, now, is_shared, "session.revise")
    return Recorded(stored, "changed")


def cancel(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: CareSession, now: datetime
) -> bool:
    """It will not be held, and stays with its history; False where that was said already."""
    _may_record(viewer, ref)
    if stored.status == "cancelled":
        return False
    stored.status = "cancelled"
    _revise(s, viewer, ref, stored, now, "session.cancel")
    return True


def load(s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID) -> CareSession:
    """A session to be amended, which shows it: for staff with a care link and consent to see sessions."""
    _may_record(viewer, ref)
    access.require(s, viewer, ref.id, Kind.SESSIONS)
    wanted = select(CareSession).where(CareSession.uuid == uuid, CareSession.patient_id == ref.id)
    found = s.scalars(wanted).first()
    if found is None:
        raise access.Hidden
    return found


@dataclass(frozen=True)
class Ticked:
    """What became of a tick: its revision, and whether it holds."""

    revision: int
    holds: bool


def tick(
    s: Session, viewer: access.Viewer, uuid: UUID, day: date, write: TickWrite, today: date, now: datetime, *,
    source: str = "page", device: str = "", recorded_at: datetime | None = None, clock_off: bool = False, zone: str = "",
    zone_assumed: bool = False, is_settled: bool = False, digest: bytes = b"",
) -> Ticked:  # fmt: skip
    """The patient says that a counted commitment was done on a day, or takes it back; page and phone alike.

    A page's write names all that is stored. `is_settled`: this server took it before it was restored. A `digest` is
    a phone's, whose write gets its receipt. Raises Hidden for another's, and where the day can't be said now.
    """
    one_at_a_time(s, viewer.me)
    row = next((one for one in commitments_of(s, viewer, viewer.me) if one.uuid == uuid), None)
    if row is None or not (is_settled or may_tick(row, day, today)):
        raise access.Hidden
    commitment_id = s.scalars(select(Commitment.id).where(Commitment.uuid == uuid)).one()
    writes = tick_writes(s, commitment_id, day)
    if source == "page":
        write = replace(write, base=tuple(one.id for one in writes))
    number = len(writes) + 1
    s.add(
        TickRevision(
            commitment_id=commitment_id, day=day, number=number, write_id=write.id.bytes, is_done=write.is_done,
            base=json.dumps([one.hex for one in write.base]), actor_id=viewer.person_id, device=device, source=source,
            recorded_at=recorded_at, received_at=now, effective_at=write.effective_at, clock_off=clock_off,
            zone=zone or viewer.zone, zone_assumed=zone_assumed,
        )
    )  # fmt: skip
    holding = standing([*writes, write])
    assert holding is not None
    wanted = select(CommitmentTick).where(
        CommitmentTick.commitment_id == commitment_id, CommitmentTick.day == day
    )
    said = s.scalars(wanted).first() or CommitmentTick(commitment_id=commitment_id, day=day, said_at=now)
    said.is_done, said.said_at = holding.is_done, now
    s.add(said)
    holds = holding.is_done == write.is_done
    if digest:
        lost = "" if holds else "done"
        s.add(
            SyncWrite(
                person_id=viewer.me, id=write.id.bytes, digest=digest, revision=number, superseded=lost, received_at=now
            )
        )  # fmt: skip
    s.flush()
    audit.record(s, viewer, "commitment.tick", viewer.me, thing=str(commitment_id))
    return Ticked(number, holds)


def one_at_a_time(s: Session, patient_id: int) -> None:
    """On PostgreSQL two writes of one person wait for each other; on SQLite there is one writer anyway."""
    if s.connection().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(patient_id)))


def set_goal(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, words: str, until_on: date | None, now: datetime,
    was: Goal | None = None,
) -> Goal:  # fmt: skip
    """A goal in the patient's words, said by her or written down by staff; other words for one are another row."""
    _may_write_goals(viewer, ref)
    if was is not None and (was.words, was.until_on) == (words, until_on):
        return was
    today = clock.diary_day(now, ref.zone)
    goal = Goal(
        uuid=uuid4(), patient_id=ref.id, words_sealed=b"", set_on=was.set_on if was else today, until_on=until_on,
        was_id=was.id if was else None, actor_id=viewer.person_id, at=now,
    )  # fmt: skip
    goal.words = words
    s.add(goal)
    s.flush()
    audit.record(
        s,
        viewer,
        "goal.revise" if was else "goal.create",
        ref.id,
        thing=str(goal.id),
        clinic_id=ref.clinic_id,
    )
    return goal


def end_goal(s: Session, viewer: access.Viewer, ref: access.PatientRef, goal: Goal, now: datetime) -> None:
    """It was reached or is no longer wanted; which of them nobody asks."""
    _may_write_goals(viewer, ref)
    if goal.ended_on is not None:
        return
    goal.ended_on = clock.diary_day(now, ref.zone)
    s.add(goal)
    s.flush()
    audit.record(s, viewer, "goal.end", ref.id, thing=str(goal.id), clinic_id=ref.clinic_id)


class Gone(Exception):
    """The goal has other words by now, or was ended."""


def load_goal(s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID) -> Goal:
    """A goal to be changed, as it stands now; raises Gone for one that was changed or ended meanwhile."""
    _may_write_goals(viewer, ref)
    goal = s.scalars(select(Goal).where(Goal.uuid == uuid, Goal.patient_id == ref.id)).first()
    if goal is None:
        raise access.Hidden
    if goal.ended_on or s.scalars(select(Goal.id).where(Goal.was_id == goal.id)).first() is not None:
        raise Gone
    return goal


def _may_record(viewer: access.Viewer, ref: access.PatientRef) -> None:
    if not viewer.operator and not (ref.staff_roles & CARE_ROLES):
        raise access.Hidden


def _may_write_goals(viewer: access.Viewer, ref: access.PatientRef) -> None:
    if viewer.operator or (ref.is_self and viewer.person_id == ref.id):
        return
    if not (ref.staff_roles & CARE_ROLES) or not ref.shares(Kind.SESSIONS):
        raise access.Hidden


def _set(stored: CareSession, values: SessionValues) -> None:
    for name in COLUMNS:
        setattr(stored, name, getattr(values, name))
    for name in WORDS:
        setattr(stored, name, getattr(values, name) or None)


def _store(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: CareSession, values: SessionValues,
    now: datetime, is_shared: bool, action: str,
) -> None:  # fmt: skip
    if is_shared and stored.shared_at is None:
        stored.shared_at = now
    _agree(s, ref, stored, values)
    _became(s, viewer, ref, values, now)
    _revise(s, viewer, ref, stored, now, action)


def _revise(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: CareSession, now: datetime, action: str
) -> None:
    """Write the row with its next revision and its audit event."""
    stored.revisions += 1
    stored.changed_at = now
    s.add(stored)
    s.flush()
    columns, words, agreed = _said(s, stored)
    values = {name: str(value) for name, value in zip(COLUMNS, columns, strict=True)}
    revision = CareSessionRevision(
        uuid=uuid4(), session_id=stored.id, number=stored.revisions, words_sealed=b"", actor_id=viewer.person_id, at=now,
        values=json.dumps(values | {"shared": stored.shared_at is not None}, separators=(",", ":")),
    )  # fmt: skip
    said = dict(zip(WORDS, words, strict=True)) | {
        "agreed": [[one.words, str(one.until_on or ""), one.is_counted] for one in agreed]
    }
    revision.words = json.dumps(said, ensure_ascii=False)
    s.add(revision)
    s.flush()
    audit.record(s, viewer, action, ref.id, thing=str(stored.id), clinic_id=ref.clinic_id)


def _said(s: Session, stored: CareSession) -> tuple[tuple[object, ...], tuple[str, ...], tuple[Agreed, ...]]:
    rows = _stored_agreed(s, stored)
    return (
        tuple(getattr(stored, name) for name in COLUMNS),
        tuple(getattr(stored, name) or "" for name in WORDS),
        tuple(Agreed(row.words or "", row.until_on, row.is_counted) for row in rows.values()),
    )


def _stored_agreed(s: Session, stored: CareSession) -> dict[int, Commitment]:
    wanted = select(Commitment).where(Commitment.session_id == stored.id).order_by(Commitment.place)
    return {row.place: row for row in s.scalars(wanted)}


def _agree(s: Session, ref: access.PatientRef, stored: CareSession, values: SessionValues) -> None:
    """Each place holds what the form says; a place that was emptied stays, without words."""
    there = _stored_agreed(s, stored)
    agreed_on = clock.local(stored.starts_at, stored.zone).date()
    for place in PLACES:
        said, row = values.agreed.get(place), there.get(place)
        if said is None and row is None:
            continue
        row = row or Commitment(
            uuid=uuid4(), patient_id=ref.id, session_id=stored.id, place=place, agreed_on=agreed_on
        )
        row.agreed_on = agreed_on
        row.words = said.words if said else None
        row.until_on = said.until_on if said else None
        row.is_counted = bool(said and said.is_counted)
        s.add(row)
    s.flush()


def _new_goal(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, values: SessionValues, now: datetime
) -> None:
    if values.goal:
        set_goal(s, viewer, ref, values.goal, values.goal_until, now)


def _became(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, values: SessionValues, now: datetime
) -> bool:
    """What became of earlier commitments; those of somebody else, and all that is not shared, are not there."""
    is_any = False
    if values.became and not (viewer.operator or ref.shares(Kind.SESSIONS)):
        raise access.Hidden
    for uuid, outcome in values.became.items():
        row = s.scalars(
            select(Commitment).where(Commitment.uuid == uuid, Commitment.patient_id == ref.id)
        ).first()
        if row is None:
            raise access.Hidden
        if row.outcome == outcome:
            continue
        row.outcome, row.outcome_at, row.outcome_by = outcome, now, viewer.person_id
        s.add(row)
        s.flush()
        audit.record(s, viewer, "commitment.outcome", ref.id, thing=str(row.id), clinic_id=ref.clinic_id)
        is_any = True
    return is_any
