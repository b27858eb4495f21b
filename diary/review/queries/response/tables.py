"""The response page's tables: infusions by series, weeks, runs, and what the pictures are drawn from."""

from collections.abc import Sequence
from datetime import date, timedelta

from diary import charts
from diary.infusions.queries import InfusionRow
from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_short, number, percent
from diary.response.rules import Course, InfusionResponse, Week, staff
from diary.response.rules.drawn import (
    Given,
    Line,
    WeekDays,
    durations_of,
    middles,
)
from diary.review.queries.response.model import Diary, Group, Row, RunRow, Sheet, WeekRow
from diary.review.queries.series import marks_of, series_of

MOST_PALE = 40
LEAD_WEEKS = timedelta(days=14)


def given_on(done: Sequence[InfusionRow]) -> dict[date, Given]:
    """What was given by day; two infusions on one day count as one, their doses summed (`response.md`, term 1)."""
    by_day: dict[date, list[InfusionRow]] = {}
    for one in done:
        by_day.setdefault(one.day, []).append(one)
    found = {}
    for day, ones in by_day.items():
        weight = ones[0].weight_kg
        mg = sum(one.dose_mg for one in ones)
        per_kg = ones[0].mg_per_kg if len(ones) == 1 else (mg / weight if weight else None)
        found[day] = Given(" and ".join(str(one.number) for one in ones), mg, per_kg)
    return found


def infusion_rows(course: Course, done: Sequence[InfusionRow], chosen: date) -> list[Row]:
    given = given_on(done)
    uuids = {one.day: one.uuid for one in reversed(done)}
    return [
        Row(
            one,
            given[one.on].number,
            uuids.get(one.on),
            number(given[one.on].mg, 2),
            given[one.on].mg_per_kg,
            one.on == chosen,
            after := _after(course, one),
            staff.against(course.baseline, after),
        )
        for one in course.infusions
    ]


def _after(course: Course, one: InfusionResponse) -> float | None:
    """The mean of an infusion's scored days, where there is a level before that it changed from."""
    if course.baseline is None or one.mean_change is None:
        return None
    return course.baseline + one.mean_change


def series_groups(rows: Sequence[Row], done: Sequence[InfusionRow]) -> list[Group]:
    """The rows in order, a new group wherever the series changes."""
    series = {one.day: one.series for one in reversed(done)}
    found: list[tuple[str, list[Row]]] = []
    for row in rows:
        name = series.get(row.response.on, "")
        if not found or found[-1][0] != name:
            found.append((name, []))
        found[-1][1].append(row)
    return [
        Group(
            name.capitalize() or "Series not said",
            staff.group_words(name, [row.response.on for row in members]),
            members,
        )
        for name, members in found
    ]


def week_rows(course: Course, counted: Sequence[WeekDays], last: date | None) -> list[WeekRow]:
    """The weeks of the table, the latest first."""
    return [
        WeekRow(
            one,
            days,
            mean_of(course, one),
            staff.against(course.reference_mean, mean_of(course, one)),
            staff.days_of(course, one, last),
        )
        for one, days in zip(course.weeks, counted, strict=True)
    ][::-1]


def mean_of(course: Course, week: Week) -> float | None:
    if week.mean_change is None or course.reference_mean is None:
        return None
    return course.reference_mean + week.mean_change


def run_rows(course: Course, done: Sequence[InfusionRow]) -> list[RunRow]:
    given = given_on(done)
    found = []
    for run in course.runs:
        before = [one.on for one in course.infusions if one.on < run.started_on]
        none = f"none; began after infusion {given[before[-1]].number}" if before else "none"
        last = run.started_on + timedelta(days=run.low - 1)
        found.append(RunRow(run, str(run.infusions) if run.infusions else none, last))
    return found


def nearest(lines: int, at: int) -> list[int]:
    """Places of the chosen line and of those nearest to it, in order."""
    first = max(0, min(at - MOST_PALE // 2, lines - MOST_PALE - 1))
    return list(range(first, min(lines, first + MOST_PALE + 1)))


def overlay_sheets(
    course: Course, rows: Sequence[Row], lines: Sequence[Line], at: int
) -> list[Sheet]:  # fmt: skip
    """The overlay's lines, each infusion a row and each day a column, then the steps of the durations."""
    middle = middles(lines)
    days = [one.day for one in middle]
    shown = nearest(len(lines), at)
    table = [
        [rows[place].number, *(number(said[day]) if day in said else "" for day in days)]
        for place in shown
        if (said := dict(lines[place].scores)) is not None
    ]
    table.append(["median", *(number(one.median) for one in middle)])
    table.append(["logged", *(str(one.logged) for one in middle)])
    found = [Sheet("Each infusion, aligned at day 0", ["Infusion", *(str(day) for day in days)], table)]
    steps = durations_of(course)
    if steps.points:
        found.append(
            Sheet(
                f"Duration of response, of {steps.responses}",
                ["Days from onset", "Still with relief", "95\u00a0% band from", "to"],
                [
                    [str(t), percent(share), percent(low), percent(high)]
                    for t, share, low, high in steps.points
                ],
            )
        )
    return found


def week_sheets(diary: Diary, course: Course) -> list[Sheet]:
    """The days of the course, the newest first."""
    series = series_of(BY_KEY[diary.key], diary.rows, course)
    until = max((day.on for day in series.days), default=course.infusions[-1].on)
    frame = charts.Frame(min(course.started_on - LEAD_WEEKS, until), until, diary.today)
    inside = {one.on for one in course.infusions}
    marks = [mark for mark in marks_of(diary.done) if mark.on in inside]
    return [
        Sheet(
            "Day by day, latest first",
            ["Day", BY_KEY[diary.key].name, "Mind"],
            [
                [f"{date_short(day)} {day.year}", *cells, remark]
                for day, cells, remark in charts.table_rows([series], frame, marks)
            ],
        )
    ]
