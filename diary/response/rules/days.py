"""One symptom's days as the definitions need them: known days in order, looked up by bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from datetime import date
from math import sqrt

WINDOW_DAYS = 56
COURSE_GAP_DAYS = 70
BASELINE_DAYS = 14
BASELINE_LEAST = 4
BASELINE_LOW = 3.0
RESPONDER = 0.30
SUBSTANTIAL = 0.50
TOLERANCE = 1e-9


class Days:
    """The known days of a symptom (scored, or too unwell to log), as ordinals in order.

    `scores[i]` is the 0-10 score of day `days[i]`, None for an unwell day without a score.
    """

    __slots__ = ("days", "last", "scores")

    def __init__(self, scores: Mapping[date, float], unwell: Collection[date]) -> None:
        known: dict[int, float | None] = {day.toordinal(): None for day in unwell}
        known.update((day.toordinal(), score) for day, score in scores.items())
        self.days = sorted(known)
        self.scores = [known[day] for day in self.days]
        self.last = self.days[-1] if self.days else None

    def between(self, first: int, last: int) -> range:
        """Places of the known days from `first` to `last`, both included."""
        return range(bisect_left(self.days, first), bisect_right(self.days, last))

    def scored(self, first: int, last: int) -> list[float]:
        """The scores from `first` to `last`, both included, oldest first."""
        return [score for score in self.scores[self._slice(first, last)] if score is not None]

    def _slice(self, first: int, last: int) -> slice:
        return slice(bisect_left(self.days, first), bisect_right(self.days, last))


def mean(values: Collection[float]) -> float:
    """The arithmetic mean; raises ZeroDivisionError for none."""
    return sum(values) / len(values)


def deviation(values: Collection[float]) -> float:
    """The sample standard deviation (n - 1) of at least two values."""
    middle = mean(values)
    return sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def split_courses(infused: Collection[date]) -> list[list[int]]:
    """Infusion days as ordinals, one a day, in courses whose neighbours are at most 70 days apart."""
    courses: list[list[int]] = []
    for day in sorted({on.toordinal() for on in infused}):
        if courses and day - courses[-1][-1] <= COURSE_GAP_DAYS:
            courses[-1].append(day)
        else:
            courses.append([day])
    return courses
