"""Courses, infusions, runs and weeks of one symptom, exactly as the definitions `neap-response-1` settle them.

Scores are 0 none .. 10 worst. Missing days stay missing; a day "too unwell to log" enters no mean and no
peak, and counts as a day without relief where relief begins or ends. Thresholds of 30 and 50 %: Farrar 2001,
IMMPACT; for the symptoms other than pain they are a drawing line, not an established threshold.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from math import floor
from statistics import median
from typing import Any

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.response.rules.days import (
    BASELINE_DAYS,
    BASELINE_LEAST,
    BASELINE_LOW,
    NO,
    RESPONDER,
    SUBSTANTIAL,
    TOLERANCE,
    WINDOW_DAYS,
    YES,
    Days,
    Level,
    deviation,
    mean,
    split_courses,
    told,
)
from diary.response.rules.survival import median_with_interval

DEFINITIONS = "neap-response-1"
WITH_PEAK = frozenset({"response", "no_response", "not_yet", "carried"})


@dataclass(slots=True)
class Duration:
    """Days of relief from onset: from `low` to `high` with a loss, at least `low` when censored (`by` what)."""

    low: int
    high: int | None
    censored: bool
    by: str | None


@dataclass(slots=True)
class InfusionResponse:
    """What one infusion did to one symptom; days are counted from the infusion, shares are of the baseline.

    `is_over`: its window was ended by the next infusion or its 56th day, so that no day can be added.
    """

    on: date
    status: str
    window_days: int
    logged_days: int
    unwell_days: int
    infusion_baseline: float | None = None
    onset_day: int | None = None
    peak_relief: float | None = None
    peak_day: int | None = None
    mean_relief: float | None = None
    week_relief: float | None = None
    mean_change: float | None = None
    duration: Duration | None = None
    known_early: int = 0
    needed_early: int = 0
    is_over: bool = False


@dataclass(slots=True)
class Run:
    """Relief held across infusions, from a day on."""

    started_on: date
    infusions: int
    low: int
    high: int | None
    censored: bool
    by: str | None


@dataclass(slots=True)
class Week:
    """One week of a course, counted from its first infusion; means need 3 scored days."""

    week: int
    logged_days: int
    unwell_days: int
    mean_change: float | None
    mean_relief: float | None
    responder_share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A course in counts, with the Kaplan-Meier median of the duration of response."""

    evaluable: int
    responders_30: int
    responders_50: int
    reached_30: int
    reached_50: int
    carried: int
    held_30: int
    responses: int
    median_onset: float | None
    median_duration: int | None
    interval: tuple[int | None, int | None] | None


@dataclass(frozen=True, slots=True)
class Course:
    """Infusions whose neighbours are at most the clinic's course gap apart, and what became of one symptom."""

    number: int
    started_on: date
    baseline: float | None
    baseline_days: int
    swing: float | None
    reference: str | None
    reference_mean: float | None
    infusions: tuple[InfusionResponse, ...]
    runs: tuple[Run, ...]
    weeks: tuple[Week, ...]
    summary: Summary


def courses_of(
    scores: Mapping[date, float],
    unwell: Collection[date],
    infused: Iterable[date],
    gap: int = COURSE_GAP_DAYS,
) -> tuple[Course, ...]:
    """Every course of one symptom, oldest first.

    `scores` maps local days to 0-10, `unwell` holds the days marked too unwell to log (one that has a score
    counts as scored), `infused` the local days of the infusions that were done; those at most
    `gap` days apart are of one course. Pure and linear but for sorting.
    """
    days = Days(scores, unwell)
    courses = split_courses(list(infused), gap)
    found = []
    for place, course in enumerate(courses):
        following = courses[place + 1][0] if place + 1 < len(courses) else None
        found.append(_course(place + 1, course, following, days))
    return tuple(found)


def counts_at(baseline: float | None, is_whole: bool = True) -> float | None:
    """The greatest score that is a responder day: whole, or to a tenth where scores have decimals."""
    if baseline is None or baseline < BASELINE_LOW:
        return None
    step = 1 if is_whole else 10
    return floor((1 - RESPONDER) * baseline * step + 1e-6) / step


def is_tight(course: Course) -> bool:
    """Whether the median spacing of the infusions is under 7 days, so that weeks and runs lead."""
    days = [infusion.on.toordinal() for infusion in course.infusions]
    gaps = [after - before for before, after in pairwise(days)]
    return bool(gaps) and median(gaps) < 7


