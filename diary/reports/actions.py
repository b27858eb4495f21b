"""Remembering which reports were made."""

from datetime import datetime

from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.reports.forms import Asked
from diary.reports.models import ReportMade


def note_report(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, asked: Asked, size: int, as_of: datetime | None,
    now: datetime,
) -> None:  # fmt: skip
    """A report was made and is about to be sent; who asked, for which days, how many bytes."""
    row = ReportMade(
        patient_id=patient.id, clinic_id=patient.clinic_id, asked_by=viewer.me, since=asked.since, until=asked.until,
        paper=asked.paper, size=size, as_of=as_of, made_at=now,
    )  # fmt: skip
    s.add(row)
    audit.record(s, viewer, "report.make", patient.id, row.uuid.hex, patient.clinic_id)
