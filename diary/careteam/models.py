"""Clinics and who belongs to, cares for, and shares with whom."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib.types import Moment


class Clinic(SQLModel, table=True):
    """One of the clinics that this install serves."""

    __tablename__ = "clinic"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    name: str = Field(unique=True)
    country: str = ""
    phone: str = ""
    hours: str = ""
    zone: str = "Europe/London"
    opening: str = ""
    checkin_days: str = ""
    second_factor: str = Field(default="required", sa_column_kwargs={"server_default": "required"})
    is_demo: bool = False
    created_at: datetime = Field(sa_type=Moment)


class Membership(SQLModel, table=True):
    """A person's role in a clinic, from and until."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_person_id_ended_at", "person_id", "ended_at"),)

    id: int = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    role: str
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    accepted_at: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)


class CareLink(SQLModel, table=True):
    """A member of staff who cares for a patient, from and until."""

    __tablename__ = "care_link"
    __table_args__ = (
        Index("ix_care_link_staff_id_patient_id", "staff_id", "patient_id"),
        Index("ix_care_link_patient_id", "patient_id"),
    )

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    patient_id: int = Field(foreign_key="person.id")
    staff_id: int = Field(foreign_key="person.id")
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Consent(SQLModel, table=True):
    """A patient lets one member of staff see one kind of data, until it is taken back."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_staff_id_patient_id", "staff_id", "patient_id"),)

    id: int = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="person.id", index=True)
    staff_id: int = Field(foreign_key="person.id")
    kind: str
    wording: str
    given_at: datetime = Field(sa_type=Moment)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)


class Invitation(SQLModel, table=True):
    """A single-use link by which an invited person sets name, zone and passphrase."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: int = Field(default=None, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    clinic_id: int = Field(foreign_key="clinic.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str
    invited_by: int | None = Field(default=None, foreign_key="person.id")
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)
