"""The caseload: a constant number of statements, whatever the number of patients."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.charts import Day, Frame, Mark, Series, spark, squares
from diary.checkins.queries import Severe, severe_of_many
from diary.entries.queries import DayRow, days_of_many, pain_before
from diary.entries.queries import changes_of_many as entry_changes
from diary.infusions.queries import changes_of_many as infusion_changes
from diary.infusions.queries import gaps_of_many, infusions_of_many
from diary.lib import clock
from diary.lib.symptoms import BY_KEY, SYMPTOMS
from diary.lib.types import to_ms
from diary.lib.words import date_short, number, weekday
from diary.response.rules import Course, courses_of
from diary.response.rules.gap import Gap, held
from diary.review.queries.data import BOOK
from diary.review.queries.patient import last_course
from diary.review.rules import (
    SHOWN_DAYS,
    DayState,
    Reason,
    adherence,
    adherence_words,
    changed_most,
    of_days,
    of_flag,
    of_gap,
    of_relief,
    of_sessions,
    of_severe,
    placed,
)
from diary.safety.queries import FlagRow, by_patient, open_flags
from diary.safety.rules import LEVEL_WORDS, when_words
from diary.sessions.queries import Ahead, ahead_of_many

LOOK_BACK = 100
LEAST_SINCE = 4
MOST_KEPT = 4000
# An import can take minutes, and all its rows carry the moment of its beginning.
YOUNG, SHORT = timedelta(minutes=15), timedelta(seconds=20)
NOTHING_AHEAD = Ahead()
GROUPS = BOOK.groups
FLAGS = 0
STATES = {"open": "Not acknowledged yet.", "acknowledged": "Acknowledged."}
NOTHING = ("as_usual", "scores_not_shared", "nothing_shared")


@dataclass(frozen=True, slots=True)
class Spark:
    """A small chart, which tells its finding in words too, and the symptom's name."""

    name: str
    svg: str


@dataclass(frozen=True, slots=True)
class FlagReason:
    """An open flag as the caseload tells it."""

    uuid: UUID
    rank: int
    look: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a patient's diary and infusions alone say on a day: kept until one of them changes, so equal to itself alone.

    `placed` are the reasons where no other comes to them.
    """

    reasons: tuple[Reason, ...]
    placed: tuple[Reason, ...]
    pain: Spark | None
    other: Spark | None
    squares: str | None
    logged: int
    since: str
    following: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One patient of the caseload."""

    uuid: UUID
    name: str
    drawn: Drawn
    reasons: tuple[Reason, ...]
    rest: tuple[Spark, ...]
    is_open: bool
    may_record: bool
    next_on: date | None = None
    session: str = ""
    flags: tuple[FlagReason, ...] = ()

    @property
    def place(self) -> int:
        """The group that the row stands in."""
        return FLAGS if self.flags else self.reasons[0].place


def caseload(
    s: Session,
    viewer: access.Viewer,
    today: date,
    search: str = "",
    opened: UUID | None = None,
    *,
    now: datetime,
) -> list[CaseRow]:
    """Every patient with a live care link: open flags first, then something to know, then by next session and name."""
    refs = access.caseload(s, viewer)
    if search:
        refs = [ref for ref in refs if search.casefold() in ref.name.casefold()]
    meetings = ahead_of_many(s, viewer, refs, now)
    met = {
        ref.id: clock.local(at, ref.zone).date()
        for ref in refs
        if (at := meetings.get(ref.id, NOTHING_AHEAD).last_at) is not None
    }
    effects = severe_of_many(s, viewer, refs, today - timedelta(days=BOOK.count("severe", "days")))
    chosen = [ref for ref in refs if ref.uuid == opened] if opened else []
    drawn, stored = _drawn_of_many(s, viewer, refs, met, today, now, {ref.id for ref in chosen})
    rests = {ref.id: _rest(drawn[ref.id], stored, ref, met.get(ref.id), today) for ref in chosen}
    flags = by_patient(open_flags(s, viewer, now))
    rows = [
        _flagged(
            _row(
                ref, drawn[ref.id], meetings.get(ref.id, NOTHING_AHEAD), effects.get(ref.id), rests.get(ref.id, ()),
                clock.local(now, ref.zone).date(),  # before 04:00 a session of the day on the wall is today's
            ),
            flags.get(ref.id, ()), now, viewer.zone,
        )
        for ref in refs
    ]  # fmt: skip
    return sorted(
        rows,
        key=lambda row: (
            row.place,
            min((flag.rank for flag in row.flags), default=99),
            min((r.order for r in row.reasons), default=9),
            row.next_on or date.max,
            row.name.casefold(),
        ),
    )


