"""One patient for staff: header facts, the timeline on one axis, the response table, shared notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.careteam.rules import COURSE_GAP_DAYS, KIND_WORDS, Kind
from diary.charts import Event, Frame, Mark, Timeline
from diary.checkins.queries import CheckinRow, checkins_of
from diary.checkins.rules import CHECKIN, is_answered
from diary.entries.queries import (
    DayRow,
    NoteRow,
    OwnSymptomRow,
    all_days,
    factor_names,
    notes_between,
    own_symptoms,
    own_words,
)
from diary.infusions.queries import InfusionRow, infusions_of
from diary.lib import clock
from diary.lib.extras import extras_words
from diary.lib.symptoms import SYMPTOMS
from diary.lib.words import date_full, date_short, lower_first, number, plural
from diary.medications.queries import KNOWN, TABLE, doses_taken, medications_of, spans_of
from diary.medications.rules import changes
from diary.response.queries import from_rows
from diary.response.rules import Course
from diary.review.queries.day import Beside, ChosenDay, chosen_day, dose_words
from diary.review.queries.medications import medication_lane
from diary.review.queries.response import pain_headline
from diary.review.queries.series import all_series, marks_of
from diary.safety.queries import FlagRow, by_patient, flags_of, open_flags
from diary.sessions.queries import SessionRow, commitments_of, sessions_of
from diary.sessions.rules import CommitmentRow

SPANS = {"30": 30, "90": 90, "180": 180}


@dataclass(frozen=True, slots=True)
class Lane:
    """A low lane of the time axis: icon, name, where its rows are told in full ("" for this page), and the drawing."""

    icon: str
    name: str
    link: str
    link_words: str
    svg: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What all lanes share: the days shown, the infusions, the chosen day."""

    frame: Frame
    marks: Sequence[Mark]
    chosen: date | None

    def lane(self, events: Sequence[Event], noun: str, shape: str = "square") -> str:
        uid = f"{noun.replace('-', '')}-lane"
        return charts.event_lane(events, self.frame, noun, uid, shape, self.marks, self.chosen)


