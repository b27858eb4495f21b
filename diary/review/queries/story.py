"""The patient's own story: the finding, the chosen chart, the other four, a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.charts import Frame, Mark, Series, Week
from diary.checkins.queries import checkins_of
from diary.entries.queries import DayRow, all_days, factor_names, notes_between, own_symptoms, own_words
from diary.entries.rules import is_open
from diary.infusions.queries import GapRow, InfusionRow, day_after_infusion, gaps_of, infusions_of
from diary.lib.extras import extras_words
from diary.lib.symptoms import BY_KEY, SYMPTOMS, Symptom
from diary.lib.words import date_long, lower_first, number, plural
from diary.response.queries import from_rows
from diary.response.rules import Course, is_tight
from diary.response.rules.days import BASELINE_LEAST, BASELINE_LOW, WINDOW_DAYS
from diary.response.rules.drawn import lines_of
from diary.response.rules.gap import Gap, usual
from diary.response.rules.longer_gap import gap_finding, gap_plan
from diary.response.rules.own import Few, Seen, curve_words, few_days
from diary.response.rules.words import Finding, says, story
from diary.review.queries.own_infusion import seen_of, shown_until, words_of
from diary.review.queries.patient import frame_for
from diary.review.queries.series import all_series, is_relief, is_whole, marks_of

LONGEST_BEGINNING = 60
MOST_CURVES = 6


@dataclass(frozen=True)
class ChosenDay:
    """The day card: its row, its note, what was said around an infusion, where it stands, and the days beside it."""

    on: date
    row: DayRow | None
    note: str | None
    said: Sequence[str]
    extras: str
    place: str
    before: date | None
    after: date | None
    is_open: bool


@dataclass(frozen=True)
class Beginning:
    """Story before there is one: the first days of the four that a level needs, and when the infusion comes."""

    chart: str
    logged: int
    comes: str
    is_before: bool
    is_today_logged: bool


@dataclass(frozen=True)
class Other:
    """One of the other four: its sentence, what it has too few days for, its drawing."""

    series: Series
    sentence: str
    few: Few | None
    drawing: str


@dataclass(frozen=True)
class Curve:
    """One infusion of the last few as a small curve, with its sentence, on the way to its page."""

    uuid: UUID
    name: str
    sentence: str
    drawing: str


@dataclass(frozen=True)
class GapTold:
    """The course's longer gap, planned, running or over: what relief did in it, beside the usual intervals."""

    plan: str
    finding: Finding
    drawing: str
    usual: int


@dataclass(frozen=True)
class StoryPage:
    """Everything Story shows."""

    span: str
    symptom: Symptom
    frame: Frame
    beginning: Beginning | None
    finding: Finding
    course: Course | None
    series: Sequence[Series]
    chart: str
    few: Few | None
    others: Sequence[Other]
    unlogged: str
    curves: Sequence[Curve]
    gap: GapTold | None
    key: Sequence[str]
    table: list[tuple[date, list[str], str]] | None
    chosen: ChosenDay | None
    bin_words: str
    has_weeks: bool
    is_tight: bool

    @property
    def has_others(self) -> bool:
        """Whether the other four are shown, as charts or as not logged."""
        return bool(self.others or self.unlogged)

    @property
    def level_words(self) -> str:
        course = self.course
        if course is None:
            return ""
        if course.baseline is None:
            if course.reference_mean is None:
                return f"Not enough days before the infusions: {course.baseline_days} of 4."
            return f"Compared with your first two weeks here, already in treatment: {number(course.reference_mean)}."
        level = f"our level before the infusions: {number(course.baseline)}, from {course.baseline_days} of 14 days"
        if course.baseline < BASELINE_LOW:
            return f"Y{level}."
        return f"A day counts as relief at 30\u00a0% below y{level}."