@dataclass(frozen=True)
class Stored:
    """Rows of the diary and infusions of several patients."""

    days: Mapping[int, list[DayRow]]
    infusions: Mapping[int, list[tuple[date, int, str]]]


def _drawn_of_many(
    s: Session,
    viewer: access.Viewer,
    refs: Sequence[access.PatientRef],
    met: Mapping[int, date],
    today: date,
    now: datetime,
    needed: set[int],
) -> tuple[dict[int, Drawn], Stored]:
    """What is drawn for each, from the kept ones where nothing changed; and the rows of those that were read.

    1. Ask when diary and infusions were changed last: a seek in an index for each patient.
    2. Take what is kept for just that state, day, last session and consent.
    3. Read the rest, draw it, and keep it; not for long where the last change is so young that more of the same
       moment may follow.
    """
    written, given = entry_changes(s, viewer, refs), infusion_changes(s, viewer, refs)
    gaps = gaps_of_many(s, viewer, refs, today)
    kept = _kept_of(s)
    keys = {}
    for ref in refs:
        keys[ref.id] = (
            ref.id, today, ref.kinds, met.get(ref.id), gaps.get(ref.id), ref.course_gap, *written.get(ref.id, (None,)),
            *given.get(ref.id, (None,)),
        )  # fmt: skip
    found = kept.those(keys, now)
    missing = [ref for ref in refs if ref.id not in found]
    wanted = [ref for ref in refs if ref.id in needed or ref.id not in found]
    days = days_of_many(s, viewer, wanted, today - timedelta(days=LOOK_BACK), today)
    infusions = infusions_of_many(s, viewer, wanted)
    starts = {
        ref.id: last_course(
            [d for d, _, status in infusions.get(ref.id, ()) if status == "done"], ref.course_gap
        )
        for ref in missing
    }
    early = {i: d for i, d in starts.items() if d and (today - d).days > LOOK_BACK - 14}
    before = pain_before(s, viewer, missing, early) if early else {}
    young = to_ms(now - YOUNG)
    for ref in missing:
        found[ref.id] = _drawn(
            ref,
            days.get(ref.id),
            before.get(ref.id, {}),
            infusions.get(ref.id),
            gaps.get(ref.id),
            met.get(ref.id),
            today,
        )
        is_young = any(at is not None and at >= young for at in keys[ref.id][-2:])
        kept.put(keys[ref.id], found[ref.id], now + SHORT if is_young else None)
    return found, Stored(days, infusions)


