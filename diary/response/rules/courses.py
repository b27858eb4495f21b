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

from diary.response.rules.days import (
    BASELINE_DAYS,
    BASELINE_LEAST,
    BASELINE_LOW,
    RESPONDER,
    SUBSTANTIAL,
    TOLERANCE,
    WINDOW_DAYS,
    Days,
    deviation,
    mean,
    split_courses,
)
from diary.response.rules.survival import median_with_interval

DEFINITIONS = "neap-response-1"
WITH_PEAK = frozenset({"response", "no_response", "not_yet", "carried"})


@dataclass(frozen=True, slots=True)
class Duration:
    """Days of relief from onset: from `low` to `high` with a loss, at least `low` when censored (`by` what)."""

    low: int
    high: int | None
    censored: bool
    by: str | None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Run:
    """Relief held across infusions, from a day on."""

    started_on: date
    infusions: int
    low: int
    high: int | None
    censored: bool
    by: str | None


@dataclass(frozen=True, slots=True)
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
    """Infusions whose neighbours are at most 70 days apart, and what became of one symptom."""

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
    scores: Mapping[date, float], unwell: Collection[date], infused: Iterable[date]
) -> tuple[Course, ...]:
    """Every course of one symptom, oldest first.

    `scores` maps local days to 0-10, `unwell` holds the days marked too unwell to log (one that has a score
    counts as scored), `infused` the local days of the infusions that were done. Pure and linear but for sorting.
    """
    days = Days(scores, unwell)
    courses = split_courses(list(infused))
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
    responses = []
    for place, day in enumerate(infused):
        after = infused[place + 1] if place + 1 < len(infused) else following
        responses.append(_response(days, day, after, baseline, is_first=place == 0))
    usable = baseline if baseline is not None and baseline >= BASELINE_LOW else None
    return Course(
        number, date.fromordinal(first), baseline, len(before), swing, reference, reference_mean, tuple(responses),
        tuple(_runs(days, infused, following, usable)) if usable is not None else (),
        tuple(_weeks(days, first, following, reference_mean, usable)), _summary(responses),
    )  # fmt: skip


def _first_days(days: Days, first: int) -> tuple[str | None, float | None]:
    """For those who began in mid-treatment: the first 14 scores from 14 days before the course on; needs 7."""
    start = days.between(first - BASELINE_DAYS, days.last or 0).start
    found: list[float] = []
    for score in days.scores[start:]:
        if score is not None:
            found.append(score)
            if len(found) == BASELINE_DAYS:
                break
    return ("first_days", mean(found)) if len(found) >= 7 else (None, None)


def _window(day: int, after: int | None, last_known: int | None) -> tuple[int, str]:
    """The window's last day and why it ends; on a tie the first reason in the order of the definitions."""
    ends = [(day + WINDOW_DAYS, 0, "window")]
    if after is not None:
        ends.append((after - 1, 1, "next_infusion"))
    ends.append((last_known if last_known is not None else day, 2, "diary_end"))
    end, _, reason = min(ends)
    return end, reason


def is_responder(score: float | None, baseline: float) -> bool:
    """Whether a day's score is at least 30 % under the baseline; a day without a score is not."""
    return score is not None and (baseline - score) / baseline >= RESPONDER - TOLERANCE


def _response(
    days: Days, day: int, after: int | None, baseline: float | None, is_first: bool
) -> InfusionResponse:
    end, reason = _window(day, after, days.last)
    length = max(0, end - day)
    places = days.between(day + 1, end)
    known = [(days.days[i] - day, days.scores[i]) for i in places]
    scored = [(n, score) for n, score in known if score is not None]
    week_before = days.scored(day - 7, day - 1)
    early = min(length, 7)
    facts: dict[str, Any] = {
        "on": date.fromordinal(day),
        "window_days": length,
        "logged_days": len(scored),
        "unwell_days": len(known) - len(scored),
        "infusion_baseline": mean(week_before) if len(week_before) >= 3 else None,
        "known_early": sum(1 for n, _ in known if n <= 7),
        "needed_early": (early + 1) // 2,
        "is_over": reason != "diary_end",
    }
    if baseline is None or not length:
        return InfusionResponse(status="no_baseline" if length else "no_window", **facts)
    if scored:
        facts["mean_change"] = mean([score for _, score in scored]) - baseline
    if baseline < BASELINE_LOW:
        return InfusionResponse(status="baseline_low", **facts)
    if not scored or facts["known_early"] < facts["needed_early"]:
        return InfusionResponse(status="not_enough_days", **facts)
    return InfusionResponse(**facts, **_relief(days, day, baseline, is_first, known, scored, length, reason))


