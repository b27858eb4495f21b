"""Check-ins and intentions as they stand, and every write that made them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class Checkin(SQLModel, table=True):
    """What a person said around one infusion on one day: what its revisions amount to by the rule of merging."""

    __tablename__ = "checkin"
    __table_args__ = (UniqueConstraint("person_id", "kind", "infusion_id", "day"),)

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    kind: str
    infusion_id: int = Field(foreign_key="infusion.id")
    day: date
    answers: str = "{}"
    own_sealed: bytes | None = None
    words_sealed: bytes | None = None
    words_private: bool = True
    revisions: int = 0
    has_conflict: bool = False
    last_write: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    began_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)

    own = sealing.sealed("own", lambda one: _place(one))
    words = sealing.sealed("words", lambda one: _place(one))


def _place(one: Checkin) -> str:
    return f"{one.person_id}/{one.kind}/{one.infusion_id}/{one.day}"


class CheckinRevision(SQLModel, table=True):
    """One accepted write of a check-in: what it set, what it had seen, and the rules that it fired; append-only."""

    __tablename__ = "checkin_revision"
    __table_args__ = (UniqueConstraint("checkin_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    checkin_id: int = Field(foreign_key="checkin.id")
    number: int
    write_id: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    names: bytes | None = Field(default=None, sa_column=Column(LargeBinary(16)))
    actor_id: int | None = None
    device: str = ""
    source: str
    recorded_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)
    effective_at: datetime = Field(sa_type=Moment)
    clock_off: bool = False
    zone: str
    zone_assumed: bool = False
    fields: str = "{}"
    base: str = "{}"
    own_sealed: bytes | None = None
    words_sealed: bytes | None = None
    fired: str = ""
    help_shown: bool = False
    resent: bool = False

    own = sealing.sealed("own", lambda revision: revision.write_id.hex())
    words = sealing.sealed("words", lambda revision: revision.write_id.hex())

    @property
    def write_uuid(self) -> UUID:
        return UUID(bytes=self.write_id)
