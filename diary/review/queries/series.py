"""Rows of the diary as the charts' series."""

from collections.abc import Mapping, Sequence
from datetime import date

from diary.charts import Day, Mark, Series
from diary.entries.queries import DayRow
from diary.infusions.queries import InfusionRow
from diary.lib.symptoms import SYMPTOMS, Symptom
from diary.response.rules import Course, counts_at
from diary.response.rules.days import RESPONDER, TOLERANCE


def series_of(symptom: Symptom, rows: Sequence[DayRow], course: Course | None = None) -> Series:
    """One symptom's days with the level of a course, where there is one."""
    days = [
        Day(row.day, row.scores[symptom.key], symptom.key in row.late, row.unwell, row.helper)
        for row in rows
        if row.scores[symptom.key] is not None or row.unwell
    ]
    level = course.reference_mean if course else None
    counts = counts_at(course.baseline, is_whole(rows, symptom.key)) if course and course.baseline else None
    word = "before" if course is None or course.reference == "baseline" else "first weeks"
    begun = rows[0].day if rows else None
    return Series(symptom.key, symptom.name, symptom.icon, days, level, counts, word, begun)


def is_whole(rows: Sequence[DayRow], key: str) -> bool:
    """Whether every score is a whole number, as pages and phones give them."""
    return all(score == int(score) for row in rows if (score := row.scores[key]) is not None)


def is_relief(score: float | None, baseline: float) -> bool:
    """Whether a day's score is at least 30 % under the level before."""
    return score is not None and (baseline - score) / baseline >= RESPONDER - TOLERANCE


def all_series(rows: Sequence[DayRow], courses: Mapping[str, Sequence[Course]]) -> list[Series]:
    return [
        series_of(symptom, rows, courses[symptom.key][-1] if courses.get(symptom.key) else None)
        for symptom in SYMPTOMS
    ]


def marks_of(infusions: Sequence[InfusionRow], strong: date | None = None) -> list[Mark]:
    """Infusions that were done; the last one, or the chosen one, is strong."""
    done = [infusion for infusion in infusions if infusion.status == "done"]
    last = strong or (done[-1].day if done else None)
    return [Mark(infusion.day, infusion.number, infusion.day == last) for infusion in done]
