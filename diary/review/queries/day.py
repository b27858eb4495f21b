"""The chosen day of the timeline, from rows that were loaded for this viewer: what was said and done, and what lies beside it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary.careteam import access
from diary.checkins.queries import CheckinRow
from diary.checkins.rules import CHECKIN, EFFECTS, INTENTION, is_answered, name_of, value_words
from diary.entries.queries import DayRow, NoteRow
from diary.infusions.queries import InfusionRow
from diary.infusions.rules import day_words
from diary.lib import clock
from diary.lib.words import date_full, date_short, lower_first, number, time_hm
from diary.medications.rules import Change
from diary.safety.queries import FlagRow
from diary.sessions.queries import SessionRow
from diary.sessions.rules import OUTCOMES, CommitmentRow

A_DAY = timedelta(days=1)
FIRST = date(1900, 1, 1)
AHEAD = timedelta(days=730)  # as far as infusions may be planned


@dataclass(frozen=True, slots=True)
class Beside:
    """What was loaded beside the scores; None is not shared."""

    infusions: Sequence[InfusionRow] | None = None
    changes: Sequence[Change] | None = None
    notes: Sequence[NoteRow] | None = None
    checkins: Sequence[CheckinRow] | None = None
    sessions: Sequence[SessionRow] | None = None
    pacts: Sequence[CommitmentRow] | None = None
    flags: Sequence[FlagRow] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One thing of a day in words, with the page where it is told in full; `is_hers`: in the patient's own words."""

    words: str
    link: str = ""
    small: str = ""
    is_hers: bool = False


@dataclass(frozen=True, slots=True)
class DayLine:
    """One kind of thing on the chosen day, and the days before and after it that have one; `said` None: not shared."""

    key: str
    icon: str
    name: str
    said: Sequence[Said] | None
    before: date | None = None
    after: date | None = None


@dataclass(frozen=True, slots=True)
class ChosenDay:
    """One day as this viewer may see it."""

    on: date
    place: str
    shares_scores: bool
    row: DayRow | None
    marks: Sequence[str]
    more: Sequence[str]
    lines: Sequence[DayLine]
    before: date | None
    after: date | None

    @property
    def is_logged(self) -> bool:
        return self.row is not None and self.row.is_scored


def wrong_day(typed: str, on: date | None, today: date) -> str:
    """What is wrong with a day that was asked for; nothing where it can be shown, or none was asked for."""
    if typed and on is None:
        return f"“{typed[:40]}” is not a day. Choose one, or write it like {today}."
    if on is not None and not FIRST <= on <= last_choice(today):
        return f"Choose a day from {date_full(FIRST)} to {date_full(last_choice(today))}."
    return ""


def last_choice(today: date) -> date:
    """The last day that may be chosen; the first is FIRST."""
    return today + AHEAD


def chosen_day(
    on: date, today: date, ref: access.PatientRef, days: Sequence[DayRow] | None, extras: str, beside: Beside
) -> ChosenDay:
    """`extras`: what was marked beside the scores on that day, in words."""
    row = next((row for row in days or () if row.day == on), None)
    return ChosenDay(
        on,
        _place(on, today, days, beside.infusions),
        days is not None,
        row,
        _marks(row) if row else (),
        [*(_more(row) if row else ()), *([extras] if extras else ())],
        _lines(on, today, ref, days, beside),
        on - A_DAY if on > FIRST else None,
        on + A_DAY if on < last_choice(today) else None,
    )


def _place(
    on: date, today: date, days: Sequence[DayRow] | None, infusions: Sequence[InfusionRow] | None
) -> str:
    """Where a day stands: "Day 3 after infusion 14", "today", "before the diary's first day"."""
    done = [one for one in infusions or () if one.status == "done" and one.day <= on]
    told = [day_words(on, (done[-1].day, done[-1].number))] if done and on <= today else []
    if on == today:
        told.append("today")
    elif on > today:
        told.append("still to come")
    elif days and on < days[0].day:
        told.append("before the diary’s first day")
    words = ", ".join(told)
    return words[:1].upper() + words[1:]


