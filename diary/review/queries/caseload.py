"""The caseload: a constant number of statements, whatever the number of patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.charts import Day, Frame, Mark, Series, spark, squares
from diary.entries.queries import DayRow, days_of_many, pain_before
from diary.infusions.queries import infusions_of_many
from diary.lib import clock
from diary.lib.symptoms import BY_KEY, SYMPTOMS
from diary.lib.words import date_short, number, weekday
from diary.response.rules import courses_of
from diary.response.rules.days import COURSE_GAP_DAYS
from diary.review.rules import (
    SHOWN_DAYS,
    DayState,
    Reason,
    adherence,
    adherence_words,
    changed_most,
    of_sessions,
    reasons,
)
from diary.safety.queries import FlagRow, by_patient, open_flags
from diary.safety.rules import LEVEL_WORDS, when_words
from diary.sessions.queries import Ahead, ahead_of_many

LOOK_BACK = 100
GROUPS = ("Flags open", "Something to know", "As usual")


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


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One patient of the caseload."""

    uuid: UUID
    name: str
    reasons: tuple[Reason, ...]
    pain: Spark | None
    other: Spark | None
    rest: tuple[Spark, ...]
    squares: str | None
    logged: int
    since: str
    following: str
    shares_scores: bool
    is_open: bool
    may_record: bool
    session: str = ""
    flags: tuple[FlagReason, ...] = ()

    @property
    def place(self) -> int:
        """The group that the row stands in."""
        return 0 if self.flags else 1 if self.reasons else 2


def caseload(
    s: Session,
    viewer: access.Viewer,
    today: date,
    search: str = "",
    opened: UUID | None = None,
    *,
    now: datetime,
) -> list[CaseRow]:
    """Every patient with a live care link: open flags first, then something to know, then by name."""
    refs = access.caseload(s, viewer)
    if search:
        refs = [ref for ref in refs if search.casefold() in ref.name.casefold()]
    days = days_of_many(s, viewer, refs, today - timedelta(days=LOOK_BACK), today)
    infusions = infusions_of_many(s, viewer, refs)
    starts = {
        ref.id: _course_start([(d, n) for d, n, status in infusions.get(ref.id, ()) if status == "done"])
        for ref in refs
    }
    before = pain_before(
        s, viewer, refs, {i: d for i, d in starts.items() if d and (today - d).days > LOOK_BACK - 14}
    )
    flags = by_patient(open_flags(s, viewer, now))
    meetings = ahead_of_many(s, viewer, refs, now)
    rows = [
        _flagged(
            _row(ref, days.get(ref.id), before.get(ref.id, {}), infusions.get(ref.id), today, ref.uuid == opened,
                 meetings.get(ref.id, Ahead())),
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
            row.name.casefold(),
        ),
    )


def _flagged(row: CaseRow, flags: Sequence[FlagRow], now: datetime, zone: str) -> CaseRow:
    """The row with its flags; what a flag says already is not said again as a reason."""
    if not flags:
        return row
    told = {reason.rule: reason for reason in row.reasons if reason.rule}
    found = tuple(_flag_reason(flag, told.get(flag.flag.rule), now, zone) for flag in flags)
    said = {flag.flag.rule for flag in flags}
    return replace(row, flags=found, reasons=tuple(r for r in row.reasons if r.rule not in said))


def _flag_reason(row: FlagRow, reason: Reason | None, now: datetime, zone: str) -> FlagReason:
    flag = row.flag
    whose = f"with {row.owner}" if row.owner else "with nobody yet"
    state = {"open": "Not acknowledged yet.", "acknowledged": "Acknowledged."}.get(flag.state, "")
    if row.overdue:
        state = "Overdue."
    what = f"{row.title}, {when_words(flag.opened_at, now, zone)}. {state}"
    if reason is not None:
        what = f"{reason.title}. {reason.words} {state}"
    is_alert = row.overdue or (flag.level == "urgent" and flag.state == "open")
    look = "al" if is_alert else "no" if flag.state == "open" else ""
    return FlagReason(flag.uuid, row.rank, look, f"{LEVEL_WORDS[flag.level]} flag, {whose}", what)


