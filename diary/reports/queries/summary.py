"""Gathering one person's facts for a period, and setting them as a PDF."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import current_app
from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins import queries as checkins
from diary.entries import queries as entries
from diary.infusions import queries as infusions
from diary.lib import pdf
from diary.lib.symptoms import SYMPTOMS
from diary.medications import queries as medications
from diary.medications.rules import Span, spans
from diary.reports import rules
from diary.reports.rules import Facts, Person, Taken
from diary.response.rules import Course, courses_of
from diary.safety import queries as safety
from diary.sessions import queries as sessions

SHEET = "report.css"
DATA_NAME = "neap-data.json"


def facts(s: Session, viewer: access.Viewer, patient: access.PatientRef, since: date, until: date) -> Facts:
    """Everything the viewer may see of the patient up to the period's end; what they may not see is None."""
    kinds = access.kinds(s, viewer, patient.id)
    days = given = notes = taken = told = agreed = wanted = None
    moments: list[datetime | None] = []
    begins_on = session_on = None
    if Kind.SCORES in kinds:
        days = entries.days_between(s, viewer, patient.id, date.min, until)
        found = None if days else entries.span(s, viewer, patient.id)
        begins_on = found[0] if found else None
    if Kind.INFUSIONS in kinds:
        given = [one for one in infusions.infusions_of(s, viewer, patient.id) if one.day <= until]
        taken = _taken(s, viewer, patient, until)
        told = checkins.checkins_of(s, viewer, patient.id, since, until)
        moments += [one.changed_at for one in told]
        moments += [medications.last_change(s, viewer, patient.id)] if taken.spans else []
    if Kind.NOTES in kinds:
        found_notes = entries.notes_between(s, viewer, patient.id, since, until)
        notes = [note for note in found_notes if not note.private]
        moments += [note.changed_at for note in notes]
    if Kind.SESSIONS in kinds:
        held = [one for one in sessions.sessions_of(s, viewer, patient.id) if one.status == "held"]
        session_on = max((one.day for one in held if one.day < until), default=None)
        agreed = sessions.commitments_of(s, viewer, patient.id)
        wanted = sessions.goals_of(s, viewer, patient.id)
        moments.append(sessions.last_change(s, viewer, patient.id))
    matters = safety.matters_of(s, viewer, patient.id)
    moments += [one.changed_at for one in matters]
    moments.append(last_change([*(days or ()), *(given or ())]))
    return Facts(
        person=Person(patient.name, patient.born_on, patient.clinic_name, patient.zone),
        since=since,
        until=until,
        days=days,
        infusions=given,
        courses=None
        if days is None or given is None
        else courses(days, [one.day for one in given], patient.course_gap),
        notes=notes,
        as_of=max((moment for moment in moments if moment is not None), default=None),
        own=patient.is_self,
        matters=matters,
        taken=taken,
        checkins=told,
        commitments=agreed,
        goals=wanted,
        session_on=session_on,
        begins_on=begins_on,
        kinds=frozenset(kinds),
        course_gap=patient.course_gap,
    )


def _taken(s: Session, viewer: access.Viewer, patient: access.PatientRef, until: date) -> Taken:
    rows = [one for one in medications.medications_of(s, viewer, patient.id) if one.from_on <= until]
    counts = medications.doses_taken(s, viewer, patient.id) if any(row.as_needed for row in rows) else {}
    return Taken(spans(row.regime for row in rows), medications.KNOWN, medications.TABLE, counts)


class Texts:
    """Texts as the report's type can print them; remembers whether it could not print one."""

    def __init__(self) -> None:
        self.has_unprintable = False

    def of(self, text: str) -> str:
        shown = rules.printable(text)
        if shown != text and "U+" in shown and "U+" not in text:
            self.has_unprintable = True
        return shown

    def within(self, rows: Sequence[Any] | None, *names: str) -> list[Any] | None:
        """The rows with these of their texts as they can be printed."""
        if rows is None:
            return None
        return [
            replace(one, **{name: self.of(text) for name in names if (text := getattr(one, name))})
            for one in rows
        ]


