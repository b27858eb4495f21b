"""Flags, and what happened to them; neither can be deleted."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment

LIVE = text("state <> 'closed'")


class Flag(SQLModel, table=True):
    """One matter that somebody of a clinic has to look at; triggers refuse to remove it."""

    __tablename__ = "flag"
    __table_args__ = (
        UniqueConstraint("clinic_id", "number"),
        Index(
            "uq_flag_live_matter", "patient_id", "clinic_id", "rule", "matter",
            unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
        ),
        Index("ix_flag_clinic_id_state", "clinic_id", "state"),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    number: int
    patient_id: int = Field(foreign_key="person.id")
    owner_id: int | None = Field(default=None, foreign_key="person.id")
    rule: str
    rule_version: int
    level: str
    matter: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    state: str = "open"
    answered_at: datetime = Field(sa_type=Moment)
    zone: str
    opened_at: datetime = Field(sa_type=Moment)
    waits_since: datetime = Field(sa_type=Moment)
    resent: bool = False
    events: int = 0

    by_matter = sealing.indexed("matter", None, until="state")

    @property
    def code(self) -> str:
        return f"F-{self.number:04}"

    @property
    def is_live(self) -> bool:
        return self.state != "closed"


class FlagEvent(SQLModel, table=True):
    """One thing that happened to a flag; append-only."""

    __tablename__ = "flag_event"
    __table_args__ = (UniqueConstraint("flag_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4)
    flag_id: int = Field(foreign_key="flag.id")
    number: int
    kind: str
    at: datetime = Field(sa_type=Moment)
    actor_id: int | None = None
    owner_id: int | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    write_id: UUID | None = None
    resent: bool = False
    words_sealed: bytes | None = None

    words = sealing.sealed("words", lambda event: event.uuid.hex)
