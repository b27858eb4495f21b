"""The response page for staff: one course of one symptom, its sentence, facts, pictures and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.entries.queries import DayRow, all_days
from diary.infusions.queries import InfusionRow, infusions_of
from diary.lib.symptoms import BY_KEY, Symptom
from diary.lib.words import date_short, number, percent, plural
from diary.medications.queries import medications_of
from diary.response.queries import from_rows
from diary.response.rules import Course, InfusionResponse, Run, Week, is_tight, staff
from diary.response.rules.drawn import (
    LEAST_FOR_DOSES,
    Given,
    Line,
    WeekDays,
    dose_points,
    durations_of,
    lines_of,
    middles,
    week_days,
)
from diary.response.rules.words import BROUGHT_FORWARD, lasting
from diary.review.queries.compared import Compared, factors_compared, medicines_compared
from diary.review.queries.series import is_whole, marks_of, series_of

MOST_PALE = 40
LEAD_WEEKS = timedelta(days=14)
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """One infusion of the table; `uuid` is that of the day's first record."""

    response: InfusionResponse
    number: str
    uuid: UUID | None
    mg: str
    mg_per_kg: float | None
    is_chosen: bool
    mean_after: float | None
    against: str


@dataclass(frozen=True)
class Group:
    """Neighbouring infusions of one series."""

    name: str
    words: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class WeekRow:
    """One week of the table, with its mean, and how many of its days are over."""

    week: Week
    days: WeekDays
    mean: float | None
    against: str
    over: int


@dataclass(frozen=True)
class RunRow:
    """A run of relief with the infusions in it, or after which one it began."""

    run: Run
    infusions: str
    last: date


@dataclass(frozen=True)
class Spaced:
    """A course whose infusions can be told from one another: the overlay, and where relief is counted durations and doses."""

    overlay: str
    overlay_words: str
    durations: str | None = None
    durations_words: str = ""
    points: str | None = None
    points_words: str = ""


@dataclass(frozen=True)
class Weekly:
    """A course in weeks and runs; `earlier` and `later` are the last weeks of the drawings beside this one."""

    chart: str
    runs: Sequence[RunRow]
    is_all: bool
    earlier: int | None
    later: int | None
    bin_words: str