def _printed(made: Facts) -> Facts:
    """The same with every text of a person as the report's type can print it."""
    text = Texts()
    person = replace(made.person, name=text.of(made.person.name), clinic=text.of(made.person.clinic))
    taken = replace(made.taken, spans=_named(made.taken.spans, text)) if made.taken is not None else None
    return replace(
        made,
        person=person,
        notes=text.within(made.notes, "text"),
        matters=text.within(made.matters, "owner") or (),
        taken=taken,
        checkins=text.within(made.checkins, "own", "words"),
        commitments=text.within(made.commitments, "words"),
        goals=text.within(made.goals, "words"),
        has_unprintable=text.has_unprintable,
    )


def _named(found: Sequence[Span], text: Texts) -> list[Span]:
    """Doses with printable names; what follows one is still the same object as its own."""
    new = {
        id(one.regime): replace(one.regime, name=text.of(one.regime.name), klass=text.of(one.regime.klass))
        for one in found
    }
    return [
        replace(one, regime=new[id(one.regime)], following=new.get(id(one.following), one.following))
        for one in found
    ]


def last_session(s: Session, viewer: access.Viewer, patient: access.PatientRef, today: date) -> date | None:
    """The day of the last session that was held; None where there is none. Hidden where sessions are not shared."""
    held = (one.day for one in sessions.sessions_of(s, viewer, patient.id) if one.status == "held")
    return max((day for day in held if day <= today), default=None)


def last_change(rows: Sequence[entries.DayRow | infusions.InfusionRow]) -> datetime | None:
    """The moment of the last change among what the report is made of."""
    return max((row.changed_at for row in rows), default=None)


def courses(
    days: Sequence[entries.DayRow], infused: Sequence[date], gap: int
) -> dict[str, tuple[Course, ...]]:
    """The response of each symptom, from these days and infusions only, and the patient's course gap."""
    found: dict[str, tuple[Course, ...]] = {}
    for symptom in SYMPTOMS:
        scores = {day.day: score for day in days if (score := day.scores[symptom.key]) is not None}
        unwell = {day.day for day in days if day.unwell and day.day not in scores}
        found[symptom.key] = courses_of(scores, unwell, infused, gap)
    return found


def without_open_day(made: Facts, today: date) -> Facts:
    """A day that is not over and has no entry yet is no gap: the report ends the day before."""
    is_open = made.until == today and made.since < made.until
    if not is_open or made.days is None or (made.days and made.days[-1].day == today):
        return made
    return replace(made, until=made.until - timedelta(days=1))


def report(made: Facts, paper: str, data: str = "") -> bytes:
    """Both pages and the appendix as PDF, with the data inside. Raises pdf.PdfBusy when another report takes too long.

    data: the period as JSON, made from what the same viewer may see.
    """
    moment = made.as_of or datetime.combine(made.since, time(), UTC)
    made = _printed(made)
    charts = rules.drawing(made)
    # Not render_template: the page's context asks for a request and its viewer, and a command has none.
    template = current_app.jinja_env.get_template("reports/summary.html")
    rows, rooms = list(rules.ROWS), list(rules.ROOMS)

    def draft() -> str:
        it = rules.summary(made, charts, paper, rooms[0], rows[0])
        return template.render(it=it, is_plain=rules.is_plain, is_leftward=rules.is_leftward)

    def shorter(laid: pdf.Laid) -> str | None:
        """Page one is too long when the second begins later, page two when the appendix does, or the end."""
        one, two = laid.places.get("two", 2), laid.places.get("appendix", laid.pages + 1)
        shortened = [
            left.pop(0)
            for left, is_long in ((rows, one > 2), (rooms, two > one + 1))
            if is_long and len(left) > 1
        ]
        return draft() if shortened else None

    files = [pdf.File(DATA_NAME, "The days of the report as data", data, moment)] if data else []
    return pdf.render(draft(), paper=paper, sheet=SHEET, shorter=shorter, files=files)
