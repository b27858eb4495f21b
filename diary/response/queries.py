"""The response of a patient's symptoms, read from diary and infusions; needs both kinds."""

from collections.abc import Iterable

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.entries.queries import DayRow, all_days
from diary.infusions.queries import InfusionRow, infusions_of
from diary.lib.symptoms import SYMPTOMS
from diary.response.rules import Course, courses_of


def responses(s: Session, viewer: access.Viewer, patient_id: int) -> dict[str, tuple[Course, ...]]:
    """The courses of each symptom, by key, over the whole diary."""
    access.require(s, viewer, patient_id, Kind.SCORES)
    access.require(s, viewer, patient_id, Kind.INFUSIONS)
    gap = access.course_gap(s, patient_id)
    return from_rows(all_days(s, viewer, patient_id), infusions_of(s, viewer, patient_id), gap)


def from_rows(
    days: Iterable[DayRow], infusions: Iterable[InfusionRow], gap: int
) -> dict[str, tuple[Course, ...]]:
    """The same from rows that a page has read already, and the patient's course gap in days."""
    rows = list(days)
    infused = [infusion.day for infusion in infusions if infusion.status == "done"]
    unwell = {row.day for row in rows if row.unwell}
    found = {}
    for symptom in SYMPTOMS:
        scores = {row.day: score for row in rows if (score := row.scores[symptom.key]) is not None}
        found[symptom.key] = courses_of(scores, unwell, infused, gap)
    return found