def _course(number: int, infused: list[int], following: int | None, days: Days) -> Course:
    first = infused[0]
    before = days.scored(first - BASELINE_DAYS, first - 1)
    baseline = mean(before) if len(before) >= BASELINE_LEAST else None
    swing = deviation(before) if baseline is not None else None
    reference, reference_mean = ("baseline", baseline) if baseline is not None else _first_days(days, first)
    level = None
    if baseline is not None and baseline >= BASELINE_LOW:
        stop = len(days.days) if following is None else days.since(following)
        level = Level(days, baseline, days.since(first - BASELINE_DAYS), stop)
    responses = list(_responses(days, infused, following, baseline, level))
    return Course(
        number, date.fromordinal(first), baseline, len(before), swing, reference, reference_mean, tuple(responses),
        tuple(_runs(days, infused, following, level)) if level is not None else (),
        tuple(_weeks(days, first, following, reference_mean, level)), _summary(responses),
    )  # fmt: skip


def _first_days(days: Days, first: int) -> tuple[str | None, float | None]:
    """For those who began in mid-treatment: the first 14 scores from 14 days before the course on; needs 7."""
    start = days.since(first - BASELINE_DAYS)
    found: list[float] = []
    for score in days.scores[start:]:  # NaN, which equals nothing, is an unwell day
        if score == score:
            found.append(score)
            if len(found) == BASELINE_DAYS:
                break
    return ("first_days", mean(found)) if len(found) >= 7 else (None, None)


def is_responder(score: float | None, baseline: float) -> bool:
    """Whether a day's score is at least 30 % under the baseline; a day without a score is not."""
    return score is not None and (baseline - score) / baseline >= RESPONDER - TOLERANCE


def _responses(
    days: Days, infused: list[int], following: int | None, baseline: float | None, level: Level | None
) -> Iterable[InfusionResponse]:
    """The infusions in order. Places only move on, so that ten years cost ten times one year; slices, not single days."""
    known, scores, last = days.days, days.scores, days.last
    count, stop = len(known), 0
    for day, after in zip(infused, [*infused[1:], following], strict=True):
        # The window's last day and why it ends; on a tie the first reason in the order of the definitions.
        end, reason = day + WINDOW_DAYS, "window"
        if after is not None and after <= end:
            end, reason = after - 1, "next_infusion"
        if (last or day) < end:
            end, reason = last or day, "diary_end"
        length = end - day if end > day else 0
        here = bisect_left(known, day, stop) if stop < count and known[stop] < day else stop
        first = here + 1 if here < count and known[here] == day else here
        stop = bisect_right(known, end, first) if length else first
        week = bisect_right(known, day + 7, first, stop) if length > 7 else stop
        scored = told(scores[first:stop])
        before = told(scores[bisect_left(known, day - 7, here - 7 if here > 7 else 0, here) : here])
        early, needed = week - first, (length + 1) // 2 if length < 7 else 4
        change, found = None, NOTHING
        if baseline is None or not length:
            status = "no_baseline" if length else "no_window"
        else:
            change = sum(scored) / len(scored) - baseline if scored else None
            if level is None:
                status = "baseline_low"
            elif not scored or early < needed:
                status = "not_enough_days"
            else:
                # Relief was there already: on the last known day of the three before.
                carried = (
                    here and day != infused[0] and known[here - 1] >= day - 3 and level.has_relief[here - 1]
                )
                spell = None if carried else _spell(level.has_relief, first, stop)
                status = (
                    "carried"
                    if carried
                    else "response"
                    if spell
                    else "no_response"
                    if length >= 7
                    else "not_yet"
                )
                inside = level.reliefs[first:stop]
                reliefs = inside if len(scored) == stop - first else told(inside)
                peak = max(reliefs)
                found = (
                    peak, known[first + inside.index(peak)] - day,  # the earliest of equals
                    sum(reliefs) / len(reliefs), _week_relief(inside[:early]) if length >= 7 else None,
                    known[spell[0]] - day if spell else None, _duration(known, spell, reason) if spell else None,
                )  # fmt: skip
        peak_relief, peak_day, mean_relief, week_relief, onset, duration = found
        yield InfusionResponse(
            date.fromordinal(day), status, length, len(scored), stop - first - len(scored),
            sum(before) / len(before) if len(before) >= 3 else None,
            onset, peak_relief, peak_day, mean_relief, week_relief, change, duration, early, needed,
            reason != "diary_end",
        )  # fmt: skip


# Peak, its day, mean and week relief, onset, duration, where they do not apply.
NOTHING: tuple[Any, ...] = (None,) * 6


def _week_relief(reliefs: list[float]) -> float | None:
    """The mean over the scored days of a whole first week; needs 4."""
    scored = told(reliefs)
    return sum(scored) / len(scored) if len(scored) >= 4 else None