def _row(
    ref: access.PatientRef,
    stored: list[DayRow] | None,
    before: Mapping[date, float],
    given: list[tuple[date, int, str]] | None,
    today: date,
    opened: bool,
    meetings: Ahead,
) -> CaseRow:
    done = [(day, number_) for day, number_, status in given or () if status == "done"]
    planned = next((day for day, _, status in given or () if status == "planned" and day >= today), None)
    rows = stored or []
    begun = rows[0].day if rows else None
    states = [DayState(row.day, row.scores, row.late, row.unwell) for row in rows]
    in_course = bool(done) and (today - done[-1][0]).days <= 70
    why = (
        reasons(states, today, [day for day, _ in done], _relief_ended(rows, before, done, today), in_course)
        if ref.shares(Kind.SCORES)
        else []
    )
    next_on = clock.local(meetings.next_at, ref.zone).date() if meetings.next_at else None
    why = [*why, *of_sessions(next_on, meetings.until, today)]
    frame = Frame(today - timedelta(days=SHOWN_DAYS), today - timedelta(days=1))
    shown = [row for row in rows if frame.since <= row.day <= frame.until]
    marks = [Mark(day, number_) for day, number_ in done if day >= frame.since]
    other = changed_most([state for state in states if frame.since <= state.on <= frame.until])
    squared = adherence({state.on: state for state in states}, today - timedelta(days=1))
    rest = (
        tuple(_spark(s.key, shown, frame, marks, begun) for s in SYMPTOMS if s.key not in ("pain", other))
        if opened
        else ()
    )
    return CaseRow(
        ref.uuid, ref.name, tuple(why),
        _spark("pain", shown, frame, marks, begun) if shown else None,
        _spark(other, shown, frame, marks, begun) if other else None,
        rest, squares(squared, adherence_words(squared)) if ref.shares(Kind.SCORES) else None,
        sum(1 for state in squared if state in ("logged", "partly", "late")),
        _since(done, today, ref.shares(Kind.INFUSIONS)),
        _following(planned, ref.shares(Kind.INFUSIONS)),
        ref.shares(Kind.SCORES), bool(ref.kinds), Role.CLINICIAN in ref.staff_roles,
        f"{weekday(next_on)[:3]} {date_short(next_on)}" if next_on else "",
    )  # fmt: skip


def _spark(
    key: str, shown: Sequence[DayRow], frame: Frame, marks: Sequence[Mark], begun: date | None
) -> Spark:
    days = [Day(row.day, row.scores[key], key in row.late, row.unwell) for row in shown]
    series = Series(key, BY_KEY[key].name, "", days, begun=begun)
    return Spark(BY_KEY[key].name, spark(series, frame, marks))


def _following(planned: date | None, is_shared: bool) -> str:
    if not is_shared:
        return ""
    return f"{weekday(planned)[:3]} {date_short(planned)}" if planned else "none planned"


def _since(done: Sequence[tuple[date, int]], today: date, is_shared: bool) -> str:
    if not is_shared:
        return "not shared"
    if not done:
        return "no infusion yet"
    day, number_ = done[-1]
    after = (today - day).days
    return f"day {after} after no. {number_}" if after > 0 else f"no. {number_} today"


def _course_start(done: Sequence[tuple[date, int]]) -> date | None:
    """The first infusion of the course that the last one belongs to."""
    start = None
    for day, _ in reversed(done):
        if start is not None and (start - day).days > COURSE_GAP_DAYS:
            break
        start = day
    return start


def _relief_ended(
    rows: Sequence[DayRow], before: Mapping[date, float], done: Sequence[tuple[date, int]], today: date
) -> tuple[int, str] | None:
    """When the relief from pain of the last infusion ended, if that was in the last week; as the charts, up to yesterday.

    `before` holds the pain scores before the course, where it began before the days at hand.
    """
    start = _course_start(done)
    if start is None or (today - done[-1][0]).days > COURSE_GAP_DAYS:
        return None
    rows = [row for row in rows if row.day < today]
    scores = {row.day: score for row in rows if (score := row.scores["pain"]) is not None}
    course = courses_of(
        {**before, **scores}, {row.day for row in rows if row.unwell}, [d for d, _ in done if d >= start]
    )[-1]
    last = course.infusions[-1]
    if last.duration is None or last.duration.high is None or last.onset_day is None:
        return None
    ended = last.onset_day + last.duration.high
    if (today - last.on).days - ended > 7:
        return None
    latest = [number(score) for score in list(scores.values())[-3:]]
    return ended, f"Relief from pain began on day {last.onset_day}. Pain {', '.join(latest)} last."
