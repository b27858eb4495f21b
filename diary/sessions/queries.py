"""Reads of sessions, commitments and goals; what was not shared never reaches the patient."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.audit.models import SyncWrite
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.lib import clock
from diary.sessions.models import (
    CareSession,
    CareSessionRevision,
    Commitment,
    CommitmentTick,
    Goal,
    TickRevision,
)
from diary.sessions.rules import KINDS, CommitmentRow, TickWrite


@dataclass(frozen=True)
class SessionRow:
    """A session as this viewer may see it: a patient neither private notes nor what is not shared yet."""

    id: int
    uuid: UUID
    kind: str
    status: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    who: str
    place: str
    note: str
    private_note: str
    shared_at: datetime | None
    revision: int

    @property
    def start(self) -> datetime:
        return clock.local(self.starts_at, self.zone)

    @property
    def end(self) -> datetime:
        return clock.local(self.ends_at, self.zone)

    @property
    def day(self) -> date:
        return self.start.date()

    @property
    def kind_words(self) -> str:
        return KINDS[self.kind]

    def is_ahead(self, now: datetime) -> bool:
        """Whether it is planned and not over."""
        return self.status == "planned" and self.ends_at >= now

    def is_unrecorded(self, now: datetime) -> bool:
        """Whether it was planned, is over, and nobody has said whether it was held."""
        return self.status == "planned" and self.ends_at < now


@dataclass(frozen=True)
class GoalRow:
    """A goal as it stands."""

    uuid: UUID
    words: str
    set_on: date
    until_on: date | None
    ended_on: date | None


@dataclass(frozen=True)
class SessionChange:
    """One revision of a session's record: its number, when, and by whom."""

    number: int
    at: datetime
    who: str


def sessions_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[SessionRow]:
    """Every session of a patient, earliest first."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    return _rows(s, viewer, patient_id)


def session_row(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> SessionRow:
    """One session of a patient; Hidden where there is none of that id."""
    for row in sessions_of(s, viewer, patient_id):
        if row.uuid == uuid:
            return row
    raise access.Hidden


def _rows(s: Session, viewer: access.Viewer, patient_id: int) -> list[SessionRow]:
    stored = s.scalars(
        select(CareSession)
        .where(CareSession.patient_id == patient_id)
        .order_by(CareSession.starts_at, CareSession.id)
    ).all()
    names = _names(s, (one.with_id for one in stored))
    is_self = viewer.person_id == patient_id and not viewer.operator
    found = []
    for one in stored:
        is_shown = not is_self or one.shared_at is not None
        found.append(
            SessionRow(
                one.id,
                one.uuid,
                one.kind,
                one.status,
                one.starts_at,
                one.ends_at,
                one.zone,
                names.get(one.with_id or 0, ""),
                one.place or "",
                (one.note or "") if is_shown else "",
                "" if is_self else one.private_note or "",
                one.shared_at,
                one.revisions,
            )
        )
    return found


def _names(s: Session, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {one for one in ids if one is not None}
    return {person.id: person.name for person in s.scalars(select(Person).where(Person.id.in_(wanted)))}


def commitments_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[CommitmentRow]:
    """What was agreed on with a patient, earliest first; for the patient only what was shared."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    is_self = viewer.person_id == patient_id and not viewer.operator
    wanted = (
        select(Commitment, CareSession.uuid, CareSession.zone)
        .join(CareSession, CareSession.id == Commitment.session_id)
        .where(Commitment.patient_id == patient_id, CareSession.status != "cancelled")
        .order_by(Commitment.agreed_on, Commitment.session_id, Commitment.place)
    )
    if is_self:
        wanted = wanted.where(CareSession.shared_at.is_not(None))
    rows = s.execute(wanted).all()
    ticks = _ticks(s, [row.id for row, *_ in rows])
    return [
        CommitmentRow(
            row.uuid,
            session,
            row.place,
            row.words,
            row.agreed_on,
            row.until_on,
            row.is_counted,
            row.outcome,
            ticks.get(row.id, frozenset()),
            clock.local(row.outcome_at, session_zone).date() if row.outcome_at else None,
        )
        for row, session, session_zone in rows
        if row.words
    ]


def tick_writes(s: Session, commitment_id: int, day: date) -> list[TickWrite]:
    """Every write of a day's tick, for the action that adds one."""
    wanted = select(TickRevision).where(TickRevision.commitment_id == commitment_id, TickRevision.day == day)
    return [
        TickWrite(
            UUID(bytes=row.write_id), row.effective_at, row.is_done, tuple(map(UUID, json.loads(row.base)))
        )
        for row in s.scalars(wanted.order_by(TickRevision.number))
    ]


def ticks_seen(s: Session, viewer: access.Viewer, patient_id: int, day: date) -> dict[UUID, list[UUID]]:
    """By commitment the writes of one day's tick, for the screen that shows what they amount to."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    wanted = (
        select(Commitment.uuid, TickRevision.write_id)
        .join(TickRevision, TickRevision.commitment_id == Commitment.id)
        .where(Commitment.patient_id == patient_id, TickRevision.day == day)
    )
    found: dict[UUID, list[UUID]] = {}
    for row in s.execute(wanted):
        found.setdefault(row.uuid, []).append(UUID(bytes=row.write_id))
    return found


@dataclass(frozen=True, slots=True)
class KnownTick:
    """What is kept of a phone's tick, by which its repeat is answered."""

    digest: bytes
    revision: int
    is_superseded: bool
    effective_at: datetime
    clock_off: bool


