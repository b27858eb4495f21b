"""A day as it stands, and every write that made it."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class Entry(SQLModel, table=True):
    """One person's day: what its revisions amount to by the rule of merging; `late` and `skipped` are bits."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        Index("ix_entry_person_changed", "person_id", "changed_at"),
    )

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    day: date
    pain: float | None = None
    fatigue: float | None = None
    sleep: float | None = None
    mood: float | None = None
    cognition: float | None = None
    worst_pain: float | None = None
    interference: float | None = None
    sleep_hours: float | None = None
    times_awake: int | None = None
    unwell: bool = False
    written_by: str = "self"
    note_sealed: bytes | None = None
    note_private: bool = False
    late: int = 0
    skipped: int = 0
    revisions: int = 0
    has_conflict: bool = False
    last_write: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    changed_at: datetime = Field(sa_type=Moment)
    extras: str | None = None

    note = sealing.sealed("note", lambda entry: f"{entry.person_id}/{entry.day}")


class OwnSymptom(SQLModel, table=True):
    """A symptom that a person named in own words; a retired one keeps its scores."""

    __tablename__ = "own_symptom"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    name_sealed: bytes | None = None
    created_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    retired_at: datetime | None = Field(default=None, sa_type=Moment)

    name = sealing.sealed("name", lambda one: one.uuid.hex)


class EntryRevision(SQLModel, table=True):
    """One accepted write of a day: what it set, what it had seen, who, when and from where; never changed."""

    __tablename__ = "entry_revision"
    __table_args__ = (UniqueConstraint("entry_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="entry.id")
    number: int
    write_id: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    names: bytes | None = Field(default=None, sa_column=Column(LargeBinary(16)))
    actor_id: int | None = None
    device: str = ""
    source: str
    written_by: str = "self"
    recorded_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)
    effective_at: datetime = Field(sa_type=Moment)
    clock_off: bool = False
    zone: str
    zone_assumed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    fields: str = "{}"
    base: str = "{}"
    note_sealed: bytes | None = None

    note = sealing.sealed("note", lambda revision: revision.write_id.hex())

    @property
    def write_uuid(self) -> UUID:
        return UUID(bytes=self.write_id)
