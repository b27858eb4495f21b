"""Days compared only within the same band of days since the infusion, since else every comparison finds the infusion."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from diary.response.rules.days import WINDOW_DAYS

BANDS = ((1, 3), (4, 7), (8, 14), (15, WINDOW_DAYS))
BAND_WORDS = ("Days 1 to 3", "Days 4 to 7", "Days 8 to 14", "Day 15 and later")
LEAST_DAYS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two means of a 0-10 score in one band, each with the days it comes from; a mean is None under 3 days."""

    left: float | None
    left_days: int
    right: float | None
    right_days: int

    @property
    def is_told(self) -> bool:
        """Whether both sides have the days that a mean needs."""
        return self.left is not None and self.right is not None


def band_of(day: int) -> int | None:
    """The place in BANDS of a day since the infusion; None on the infusion's own day and after the 56th."""
    return next((place for place, (first, last) in enumerate(BANDS) if first <= day <= last), None)


def banded(days: Collection[date], infused: Sequence[date]) -> dict[date, int]:
    """The band of each day that has one, counted from the latest infusion before it.

    `infused`: infusion days in order. An infusion's own day is in no band, and neither is a day before the first.
    """
    found = {}
    for day in days:
        place = bisect_left(infused, day)
        if not place or (place < len(infused) and infused[place] == day):
            continue
        band = band_of((day - infused[place - 1]).days)
        if band is not None:
            found[day] = band
    return found


def pairs(
    scores: Mapping[date, float], bands: Mapping[date, int], left: Collection[date], right: Collection[date]
) -> tuple[Pair, ...]:
    """For each band the mean score of the days in `left` and of those in `right`, each with its n.

    Days without a score or without a band count nowhere. Nothing is tested: two means are shown, with n.
    """
    sides: tuple[list[list[float]], list[list[float]]] = ([[] for _ in BANDS], [[] for _ in BANDS])
    for side, days in zip(sides, (left, right), strict=True):
        for day in days:
            if day in bands and day in scores:
                side[bands[day]].append(scores[day])
    return tuple(
        Pair(_mean(one), len(one), _mean(other), len(other)) for one, other in zip(*sides, strict=True)
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if len(values) >= LEAST_DAYS else None


def days_from(since: date, until: date) -> list[date]:
    """Every day from `since` to `until`, both included."""
    return [since + timedelta(days=step) for step in range((until - since).days + 1)]
