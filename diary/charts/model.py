"""What a chart is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One stored day of one symptom: its 0-10 score or None, late, too unwell, written by a helper."""

    on: date
    score: float | None
    late: bool = False
    unwell: bool = False
    helper: bool = False

    @property
    def is_told(self) -> bool:
        """Whether the day says something: a score, or that it was too bad for one."""
        return self.score is not None or self.unwell


@dataclass(frozen=True, slots=True)
class Mark:
    """An infusion that was done; `strong` is the last or the chosen one."""

    on: date
    number: int
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One symptom: its stored days in order, the level before the infusions, and the score that counts as relief.

    `begun` is the diary's first day, where the days given do not tell it; before it nothing is missing.
    """

    key: str
    name: str
    icon: str
    days: Sequence[Day]
    level: float | None = None
    counts_at: float | None = None
    level_word: str = "before"
    begun: date | None = None

    @property
    def first(self) -> date | None:
        return self.begun or (self.days[0].on if self.days else None)

    @property
    def thirty(self) -> float | None:
        """30 % under the level, where relief is counted at all."""
        return self.level * 0.7 if self.level is not None and self.counts_at is not None else None


@dataclass(frozen=True, slots=True)
class Frame:
    """The span shown, both days included; today without an entry is no gap until it is over."""

    since: date
    until: date
    today: date | None = None

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def over(self) -> date:
        """The last day shown that is over, so that it can be missing."""
        return self.until if self.today is None else min(self.until, self.today - A_DAY)

    def holds(self, on: date) -> bool:
        return self.since <= on <= self.until


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


def within(series: Series, frame: Frame) -> Sequence[Day]:
    """The series' days that are shown."""
    days = series.days
    if not days or (frame.since <= days[0].on and days[-1].on <= frame.until):
        return days
    return [day for day in days if frame.since <= day.on <= frame.until]


def gaps(series: Series, frame: Frame) -> list[tuple[date, date]]:
    """Runs of days without an entry, as (first, last), from the diary's first day to the last that is over."""
    over = frame.over
    told = [
        day.on for day in within(series, frame) if day.on <= over and (day.score is not None or day.unwell)
    ]
    first = series.first
    at = max(frame.since, first) if first else frame.since
    found = []
    for on in [*told, over + A_DAY]:
        if on > at:
            found.append((at, on - A_DAY))
        at = max(at, on + A_DAY)
    return found
