"""The response page for staff: one course of one symptom, its sentence, facts, pictures and tables."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.entries.queries import DayRow, all_days, factor_names
from diary.infusions.queries import InfusionRow, gaps_of, infusions_of
from diary.lib.symptoms import BY_KEY
from diary.medications.queries import medications_of
from diary.response.queries import from_rows
from diary.response.rules import Course, is_tight, staff
from diary.response.rules import gap as gaps
from diary.response.rules.drawn import (
    WeekDays,
    lines_of,
    week_days,
)
from diary.response.rules.words import BROUGHT_FORWARD
from diary.review.queries.response.compared import factors_compared, medicines_compared
from diary.review.queries.response.model import CoursePart, Diary, GapPart, ResponsePage
from diary.review.queries.response.pictures import gap_part, spaced_part, weekly_part
from diary.review.queries.response.tables import (
    given_on,
    infusion_rows,
    overlay_sheets,
    series_groups,
    week_rows,
    week_sheets,
)

A_DAY = timedelta(days=1)
MOST_ROWS, LATEST = 60, 40  # from how many infusions on only the latest ones stand open


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
    diary = Diary(
        key,
        rows,
        scores,
        frozenset(row.day for row in rows if row.unwell),
        done,
        today,
        gaps_of(s, viewer, ref.id),
    )
    courses = from_rows(rows, done, ref.course_gap)[key]
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
    return ResponsePage(
        BY_KEY[key], True, named, part, planned=planned, done=frozenset(one.uuid for one in done)
    )


def pain_headline(
    courses: Sequence[Course], rows: Sequence[DayRow], done: Sequence[InfusionRow], today: date
) -> str:
    """The response page's sentence on pain after the last infusion, for pages that lead there."""
    if not courses:
        return "No infusion is recorded yet."
    scores = {row.day: score for row in rows if (score := row.scores["pain"]) is not None}
    diary = Diary("pain", rows, scores, frozenset(row.day for row in rows if row.unwell), done, today)
    return _headline(diary, courses[-1], len(courses[-1].infusions) - 1, None)


def _headline(
    diary: Diary, course: Course, at: int, following: date | None, gap: GapPart | None = None
) -> str:
    last = _last_of(course, diary.last_day, following)
    if is_tight(course) and course.weeks:
        told = (gap.gap.from_on, gap.sentence) if gap else None
        return staff.weeks_headline(course, diary.key, last, diary.today, told)
    chosen = course.infusions[at]
    line = lines_of(diary.scores, diary.unwell, [one.on for one in course.infusions], following)[at]
    named = given_on(diary.done)[chosen.on].number
    return staff.headline(course, chosen, named, diary.key, line, last, diary.today)


def _part(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, diary: Diary, course: Course, on: date,
    following: date | None, week: int | None, with_table: bool,
) -> CoursePart:  # fmt: skip
    rows = infusion_rows(course, diary.done, on)
    at = next(place for place, row in enumerate(rows) if row.is_chosen)
    infused = [one.on for one in course.infusions]
    lines = lines_of(diary.scores, diary.unwell, infused, following)
    tight = is_tight(course)
    counted = week_days(course, diary.scores)
    last = _last_of(course, diary.last_day, following)
    gap = gap_part(diary, course, lines)
    until = last or infused[-1]
    cut = len(rows) - LATEST if len(rows) > MOST_ROWS else 0
    sheets = None
    if with_table:
        sheets = week_sheets(diary, course) if tight else overlay_sheets(course, rows, lines, at)
    return CoursePart(
        course=course,
        chosen=rows[at],
        years=infused[0].year != infused[-1].year,
        headline=_headline(diary, course, at, following, gap),
        facts=_facts(diary, course, counted, last, gap),
        remark=_remark(course, tight),
        groups=series_groups(rows[cut:], diary.done),
        earlier=series_groups(rows[:cut], diary.done),
        before=rows[at - 1] if at else None,
        after=rows[at + 1] if at + 1 < len(rows) else None,
        spaced=None if tight else spaced_part(diary, course, rows, lines, at),
        weekly=weekly_part(diary, course, counted, last, week, gap) if tight and course.weeks else None,
        gap=gap,
        factors=factors_compared(
            diary.rows, diary.scores, infused, course.started_on, until, factor_names(s, viewer, ref.id)
        ),
        medicines=medicines_compared(
            medications_of(s, viewer, ref.id), diary.scores, infused, course.started_on, until
        ),
        sheets=sheets,
        definitions=staff.definitions(course, diary.is_whole, ref.course_gap),
        is_tight=tight,
        has_relief=staff.has_relief(course),
        weeks=week_rows(course, counted, last),
    )


def _facts(
    diary: Diary, course: Course, counted: Sequence[WeekDays], last: date | None, gap: GapPart | None
) -> tuple[staff.Fact, ...]:
    if not is_tight(course):
        found = staff.facts(course, diary.is_whole)
    else:
        until = gap.gap.from_on if gap else None
        found = staff.weeks_facts(course, counted, last, diary.is_whole, until)
    if gap is None:
        return found
    words = gaps.held_words(gap.held, gap.gap, diary.today)
    return (*found, staff.Fact("Planned longer gap", words, gaps.small_words(gap.held, gap.gap, diary.today)))


def _last_of(course: Course, last_day: date | None, following: date | None) -> date | None:
    """The course's last known day: the diary's, or the one before the next course."""
    if last_day is None or following is None:
        return last_day
    return min(last_day, following - A_DAY)


def _remark(course: Course, tight: bool) -> str:
    if tight:
        every = staff.spacing_words(course)
        lead = "weeks and runs lead" if staff.has_relief(course) else "weeks lead"
        return f"Infusions come {every}, too close to ascribe relief to one of them: {lead}, and no median duration is shown."
    return BROUGHT_FORWARD if course.summary.responses else ""
