"""One person's days of a period as one JSON document, as far as the viewer may see them: what a report carries inside."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins.queries import CheckinRow, checkins_of
from diary.checkins.rules import CHECKIN
from diary.entries.queries import DayRow, clinic_factors, days_between, notes_between
from diary.infusions.queries import InfusionRow, infusions_of
from diary.infusions.rules import STATUSES
from diary.medications.queries import MedicationRow, medications_of
from diary.medications.rules import spans
from diary.sessions.queries import GoalRow, SessionRow, commitments_of, goals_of, sessions_of
from diary.sessions.rules import CommitmentRow

FORMAT = "neap-period-1"
ABOUT = (
    "Scores are 0 (none) to 10 (worst). A day or a score that is not there was not given; nothing is filled in. "
    "Each thing stands as it is now; earlier revisions and private notes are in the person's own diary only."
)


def period_data(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, since: date, until: date, as_of: datetime | None
) -> str:  # fmt: skip
    """The document: the consented kinds and the days from `since` to `until`, both included; the same data, the same text.

    Private notes and words are never in it, nor what staff keep to themselves; a patient's own has no staff's notes.
    """
    kinds = access.kinds(s, viewer, patient.id)
    made: dict[str, Any] = {
        "format": FORMAT,
        "about": ABOUT,
        "patient": {
            "name": patient.name,
            "born_on": _day(patient.born_on),
            "clinic": patient.clinic_name,
            "zone": patient.zone,
        },
        "since": _day(since),
        "until": _day(until),
        "as_of": as_of.isoformat() if as_of else None,
        "kinds": sorted(kinds - {Kind.QUESTIONNAIRES}),
    }
    if Kind.SCORES in kinds:
        of_clinic = {one.key: one.name for one in clinic_factors(s, viewer, patient.id)}
        made["days"] = [_logged(one, of_clinic) for one in days_between(s, viewer, patient.id, since, until)]
    if Kind.NOTES in kinds:
        notes = notes_between(s, viewer, patient.id, since, until)
        made["notes"] = [
            {"date": _day(one.day), "note": one.text, "written_by": "helper" if one.helper else "self"}
            for one in notes
            if not one.private
        ]
    if Kind.INFUSIONS in kinds:
        given = infusions_of(s, viewer, patient.id, STATUSES)
        made["infusions"] = [_infusion(one, patient) for one in given if since <= one.day <= until]
        made["medications"] = list(_medications(medications_of(s, viewer, patient.id), since, until))
        told = reversed(checkins_of(s, viewer, patient.id, since, until))
        made["checkins"] = [_checkin(one, Kind.NOTES in kinds) for one in told]
    if Kind.SESSIONS in kinds:
        held = sessions_of(s, viewer, patient.id)
        made["sessions"] = [_session(one) for one in held if since <= one.day <= until]
        agreed = commitments_of(s, viewer, patient.id)
        made["commitments"] = [_commitment(one, until) for one in agreed if since <= one.agreed_on <= until]
        wanted = goals_of(s, viewer, patient.id)
        made["goals"] = [_goal(one) for one in wanted if one.set_on <= until and _goes_on(one, since)]
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _logged(one: DayRow, of_clinic: Mapping[str, str]) -> dict[str, Any]:
    return {
        "date": _day(one.day),
        **one.scores,
        "unwell": one.unwell,
        "late": sorted(one.late),
        "written_by": "helper" if one.helper else "self",
        "worst_pain": one.worst_pain,
        "interference": one.interference,
        "sleep_hours": one.sleep_hours,
        "times_awake": one.times_awake,
        "regions": list(one.regions),
        "factors": [of_clinic.get(key, key) for key in one.factors],
        "changed_at": one.changed_at.isoformat(),
    }


def _infusion(one: InfusionRow, patient: access.PatientRef) -> dict[str, Any]:
    said = {
        "number": one.number,
        "date": _day(one.day),
        "time": one.at_time or None,
        "status": one.status,
        "series": one.series,
        "dose_mg": one.dose_mg,
        "minutes": one.minutes,
        "weight_kg": one.weight_kg,
        "route": one.route,
        "changed_at": one.changed_at.isoformat(),
    }
    return said if patient.is_self else said | {"note": one.note}


def _medications(rows: Iterable[MedicationRow], since: date, until: date) -> Iterable[dict[str, Any]]:
    for span in spans(row.regime for row in rows):
        if span.first > until or (span.last is not None and span.last < since):
            continue
        row: MedicationRow = span.regime.ref
        yield {
            "name": row.name,
            "class": row.klass or None,
            "from": _day(span.first),
            "until": _day(span.last),
            "dose": row.dose,
            "parts": list(row.parts),
            "dose_unit": row.dose_unit if row.dose is not None else None,
            "route": row.route,
            "times_per_day": row.times_per_day,
            "as_needed": row.as_needed,
            "confirmed": not row.is_waiting,
        }


def _checkin(one: CheckinRow, may_read: bool) -> dict[str, Any]:
    return {
        "date": _day(one.day),
        "kind": "check-in" if one.kind == CHECKIN else "intention",
        "infusion": one.number,
        "infusion_date": _day(one.infusion_day),
        "answers": {name: value for name, value in sorted(one.answers.items()) if value is not None},
        "own": one.own,
        "words": one.words if may_read and not one.words_private else None,
        "changed_at": one.changed_at.isoformat(),
    }


def _session(one: SessionRow) -> dict[str, Any]:
    return {
        "date": _day(one.day),
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "kind": one.kind,
        "status": one.status,
        "with": one.who or None,
    }


def _commitment(one: CommitmentRow, until: date) -> dict[str, Any]:
    is_told = one.outcome_on is None or one.outcome_on <= until
    return {
        "words": one.words,
        "agreed": _day(one.agreed_on),
        "until": _day(one.until_on),
        "counted": one.is_counted,
        "days_done": [_day(day) for day in sorted(one.ticked) if day <= until],
        "outcome": one.outcome or None if is_told else None,
    }


def _goal(one: GoalRow) -> dict[str, Any]:
    return {
        "goal": one.words,
        "set": _day(one.set_on),
        "until": _day(one.until_on),
        "ended": _day(one.ended_on),
    }


def _goes_on(one: GoalRow, since: date) -> bool:
    return one.ended_on is None or one.ended_on >= since
