"""Infusions as they stand, and their revisions."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class Infusion(SQLModel, table=True):
    """One infusion, planned, done or cancelled; its number never changes. An unknown time is an empty text."""

    __tablename__ = "infusion"
    __table_args__ = (
        UniqueConstraint("patient_id", "day", "at_time"),
        UniqueConstraint("patient_id", "number"),
        Index("ix_infusion_patient_changed", "patient_id", "changed_at"),
    )

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id")
    clinic_id: int | None = Field(default=None, foreign_key="clinic.id")
    number: int
    day: date
    at_time: str = ""
    zone: str
    series: str = ""
    dose_mg: float
    minutes: float
    weight_kg: float | None = None
    route: str = ""
    status: str = "done"
    note_sealed: bytes | None = None
    given: str = "{}"
    given_words_sealed: bytes | None = None
    revisions: int = 1
    changed_at: datetime = Field(sa_type=Moment)

    note = sealing.sealed("note", lambda infusion: infusion.uuid.hex)
    given_words = sealing.sealed("given_words", lambda infusion: infusion.uuid.hex)


class InfusionRevision(SQLModel, table=True):
    """What an infusion's record said from one moment on, and who said so."""

    __tablename__ = "infusion_revision"
    __table_args__ = (UniqueConstraint("infusion_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4)
    infusion_id: int = Field(foreign_key="infusion.id")
    number: int
    values: str
    note_sealed: bytes | None = None
    given_words_sealed: bytes | None = None
    reason_sealed: bytes | None = None
    actor_id: int | None = None
    source: str
    at: datetime = Field(sa_type=Moment)

    note = sealing.sealed("note", lambda revision: revision.uuid.hex)
    given_words = sealing.sealed("given_words", lambda revision: revision.uuid.hex)
    reason = sealing.sealed("reason", lambda revision: revision.uuid.hex)


class PlannedGap(SQLModel, table=True):
    """One longer interval, marked ahead after an infusion: so many days to the next one; never removed, but taken back.

    `usual_days` is the usual interval as it stood then.
    """

    __tablename__ = "planned_gap"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id", index=True)
    clinic_id: int | None = Field(default=None, foreign_key="clinic.id")
    infusion_id: int = Field(foreign_key="infusion.id")
    days: int
    usual_days: float | None = None
    reason_sealed: bytes | None = None
    marked_by: int | None = None
    marked_at: datetime = Field(sa_type=Moment)
    taken_back_by: int | None = None
    taken_back_at: datetime | None = Field(default=None, sa_type=Moment)

    reason = sealing.sealed("reason", lambda gap: gap.uuid.hex)


class InfusionDraft(SQLModel, table=True):
    """A record's form as somebody typed it, before it counts as anything; for its author only. `about`: an uuid or "new"."""

    __tablename__ = "infusion_draft"
    __table_args__ = (UniqueConstraint("patient_id", "author_id", "about"),)

    id: int = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="person.id")
    author_id: int = Field(foreign_key="person.id")
    about: str
    typed_sealed: bytes = b""
    saved_at: datetime = Field(sa_type=Moment)

    typed = sealing.sealed("typed", lambda draft: f"{draft.patient_id}/{draft.author_id}/{draft.about}")
