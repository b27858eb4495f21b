"""Copies that people asked for."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment

RUNNING = text("made_at IS NULL AND failed_at IS NULL")


class Copy(SQLModel, table=True):
    """One copy: asked for, then made or failed, then gone with its row.

    The zip lies in the row itself, sealed with the field key: so it comes to be in the transaction that says it is
    made, web and jobs need no disk in common, and deleting the row leaves no file behind.
    """

    __tablename__ = "copy"
    __table_args__ = (
        Index("ix_copy_person_id", "person_id"),
        Index(
            "ix_copy_running", "person_id", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING,
        ),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id")
    asked_at: datetime = Field(sa_type=Moment)
    parts_done: int = 0
    parts: int = 0
    tries: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=Moment)
    made_at: datetime | None = Field(default=None, sa_type=Moment)
    failed_at: datetime | None = Field(default=None, sa_type=Moment)
    gone_at: datetime | None = Field(default=None, sa_type=Moment)
    size: int = 0  # bytes of the zip
    zip_sealed: bytes | None = None

    zip = sealing.sealed("zip", lambda copy: copy.uuid.hex)  # in base 64, as only text is sealed