def story_page(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, today: date,
    span: str, key: str, chosen: date | None, with_table: bool, with_others: bool,
) -> StoryPage:  # fmt: skip
    """The patient's own diary as a story; `span` is 30, course or all."""
    rows = all_days(s, viewer, ref.id)
    every = infusions_of(s, viewer, ref.id, ("done", "planned"))
    infusions = [infusion for infusion in every if infusion.status == "done"]
    courses = from_rows(rows, infusions, ref.course_gap)
    course = courses[key][-1] if courses[key] else None
    span = "all" if span == "course" and course is None else span
    frame = _frame(span, rows, infusions, course, today)
    drawn = all_series(rows, courses)
    marks = marks_of(infusions)
    place = [symptom.key for symptom in SYMPTOMS].index(key)
    weeks = _weeks(course, rows, key) if course else []
    gap = gap_of(gaps_of(s, viewer, ref.id), course, today) if course else None
    band = (gap.from_on + timedelta(days=1), last_of(gap)) if gap else None
    chart = charts.story_chart(drawn[place], frame, marks, chosen, weeks, gap=band)
    seen = seen_of(rows, key, today)
    return StoryPage(
        span, BY_KEY[key], frame, _beginning(rows, every, drawn[0], today),
        story(courses[key], key, _last_known(rows, key), today, is_whole(rows, key)), course, drawn, chart,
        few_days(courses[key], today),
        _others(drawn, key, courses, frame, marks, chosen, rows, today) if with_others else [],
        _unlogged(drawn, key) if with_others else "",
        _curves(course, drawn[place], infusions, seen) if course else [],
        gap_told(course, gap, drawn[place], seen) if course and gap else None, charts.key_of(chart),
        charts.table_rows(drawn, frame, marks) if with_table else None,
        _chosen(s, viewer, ref, rows, chosen, frame, today) if chosen else None,
        charts.bin_words(frame, charts.PHONE_PLOT), charts.has_weeks_row(frame, weeks), bool(weeks),
    )  # fmt: skip


def _others(
    drawn: Sequence[Series], key: str, courses: Mapping[str, Sequence[Course]], frame: Frame,
    marks: Sequence[Mark], chosen: date | None, rows: Sequence[DayRow], today: date,
) -> list[Other]:  # fmt: skip
    """The other four. What has too few days says so once: not where the chosen one says the same."""
    found, same = [], few_days(courses[key], today)
    for one in drawn:
        if one.key == key or not _is_begun(one):
            continue
        sentence = says(courses[one.key], one.key, _last_known(rows, one.key), today)
        few = few_days(courses[one.key], today)
        few = few if few != same else None
        if few is not None and sentence.startswith("Not enough days"):
            sentence = ""
        found.append(Other(one, sentence, few, charts.small_chart(one, frame, marks, chosen)))
    return found


def _is_begun(series: Series) -> bool:
    return any(day.score is not None for day in series.days)


def _unlogged(drawn: Sequence[Series], key: str) -> str:
    """The others without a single score, in one line in place of a chart each."""
    names = [one.name for one in drawn if one.key != key and not _is_begun(one)]
    return f"Not logged so far: {', '.join([*names[:1], *map(lower_first, names[1:])])}." if names else ""


def _curves(course: Course, series: Series, infusions: Sequence[InfusionRow], seen: Seen) -> list[Curve]:
    """The last few infusions of a course, the newest first, all on one scale; none on a tight schedule or of one alone."""
    shown = course.infusions[-MOST_CURVES:]
    if is_tight(course) or len(shown) < 2:
        return []
    given = {infusion.day: infusion for infusion in infusions}
    ends = {one.on: shown_until(one, seen.today) for one in shown}
    longest = max(7, *((end - on).days for on, end in ends.items()))
    found = []
    for place, one in reversed(list(enumerate(course.infusions))[-MOST_CURVES:]):
        lead = one.on - timedelta(days=charts.LEAD_DAYS)
        since = max(lead, course.infusions[place - 1].on + timedelta(days=1)) if place else lead
        row, sentence = given[one.on], curve_words(course, one, series.key, seen)
        title = f"Infusion {row.number}, {date_long(one.on)}"
        words = f"{series.name} after infusion {row.number}, 0 none to 10 worst"
        drawing = charts.curve(
            series, one.on, Frame(since, ends[one.on], seen.today), longest, words, f"curve-{row.number}"
        )
        found.append(Curve(row.uuid, title, sentence, drawing))
    return found


def gap_of(gaps: Sequence[GapRow], course: Course, today: date) -> GapRow | None:
    """The longer gap that a course's page tells: the one ahead or running, else the last one in it."""
    mine = [gap for gap in gaps if gap.from_on >= course.started_on]
    gap = next((gap for gap in mine if gap.is_ahead(today)), mine[-1] if mine else None)
    if gap is None or (gap.until_on - course.infusions[-1].on).days > 2 * WINDOW_DAYS:
        return None
    return gap


def rule_of(gap: GapRow) -> Gap:
    """A gap as the rules of relief read it."""
    return Gap(str(gap.number), gap.from_on, gap.days, gap.next_on)


