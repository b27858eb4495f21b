"""Gathering one person's facts for a period, and setting them as a PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import current_app
from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.entries import queries as entries
from diary.infusions import queries as infusions
from diary.lib import pdf
from diary.lib.symptoms import SYMPTOMS
from diary.reports import rules
from diary.reports.rules import Facts, Person
from diary.response.rules import Course, courses_of

SHEET = "report.css"
PAGES = 2


def facts(s: Session, viewer: access.Viewer, patient: access.PatientRef, since: date, until: date) -> Facts:
    """Everything the viewer may see of the patient up to the period's end; what they may not see is None."""
    kinds = access.kinds(s, viewer, patient.id)
    days = given = notes = None
    if Kind.SCORES in kinds:
        days = entries.days_between(s, viewer, patient.id, date.min, until)
    if Kind.INFUSIONS in kinds:
        given = [one for one in infusions.infusions_of(s, viewer, patient.id) if one.day <= until]
    if Kind.NOTES in kinds:
        found = entries.notes_between(s, viewer, patient.id, since, until)
        notes = [note for note in found if not note.private]
    return Facts(
        person=Person(patient.name, patient.born_on, patient.clinic_name, patient.zone),
        since=since,
        until=until,
        days=days,
        infusions=given,
        courses=None if days is None or given is None else courses(days, [one.day for one in given]),
        notes=notes,
        as_of=last_change([*(days or ()), *(given or ())]),
        own=patient.is_self,
    )


def last_change(rows: Sequence[entries.DayRow | infusions.InfusionRow]) -> datetime | None:
    """The moment of the last change among what the report is made of."""
    return max((row.changed_at for row in rows), default=None)


def courses(days: Sequence[entries.DayRow], infused: Sequence[date]) -> dict[str, tuple[Course, ...]]:
    """The response of each symptom, from these days and infusions only."""
    found: dict[str, tuple[Course, ...]] = {}
    for symptom in SYMPTOMS:
        scores = {day.day: score for day in days if (score := day.scores[symptom.key]) is not None}
        unwell = {day.day for day in days if day.unwell and day.day not in scores}
        found[symptom.key] = courses_of(scores, unwell, infused)
    return found


def without_open_day(made: Facts, today: date) -> Facts:
    """A day that is not over and has no entry yet is no gap: the report ends the day before."""
    is_open = made.until == today and made.since < made.until
    if not is_open or made.days is None or (made.days and made.days[-1].day == today):
        return made
    return replace(made, until=made.until - timedelta(days=1))


def report(made: Facts, paper: str) -> bytes:
    """The two pages as PDF. Raises pdf.PdfBusy when another report takes too long."""
    charts = rules.drawing(made)
    # Not render_template: the page's context asks for a request and its viewer, and a command has none.
    template = current_app.jinja_env.get_template("reports/summary.html")

    def drafts() -> Iterator[str]:
        for room, most in rules.DRAFTS:
            yield template.render(it=rules.summary(made, charts, paper, room, most))

    return pdf.render(drafts(), paper=paper, sheet=SHEET, pages=PAGES)
