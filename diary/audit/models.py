"""The append-only audit trail and the receipts of writes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from diary.lib.types import Moment


class AuditEvent(SQLModel, table=True):
    """One thing done or seen; opaque ids and codes only. Triggers refuse changes to it."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_patient_id_at", "patient_id", "at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment)
    actor_id: int | None = None
    role: str = ""
    clinic_id: int | None = None
    action: str
    patient_id: int | None = None
    thing: str = ""
    address: str = ""
    request_id: str = ""


class SyncWrite(SQLModel, table=True):
    """The receipt of one acknowledged write; a repeat of its id is answered from here."""

    __tablename__ = "sync_write"
    __table_args__ = {"sqlite_with_rowid": False}

    person_id: int = Field(
        sa_column=Column(Integer, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    )
    id: bytes = Field(sa_column=Column(LargeBinary(16), primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    entry_id: int | None = None
    checkin_id: int | None = None
    revision: int
    superseded: str = ""
    received_at: datetime = Field(sa_type=Moment)

    @property
    def write_id(self) -> UUID:
        return UUID(bytes=self.id)
