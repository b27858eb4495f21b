"""The response page's pictures, each with the words above it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from diary import charts
from diary.infusions.queries import InfusionRow
from diary.lib.symptoms import BY_KEY
from diary.lib.words import number, percent, plural
from diary.response.rules import Course, staff
from diary.response.rules import gap as gaps
from diary.response.rules.drawn import (
    LEAST_FOR_DOSES,
    Line,
    WeekDays,
    dose_points,
    durations_of,
    middles,
)
from diary.response.rules.words import lasting
from diary.review.queries.response.model import Diary, GapPart, Row, Spaced, Weekly
from diary.review.queries.response.tables import LEAD_WEEKS, given_on, mean_of, nearest, run_rows
from diary.review.queries.series import marks_of, series_of

A_DAY = timedelta(days=1)


def spaced_part(
    diary: Diary, course: Course, rows: Sequence[Row], lines: Sequence[Line], at: int
) -> Spaced:  # fmt: skip
    name = BY_KEY[diary.key].name
    shown = nearest(len(lines), at)
    pale = [lines[place] for place in shown if place != at]
    middle = [(one.day, one.logged, one.median) for one in middles(lines)]
    drawn = charts.overlay(
        charts.Aligned(lines[at].scores, lines[at].unwell),
        [charts.Aligned(line.scores) for line in pale],
        middle,
        _levels(course, diary),
        (
            f"infusion {rows[at].number}",
            "median of all",
            f"infusion {rows[at].number}",
        ),
        f"{name} around each infusion, aligned at day 0",
        _spots(rows, lines, at, shown),
    )
    median = " Median where 4 or more were logged." if any(value is not None for *_, value in middle) else ""
    others = len(lines) - 1
    said = (
        "Pale: the other infusions."
        if others == len(pale) and others > 1
        else f"Pale: the {len(pale)} nearest of the {others} other infusions."
    )
    words = (
        f"Lower is better. {said if others > 1 else 'Pale: the other infusion.' if others else ''}{median}"
    )
    if not staff.has_relief(course):
        return Spaced(drawn, words.strip())
    return Spaced(drawn, words.strip(), *_durations(course, name), *_points(course, diary.done, name))


def _durations(course: Course, name: str) -> tuple[str | None, str]:
    found, few = durations_of(course), staff.few_responses(course)
    if few:
        return None, few
    drawn = charts.durations_chart(
        found.points, found.cut_short, found.longest, course.summary.median_duration,
        staff.interval_words(course), name.lower(),
    )  # fmt: skip
    return drawn, f"Share still with relief, of {found.responses} responses; 95\u00a0% band."


def _levels(course: Course, diary: Diary) -> charts.Levels:
    series = series_of(BY_KEY[diary.key], diary.rows, course)
    words = "level before" if course.reference != "first_days" else "first weeks"
    return charts.Levels(series.level, words, series.counts_at, series.thirty)


def _spots(
    rows: Sequence[Row], lines: Sequence[Line], at: int, shown: Sequence[int]
) -> list[charts.Spot]:  # fmt: skip
    """The deepest of the others, and the last of them without a response."""
    found = []
    others = [place for place in shown if place != at]
    deep = [place for place in others if rows[place].response.peak_relief is not None]
    best = max(deep, key=lambda place: rows[place].response.peak_relief or 0.0, default=None)
    mine = rows[at].response.peak_relief
    if best is not None and (mine is None or (rows[best].response.peak_relief or 0.0) > mine):
        day = rows[best].response.peak_day or 0
        score = dict(lines[best].scores)[day]
        found.append(charts.Spot(day, score, f"infusion {rows[best].number}, the deepest"))
    none = next((p for p in reversed(others) if rows[p].response.status == "no_response"), None)
    if none is not None:
        after = [point for point in lines[none].scores if point[0] > 0]
        day, score = max(after, key=lambda point: (point[1], point[0]))
        found.append(charts.Spot(day, score, f"infusion {rows[none].number}, no response"))
    return found


def _points(course: Course, done: Sequence[InfusionRow], name: str) -> tuple[str | None, str]:
    unit, points = dose_points(course, given_on(done))
    if len(points) < LEAST_FOR_DOSES:
        one = "".join(
            f"Infusion {point.number}: {number(point.dose, 2)} {unit}, {percent(point.relief)}. " for point in points
        )  # fmt: skip
        return None, f"{one}The picture needs {LEAST_FOR_DOSES} infusions with a whole first week."
    dots = [charts.Dot(point.number, point.dose, point.relief, point.is_carried) for point in points]
    opened = "Open: relief was there already. " if any(dot.is_open for dot in dots) else ""
    unweighed = " In mg, since not every infusion has a weight." if unit == "mg" else ""
    return charts.points_chart(dots, unit, name.lower()), f"{opened}No line is fitted.{unweighed}"


def weekly_part(
    diary: Diary, course: Course, counted: Sequence[WeekDays], last: date | None, week: int | None,
    gap: GapPart | None,
) -> Weekly:  # fmt: skip
    newest = len(course.weeks)
    shown = newest if week is None else max(min(week, newest), min(newest, charts.MOST_WEEKS))
    end = course.started_on + timedelta(days=7 * shown - 1)
    since = max(course.started_on - LEAD_WEEKS, end - timedelta(days=7 * charts.MOST_WEEKS - 1))
    frame = charts.Frame(since, end, diary.today)
    series = series_of(BY_KEY[diary.key], diary.rows, course)
    inside = {one.on for one in course.infusions}
    marks = [mark for mark in marks_of(diary.done) if mark.on in inside]
    relief = staff.has_relief(course)
    cells = [
        charts.WeekCell(
            days.start, one.week, mean_of(course, one), days.relief if relief else None, days.logged
        )
        for one, days in zip(course.weeks, counted, strict=True)
    ]
    bars = [
        charts.RunBar(
            run.started_on,
            run.started_on + timedelta(days=run.low - 1),
            lasting(run),
            f", {plural(run.infusions, 'infusion')}" if run.infusions else "",
        )
        for run in course.runs
    ]
    earlier = shown - charts.MOST_WEEKS + 1
    return Weekly(
        charts.weekly_chart(series, frame, marks, bars, cells, _band(gap, diary.today)), run_rows(course, diary.done)[::-1],
        newest <= charts.MOST_WEEKS,
        max(earlier, charts.MOST_WEEKS) if since > course.started_on else None,
        min(newest, shown + charts.MOST_WEEKS - 1) if shown < newest else None,
        charts.bin_words(frame, 868),
    )  # fmt: skip


def _band(gap: GapPart | None, today: date) -> charts.Gap | None:
    if gap is None:
        return None
    mine = gap.gap
    last = (mine.next_on or mine.from_on + timedelta(days=mine.days)) - A_DAY
    after = (today - mine.from_on).days
    words = (
        f"gap, day {after} of {mine.days}"
        if mine.is_open(today)
        else f"gap, {(last - mine.from_on).days + 1} days"
    )
    return charts.Gap(mine.from_on + A_DAY, last, ("planned longer", words))


def gap_part(diary: Diary, course: Course, lines: Sequence[Line]) -> GapPart | None:
    """The course's latest planned longer gap that has begun, drawn beside the usual intervals before it."""
    infused = {one.on for one in course.infusions}
    begun = [row for row in diary.gaps if row.from_on in infused and row.from_on < diary.today]
    if not begun:
        return None
    row = begun[-1]
    gap = gaps.Gap(str(row.number), row.from_on, row.days, row.next_on)
    held = gaps.held(course, gap, diary.scores, diary.unwell, diary.today)
    mine = next(line for line in lines if line.on == row.from_on)
    usual = gaps.usual(lines, gap)
    name = BY_KEY[diary.key].name
    end = (gap.end(diary.today) - gap.from_on).days
    ahead = charts.Ahead(end + 1, gap.days) if gap.is_open(diary.today) and end < gap.days else None
    drawn = charts.overlay(
        charts.Aligned([point for point in mine.scores if 0 <= point[0] <= end], [d for d in mine.unwell if 0 < d <= end]),
        [charts.Aligned(line.scores) for line in usual],
        [(one.day, one.logged, one.median) for one in middles(usual)],
        replace(_levels(course, diary), words="before" if course.reference != "first_days" else "first weeks"),
        ("planned longer gap", "median of the usual", f"the planned longer gap after infusion {row.number}"),
        f"{name} in the planned longer gap beside the usual intervals before it",
        ahead=ahead, counted=("usual", "logged that day"), uid="gap", size=(480, 330),
    )  # fmt: skip
    pale = (
        f"Pale: the {plural(len(usual), 'interval')} before it." if usual else "No interval stands before it."
    )
    went_on = " Relief went on from before, so day 0 is not where it began." if held.is_carried else ""
    sentence = gaps.sentence(held, gap, diary.today, staff.has_relief(course))
    return GapPart(gap, held, sentence, drawn, f"{pale}{went_on}")
