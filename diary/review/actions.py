"""The tick of safety rules over days: on every write of a day, and each morning."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlmodel import Session

from diary.careteam import access
from diary.entries.queries import days_between
from diary.infusions.queries import last_infusion
from diary.review.queries.data import BOOK
from diary.review.rules import DayState, Found, over_days
from diary.safety.actions import open_flag

LOOK_BACK = timedelta(days=60)
LATEST = timedelta(days=7)
ASKED_OF = frozenset({"pain", "mood", "fatigue", "sleep_hours"})
EPISODES = UUID(
    "9e1c7d52-2c0b-4f0e-9a57-6a1f5a3c8b10"
)  # names of matters over days, so that each is raised once


def look_after_write(
    s: Session,
    viewer: access.Viewer,
    patient_id: int,
    day: date,
    fields: Iterable[str],
    today: date,
    now: datetime,
) -> None:
    """Look at the days once more where a write touched what a rule asks of; in the write's own transaction.

    Silence is for the morning: a write ends it.
    """
    if ASKED_OF.intersection(fields) and timedelta(0) <= today - day <= LATEST:
        _raise(s, viewer, patient_id, over_days(BOOK, _days(s, viewer, patient_id, today), today, False), now)


def look_at_days(s: Session, viewer: access.Viewer, patient_id: int, today: date, now: datetime) -> int:
    """Open a flag for each rule over days that is met, once an episode; how many rules are met."""
    found = _met(s, viewer, patient_id, today)
    _raise(s, viewer, patient_id, found, now)
    return len(found)


def _raise(s: Session, viewer: access.Viewer, patient_id: int, found: Iterable[Found], now: datetime) -> None:
    for one in found:
        episode = uuid5(EPISODES, f"{patient_id}/{one.rule}/{one.matter}/{one.since}")
        open_flag(s, viewer, patient_id, one.rule, one.matter, now, now, write_id=episode, answer=one.words)


def is_anything_met(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> bool:
    """Whether there is something to write; a look that finds nothing takes nobody's turn to write."""
    return bool(_met(s, viewer, patient_id, today))


def _met(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> list[Found]:
    last = last_infusion(s, viewer, patient_id, today)
    in_course = last is not None and (today - last[0]).days <= access.course_gap(s, patient_id)
    days = _days(s, viewer, patient_id, today)
    return over_days(BOOK, days, today, in_course, last[0] if last else None)


def _days(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> list[DayState]:
    rows = days_between(s, viewer, patient_id, today - LOOK_BACK, today)
    return [DayState(row.day, row.scores, row.late, row.unwell, row.sleep_hours) for row in rows]
