"""Sessions with their revisions, what was agreed on, the days on which it was done, and goals."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class CareSession(SQLModel, table=True):
    """One meeting, planned, held or cancelled. Until `shared_at` the patient sees neither its note nor what was agreed."""

    __tablename__ = "care_session"
    __table_args__ = (Index("ix_care_session_patient_id_starts_at", "patient_id", "starts_at"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id")
    clinic_id: int | None = Field(default=None, foreign_key="clinic.id")
    with_id: int | None = Field(default=None, foreign_key="person.id")
    kind: str
    status: str = "planned"
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    zone: str
    place_sealed: bytes | None = None
    note_sealed: bytes | None = None
    private_note_sealed: bytes | None = None
    shared_at: datetime | None = Field(default=None, sa_type=Moment)
    revisions: int = 0
    changed_at: datetime = Field(sa_type=Moment)

    place = sealing.sealed("place", lambda session: session.uuid.hex)
    note = sealing.sealed("note", lambda session: session.uuid.hex)
    private_note = sealing.sealed("private_note", lambda session: session.uuid.hex)


class CareSessionRevision(SQLModel, table=True):
    """What a session's record said from one moment on, and who said so; never changed."""

    __tablename__ = "care_session_revision"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4)
    session_id: int = Field(foreign_key="care_session.id")
    number: int
    values: str
    words_sealed: bytes
    actor_id: int | None = None
    at: datetime = Field(sa_type=Moment)

    words = sealing.sealed("words", lambda revision: revision.uuid.hex)


class Commitment(SQLModel, table=True):
    """One of the one to three things that a session agreed on; an empty place was taken back."""

    __tablename__ = "commitment"
    __table_args__ = (UniqueConstraint("session_id", "place"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id", index=True)
    session_id: int = Field(foreign_key="care_session.id")
    place: int
    words_sealed: bytes | None = None
    agreed_on: date
    until_on: date | None = None
    is_counted: bool = False
    outcome: str = ""
    outcome_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome_by: int | None = None

    words = sealing.sealed("words", lambda commitment: commitment.uuid.hex)


class CommitmentTick(SQLModel, table=True):
    """That a counted commitment was done on a day, as the patient said."""

    __tablename__ = "commitment_tick"
    __table_args__ = (UniqueConstraint("commitment_id", "day"),)

    id: int = Field(default=None, primary_key=True)
    commitment_id: int = Field(foreign_key="commitment.id")
    day: date
    is_done: bool = True
    said_at: datetime = Field(sa_type=Moment)


class Goal(SQLModel, table=True):
    """What the patient wants, in her words. Other words are another row, which names the one it came from."""

    __tablename__ = "goal"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id", index=True)
    words_sealed: bytes
    set_on: date
    until_on: date | None = None
    ended_on: date | None = None
    was_id: int | None = Field(default=None, foreign_key="goal.id")
    actor_id: int | None = None
    at: datetime = Field(sa_type=Moment)

    words = sealing.sealed("words", lambda goal: goal.uuid.hex)


class TickRevision(SQLModel, table=True):
    """One accepted write of a day's tick, from a page or a phone; append-only."""

    __tablename__ = "tick_revision"
    __table_args__ = (UniqueConstraint("commitment_id", "day", "number"),)

    id: int = Field(default=None, primary_key=True)
    commitment_id: int = Field(foreign_key="commitment.id")
    day: date
    number: int
    write_id: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    is_done: bool
    base: str = "[]"
    actor_id: int | None = None
    device: str = ""
    source: str
    recorded_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)
    effective_at: datetime = Field(sa_type=Moment)
    clock_off: bool = False
    zone: str
    zone_assumed: bool = False