@dataclass(frozen=True)
class PatientPage:
    """What consent lets this viewer see of a patient; what is None is not shared."""

    ref: access.PatientRef
    today: date
    span: str
    frame: Frame
    days: Sequence[DayRow] | None
    infusions: Sequence[InfusionRow] | None
    notes: Sequence[NoteRow] | None
    timeline: Timeline | None
    courses: dict[str, tuple[Course, ...]]
    table: list[tuple[date, list[str], str]] | None
    bin_words: str
    doses: tuple[str, str] | None = None
    flags: Sequence[FlagRow] = ()
    lanes: Sequence[Lane] = ()
    marked: Sequence[tuple[date, str]] = ()
    chosen: ChosenDay | None = None
    left: str = ""  # the span that did not hold the chosen day

    @property
    def age(self) -> int | None:
        born = self.ref.born_on
        if born is None:
            return None
        return self.today.year - born.year - ((self.today.month, self.today.day) < (born.month, born.day))

    @property
    def shown(self) -> list[DayRow]:
        return [row for row in self.days or () if self.frame.since <= row.day <= self.frame.until]

    @property
    def counted_until(self) -> date:
        """The last day shown that can be missing: today only once something is written (frame and reports alike)."""
        is_written = any(row.day == self.today for row in self.days or ())
        return min(self.frame.until, self.today) if is_written else self.frame.over

    @property
    def diary_words(self) -> tuple[str, str]:
        rows = [row for row in self.shown if row.day <= self.counted_until]
        logged = [row for row in rows if row.is_scored]
        late = sum(1 for row in logged if row.late)
        unwell = sum(1 for row in rows if row.unwell and not row.is_scored)
        days = (self.counted_until - self.frame.since).days + 1
        return f"{len(logged)} of {plural(days, 'day')}", f"{late} late, {unwell} too unwell"

    @property
    def done(self) -> list[InfusionRow]:
        return [infusion for infusion in self.infusions or () if infusion.status == "done"]

    @property
    def planned(self) -> list[InfusionRow]:
        return [i for i in self.infusions or () if i.status == "planned"]

    @property
    def course_words(self) -> tuple[str, str]:
        course = next(iter(self.courses.get("pain", ())[-1:]), None)
        if course is None:
            return "no infusion yet", ""
        inside = [i for i in self.done if i.day >= course.started_on]
        kinds = [
            f"{count} {name}"
            for name in ("induction", "maintenance")
            if (count := sum(i.series == name for i in inside))
        ]
        return f"{plural(len(course.infusions), 'infusion')} since {date_full(course.started_on)}", ", ".join(
            kinds
        )

    @property
    def since_words(self) -> tuple[str, str]:
        if not self.done:
            return "before the first infusion", ""
        last = self.done[-1]
        following = next((i for i in self.planned if i.day >= self.today), None)
        after = (self.today - last.day).days
        # Before 04:00 the diary's day is still the day before an infusion of this night.
        here = f"Day {after} after infusion {last.number}" if after > 0 else f"Infusion {last.number} today"
        return here, f"next planned {date_full(following.day)}" if following else "none planned"

    @property
    def response_words(self) -> str:
        """What followed the last infusion, in a sentence of the response page's."""
        if self.days is None or self.infusions is None:
            return "Not shared: the response needs both scores and infusions."
        return pain_headline(self.courses.get("pain", ()), self.days, self.done, self.today)

    @property
    def sees(self) -> str:
        if len(self.ref.kinds) == len(Kind):
            return "all but private notes"
        return ", ".join(KIND_WORDS[kind].split(",")[0].lower() for kind in Kind if kind in self.ref.kinds)

    @property
    def first_words(self) -> str:
        """What is wanted before there is a day."""
        if self.done or not self.planned:
            return "Four logged days are enough for a first level; 14 make it surer."
        first = self.planned[0]
        ahead = max(0, (first.day - self.today).days)
        return (
            f"Infusion {first.number} is planned for {date_full(first.day)}, in {plural(ahead, 'day')}. "
            "Four logged days are enough for a level before; all 14 make it surer."
        )

    @property
    def coming(self) -> Timeline:
        """The axis before there is a day, from today to a week after the infusion that is planned."""
        first = next((i for i in self.planned if 0 <= (i.day - self.today).days <= 60), None)
        until = max(self.today + timedelta(days=21), (first.day if first else self.today) + timedelta(days=7))
        mark = Mark(first.day, first.number) if first else None
        words = f"infusion {first.number}, planned {date_short(first.day)}" if first else ""
        return charts.empty_timeline(all_series((), {}), Frame(self.today, until, self.today), mark, words)

    def last_week(self, key: str) -> tuple[str, str]:
        week = [row.scores[key] for row in self.days or () if 0 <= (self.counted_until - row.day).days < 7]
        scores = [score for score in week if score is not None]
        mean = f"last 7 days {number(sum(scores) / len(scores))}" if scores else "last 7 days: none"
        return mean, f"{len(scores)} of 7 logged"

    def number_of(self, uuid: UUID | None) -> int | None:
        """The number of an infusion of this page."""
        return next((i.number for i in self.infusions or () if i.uuid == uuid), None)