def _marks(row: DayRow) -> list[str]:
    """What is to be minded about a day."""
    late = row.late & {key for key, score in row.scores.items() if score is not None}
    found = []
    if late:
        is_all = len(late) == sum(1 for score in row.scores.values() if score is not None)
        found.append(
            "Written after its day had ended" if is_all else "Partly written after its day had ended"
        )
    if row.unwell:
        found.append("Too unwell to log" if not row.is_scored else "Also marked as too unwell")
    if row.helper:
        found.append("Somebody else wrote")
    return found


def _more(row: DayRow) -> list[str]:
    said = [
        ("Worst pain", row.worst_pain, ""),
        ("Interference", row.interference, ""),
        ("Slept", row.sleep_hours, " hours"),
        ("Awake", row.times_awake, " times"),
    ]
    return [f"{name} {number(value)}{unit}." for name, value, unit in said if value is not None]


def _lines(
    on: date, today: date, ref: access.PatientRef, days: Sequence[DayRow] | None, beside: Beside
) -> list[DayLine]:
    return [
        _infusion_line(on, ref, beside.infusions),
        _change_line(on, ref, beside.changes),
        _note_line(on, beside.notes, beside.checkins),
        _checkin_line(on, ref, beside.checkins),
        _session_line(on, today, ref, beside.sessions),
        _pact_line(on, today, ref, beside.pacts),
        _flag_line(on, ref, beside.flags),
        _minded_line(on, days),
    ]


def _line(
    key: str, icon: str, name: str, on: date, said: Sequence[Said] | None, days: Iterable[date]
) -> DayLine:
    """A line with the nearest days on either side that have one of the kind."""
    there = sorted(set(days))
    at, beyond = bisect_left(there, on), bisect_right(there, on)
    before = there[at - 1] if at else None
    after = there[beyond] if beyond < len(there) else None
    return DayLine(key, icon, name, said, before, after)


def _infusion_line(on: date, ref: access.PatientRef, rows: Sequence[InfusionRow] | None) -> DayLine:
    said = [_given(one, ref) for one in rows if one.day == on] if rows is not None else None
    return _line("infusion", "droplet", "Infusion", on, said, (one.day for one in rows or ()))


def _given(one: InfusionRow, ref: access.PatientRef) -> Said:
    words = f"{number(one.dose_mg, 2)} mg in {number(one.minutes)} minutes"
    words = f"planned, {words}" if one.status == "planned" else words
    at = f", {one.at_time}" if one.at_time else ""
    return Said(f"Infusion {one.number}{at}", f"/patients/{ref.uuid}/infusions/{one.uuid}", words)


def _change_line(on: date, ref: access.PatientRef, rows: Sequence[Change] | None) -> DayLine:
    said = None
    if rows is not None:
        said = [Said(f"{one.name}: {one.before} to {one.after}") for one in rows if one.on == on]
    return _line("change", "pill", "Medicine", on, said, (one.on for one in rows or ()))


def _note_line(
    on: date, notes: Sequence[NoteRow] | None, checkins: Sequence[CheckinRow] | None
) -> DayLine:  # fmt: skip
    """Her shared words of the day, and those of a check-in or an intention; others come here without private ones."""
    if notes is None:
        return _line("note", "pencil", "Own words", on, None, ())
    written = [row for row in checkins or () if row.words]
    said = [
        Said(one.text, small="written by somebody else" if one.helper else "", is_hers=True)
        for one in notes
        if one.day == on
    ]
    said += [
        Said(row.words or "", small=_about(row), is_hers=True) for row in reversed(written) if row.day == on
    ]
    days = [*(one.day for one in notes), *(row.day for row in written)]
    return _line("note", "pencil", "Own words", on, said, days)


def _about(row: CheckinRow) -> str:
    return f"{'before' if row.kind == INTENTION else 'after'} infusion {row.number}"


def _checkin_line(on: date, ref: access.PatientRef, rows: Sequence[CheckinRow] | None) -> DayLine:
    answered = [row for row in rows or () if row.kind == CHECKIN and is_answered(row.answers)]
    said = [
        Said(name_of(row.after, row.number), f"/patients/{ref.uuid}/check-ins", _effects(row))
        for row in reversed(answered)
        if row.day == on
    ]
    found = said if rows is not None else None
    return _line("checkin", "bell", "Check-in", on, found, (row.day for row in answered))


