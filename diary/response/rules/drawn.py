"""What the pictures of a response are drawn from: infusions aligned at day 0, their median, durations, doses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from diary.response.rules.courses import Course, is_responder
from diary.response.rules.days import BASELINE_LOW, WINDOW_DAYS
from diary.response.rules.survival import curve

LEAD_DAYS = 5
LEAST_FOR_MEDIAN = 4
LEAST_FOR_CURVE = 4
LEAST_FOR_DOSES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One infusion: (day since it, score 0-10) of its logged days, oldest first, and the days too unwell to log.

    Day 0 is the infusion's own; days before it are at most 5 and never those of an earlier infusion's day.
    """

    on: date
    scores: tuple[tuple[int, float], ...]
    unwell: tuple[int, ...] = ()

    def logged(self, first: int, last: int) -> int:
        """How many days have a score from day `first` to day `last`, both included."""
        return sum(1 for day, _ in self.scores if first <= day <= last)


@dataclass(frozen=True, slots=True)
class Middle:
    """One day since an infusion: how many infusions were logged on it, and their median where these are 4 or more."""

    day: int
    logged: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Durations:
    """Kaplan-Meier of a course's durations: (days, share still with relief, lower, upper) at each time of loss.

    `cut_short` holds the censored times, in order; `responses` counts both kinds; `longest` is the last time of all.
    """

    responses: int
    points: tuple[tuple[int, float, float, float], ...]
    cut_short: tuple[int, ...]
    longest: int


@dataclass(frozen=True, slots=True)
class Given:
    """What was given on one day: the infusion's number in words, mg, and mg/kg where a weight was known."""

    number: str
    mg: float
    mg_per_kg: float | None


@dataclass(frozen=True, slots=True)
class DosePoint:
    """One infusion's dose and its relief in the first week as a share; `is_carried`: relief was there already."""

    number: str
    dose: float
    relief: float
    is_carried: bool


def lines_of(
    scores: Mapping[date, float], unwell: Collection[date], infused: Sequence[date], following: date | None = None
) -> tuple[Line, ...]:  # fmt: skip
    """A course's infusions aligned at day 0, oldest first; linear in the infusions.

    `infused`: their days in order, one a day; `following`: the first infusion of the next course. A line begins 5 days
    before its infusion, or on the day after the one before it, and ends with the infusion's window (`response.md`,
    term 4), so that no day stands in two windows.
    """
    found = []
    for place, on in enumerate(infused):
        before = (on - infused[place - 1]).days if place else LEAD_DAYS + 1
        after = infused[place + 1] if place + 1 < len(infused) else following
        end = min(WINDOW_DAYS, (after - on).days - 1) if after is not None else WINDOW_DAYS
        days = range(max(-LEAD_DAYS, 1 - before), end + 1)
        dated = [(day, on + timedelta(days=day)) for day in days]
        found.append(
            Line(
                on,
                tuple((day, scores[at]) for day, at in dated if at in scores),
                tuple(day for day, at in dated if at not in scores and at in unwell),
            )
        )
    return tuple(found)


def middles(lines: Sequence[Line]) -> tuple[Middle, ...]:
    """How many lines have a score on each day, from the first such day to the last, and their median from 4 on."""
    by_day: dict[int, list[float]] = {}
    for line in lines:
        for day, score in line.scores:
            by_day.setdefault(day, []).append(score)
    if not by_day:
        return ()
    found = []
    for day in range(min(by_day), max(by_day) + 1):
        values = by_day.get(day, [])
        found.append(Middle(day, len(values), median(values) if len(values) >= LEAST_FOR_MEDIAN else None))
    return tuple(found)


def durations_of(course: Course) -> Durations:
    """The durations of a course's responses as steps; the same times as its summary's median (`response.md`, term 9)."""
    times = [
        (one.duration.low, not one.duration.censored)
        for one in course.infusions
        if one.status == "response" and one.duration is not None
    ]
    cut_short = tuple(sorted(time for time, is_loss in times if not is_loss))
    return Durations(len(times), tuple(curve(times)), cut_short, max((time for time, _ in times), default=0))


def dose_points(course: Course, given: Mapping[date, Given]) -> tuple[str, tuple[DosePoint, ...]]:
    """("mg/kg" or "mg", a point for each infusion with a week relief), oldest first.

    In mg/kg where every one of them has a weight, else all in mg, since one axis can't hold both.
    """
    found = [
        (given[one.on], one) for one in course.infusions if one.week_relief is not None and one.on in given
    ]
    is_by_weight = all(dose.mg_per_kg is not None for dose, _ in found)
    points = tuple(
        DosePoint(
            dose.number,
            dose.mg_per_kg if is_by_weight and dose.mg_per_kg is not None else dose.mg,
            one.week_relief or 0.0,
            one.status == "carried",
        )
        for dose, one in found
    )
    return ("mg/kg" if is_by_weight else "mg"), points


@dataclass(frozen=True, slots=True)
class WeekDays:
    """A week of a course counted in days: its first day, infusion days, logged days, and those with relief."""

    start: date
    infusions: int
    logged: int
    relief: int


def week_days(course: Course, scores: Mapping[date, float]) -> tuple[WeekDays, ...]:
    """The course's weeks in days, in order; where no relief is counted, none of its days has any.

    Counted from the days themselves, since a share is only given from three logged days on.
    """
    baseline = course.baseline if course.baseline is not None and course.baseline >= BASELINE_LOW else None
    infused = {one.on for one in course.infusions}
    found = []
    for week in course.weeks:
        start = course.started_on + timedelta(days=7 * (week.week - 1))
        days = [start + timedelta(days=step) for step in range(7)]
        relief = sum(1 for day in days if baseline is not None and is_responder(scores.get(day), baseline))
        found.append(WeekDays(start, sum(day in infused for day in days), week.logged_days, relief))
    return tuple(found)