def patient_page(
    s: Session,
    viewer: access.Viewer,
    ref: access.PatientRef,
    today: date,
    span: str,
    with_table: bool,
    now: datetime,
    chosen: date | None = None,
) -> PatientPage:
    """Everything that the viewer may see of this patient; Hidden where nothing at all is shared.

    A chosen day that the span does not hold shows the whole diary.
    """
    if not ref.kinds:
        raise access.Hidden
    days = all_days(s, viewer, ref.id) if ref.shares(Kind.SCORES) else None
    infusions = infusions_of(s, viewer, ref.id, ("done", "planned")) if ref.shares(Kind.INFUSIONS) else None
    frame = frame_for(span, days or (), infusions or (), today, ref.course_gap)
    left = ""
    if chosen is not None and not frame.holds(chosen):
        whole = frame_for("all", days or (), infusions or (), today, ref.course_gap)
        if whole.holds(chosen):
            left, span, frame = span, "all", whole
    beside = _beside(s, viewer, ref, frame, infusions, chosen, now)
    notes = None if beside.notes is None else [one for one in beside.notes if frame.holds(one.day)]
    courses = from_rows(days, infusions, ref.course_gap) if days is not None and infusions is not None else {}
    drawn = all_series(days, courses) if days is not None else []
    marks = marks_of(infusions or ())
    symptoms = own_symptoms(s, viewer, ref.id) if any(row.own for row in days or ()) else []
    names = factor_names(s, viewer, ref.id) if days else {}
    shown = Shown(frame, marks, chosen)
    inside = [one for one in infusions or () if one.status == "done" and frame.holds(one.day)]
    return PatientPage(
        ref, today, span, frame, days, infusions, notes,
        charts.timeline(drawn, frame, marks, chosen=chosen, given_words=dose_words(inside))
        if days is not None else None, courses,
        charts.table_rows(drawn, frame, marks) if with_table and days is not None else None,
        charts.bin_words(frame, charts.DESK_PLOT),
        medication_lane(medications_of(s, viewer, ref.id), frame, marks, doses_taken(s, viewer, ref.id), chosen)
        if infusions is not None else None,
        by_patient(open_flags(s, viewer, now)).get(ref.id, ()),
        _lanes(ref, shown, beside, notes, now),
        [(row.day, _extras(row, symptoms, names)) for row in reversed(days or ()) if frame.holds(row.day) and _is_marked(row)],
        _chosen(chosen, today, ref, days, symptoms, names, beside) if chosen is not None else None, left,
    )  # fmt: skip


def _is_marked(row: DayRow) -> bool:
    return bool(row.regions or row.factors or row.own)


def _extras(row: DayRow, symptoms: Sequence[OwnSymptomRow], names: Mapping[str, str]) -> str:
    """What was marked beside the five scores: regions, factors, own symptoms; of the scores' kind."""
    return extras_words(row.regions, row.factors, own_words(row.own, symptoms), names)


def _chosen(
    on: date, today: date, ref: access.PatientRef, days: Sequence[DayRow] | None,
    symptoms: Sequence[OwnSymptomRow], names: Mapping[str, str], beside: Beside,
) -> ChosenDay:  # fmt: skip
    row = next((row for row in days or () if row.day == on), None)
    return chosen_day(on, today, ref, days, _extras(row, symptoms, names) if row else "", beside)


def _beside(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, frame: Frame,
    infusions: Sequence[InfusionRow] | None, chosen: date | None, now: datetime,
) -> Beside:  # fmt: skip
    """What happened beside the scores, each kind through its own loader; words and check-ins of the time shown."""
    since = frame.since if chosen is None else min(frame.since, chosen)
    until = frame.until if chosen is None else max(frame.until, chosen)
    is_given, has_sessions = infusions is not None, ref.shares(Kind.SESSIONS)
    return Beside(
        infusions,
        changes(spans_of(s, viewer, ref.id), KNOWN, TABLE) if is_given and chosen else None,
        notes_between(s, viewer, ref.id, since, until) if ref.shares(Kind.NOTES) else None,
        checkins_of(s, viewer, ref.id, since, until) if is_given else None,
        sessions_of(s, viewer, ref.id) if has_sessions else None,
        commitments_of(s, viewer, ref.id) if has_sessions else None,
        flags_of(s, viewer, ref, now),
    )