class Kept:
    """At most so many drawings of one database, the latest used; shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[tuple[Any, ...], tuple[Drawn, datetime | None]] = OrderedDict()

    def those(self, keys: Mapping[int, tuple[Any, ...]], now: datetime) -> dict[int, Drawn]:
        """The drawings that are kept for these keys, by their names."""
        found = {}
        with self._lock:
            for name, key in keys.items():
                drawing, until = self._found.get(key, (None, None))
                if drawing is not None and (until is None or now < until):
                    self._found.move_to_end(key)
                    found[name] = drawing
        return found

    def put(self, key: tuple[Any, ...], drawing: Drawn, until: datetime | None) -> None:
        with self._lock:
            self._found[key] = (drawing, until)
            while len(self._found) > MOST_KEPT:
                self._found.popitem(last=False)


_kept: WeakKeyDictionary[Any, Kept] = WeakKeyDictionary()


def _kept_of(s: Session) -> Kept:
    return _kept.setdefault(s.connection().engine, Kept())


def _flagged(row: CaseRow, flags: Sequence[FlagRow], now: datetime, zone: str) -> CaseRow:
    """The row with its flags; what a flag says already is not said again as a reason."""
    if not flags:
        return row
    told = {reason.rule: reason for reason in row.reasons if reason.rule}
    found = tuple(_flag_reason(flag, told.get(flag.flag.rule), now, zone) for flag in flags)
    said = {flag.flag.rule for flag in flags}
    know = tuple(r for r in row.reasons if r.rule not in said and r.key not in NOTHING)
    return replace(row, flags=found, reasons=know)


def _flag_reason(row: FlagRow, reason: Reason | None, now: datetime, zone: str) -> FlagReason:
    flag = row.flag
    state = "Overdue." if row.overdue else STATES.get(flag.state, "")
    when = when_words(flag.answered_at, now, zone)
    said = of_flag(BOOK, LEVEL_WORDS[flag.level], row.owner, state, row.title, when, reason)
    is_alert = row.overdue or (flag.level == "urgent" and flag.state == "open")
    look = "al" if is_alert else "no" if flag.state == "open" else ""
    return FlagReason(flag.uuid, row.rank, look, said.title, said.words)


def _drawn(
    ref: access.PatientRef,
    stored: list[DayRow] | None,
    before: Mapping[date, float],
    given: list[tuple[date, int, str]] | None,
    gap: tuple[date, int] | None,
    met_on: date | None,
    today: date,
) -> Drawn:
    done = [(day, number_) for day, number_, status in given or () if status == "done"]
    planned = next((day for day, _, status in given or () if status == "planned" and day >= today), None)
    rows = stored or []
    states = [DayState(row.day, row.scores, row.late, row.unwell, row.sleep_hours) for row in rows]
    in_course = bool(done) and (today - done[-1][0]).days <= ref.course_gap
    why = []
    if ref.shares(Kind.SCORES):
        why = [
            *of_days(BOOK, states, today, in_course),
            *_of_course(rows, before, done, gap, today, ref.course_gap),
        ]
    chart = _Chart.of(rows, done, met_on, today)
    other = changed_most([state for state in states if chart.since <= state.on <= chart.frame.until])
    squared = adherence({state.on: state for state in states}, today - timedelta(days=1))
    return Drawn(
        tuple(why),
        placed(BOOK, why, ref.shares(Kind.SCORES), bool(ref.kinds)),
        chart.spark("pain") if chart.shown else None,
        chart.spark(other) if other else None,
        squares(squared, adherence_words(squared)) if ref.shares(Kind.SCORES) else None,
        sum(1 for state in squared if state in ("logged", "partly", "late")),
        _since(done, today, ref.shares(Kind.INFUSIONS)),
        _following(planned, ref.shares(Kind.INFUSIONS)),
    )


@dataclass(frozen=True, slots=True)
class _Chart:
    """The days of a patient's small charts: since the last session, at most 21, ending yesterday."""

    frame: Frame
    since: date
    shown: Sequence[DayRow]
    marks: Sequence[Mark]
    met_on: date | None
    begun: date | None

    @classmethod
    def of(
        cls, rows: Sequence[DayRow], done: Sequence[tuple[date, int]], met_on: date | None, today: date
    ) -> "_Chart":
        frame = Frame(today - timedelta(days=SHOWN_DAYS), today - timedelta(days=1))
        since = max(frame.since, met_on) if met_on is not None else frame.since
        shown = [row for row in rows if since <= row.day <= frame.until]
        if len(shown) < LEAST_SINCE:  # the days before the session tell more
            since, shown = frame.since, [row for row in rows if frame.since <= row.day <= frame.until]
        marks = [Mark(day, number_) for day, number_ in done if day >= since]
        begun = rows[0].day if rows else None
        return cls(frame, since, shown, marks, met_on, max(begun, since) if begun else None)

    def spark(self, key: str) -> Spark:
        days = [Day(row.day, row.scores[key], key in row.late, row.unwell) for row in self.shown]
        series = Series(key, BY_KEY[key].name, "", days, begun=self.begun)
        return Spark(BY_KEY[key].name, spark(series, self.frame, self.marks, self.met_on))


