"""Clinics and who belongs to, cares for, and shares with whom."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment

LIVE = text("ended_at IS NULL")


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
    unasked: str = ""
    course_gap_days: int | None = None
    second_factor: str = Field(default="required", sa_column_kwargs={"server_default": "required"})
    retention_months: int | None = None
    is_demo: bool = False
    created_at: datetime = Field(sa_type=Moment)


class ClinicFactor(SQLModel, table=True):
    """Something of the clinic's own list that its patients may tick about a day; off the list, it keeps its days."""

    __tablename__ = "clinic_factor"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    clinic_id: int = Field(foreign_key="clinic.id", index=True)
    name: str
    place: int = 0
    created_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Membership(SQLModel, table=True):
    """A person's role in a clinic, from and until."""

    __tablename__ = "membership"
    __table_args__ = (
        Index("ix_membership_person_id_ended_at", "person_id", "ended_at"),
        Index(
            "ix_membership_live", "clinic_id", "person_id", "role",
            unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
        ),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    role: str
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    accepted_at: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)


class CareLink(SQLModel, table=True):
    """A member of staff who cares for a patient, from and until; or who covers for somebody who does, for a time.

    A cover shows nothing until the patient has agreed to this one, and then no more than whom it covers for sees.
    """

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
    ends_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    covers_id: int | None = Field(default=None, foreign_key="person.id")
    agreed_at: datetime | None = Field(default=None, sa_type=Moment)
    agreed_wording: str = ""


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
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    clinic_id: int = Field(foreign_key="clinic.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str
    name_sealed: bytes | None = None
    invited_by: int | None = Field(default=None, foreign_key="person.id")
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)

    name = sealing.sealed("name", lambda invitation: invitation.uuid.hex)


class SignInCode(SQLModel, table=True):
    """Eight digits, or a printed QR code, by which a patient signs in on a phone once, without a passphrase."""

    __tablename__ = "sign_in_code"

    id: int = Field(default=None, primary_key=True)
    code_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False, index=True))
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    clinic_id: int = Field(foreign_key="clinic.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    made_by: int = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class BreakGlass(SQLModel, table=True):
    """A clinician opened one patient's record without a link or consent, for an hour; the reason lies with the audit."""

    __tablename__ = "break_glass"
    __table_args__ = (Index("ix_break_glass_staff_id_patient_id", "staff_id", "patient_id"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    patient_id: int = Field(foreign_key="person.id", index=True)
    staff_id: int = Field(foreign_key="person.id")
    event_id: int
    began_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)


class Notice(SQLModel, table=True):
    """Something that a person is told on their own pages until they say that they have seen it."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_person_id_seen_at", "person_id", "seen_at"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id")
    kind: str
    clinic_id: int | None = Field(default=None, foreign_key="clinic.id")
    actor_id: int | None = Field(default=None, foreign_key="person.id")
    about_id: int | None = Field(default=None, foreign_key="person.id")
    at: datetime = Field(sa_type=Moment)
    seen_at: datetime | None = Field(default=None, sa_type=Moment)
