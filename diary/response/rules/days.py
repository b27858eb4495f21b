"""One symptom's days as the definitions need them: known days in order, looked up by bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from datetime import date
from math import nan, sqrt

from diary.careteam.rules import COURSE_GAP_DAYS

WINDOW_DAYS = 56
BASELINE_DAYS = 14
BASELINE_LEAST = 4
BASELINE_LOW = 3.0
RESPONDER = 0.30
SUBSTANTIAL = 0.50
TOLERANCE = 1e-9
YES, NO = b"\1", b"\0"  # of a responder day


class Days:
    """The known days of a symptom (scored, or too unwell to log), as ordinals in order.

    `scores[i]` is the 0-10 score of day `days[i]`, not a number (NaN) for an unwell day without a score.
    """

    __slots__ = ("days", "last", "scores")

    def __init__(self, scores: Mapping[date, float], unwell: Collection[date]) -> None:
        known = dict.fromkeys(map(date.toordinal, unwell), nan)
        known.update(zip(map(date.toordinal, scores), scores.values(), strict=True))
        self.days = sorted(known)
        self.scores = list(map(known.__getitem__, self.days))
        self.last = self.days[-1] if self.days else None

    def since(self, day: int) -> int:
        """The place of the first known day from `day` on."""
        return bisect_left(self.days, day)

    def scored(self, first: int, last: int) -> list[float]:
        """The scores from `first` to `last`, both included, oldest first."""
        return told(self.scores[bisect_left(self.days, first) : bisect_right(self.days, last)])


class Level:
    """A course's known days against its level before, by place: the relief, NaN on an unwell day, and whether it counts.

    Only places from `start` to before `stop` are told. `has_relief` holds a byte a day, YES for a responder day
    or NO, so that runs of days are found as in a text.
    """

    __slots__ = ("has_relief", "reliefs")

    def __init__(self, days: Days, baseline: float, start: int, stop: int) -> None:
        least = RESPONDER - TOLERANCE
        shown = [(baseline - score) / baseline for score in days.scores[start:stop]]
        self.reliefs = [nan] * start + shown
        self.has_relief = NO * start + bytes([relief >= least for relief in shown])


def told(values: list[float]) -> list[float]:
    """The values without NaN; most often that is all of them, and a sum tells so soonest."""
    total = sum(values)
    return values if total == total else [one for one in values if one == one]


def mean(values: Collection[float]) -> float:
    """The arithmetic mean; raises ZeroDivisionError for none."""
    return sum(values) / len(values)


def deviation(values: Collection[float]) -> float:
    """The sample standard deviation (n - 1) of at least two values."""
    middle = mean(values)
    return sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def split_courses(infused: Collection[date], gap: int = COURSE_GAP_DAYS) -> list[list[int]]:
    """Infusion days as ordinals, one a day, in courses whose neighbours are at most `gap` days apart."""
    courses: list[list[int]] = []
    for day in sorted({on.toordinal() for on in infused}):
        if courses and day - courses[-1][-1] <= gap:
            courses[-1].append(day)
        else:
            courses.append([day])
    return courses
