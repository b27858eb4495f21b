"""One patient for staff: header facts, the timeline on one axis, the response table, shared notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.careteam.rules import KIND_WORDS, Kind
from diary.charts import Frame, Timeline
from diary.checkins.queries import CheckinRow, checkins_of
from diary.checkins.rules import CHECKIN, is_answered
from diary.entries.queries import DayRow, NoteRow, all_days, notes_between, own_symptoms, own_words
from diary.infusions.queries import InfusionRow, infusions_of
from diary.lib import clock
from diary.lib.extras import extras_words
from diary.lib.symptoms import SYMPTOMS
from diary.lib.words import date_full, lower_first, number, plural
from diary.medications.queries import doses_taken, medications_of
from diary.response.queries import from_rows
from diary.response.rules import Course
from diary.response.rules.days import COURSE_GAP_DAYS
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
    def diary_words(self) -> tuple[str, str]:
        rows = self.shown
        logged = [row for row in rows if row.is_scored]
        late = sum(1 for row in logged if row.late)
        unwell = sum(1 for row in rows if row.unwell and not row.is_scored)
        return f"{len(logged)} of {plural(self.frame.days, 'day')}", f"{late} late, {unwell} too unwell"

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

    def last_week(self, key: str) -> tuple[str, str]:
        week = [row.scores[key] for row in self.days or () if 0 <= (self.frame.until - row.day).days < 7]
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
) -> PatientPage:
    """Everything that the viewer may see of this patient; Hidden where nothing at all is shared."""
    if not ref.kinds:
        raise access.Hidden
    days = all_days(s, viewer, ref.id) if ref.shares(Kind.SCORES) else None
    infusions = infusions_of(s, viewer, ref.id, ("done", "planned")) if ref.shares(Kind.INFUSIONS) else None
    frame = frame_for(span, days or (), infusions or (), today)
    notes = notes_between(s, viewer, ref.id, frame.since, frame.until) if ref.shares(Kind.NOTES) else None
    courses = from_rows(days, infusions) if days is not None and infusions is not None else {}
    drawn = all_series(days, courses) if days is not None else []
    marks = marks_of(infusions or ())
    return PatientPage(
        ref, today, span, frame, days, infusions, notes,
        charts.timeline(drawn, frame, marks) if days is not None else None, courses,
        charts.table_rows(drawn, frame, marks) if with_table and days is not None else None,
        charts.bin_words(frame, charts.DESK_PLOT),
        medication_lane(medications_of(s, viewer, ref.id), frame, marks, doses_taken(s, viewer, ref.id))
        if infusions is not None else None,
        by_patient(open_flags(s, viewer, now)).get(ref.id, ()),
        _lanes(s, viewer, ref, frame, notes, now),
        _marked_days(s, viewer, ref, days, frame),
    )  # fmt: skip


def _marked_days(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, days: Sequence[DayRow] | None, frame: Frame
) -> list[tuple[date, str]]:
    """What was marked beside the five scores, by day, newest first: regions, factors, own symptoms; of the scores' kind."""
    marked = [row for row in days or () if frame.holds(row.day) and (row.regions or row.factors or row.own)]
    if not marked:
        return []
    symptoms = own_symptoms(s, viewer, ref.id)
    return [
        (row.day, extras_words(row.regions, row.factors, own_words(row.own, symptoms)))
        for row in reversed(marked)
    ]


def _lanes(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, frame: Frame, notes: Sequence[NoteRow] | None, now: datetime
) -> list[Lane]:  # fmt: skip
    """What happened beside the symptoms: a lane each for what is shared and was ever there."""
    today = clock.local(now, ref.zone).date()
    found: list[tuple[str, str, str, str, str | None]] = []
    if ref.shares(Kind.SESSIONS):
        sessions, pacts = sessions_of(s, viewer, ref.id), commitments_of(s, viewer, ref.id)
        found.append(
            ("messages-square", "Sessions", "/sessions", "all of them", session_lane(sessions, frame, now))
        )
        found.append(("check", "Commitments", "/sessions", "how they stand", pact_lane(pacts, frame, today)))
    if ref.shares(Kind.INFUSIONS):
        rows = checkins_of(s, viewer, ref.id, frame.since, frame.until)
        found.append(("bell", "Check-ins", "/check-ins", "answers", checkin_lane(rows, frame)))
    if notes:
        events = [charts.Event(note.day, "note") for note in notes]
        drawing = charts.event_lane(events, frame, "note", "note-lane", "tick")
        found.append(("pencil", "Notes", "#notes", "the words", drawing))
    flags = [
        charts.Event(clock.local(row.flag.answered_at, ref.zone).date(), lower_first(row.title))
        for row in flags_of(s, viewer, ref, now)
    ]
    if any(frame.holds(one.on) for one in flags):
        drawing = charts.event_lane(flags, frame, "flag", "flag-lane", "flag")
        found.append(("flag", "Flags", "", "", drawing))
    return [Lane(*row[:4], row[4]) for row in found if row[4] is not None]


def session_lane(rows: Sequence[SessionRow], frame: Frame, now: datetime) -> str | None:
    """The sessions on the time axis; nothing where none was ever held or planned."""
    events = [
        charts.Event(row.day, row.kind_words.lower(), row.starts_at > now)
        for row in rows
        if row.status != "cancelled"
    ]
    return charts.event_lane(events, frame, "session", "session-lane") if events else None


def pact_lane(rows: Sequence[CommitmentRow], frame: Frame, today: date) -> str | None:
    """The commitments from their session to their last day, with the days done where they are counted."""
    found = [
        charts.Stretch(
            row.agreed_on,
            row.until_on or (None if row.is_open(today) else row.agreed_on),
            row.words,
            sorted(row.ticked),
        )
        for row in rows
    ]
    return charts.stretch_lane(found, frame, "commitment", "pact-lane") if found else None


def checkin_lane(rows: Sequence[CheckinRow], frame: Frame) -> str | None:
    """The days with an answered check-in on the time axis; nothing where none was."""
    events = [
        charts.Event(row.day, f"check-in after infusion {row.number}")
        for row in reversed(rows)
        if row.kind == CHECKIN and is_answered(row.answers)
    ]
    return charts.event_lane(events, frame, "check-in", "checkin-lane") if events else None


def frame_for(span: str, days: Sequence[DayRow], infusions: Sequence[InfusionRow], today: date) -> Frame:
    """The span shown: the last 30, 90 or 180 days, or from the first day there is."""
    if span in SPANS:
        return Frame(today - timedelta(days=SPANS[span] - 1), today, today)
    if span == "course" and (started := last_course([i.day for i in infusions if i.status == "done"])):
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


def last_course(infused: Sequence[date]) -> date | None:
    """The first infusion of the latest course (response.md, term 2); days in order."""
    start = None
    for day in reversed(infused):
        if start is not None and (start - day).days > COURSE_GAP_DAYS:
            break
        start = day
    return start


KEYS = tuple(symptom.key for symptom in SYMPTOMS)