def _lanes(
    ref: access.PatientRef, shown: Shown, beside: Beside, notes: Sequence[NoteRow] | None, now: datetime
) -> list[Lane]:
    """What happened beside the symptoms: a lane each for what is shared and was ever there."""
    found: list[tuple[str, str, str, str, str | None]] = []
    if beside.sessions is not None and beside.pacts is not None:
        drawing = session_lane(beside.sessions, shown, now)
        found.append(("messages-square", "Sessions", "/sessions", "all of them", drawing))
        drawing = pact_lane(beside.pacts, shown)
        found.append(("check", "Commitments", "/sessions", "how they stand", drawing))
    if beside.checkins is not None:
        found.append(("bell", "Check-ins", "/check-ins", "answers", checkin_lane(beside.checkins, shown)))
    if notes:
        events = [charts.Event(note.day, "note") for note in notes]
        found.append(("pencil", "Notes", "#notes", "the words", shown.lane(events, "note", "tick")))
    flags = [
        charts.Event(clock.local(row.flag.answered_at, ref.zone).date(), lower_first(row.title))
        for row in beside.flags
    ]
    if any(shown.frame.holds(one.on) for one in flags):
        found.append(("flag", "Flags", "", "", shown.lane(flags, "flag", "flag")))
    return [Lane(*row[:4], row[4]) for row in found if row[4] is not None]


def session_lane(rows: Sequence[SessionRow], shown: Shown, now: datetime) -> str | None:
    """The sessions on the time axis; nothing where none was ever held or planned."""
    events = [
        charts.Event(
            row.day,
            row.kind_words.lower(),
            row.is_ahead(now),
            "not recorded" if row.is_unrecorded(now) else "",
        )
        for row in rows
        if row.status != "cancelled"
    ]
    return shown.lane(sorted(events, key=lambda one: one.on), "session") if events else None


def pact_lane(rows: Sequence[CommitmentRow], shown: Shown) -> str | None:
    """The commitments from their session to their last day, with the days done where they are counted."""
    found = [
        charts.Stretch(
            row.agreed_on,
            row.ends_on,
            row.words,
            sorted(row.ticked),
        )
        for row in rows
    ]
    if not found:
        return None
    return charts.stretch_lane(found, shown.frame, "commitment", "pact-lane", shown.marks, shown.chosen)


def checkin_lane(rows: Sequence[CheckinRow], shown: Shown) -> str | None:
    """The days with an answered check-in on the time axis; nothing where none was."""
    events = [
        charts.Event(row.day, f"check-in after infusion {row.number}")
        for row in reversed(rows)
        if row.kind == CHECKIN and is_answered(row.answers)
    ]
    return shown.lane(events, "check-in") if events else None


def frame_for(
    span: str,
    days: Sequence[DayRow],
    infusions: Sequence[InfusionRow],
    today: date,
    gap: int = COURSE_GAP_DAYS,
) -> Frame:
    """The span shown: the last 30, 90 or 180 days, or from the first day there is."""
    if span in SPANS:
        return Frame(today - timedelta(days=SPANS[span] - 1), today, today)
    if span == "course" and (started := last_course([i.day for i in infusions if i.status == "done"], gap)):
        until = (
            max(started, min(today, days[-1].day)) if days and (today - days[-1].day).days > 180 else today
        )
        return Frame(started - timedelta(days=14), max(until, started + timedelta(days=14)), today)
    firsts = [rows[0].day for rows in (days, [i for i in infusions if i.status == "done"]) if rows]
    since = min(firsts, default=today - timedelta(days=29))
    lasts = [days[-1].day] if days else [today]
    # A diary that ended years ago is shown whole, not with years of emptiness behind it.
    until = today if (today - lasts[-1]).days <= 180 else lasts[-1]
    return Frame(min(since, until - timedelta(days=29)), until, today)


def last_course(infused: Sequence[date], gap: int) -> date | None:
    """The first infusion of the latest course (response.md, term 2); days in order, and the course gap."""
    start = None
    for day in reversed(infused):
        if start is not None and (start - day).days > gap:
            break
        start = day
    return start


KEYS = tuple(symptom.key for symptom in SYMPTOMS)
