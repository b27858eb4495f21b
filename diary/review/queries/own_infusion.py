"""One infusion as its patient reads it: what followed it, and what she wrote around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.charts import Frame, Mark
from diary.checkins.queries import CheckinRow, checkins_of
from diary.checkins.rules import ARRIVAL, INTENTION
from diary.entries.queries import DayRow, all_days
from diary.infusions.queries import InfusionRow, infusion, infusions_of
from diary.lib.symptoms import BY_KEY, SYMPTOMS, Symptom
from diary.lib.words import date_long, number, plural
from diary.response.queries import from_rows
from diary.response.rules import Course, InfusionResponse
from diary.response.rules.days import BASELINE_DAYS, WINDOW_DAYS
from diary.response.rules.own import Fact, Few, Seen, facts_of, few_days, one_infusion
from diary.response.rules.words import Finding
from diary.review.queries.series import all_series

PLACES: Mapping[str, int] = {symptom.key: place for place, symptom in enumerate(SYMPTOMS)}


@dataclass(frozen=True)
class OwnWords:
    """What she wrote before or after an infusion, and when; `is_private`: only she can read it."""

    text: str
    when: str
    is_private: bool


@dataclass(frozen=True)
class OwnInfusion:
    """Everything that the page shows."""

    given: InfusionRow
    course: Course
    symptom: Symptom
    lede: str
    finding: Finding
    few: Few | None
    chart: str
    key: Sequence[str]
    facts: Sequence[Fact]
    words: Sequence[OwnWords]
    table: list[tuple[date, list[str], str]] | None
    before: InfusionRow | None
    after: InfusionRow | None


def own_infusion(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID, today: date, key: str, with_table: bool
) -> OwnInfusion:  # fmt: skip
    """One infusion that was done; Hidden for any other."""
    given = infusion(s, viewer, ref.id, uuid)
    if given.status != "done":
        raise access.Hidden
    rows = all_days(s, viewer, ref.id)
    done = infusions_of(s, viewer, ref.id)
    courses = from_rows(rows, done, ref.course_gap)
    course, response = course_with(courses[key], given.day)
    until = shown_until(response, today)
    frame = Frame(given.day - timedelta(days=BASELINE_DAYS), until, today)
    marks = [Mark(one.day, one.number, one.day == given.day) for one in done if one.day <= until]
    drawn = all_series(rows, {name: [course_with(found, given.day)[0]] for name, found in courses.items()})
    chart = charts.infusion_chart(drawn[PLACES[key]], frame, marks, given.day)
    seen = seen_of(rows, key, today)
    place = next(place for place, one in enumerate(done) if one.uuid == uuid)
    return OwnInfusion(
        given, course, BY_KEY[key], _lede(given, response, done, today), one_infusion(course, response, key, seen),
        few_of(course, response, today), chart, charts.key_of(chart), facts_of(course, response, seen),
        words_of([row for row in checkins_of(s, viewer, ref.id) if row.target == uuid]),
        charts.table_rows(drawn, frame, marks) if with_table else None,
        done[place - 1] if place else None, done[place + 1] if place + 1 < len(done) else None,
    )  # fmt: skip


def course_with(courses: Sequence[Course], on: date) -> tuple[Course, InfusionResponse]:
    """The course that an infusion's day lies in, and its response."""
    return next((course, one) for course in courses for one in course.infusions if one.on == on)


def few_of(course: Course, response: InfusionResponse, today: date) -> Few | None:
    """What this infusion has too few days for, as `few_days` says it of a course's last one."""
    if course.baseline is None or response is course.infusions[-1]:
        return few_days([course], today)
    return None


def seen_of(rows: Sequence[DayRow], key: str, today: date) -> Seen:
    """One symptom's days as the words of an infusion are made from."""
    scores = {row.day: score for row in rows if (score := row.scores[key]) is not None}
    return Seen(scores, {row.day for row in rows if row.unwell}, today)


def shown_until(response: InfusionResponse, today: date) -> date:
    """The last day drawn: the window's end, or today where days can still come into it."""
    end = response.on + timedelta(days=response.window_days)
    is_open = not response.is_over and (today - response.on).days <= WINDOW_DAYS
    return max(end, today) if is_open else end


def _lede(given: InfusionRow, response: InfusionResponse, done: Sequence[InfusionRow], today: date) -> str:
    """ "40 mg over 40 minutes. The next one came 28 days later." """
    dose = f"{number(given.dose_mg, 2)} mg over {number(given.minutes)} minutes."
    following = next((one for one in done if one.day > given.day), None)
    after = (today - given.day).days
    if following is not None and (following.day - given.day).days <= WINDOW_DAYS:
        return f"{dose} The next one came {plural((following.day - given.day).days, 'day')} later."
    if response.is_over or after > WINDOW_DAYS:
        return f"{dose} Followed for {plural(response.window_days, 'day')}." if response.window_days else dose
    return f"{dose} Day {after} today." if after > 0 else dose


def words_of(rows: Sequence[CheckinRow]) -> list[OwnWords]:
    """Intentions and insights, oldest first."""
    found = []
    for row in reversed(rows):
        if row.words and row.kind != ARRIVAL:
            is_before = row.kind == INTENTION
            when = f"intention, {_ago(-row.after)}" if is_before else _after(row.after)
            found.append(OwnWords(row.words, f"{when}, {date_long(row.day)}", row.words_private))
    return found


def _ago(days: int) -> str:
    return {0: "the day itself", 1: "the day before"}.get(days, f"{days} days before")


def _after(days: int) -> str:
    return {0: "the evening after"}.get(days, f"day {days}")