def known_tick(s: Session, viewer: access.Viewer, write_id: UUID) -> KnownTick | None:
    """One of the viewer's own stored ticks; None for an id that was never stored as one."""
    wanted = (
        select(SyncWrite, TickRevision)
        .join(TickRevision, TickRevision.write_id == SyncWrite.id)
        .join(Commitment, Commitment.id == TickRevision.commitment_id)
        .where(
            SyncWrite.person_id == viewer.me,
            SyncWrite.id == write_id.bytes,
            Commitment.patient_id == viewer.me,
        )
    )
    found = s.execute(wanted).first()
    if found is None:
        return None
    receipt, said = found
    return KnownTick(
        receipt.digest, receipt.revision, bool(receipt.superseded), said.effective_at, said.clock_off
    )


def _ticks(s: Session, ids: Sequence[int]) -> dict[int, frozenset[date]]:
    found: dict[int, set[date]] = {}
    wanted = select(CommitmentTick.commitment_id, CommitmentTick.day).where(
        CommitmentTick.commitment_id.in_(ids), CommitmentTick.is_done
    )
    for commitment_id, day in s.execute(wanted):
        found.setdefault(commitment_id, set()).add(day)
    return {one: frozenset(days) for one, days in found.items()}


def goals_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[GoalRow]:
    """A patient's goals, those that go on first, each in the order in which they were set."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    rows = s.scalars(select(Goal).where(Goal.patient_id == patient_id).order_by(Goal.set_on, Goal.id)).all()
    replaced = {row.was_id for row in rows}
    found = [
        GoalRow(row.uuid, row.words, row.set_on, row.until_on, row.ended_on)
        for row in rows
        if row.id not in replaced
    ]
    return sorted(found, key=lambda row: row.ended_on is not None)


def last_change(s: Session, viewer: access.Viewer, patient_id: int) -> datetime | None:
    """The moment of the last change of any session, commitment or goal of a patient."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    moments = (
        select(func.max(CareSession.changed_at)).where(CareSession.patient_id == patient_id),
        select(func.max(Commitment.outcome_at)).where(Commitment.patient_id == patient_id),
        select(func.max(CommitmentTick.said_at))
        .join(Commitment, Commitment.id == CommitmentTick.commitment_id)
        .where(Commitment.patient_id == patient_id),
        select(func.max(Goal.at)).where(Goal.patient_id == patient_id),
    )
    found = (s.execute(one).scalar() for one in moments)
    return max((moment for moment in found if moment is not None), default=None)


def revisions_of(s: Session, viewer: access.Viewer, patient_id: int, session_id: int) -> list[SessionChange]:
    """Who changed a session's record, oldest first."""
    access.require(s, viewer, patient_id, Kind.SESSIONS)
    if viewer.person_id == patient_id and not viewer.operator:
        raise access.Hidden
    wanted = (
        select(CareSessionRevision)
        .join(CareSession, CareSession.id == CareSessionRevision.session_id)
        .where(CareSession.id == session_id, CareSession.patient_id == patient_id)
        .order_by(CareSessionRevision.number)
    )
    rows = s.scalars(wanted).all()
    names = _names(s, (row.actor_id for row in rows))
    return [SessionChange(row.number, row.at, names.get(row.actor_id or 0, "the operator")) for row in rows]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the caseload says of a patient's sessions: the next start, the last one held, the last days of open commitments."""

    next_at: datetime | None = None
    until: tuple[date, ...] = ()
    last_at: datetime | None = None


_shared = CareSession.patient_id.in_(access.sharing(Kind.SESSIONS))  # type: ignore[attr-defined]
_nexts = (
    select(CareSession.patient_id, func.min(CareSession.starts_at))
    .where(_shared, CareSession.status == "planned", CareSession.starts_at >= bindparam("now"))
    .group_by(CareSession.patient_id)
)
_lasts = (
    select(CareSession.patient_id, func.max(CareSession.starts_at))
    .where(_shared, CareSession.status == "held", CareSession.starts_at <= bindparam("now"))
    .group_by(CareSession.patient_id)
)
_until = (
    select(Commitment.patient_id, Commitment.until_on)
    .join(CareSession, CareSession.id == Commitment.session_id)
    .where(
        Commitment.patient_id.in_(access.sharing(Kind.SESSIONS)), Commitment.outcome == "",
        Commitment.until_on.is_not(None), Commitment.words_sealed.is_not(None), CareSession.status != "cancelled",
    )
    .order_by(Commitment.until_on)
)  # fmt: skip


def ahead_of_many(
    s: Session, viewer: access.Viewer, refs: Sequence[access.PatientRef], now: datetime
) -> dict[int, Ahead]:
    """By patient who shares sessions with the viewer; three statements, whatever their number."""
    ids = {ref.id for ref in refs if ref.shares(Kind.SESSIONS)}
    found, who = s.connection(), {"me": viewer.person_id}
    starts: dict[int, datetime] = dict(found.execute(_nexts, {**who, "now": now}).all())
    lasts: dict[int, datetime] = dict(found.execute(_lasts, {**who, "now": now}).all())
    until: dict[int, list[date]] = {}
    for patient_id, day in found.execute(_until, who):
        until.setdefault(patient_id, []).append(day)
    return {
        one: Ahead(starts.get(one), tuple(until.get(one, ())), lasts.get(one))
        for one in ids & {*starts, *until, *lasts}
    }
