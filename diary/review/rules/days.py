"""A day as the caseload reads it; adherence; what changed most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from diary.lib.symptoms import SYMPTOMS
from diary.lib.words import plural

SHOWN_DAYS = 21
SQUARES = 14
KEYS = tuple(symptom.key for symptom in SYMPTOMS)


@dataclass(frozen=True, slots=True)
class DayState:
    """A day as the caseload reads it: scores by key, and whether it was late or too unwell to log."""

    on: date
    scores: Mapping[str, float | None]
    late: frozenset[str] = frozenset()
    unwell: bool = False
    sleep_hours: float | None = None

    @property
    def given(self) -> int:
        return sum(1 for score in self.scores.values() if score is not None)


def state_of(day: DayState | None) -> str:
    """The square of a day: logged (all five), partly, late, unwell or missing."""
    if day is None or (not day.given and not day.unwell):
        return "missing"
    if not day.given:
        return "unwell"
    scored = {key for key, score in day.scores.items() if score is not None}
    if scored <= day.late:
        return "late"
    return "logged" if len(scored) == len(KEYS) else "partly"


def adherence(days: Mapping[date, DayState], until: date, count: int = SQUARES) -> list[str]:
    """States of the last `count` days ending at `until`, oldest first."""
    return [state_of(days.get(until - timedelta(days=back))) for back in range(count - 1, -1, -1)]


def adherence_words(states: Sequence[str]) -> str:
    """ "12 of 14 days logged, 1 late, 1 too unwell"."""
    logged = sum(1 for state in states if state in ("logged", "partly", "late"))
    words = f"{logged} of {plural(len(states), 'day')} logged"
    for state, name in (("late", "late"), ("unwell", "too unwell")):
        count = states.count(state)
        if count:
            words += f", {count} {name}"
    return words


def changed_most(days: Sequence[DayState], but: str = "pain") -> str | None:
    """The symptom whose last 3 scored days differ most from its first 3 shown; None where there are none.

    Ties go to the fixed order of the symptoms.
    """
    best, found = -1.0, None
    for key in KEYS:
        scores = [score for day in days if (score := day.scores[key]) is not None]
        if key == but or not scores:
            continue
        moved = abs(fmean(scores[-3:]) - fmean(scores[:3]))
        if moved > best + 1e-9:
            best, found = moved, key
    return found
