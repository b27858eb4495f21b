"""Medicines as they stand, one row a dose from a day on, their revisions, and as-needed doses as taken."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment
from diary.medications.rules import name_key


def indexed_text(patient_id: int, name: str) -> str:
    """What `name_index` is made of."""
    return f"medication/{patient_id}/{name_key(name)}"


class Medication(SQLModel, table=True):
    """One dose of one medicine from its first day to its last; a change of dose is another row.

    Its key is name and first day: `name_index` is a keyed digest of patient and name, since the name is sealed.
    """

    __tablename__ = "medication"
    __table_args__ = (UniqueConstraint("patient_id", "name_index", "from_on"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id")
    clinic_id: int | None = Field(default=None, foreign_key="clinic.id")
    name_index: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    name_sealed: bytes
    class_sealed: bytes | None = None
    reason_sealed: bytes | None = None
    until_reason_sealed: bytes | None = None
    from_on: date
    until_on: date | None = None
    dose: float | None = None
    parts: str = ""
    dose_unit: str = "mg"
    route: str = "oral"
    times_per_day: float | None = None
    as_needed: bool = False
    is_struck: bool = False
    said_by: str
    said_by_id: int | None = None
    is_outside_plan: bool = False
    confirmed_by: int | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    revisions: int = 1
    changed_at: datetime = Field(sa_type=Moment)

    name = sealing.sealed("name", lambda medication: medication.uuid.hex)
    by_name = sealing.indexed("name_index", lambda one: indexed_text(one.patient_id, one.name))
    klass = sealing.sealed("class", lambda medication: medication.uuid.hex)
    reason = sealing.sealed("reason", lambda medication: medication.uuid.hex)
    until_reason = sealing.sealed("until_reason", lambda medication: medication.uuid.hex)


class MedicationRevision(SQLModel, table=True):
    """What a row said from one moment on, and who said so; never changed."""

    __tablename__ = "medication_revision"
    __table_args__ = (UniqueConstraint("medication_id", "number"),)

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4)
    medication_id: int = Field(foreign_key="medication.id")
    number: int
    values: str
    words_sealed: bytes
    said_by: str
    is_confirmed: bool
    actor_id: int | None = None
    source: str
    at: datetime = Field(sa_type=Moment)

    words = sealing.sealed("words", lambda revision: revision.uuid.hex)


class DoseTaken(SQLModel, table=True):
    """How many doses of an as-needed medicine the patient took on a day, as said last; append-only."""

    __tablename__ = "dose_taken"
    __table_args__ = (Index("ix_dose_taken_patient_id_day", "patient_id", "day"),)

    id: int = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="person.id")
    medication_id: int = Field(foreign_key="medication.id")
    day: date
    times: int
    actor_id: int | None = None
    at: datetime = Field(sa_type=Moment)