@dataclass(frozen=True)
class Sheet:
    """What a picture is drawn from, as a table."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class CoursePart:
    """Everything of the chosen course."""

    course: Course
    chosen: Row
    years: bool
    headline: str
    facts: Sequence[staff.Fact]
    remark: str
    groups: Sequence[Group]
    before: Row | None
    after: Row | None
    spaced: Spaced | None
    weekly: Weekly | None
    factors: Compared
    medicines: Compared
    sheets: Sequence[Sheet] | None
    definitions: str
    is_tight: bool
    has_relief: bool
    weeks: Sequence[WeekRow]


@dataclass(frozen=True)
class ResponsePage:
    """The page; `courses` are (course, the last infusion's uuid), `part` None where there is no infusion yet."""

    symptom: Symptom
    is_shared: bool
    courses: Sequence[tuple[Course, UUID | None]] = ()
    part: CoursePart | None = None
    logged_before: int = 0
    planned: Sequence[InfusionRow] = ()


@dataclass(frozen=True)
class _Diary:
    """What the part is made from."""

    key: str
    rows: Sequence[DayRow]
    scores: Mapping[date, float]
    unwell: frozenset[date]
    done: Sequence[InfusionRow]
    today: date

    @property
    def last_day(self) -> date | None:
        return max((*self.scores, *self.unwell), default=None)

    @property
    def is_whole(self) -> bool:
        return is_whole(self.rows, self.key)


def response_page(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, today: date, key: str,
    infusion: UUID | None = None, week: int | None = None, with_table: bool = False,
) -> ResponsePage:  # fmt: skip
    """The response of one symptom; Hidden where nothing at all is shared, empty where scores or infusions are not."""
    if not ref.kinds:
        raise access.Hidden
    if not (ref.shares(Kind.SCORES) and ref.shares(Kind.INFUSIONS)):
        return ResponsePage(BY_KEY[key], False)
    rows = all_days(s, viewer, ref.id)
    every = infusions_of(s, viewer, ref.id, ("done", "planned"))
    done = [one for one in every if one.status == "done"]
    scores = {row.day: score for row in rows if (score := row.scores[key]) is not None}
    diary = _Diary(key, rows, scores, frozenset(row.day for row in rows if row.unwell), done, today)
    courses = from_rows(rows, done)[key]
    planned = [one for one in every if one.status == "planned"]
    if not courses:
        fortnight = today - timedelta(days=14)
        logged = sum(1 for day in scores if fortnight <= day < today)
        return ResponsePage(BY_KEY[key], True, logged_before=logged, planned=planned)
    on = next((one.day for one in done if one.uuid == infusion), courses[-1].infusions[-1].on)
    place = next(at for at, course in enumerate(courses) if any(one.on == on for one in course.infusions))
    following = courses[place + 1].started_on if place + 1 < len(courses) else None
    part = _part(s, viewer, ref, diary, courses[place], on, following, week, with_table)
    uuids = {one.day: one.uuid for one in reversed(done)}
    named = [(course, uuids.get(course.infusions[-1].on)) for course in courses]
    return ResponsePage(BY_KEY[key], True, named, part, planned=planned)


def pain_headline(
    courses: Sequence[Course], rows: Sequence[DayRow], done: Sequence[InfusionRow], today: date
) -> str:
    """The response page's sentence on pain after the last infusion, for pages that lead there."""
    if not courses:
        return "No infusion is recorded yet."
    scores = {row.day: score for row in rows if (score := row.scores["pain"]) is not None}
    diary = _Diary("pain", rows, scores, frozenset(row.day for row in rows if row.unwell), done, today)
    return _headline(diary, courses[-1], len(courses[-1].infusions) - 1, None)


def _headline(diary: _Diary, course: Course, at: int, following: date | None) -> str:
    last = _last_of(course, diary.last_day, following)
    if is_tight(course) and course.weeks:
        return staff.weeks_headline(course, diary.key, last, diary.today)
    chosen = course.infusions[at]
    line = lines_of(diary.scores, diary.unwell, [one.on for one in course.infusions], following)[at]
    named = _given(diary.done)[chosen.on].number
    return staff.headline(course, chosen, named, diary.key, line, last, diary.today)


def _part(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, diary: _Diary, course: Course, on: date,
    following: date | None, week: int | None, with_table: bool,
) -> CoursePart:  # fmt: skip
    rows = _rows(course, diary.done, on)
    at = next(place for place, row in enumerate(rows) if row.is_chosen)
    chosen = rows[at]
    lines = lines_of(diary.scores, diary.unwell, [one.on for one in course.infusions], following)
    tight = is_tight(course)
    counted = week_days(course, diary.scores)
    last = _last_of(course, diary.last_day, following)
    weekly = _weekly(diary, course, counted, last, week) if tight and course.weeks else None
    spaced = None if tight else _spaced(diary, course, rows, lines, at)
    facts = (
        staff.weeks_facts(course, counted, last, diary.is_whole)
        if tight
        else staff.facts(course, diary.is_whole)
    )
    until = last or course.infusions[-1].on
    infused = [one.on for one in course.infusions]
    sheets = None
    if with_table:
        sheets = _week_sheets(diary, course) if tight else _sheets(course, rows, lines, at)
    return CoursePart(
        course, chosen, rows[0].response.on.year != rows[-1].response.on.year, _headline(diary, course, at, following), facts, _remark(course, tight), _groups(rows, diary.done),
        rows[at - 1] if at else None, rows[at + 1] if at + 1 < len(rows) else None, spaced, weekly,
        factors_compared(diary.rows, diary.scores, infused, course.started_on, until),
        medicines_compared(medications_of(s, viewer, ref.id), diary.scores, infused, course.started_on, until),
        sheets, staff.definitions(course, diary.is_whole), tight, staff.has_relief(course),
        _week_rows(course, counted, last),
    )  # fmt: skip


def _last_of(course: Course, last_day: date | None, following: date | None) -> date | None:
    """The course's last known day: the diary's, or the one before the next course."""
    if last_day is None or following is None:
        return last_day
    return min(last_day, following - A_DAY)


def _remark(course: Course, tight: bool) -> str:
    if tight:
        every = staff.spacing_words(course)
        return (
            f"Infusions come {every}, too close to ascribe relief to one of them: weeks and runs lead, and no median "
            "duration is shown."
        )
    return BROUGHT_FORWARD if course.summary.responses else ""


def _given(done: Sequence[InfusionRow]) -> dict[date, Given]:
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


def _rows(course: Course, done: Sequence[InfusionRow], chosen: date) -> list[Row]:
    given = _given(done)
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


def _groups(rows: Sequence[Row], done: Sequence[InfusionRow]) -> list[Group]:
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


def _spaced(
    diary: _Diary, course: Course, rows: Sequence[Row], lines: Sequence[Line], at: int
) -> Spaced:  # fmt: skip
    name = BY_KEY[diary.key].name
    shown = _nearest(len(lines), at)
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


def _nearest(lines: int, at: int) -> list[int]:
    """Places of the chosen line and of those nearest to it, in order."""
    first = max(0, min(at - MOST_PALE // 2, lines - MOST_PALE - 1))
    return list(range(first, min(lines, first + MOST_PALE + 1)))


def _levels(course: Course, diary: _Diary) -> charts.Levels:
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
    unit, points = dose_points(course, _given(done))
    if len(points) < LEAST_FOR_DOSES:
        one = "".join(
            f"Infusion {point.number}: {number(point.dose, 2)} {unit}, {percent(point.relief)}. " for point in points
        )  # fmt: skip
        return None, f"{one}The picture needs {LEAST_FOR_DOSES} infusions with a whole first week."
    dots = [charts.Dot(point.number, point.dose, point.relief, point.is_carried) for point in points]
    opened = "Open: relief was there already. " if any(dot.is_open for dot in dots) else ""
    unweighed = " In mg, since not every infusion has a weight." if unit == "mg" else ""
    return charts.points_chart(dots, unit, name.lower()), f"{opened}No line is fitted.{unweighed}"


def _weekly(
    diary: _Diary, course: Course, counted: Sequence[WeekDays], last: date | None, week: int | None
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
            days.start, one.week, _mean(course, one), days.relief if relief else None, days.logged
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
        charts.weekly_chart(series, frame, marks, bars, cells), _run_rows(course, diary.done)[::-1],
        newest <= charts.MOST_WEEKS,
        max(earlier, charts.MOST_WEEKS) if since > course.started_on else None,
        min(newest, shown + charts.MOST_WEEKS - 1) if shown < newest else None,
        charts.bin_words(frame, 868),
    )  # fmt: skip


def _week_rows(course: Course, counted: Sequence[WeekDays], last: date | None) -> list[WeekRow]:
    """The weeks of the table, the latest first."""
    return [
        WeekRow(
            one,
            days,
            _mean(course, one),
            staff.against(course.reference_mean, _mean(course, one)),
            staff.days_of(course, one, last),
        )
        for one, days in zip(course.weeks, counted, strict=True)
    ][::-1]


def _mean(course: Course, week: Week) -> float | None:
    if week.mean_change is None or course.reference_mean is None:
        return None
    return course.reference_mean + week.mean_change


def _run_rows(course: Course, done: Sequence[InfusionRow]) -> list[RunRow]:
    given = _given(done)
    found = []
    for run in course.runs:
        before = [one.on for one in course.infusions if one.on < run.started_on]
        none = f"none; began after infusion {given[before[-1]].number}" if before else "none"
        last = run.started_on + timedelta(days=run.low - 1)
        found.append(RunRow(run, str(run.infusions) if run.infusions else none, last))
    return found


def _sheets(
    course: Course, rows: Sequence[Row], lines: Sequence[Line], at: int
) -> list[Sheet]:  # fmt: skip
    """The overlay's lines, each infusion a row and each day a column, then the steps of the durations."""
    middle = middles(lines)
    days = [one.day for one in middle]
    shown = _nearest(len(lines), at)
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


def _week_sheets(diary: _Diary, course: Course) -> list[Sheet]:
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
