"""The append-only audit trail with its chain, reasons in words, and the receipts of writes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from diary.lib import sealing
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


class AuditChain(SQLModel, table=True):
    """The events in the order they were appended, each bound to the one before. Triggers refuse changes to it."""

    __tablename__ = "audit_chain"

    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    event_id: int = Field(unique=True)
    mac: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class AuditReason(SQLModel, table=True):
    """Why something was done, in somebody's words; it can be erased, and the chain holds without it."""

    __tablename__ = "audit_reason"

    event_id: int = Field(
        sa_column=Column(Integer, ForeignKey("audit_event.id"), primary_key=True, autoincrement=False)
    )
    words_sealed: bytes

    words = sealing.sealed("words", lambda reason: reason.event_id)


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