def _rest(
    drawn: Drawn, stored: Stored, ref: access.PatientRef, met_on: date | None, today: date
) -> tuple[Spark, ...]:
    """The three symptoms that the row does not show."""
    done = [(day, number_) for day, number_, status in stored.infusions.get(ref.id, ()) if status == "done"]
    chart = _Chart.of(stored.days.get(ref.id, []), done, met_on, today)
    other = drawn.other.name if drawn.other else ""
    return tuple(chart.spark(one.key) for one in SYMPTOMS if one.key != "pain" and one.name != other)


def _row(
    ref: access.PatientRef,
    drawn: Drawn,
    ahead: Ahead,
    severe: Severe | None,
    rest: tuple[Spark, ...],
    today: date,
) -> CaseRow:
    start = clock.local(ahead.next_at, ref.zone) if ahead.next_at else None
    more = of_sessions(BOOK, start, ahead.until, today) if start or ahead.until else []
    if severe is not None:
        more.append(of_severe(BOOK, severe.name, severe.number, severe.after))
    why = placed(BOOK, [*drawn.reasons, *more], True, True) if more else drawn.placed
    next_on = start.date() if start else None
    return CaseRow(
        ref.uuid, ref.name, drawn, why, rest, bool(ref.kinds), Role.CLINICIAN in ref.staff_roles, next_on,
        f"{weekday(next_on)[:3]} {date_short(next_on)}" if next_on else "",
    )  # fmt: skip


def _following(planned: date | None, is_shared: bool) -> str:
    if not is_shared:
        return ""
    return f"infusion {weekday(planned)[:3]} {date_short(planned)}" if planned else "no infusion planned"


def _since(done: Sequence[tuple[date, int]], today: date, is_shared: bool) -> str:
    if not is_shared:
        return "not shared"
    if not done:
        return "no infusion yet"
    day, number_ = done[-1]
    after = (today - day).days
    return f"day {after} after no. {number_}" if after > 0 else f"no. {number_} today"


def _of_course(
    rows: Sequence[DayRow],
    before: Mapping[date, float],
    done: Sequence[tuple[date, int]],
    gap: tuple[date, int] | None,
    today: date,
    course_gap: int,
) -> list[Reason]:
    """What the course says: relief from pain that ended, or the planned longer gap that lasts; as the charts, up to yesterday.

    `before` holds the pain scores before the course, where it began before the days at hand.
    """
    start = last_course([day for day, _ in done], course_gap)
    if start is None or (today - done[-1][0]).days > course_gap:
        return []
    over = [row for row in rows if row.day < today]
    scores = {row.day: score for row in over if (score := row.scores["pain"]) is not None}
    unwell = {row.day for row in over if row.unwell}
    course = courses_of({**before, **scores}, unwell, [day for day, _ in done if day >= start], course_gap)[
        -1
    ]
    latest = [number(score) for score in list(scores.values())[-3:]]
    found = None
    if gap is not None and gap[0] == done[-1][0]:
        planned = Gap("", *gap)
        found = of_gap(BOOK, planned, held(course, planned, scores, unwell, today), latest, today)
    found = found or _relief_ended(course, latest, today)
    return [] if found is None else [found]


def _relief_ended(course: Course, latest: Sequence[str], today: date) -> Reason | None:
    last = course.infusions[-1]
    if last.duration is None or last.duration.high is None or last.onset_day is None:
        return None
    ended = last.onset_day + last.duration.high
    return of_relief(BOOK, last.onset_day, ended, (today - last.on).days - ended, latest)
