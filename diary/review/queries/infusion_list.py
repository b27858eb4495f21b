"""The patient's own infusions: the next one, then the courses with what each did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from diary.careteam import access
from diary.checkins.queries import plan
from diary.entries.queries import DayRow, all_days
from diary.entries.rules import is_open
from diary.infusions.queries import GapRow, InfusionRow, gaps_of, infusions_of
from diary.lib.words import date_short, span_short, weekday
from diary.response.queries import from_rows
from diary.response.rules import Course, InfusionResponse, Run, counts_at, is_tight
from diary.response.rules.longer_gap import gap_finding
from diary.response.rules.own import one_line
from diary.response.rules.words import Finding, current_run, longest_run
from diary.review.queries.own_infusion import seen_of
from diary.review.queries.series import is_relief, is_whole
from diary.review.queries.story import days_ahead, gap_of, rule_of


@dataclass(frozen=True)
class Cell:
    """One day of a week's row: r relief, n none, m not logged, u too unwell, f still to come."""

    state: str
    is_infusion: bool
    words: str


@dataclass(frozen=True)
class WeekRow:
    """A week of a tight course."""

    name: str
    cells: tuple[Cell, ...]
    relief: int
    logged: int


@dataclass(frozen=True)
class CourseList:
    """A course as its patient reads it, newest infusion first."""

    course: Course
    is_tight: bool
    weeks: tuple[WeekRow, ...]
    infusions: tuple[tuple[InfusionRow | None, InfusionResponse, str], ...]
    current: Run | None
    longest: Run | None
    counts_at: float | None

    @property
    def from_to(self) -> str:
        """The days that its weeks go from and to."""
        begun = self.course.started_on
        return f"{weekday(begun)} to {weekday(begun + timedelta(days=6))}"

    @property
    def is_ever_unwell(self) -> bool:
        return any(cell.state == "u" for week in self.weeks for cell in week.cells)


@dataclass(frozen=True)
class InfusionList:
    """The page: the next planned infusion and when it comes, the courses, newest first, and days logged so far.

    intention: "Write an intention" where one may be written for the next one, or "Change your intention".
    """

    following: InfusionRow | None
    comes: str
    courses: tuple[CourseList, ...]
    logged: int
    is_today_logged: bool
    gap: GapRow | None = None
    gap_so_far: Finding | None = None
    intention: str = ""


def infusion_list(s: Session, viewer: access.Viewer, ref: access.PatientRef, today: date) -> InfusionList:
    """The patient's infusions with what each did for pain."""
    rows = all_days(s, viewer, ref.id)
    every = infusions_of(s, viewer, ref.id, ("done", "planned"))
    courses = from_rows(rows, every, ref.course_gap)["pain"]
    following = next((i for i in every if i.status == "planned" and i.day >= today), None)
    done = {infusion.day: infusion for infusion in every if infusion.status == "done"}
    last_day = rows[-1].day if rows else None
    # A diary that ended long ago is in no run now: only while its days can still be written.
    is_current = last_day is not None and is_open(last_day, today)
    listed = tuple(
        _course_list(course, done, rows, last_day if course is courses[-1] and is_current else None, today)
        for course in reversed(courses)
    )
    gaps = gaps_of(s, viewer, ref.id)
    comes = days_ahead((following.day - today).days) if following else ""
    logged = sum(1 for row in rows if row.is_scored)
    return InfusionList(
        following,
        comes,
        listed,
        logged,
        last_day is not None and last_day >= today,
        next((gap for gap in gaps if gap.is_ahead(today)), None),
        _gap_so_far(gaps, courses, rows, today),
        _intention(s, viewer, ref, following, today),
    )


def _gap_so_far(
    gaps: Sequence[GapRow], courses: Sequence[Course], rows: list[DayRow], today: date
) -> Finding | None:
    """What relief from pain did in the last course's longer gap, once it has begun."""
    gap = gap_of(gaps, courses[-1], today) if courses else None
    if gap is None or gap.from_on >= today:
        return None
    return gap_finding(courses[-1], rule_of(gap), "pain", seen_of(rows, "pain", today))


def _intention(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, following: InfusionRow | None, today: date
) -> str:
    """The button on the next infusion's card; none where no intention may be written for it yet."""
    if following is None:
        return ""
    planned = plan(s, viewer, ref.id)
    ahead = planned.intention(today)
    if ahead is None or ahead.id != following.uuid:
        return ""
    return "Change your intention" if ahead.id in planned.intentions else "Write an intention"


def _course_list(
    course: Course, done: dict[date, InfusionRow], rows: list[DayRow], last_day: date | None, today: date
) -> CourseList:
    seen = seen_of(rows, "pain", today)
    tight = is_tight(course) and course.baseline is not None and course.baseline >= 3
    listed = tuple((done.get(i.on), i, one_line(course, i, "pain", seen)) for i in reversed(course.infusions))
    weeks = tuple(_weeks(course, done, rows, today)) if tight else ()
    counts = counts_at(course.baseline, is_whole(rows, "pain"))
    return CourseList(
        course, tight, weeks, listed, current_run(course, last_day), longest_run(course), counts
    )


def _weeks(course: Course, done: dict[date, InfusionRow], rows: list[DayRow], today: date) -> list[WeekRow]:
    days = {row.day: row for row in rows}
    found: list[WeekRow] = []
    year = today.year
    for week in reversed(course.weeks):
        start = course.started_on + timedelta(days=7 * (week.week - 1))
        cells = tuple(
            _cell(start + timedelta(days=k), days, done, course.baseline or 0, today) for k in range(7)
        )
        end = start + timedelta(days=6)
        name = span_short(start, end) + (f" {end.year}" if end.year != year else "")
        year = end.year
        found.append(WeekRow(name, cells, sum(cell.state == "r" for cell in cells), week.logged_days))
    return found


def _cell(
    day: date, days: dict[date, DayRow], done: dict[date, InfusionRow], baseline: float, today: date
) -> Cell:
    row = days.get(day)
    score = row.scores["pain"] if row else None
    if score is not None:
        state, words = ("r", "relief") if is_relief(score, baseline) else ("n", "no relief")
    elif row is not None and row.unwell:
        state, words = "u", "too unwell"
    else:
        state, words = ("f", "to come") if day >= today else ("m", "not logged")
    return Cell(state, day in done, f"{date_short(day)}: {words}{', infusion' if day in done else ''}")