def _spell(has_relief: bytes, start: int, stop: int) -> tuple[int, int, int | None] | None:
    """Places of (onset, last responder day, loss or None) of the first relief from `start` to before `stop`; None for none.

    Onset: a responder day whose next known day is one too. Loss: a known day that is none and whose next
    known day is none either. One good day is noise, one bad day a blip.
    """
    onset = has_relief.find(YES + YES, start, stop)
    if onset < 0:
        return None
    loss = has_relief.find(NO + NO, onset + 2, stop)
    last = has_relief.rfind(YES, onset, stop if loss < 0 else loss)
    return onset, last, None if loss < 0 else loss


def _duration(known: list[int], spell: tuple[int, int, int | None], reason: str) -> Duration:
    onset, last, loss = spell
    low = known[last] - known[onset] + 1
    return (
        Duration(low, None, True, reason)
        if loss is None
        else Duration(low, known[loss] - known[onset], False, None)
    )


def _runs(days: Days, infused: list[int], following: int | None, level: Level) -> Iterable[Run]:
    ends = [(infused[-1] + WINDOW_DAYS, 0, "window")]
    if following is not None:
        ends.append((following - 1, 1, "next_course"))
    ends.append((days.last if days.last is not None else infused[0], 2, "diary_end"))
    end, _, reason = min(ends)
    known = days.days
    start, stop = days.since(infused[0] + 1), days.since(end + 1)
    while (spell := _spell(level.has_relief, start, stop)) is not None:
        onset, last, loss = spell
        held = _duration(known, spell, reason)
        inside = bisect_right(infused, known[last]) - bisect_left(infused, known[onset])
        yield Run(date.fromordinal(known[onset]), inside, held.low, held.high, held.censored, held.by)
        if loss is None:
            return
        start = loss


def _weeks(
    days: Days, first: int, following: int | None, reference: float | None, level: Level | None
) -> Iterable[Week]:
    known, scores, count = days.days, days.scores, len(days.days)
    last = days.last if days.last is not None else first - 1
    if following is not None:
        last = min(last, following - 1)
    stop = days.since(first)
    for number, start in enumerate(range(first, last + 1, 7), 1):
        place, end = stop, start + 6 if start + 6 < last else last
        stop = bisect_right(known, end, place, place + 7 if place + 7 < count else count)
        scored = told(scores[place:stop])
        logged = len(scored)
        change = relief = share = None
        if logged >= 3:
            if reference is not None:
                change = sum(scored) / logged - reference
            if level is not None:
                reliefs = level.reliefs[place:stop]
                relief = sum(reliefs if logged == stop - place else told(reliefs)) / logged
                share = level.has_relief.count(YES, place, stop) / logged
        yield Week(number, logged, stop - place - logged, change, relief, share)


def _summary(responses: list[InfusionResponse]) -> Summary:
    judged = [r for r in responses if r.status in ("response", "no_response") and r.week_relief is not None]
    carried = [r for r in responses if r.status == "carried" and r.week_relief is not None]
    lasting = [r for r in responses if r.status == "response"]
    durations = [(r.duration.low, not r.duration.censored) for r in lasting if r.duration]
    middle, interval = median_with_interval(durations)
    return Summary(
        evaluable=len(judged),
        responders_30=_at_least(judged, "week_relief", RESPONDER),
        responders_50=_at_least(judged, "week_relief", SUBSTANTIAL),
        reached_30=_at_least(judged, "peak_relief", RESPONDER),
        reached_50=_at_least(judged, "peak_relief", SUBSTANTIAL),
        carried=len(carried),
        held_30=_at_least(carried, "week_relief", RESPONDER),
        responses=len(lasting),
        median_onset=median([r.onset_day for r in lasting if r.onset_day is not None]) if lasting else None,
        median_duration=middle,
        interval=interval,
    )


def _at_least(responses: list[InfusionResponse], name: str, share: float) -> int:
    return sum(1 for r in responses if (getattr(r, name) or 0.0) >= share - TOLERANCE)


HIDDEN = ("known_early", "needed_early", "is_over")


def as_json(email: str, by_symptom: Mapping[str, Iterable[Course]]) -> dict[str, Any]:
    """The contract's document: every key always there, what does not apply is null, six decimals."""
    return {
        "definitions": DEFINITIONS,
        "patient": email,
        "symptoms": {
            key: [_plain(asdict(course)) for course in courses] for key, courses in by_symptom.items()
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in HIDDEN}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return round(value, 6) if isinstance(value, float) else value