def last_of(gap: GapRow) -> date:
    """The last day of a gap: before the next infusion that was done, or is planned to be."""
    return (gap.next_on or gap.until_on) - timedelta(days=1)


def gap_told(course: Course, row: GapRow, series: Series, seen: Seen) -> GapTold:
    """Its sentence, and the gap as a line over the usual intervals before it."""
    gap = rule_of(row)
    before = usual(lines_of(seen.scores, seen.unwell, [one.on for one in course.infusions]), gap)
    drawing = ""
    if gap.from_on < seen.today:
        pale = [line.scores for line in before]
        drawing = charts.gap_chart(series, gap.from_on, last_of(row), seen.today, pale)
    return GapTold(
        gap_plan(gap, row.usual_days), gap_finding(course, gap, series.key, seen), drawing, len(before)
    )


def _last_known(rows: Sequence[DayRow], key: str) -> date | None:
    """The last day of a symptom that has a score or was too unwell to have one."""
    return next((row.day for row in reversed(rows) if row.scores[key] is not None or row.unwell), None)


def _beginning(
    rows: Sequence[DayRow], infusions: Sequence[InfusionRow], pain: Series, today: date
) -> Beginning | None:
    """What stands in Story's place until there is a day, or four where no infusion was done yet."""
    logged = sum(1 for row in rows if row.is_scored)
    is_before = all(infusion.status != "done" for infusion in infusions)
    if rows and not (is_before and logged < BASELINE_LEAST):
        return None
    following = next((i for i in infusions if i.status == "planned" and i.day >= today), None)
    since = rows[0].day if rows else today
    until = max(today + timedelta(days=10), following.day + timedelta(days=2) if following else today)
    mark, comes = None, ""
    if following:
        comes = days_ahead((following.day - today).days)
        mark = Mark(following.day, following.number, True)
    if (until - since).days > LONGEST_BEGINNING:
        mark, until = None, today
    words = f"infusion {mark.number}, {comes}" if mark else ""
    chart = charts.beginning_chart(pain, Frame(since, until, today), mark, words)
    return Beginning(chart, logged, comes, is_before, bool(rows) and rows[-1].day >= today)


def days_ahead(days: int) -> str:
    """today, tomorrow, in 6 days"""
    return ("today", "tomorrow")[days] if days < 2 else f"in {plural(days, 'day')}"


def _frame(
    span: str, rows: Sequence[DayRow], infusions: Sequence[InfusionRow], course: Course | None, today: date
) -> Frame:
    if span == "course" and course is not None:
        since = course.started_on - timedelta(days=14)
        whole = frame_for("all", rows, infusions, today)
        return Frame(min(since, whole.until - timedelta(days=13)), whole.until, today)
    return frame_for("30" if span == "30" else "all", rows, infusions, today)


def _weeks(course: Course, rows: Sequence[DayRow], key: str) -> list[Week]:
    """The course's weeks with their days of relief; counted from the days, since a share needs three of them."""
    baseline = course.baseline
    if not is_tight(course) or baseline is None or baseline < BASELINE_LOW:
        return []
    relief: dict[int, int] = {}
    for row in rows:
        if row.day >= course.started_on and is_relief(row.scores[key], baseline):
            week = (row.day - course.started_on).days // 7 + 1
            relief[week] = relief.get(week, 0) + 1
    return [
        Week(course.started_on + timedelta(days=7 * (w.week - 1)), relief.get(w.week, 0), w.logged_days)
        for w in course.weeks
        if w.logged_days
    ]


def _chosen(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, rows: Sequence[DayRow], on: date, frame: Frame,
    today: date,
) -> ChosenDay:  # fmt: skip
    notes = notes_between(s, viewer, ref.id, on, on)
    row = next((row for row in rows if row.day == on), None)
    return ChosenDay(
        on,
        row,
        notes[0].text if notes else None,
        [one.text for one in words_of(checkins_of(s, viewer, ref.id, on, on))],
        extras_words(
            row.regions,
            row.factors,
            own_words(row.own, own_symptoms(s, viewer, ref.id)),
            factor_names(s, viewer, ref.id),
        )
        if row
        else "",
        day_after_infusion(s, viewer, ref.id, on),
        on - timedelta(days=1) if on > frame.since else None,
        on + timedelta(days=1) if on < frame.until else None,
        is_open(on, today),
    )
