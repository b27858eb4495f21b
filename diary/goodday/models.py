"""Every write of a word from a good day; what stands is worked out of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class GoodDayWord(SQLModel, table=True):
    """One accepted write of a person's word; empty words take it away. Append-only."""

    __tablename__ = "good_day_word"
    __table_args__ = (UniqueConstraint("person_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    number: int
    write_id: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    names: bytes | None = Field(default=None, sa_column=Column(LargeBinary(16)))
    actor_id: int | None = None
    device: str = ""
    source: str
    day: date
    recorded_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment)
    effective_at: datetime = Field(sa_type=Moment)
    clock_off: bool = False
    zone: str
    zone_assumed: bool = False
    base: str = "[]"
    word_sealed: bytes | None = None

    word = sealing.sealed("word", lambda one: one.write_id.hex())

    @property
    def write_uuid(self) -> UUID:
        return UUID(bytes=self.write_id)
