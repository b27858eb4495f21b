"""The patient's own story: the finding, the chosen chart, the other four, a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.charts import Frame, Series, Week
from diary.entries.queries import DayRow, all_days, notes_between
from diary.infusions.queries import InfusionRow, day_after_infusion, infusions_of
from diary.lib.symptoms import BY_KEY, SYMPTOMS, Symptom
from diary.lib.words import number
from diary.response.queries import from_rows
from diary.response.rules import Course, is_tight
from diary.response.rules.words import Finding, story
from diary.review.queries.patient import frame_for
from diary.review.queries.series import all_series, marks_of


@dataclass(frozen=True)
class ChosenDay:
    """The day card: its row, its note, where it stands, and the days beside it."""

    on: date
    row: DayRow | None
    note: str | None
    place: str
    before: date | None
    after: date | None


@dataclass(frozen=True)
class StoryPage:
    """Everything Story shows."""

    span: str
    symptom: Symptom
    frame: Frame
    is_empty: bool
    logged: int
    finding: Finding
    course: Course | None
    series: Sequence[Series]
    chart: str
    others: Sequence[tuple[Series, str]]
    table: list[tuple[date, list[str], str]] | None
    chosen: ChosenDay | None
    bin_words: str
    has_weeks: bool
    infusions: Sequence[InfusionRow]

    @property
    def level_words(self) -> str:
        course = self.course
        if course is None:
            return ""
        if course.baseline is None:
            if course.reference_mean is None:
                return f"Not enough days before the infusions: {course.baseline_days} of 4."
            return f"Compared with your first two weeks here, already in treatment: {number(course.reference_mean)}."
        words = f"A day counts as relief at 30 % below your level before the infusions: {number(course.baseline)}, from {course.baseline_days} of 14 days"
        return words


def story_page(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, today: date,
    span: str, key: str, chosen: date | None, with_table: bool, with_others: bool,
) -> StoryPage:  # fmt: skip
    """The patient's own diary as a story; `span` is 30, course or all."""
    rows = all_days(s, viewer, ref.id)
    infusions = infusions_of(s, viewer, ref.id)
    courses = from_rows(rows, infusions)
    course = courses[key][-1] if courses[key] else None
    frame = _frame(span, rows, infusions, course, today)
    drawn = all_series(rows, courses)
    marks = marks_of(infusions)
    place = [symptom.key for symptom in SYMPTOMS].index(key)
    weeks = _weeks(course) if course and is_tight(course) and course.baseline is not None else []
    chart = charts.story_chart(drawn[place], frame, marks, chosen, weeks)
    others = (
        [(one, charts.small_chart(one, frame, marks)) for one in drawn if one.key != key]
        if with_others
        else []
    )
    return StoryPage(
        span, BY_KEY[key], frame, not rows, sum(1 for row in rows if row.is_scored),
        story(courses[key], key, rows[-1].day if rows else None), course, drawn, chart, others,
        charts.table_rows(drawn, frame, marks) if with_table else None,
        _chosen(s, viewer, ref, rows, chosen, frame) if chosen else None,
        charts.bin_words(frame, charts.PHONE_PLOT), bool(weeks), infusions,
    )  # fmt: skip


def _frame(
    span: str, rows: Sequence[DayRow], infusions: Sequence[InfusionRow], course: Course | None, today: date
) -> Frame:
    if span == "course" and course is not None:
        since = course.started_on - timedelta(days=14)
        whole = frame_for("all", rows, infusions, today)
        return Frame(min(since, whole.until - timedelta(days=13)), whole.until, today)
    return frame_for("30" if span == "30" else "all", rows, infusions, today)


def _weeks(course: Course) -> list[Week]:
    return [
        Week(
            course.started_on + timedelta(days=7 * (week.week - 1)),
            round((week.responder_share or 0) * week.logged_days),
            week.logged_days,
        )
        for week in course.weeks
        if week.logged_days
    ]


def _chosen(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, rows: Sequence[DayRow], on: date, frame: Frame
) -> ChosenDay:
    notes = notes_between(s, viewer, ref.id, on, on)
    return ChosenDay(
        on,
        next((row for row in rows if row.day == on), None),
        notes[0].text if notes else None,
        day_after_infusion(s, viewer, ref.id, on),
        on - timedelta(days=1) if on > frame.since else None,
        on + timedelta(days=1) if on < frame.until else None,
    )