def _effects(row: CheckinRow) -> str:
    told = [f"{lower_first(name)} {value_words(key, how)}" for key, name, how in _marked(row)]
    told += [f"“{row.own}”"] if row.own else []
    return ", ".join(told) or ("no side effects" if row.answers.get("none") else "")


def _marked(row: CheckinRow) -> list[tuple[str, str, str]]:
    return [(key, name, row.answers[key]) for key, name in EFFECTS.items() if row.answers.get(key)]


def _session_line(
    on: date, today: date, ref: access.PatientRef, rows: Sequence[SessionRow] | None
) -> DayLine:
    said = [_meeting(row, ref, today) for row in rows if row.day == on] if rows is not None else None
    kept = (row.day for row in rows or () if row.status != "cancelled")
    return _line("session", "messages-square", "Session", on, said, kept)


def _meeting(row: SessionRow, ref: access.PatientRef, today: date) -> Said:
    state = {"cancelled": "cancelled", "planned": "planned" if row.day >= today else "not recorded yet"}
    who = f"with {row.who}" if row.who and row.status != "cancelled" else ""
    small = ", ".join(part for part in (state.get(row.status, ""), who) if part)
    return Said(f"{row.kind_words}, {time_hm(row.start)}", f"/patients/{ref.uuid}/sessions/{row.uuid}", small)


def _pact_line(
    on: date, today: date, ref: access.PatientRef, rows: Sequence[CommitmentRow] | None
) -> DayLine:
    """The commitments that run on a day; the days beside it are those on which one was agreed, done or over."""
    said = None
    if rows is not None:
        said = [
            Said(row.words, f"/patients/{ref.uuid}/sessions/{row.session}", _pact_words(row, on, today))
            for row in rows
            if row.agreed_on <= on and on <= (row.ends_on or on)
        ]
    days = {day for row in rows or () for day in (row.agreed_on, row.ends_on, *row.ticked) if day}
    return _line("pact", "check", "Commitments", on, said, days)


def _pact_words(row: CommitmentRow, on: date, today: date) -> str:
    """What is known of it on a day: its beginning, a tick, what became of it; else how it stands."""
    found = [
        words
        for words, is_so in (
            ("agreed on this day", row.agreed_on == on),
            ("done on this day", on in row.ticked),
            (f"said on this day: {OUTCOMES.get(row.outcome, row.outcome)}", row.told_on == on),
        )
        if is_so
    ]
    if found:
        return "; ".join(found)
    if row.is_counted and on <= today:
        return "not marked as done"
    return f"until {date_short(row.ends_on)}" if row.ends_on else ""


def _flag_line(on: date, ref: access.PatientRef, rows: Sequence[FlagRow]) -> DayLine:
    days = [(clock.local(row.flag.answered_at, ref.zone), row) for row in rows]
    said = [
        Said(row.title, f"/flags/{row.flag.uuid}", f"{time_hm(at)}, {row.flag.level}, {row.flag.state}")
        for at, row in days
        if at.date() == on
    ]
    return _line("flag", "flag", "Flag", on, said, (at.date() for at, _ in days))


def _minded_line(on: date, days: Sequence[DayRow] | None) -> DayLine:
    """Whether the day was late, too unwell or somebody else's, with the nearest such days; of the scores' kind."""
    found = {row.day: _marks(row) for row in days or () if row.late or row.unwell or row.helper}
    said = [Said("; ".join(found[on]))] if found.get(on) else []
    return _line(
        "minded", "clock", "Late or unwell", on, said if days is not None else None,
        (day for day, marks in found.items() if marks),
    )  # fmt: skip


def dose_words(infusions: Sequence[InfusionRow]) -> list[str]:
    """The doses given, at most two lines: "34 to 55 mg", "0.49 to 0.81 mg/kg"."""
    found = []
    for unit, values in (
        ("mg", [one.dose_mg for one in infusions]),
        ("mg/kg", [one.mg_per_kg for one in infusions if one.mg_per_kg is not None]),
    ):
        if values:
            ends = [number(least, 2) for least in (min(values), max(values))]
            found.append(f"{ends[0] if ends[0] == ends[1] else ' to '.join(ends)} {unit}")
    return found