def _relief(
    days: Days, day: int, baseline: float, is_first: bool,
    known: list[tuple[int, float | None]], scored: list[tuple[int, float]], length: int, reason: str,
) -> dict[str, Any]:  # fmt: skip
    """Status, onset, peak, means and duration where there is a level to compare with and days to compare."""
    reliefs = [(n, (baseline - score) / baseline) for n, score in scored]
    peak_day, peak = max(reliefs, key=lambda item: (item[1], -item[0]))
    found: dict[str, Any] = {
        "peak_relief": peak,
        "peak_day": peak_day,
        "mean_relief": mean([r for _, r in reliefs]),
    }
    first_week = [relief for n, relief in reliefs if n <= 7]
    if length >= 7 and len(first_week) >= 4:
        found["week_relief"] = mean(first_week)
    if not is_first and _is_carried(days, day, baseline):
        return {"status": "carried", **found}
    relief = _spell([(n, is_responder(score, baseline)) for n, score in known], 0)
    if relief is None:
        return {"status": "no_response" if length >= 7 else "not_yet", **found}
    onset, last, loss = relief
    return {
        "status": "response",
        "onset_day": onset,
        "duration": _duration(onset, last, loss, reason),
        **found,
    }


def _is_carried(days: Days, day: int, baseline: float) -> bool:
    """Whether relief was there already: on the last known day of the three before the infusion."""
    before = days.between(day - 3, day - 1)
    return bool(before) and is_responder(days.scores[before[-1]], baseline)


def _spell(known: list[tuple[int, bool]], start: int) -> tuple[int, int, int | None] | None:
    """(onset, last responder day, loss or None) of the first relief from place `start` on; None for none.

    Onset: a responder day whose next known day is one too. Loss: a known day that is none and whose next
    known day is none either. One good day is noise, one bad day a blip.
    """
    onset = last = None
    for place in range(start, len(known)):
        n, has_relief = known[place]
        follows = known[place + 1][1] if place + 1 < len(known) else None
        if onset is None:
            if has_relief and follows:
                onset = last = n
        elif has_relief:
            last = n
        elif follows is False:
            assert last is not None
            return onset, last, n
    return (onset, last, None) if onset is not None and last is not None else None


def _duration(onset: int, last: int, loss: int | None, reason: str) -> Duration:
    low = last - onset + 1
    return Duration(low, None, True, reason) if loss is None else Duration(low, loss - onset, False, None)


def _runs(days: Days, infused: list[int], following: int | None, baseline: float) -> Iterable[Run]:
    ends = [(infused[-1] + WINDOW_DAYS, 0, "window")]
    if following is not None:
        ends.append((following - 1, 1, "next_course"))
    ends.append((days.last if days.last is not None else infused[0], 2, "diary_end"))
    end, _, reason = min(ends)
    known = [
        (days.days[i], is_responder(days.scores[i], baseline)) for i in days.between(infused[0] + 1, end)
    ]
    start = 0
    while (run := _spell(known, start)) is not None:
        onset, last, loss = run
        duration = _duration(onset, last, loss, reason)
        inside = bisect_right(infused, last) - bisect_left(infused, onset)
        yield Run(
            date.fromordinal(onset), inside, duration.low, duration.high, duration.censored, duration.by
        )
        if loss is None:
            return
        while known[start][0] < loss:
            start += 1


def _weeks(
    days: Days, first: int, following: int | None, reference: float | None, baseline: float | None
) -> Iterable[Week]:
    last = days.last if days.last is not None else first - 1
    if following is not None:
        last = min(last, following - 1)
    for number, start in enumerate(range(first, last + 1, 7), 1):
        places = days.between(start, min(start + 6, last))
        scored = [score for score in days.scores[places.start : places.stop] if score is not None]
        enough = len(scored) >= 3
        change = mean(scored) - reference if enough and reference is not None else None
        relief = share = None
        if enough and baseline is not None:
            relief = mean([(baseline - score) / baseline for score in scored])
            share = sum(is_responder(score, baseline) for score in scored) / len(scored)
        yield Week(number, len(scored), len(places) - len(scored), change, relief, share)


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
