"""Which reports of a patient were made before."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.lib.errors import Hidden
from diary.lib.words import period_short
from diary.reports.models import ReportMade

MOST = 50


@dataclass(frozen=True, slots=True)
class MadeRow:
    """One report: its days, its paper, who asked for it, and when."""

    uuid: UUID
    since: date
    until: date
    paper: str
    size: int
    as_of: datetime | None
    made_at: datetime
    who: str
    is_mine: bool

    @property
    def period(self) -> str:
        return period_short(self.since, self.until)

    @property
    def paper_words(self) -> str:
        return "Letter" if self.paper == "letter" else "A4"

    @property
    def size_words(self) -> str:
        return f"{max(1, round(self.size / 1000))} kB"


def reports_made(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> list[MadeRow]:
    """The latest first. Staff see those of the staff of their clinic; which ones the patient made are the patient's own."""
    if not access.kinds(s, viewer, patient.id):
        raise Hidden
    wanted = select(ReportMade, Person).join(Person, Person.id == ReportMade.asked_by)
    wanted = wanted.where(ReportMade.patient_id == patient.id)
    if viewer.person_id != patient.id:
        wanted = wanted.where(ReportMade.asked_by != patient.id, ReportMade.clinic_id == patient.clinic_id)
    rows = s.execute(wanted.order_by(ReportMade.made_at.desc(), ReportMade.id.desc()).limit(MOST)).all()
    return [
        MadeRow(
            row.uuid, row.since, row.until, row.paper, row.size, row.as_of, row.made_at, person.name,
            person.id == viewer.person_id,
        )
        for row, person in rows
    ]  # fmt: skip
