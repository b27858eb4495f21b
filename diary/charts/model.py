"""What a chart is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

FINEST = 1.2  # units of the drawing a day needs to be drawn as a day
FINEST_BAR = 2.4


def bin_days(step: float) -> int:
    """How many days one bar stands for at so many units a day: a week, or four where weeks are too fine."""
    return 7 if step * 7 >= FINEST_BAR else 28


@dataclass(frozen=True, slots=True)
class Day:
    """One stored day of one symptom: its 0-10 score or None, late, too unwell, written by a helper."""

    on: date
    score: float | None
    late: bool = False
    unwell: bool = False
    helper: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An infusion that was done; `strong` is the last or the chosen one."""

    on: date
    number: int
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One symptom: its stored days in order, the level before the infusions, and the score that counts as relief."""

    key: str
    name: str
    icon: str
    days: Sequence[Day]
    level: float | None = None
    counts_at: float | None = None
    level_word: str = "before"


@dataclass(frozen=True, slots=True)
class Frame:
    """The span shown, both days included; today without an entry is no gap until it is over."""

    since: date
    until: date
    today: date | None = None

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a course: its first day, days with relief, days logged."""

    start: date
    relief: int
    logged: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The desk's charts on one axis: months, the infusions' lane, and a lane for each series."""

    axis: str
    infusions: str
    lanes: Sequence[tuple[Series, str]]
