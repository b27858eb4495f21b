"""Which reports were made: who asked for which days, and never the report itself."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from diary.lib.types import Moment


class ReportMade(SQLModel, table=True):
    """One report that left the clinic's machine; what was downloaded can't be recalled, so it is remembered."""

    __tablename__ = "report_made"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    patient_id: int = Field(foreign_key="person.id", index=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    asked_by: int = Field(foreign_key="person.id")
    since: date
    until: date
    paper: str
    size: int  # bytes
    as_of: datetime | None = Field(default=None, sa_type=Moment)  # the last change among what it shows
    made_at: datetime = Field(sa_type=Moment)
