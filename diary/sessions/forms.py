"""A session, its commitments or a goal as text to typed values, or errors by field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from diary.lib import clock
from diary.lib.forms import UNSHOWABLE, echo
from diary.sessions.rules import KINDS, MOST_COMMITMENTS, OUTCOMES, STATUSES, Agreed

PLACES = range(1, MOST_COMMITMENTS + 1)
FIELDS = {
    "goal", "goal_until", "kind", "date", "start", "end", "place", "status", "note", "private_note",
    *(f"{name}_{place}" for name in ("commitment", "until", "counted") for place in PLACES),
}  # fmt: skip
PAGE_ONLY = {"csrf_token", "revision", "share", "confirm"}
BECAME = "became_"
TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LONGEST_NOTE, LONGEST_WORDS, LONGEST_PLACE = 10_000, 300, 120
FIRST_DAY = date(1900, 1, 1)
AHEAD = timedelta(days=731)
LONGEST_HOURS = 12
T = TypeVar("T")


@dataclass(frozen=True)
class SessionValues:
    """One session as recorded; moments are aware. `became` says by commitment what became of an earlier one."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    status: str
    place: str = ""
    note: str = ""
    private_note: str = ""
    agreed: Mapping[int, Agreed] = field(default_factory=dict)
    became: Mapping[UUID, str] = field(default_factory=dict)
    goal: str = ""
    goal_until: date | None = None


@dataclass(frozen=True)
class TypedSession:
    """Either values, or errors by field in plain words."""

    value: SessionValues | None
    errors: Mapping[str, str]


@dataclass(frozen=True)
class TypedGoal:
    """A goal's words and last day, or errors by field."""

    words: str
    until_on: date | None
    errors: Mapping[str, str]


class _Reader:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.errors: dict[str, str] = {}

    def said(self, name: str) -> str:
        return (self.texts.get(name) or "").strip()

    def take(self, name: str, clean: Callable[[str], T], needed: str = "") -> T | None:
        text = self.said(name)
        if not text:
            if needed:
                self.errors[name] = needed
            return None
        try:
            return clean(text)
        except ValueError as error:
            self.errors[name] = str(error)
            return None


def parse_session(texts: Mapping[str, str], today: date, zone: str) -> TypedSession:
    """Clean the given fields; `today` and `zone` are the patient's own."""
    reader = _Reader(texts)
    for name in texts:
        if name not in FIELDS | PAGE_ONLY and not name.startswith(BECAME):
            reader.errors[name[:40]] = f"Neap does not know this field: {echo(name[:40])}."
    status = reader.take("status", lambda text: _one_of(text, STATUSES)) or "planned"
    kind = reader.take("kind", lambda text: _one_of(text, tuple(KINDS)), "Please choose what kind it is.")
    day = reader.take("date", lambda text: _session_day(text, today, status), "Please say on which day.")
    start = reader.take("start", _time, "Please say when it begins.")
    end = reader.take("end", _time, "Please say when it ends.")
    if start and end and end <= start and "end" not in reader.errors:
        reader.errors["end"] = "The end lies before the start."
    elif start and end and _hours(end) - _hours(start) > LONGEST_HOURS:
        reader.errors["end"] = f"That is longer than {LONGEST_HOURS} hours. Please look at both times."
    place = reader.take("place", lambda text: _words(text, LONGEST_PLACE, "The place")) or ""
    note, private_note = (
        reader.take(name, lambda text: _words(text, LONGEST_NOTE, "The note")) or ""
        for name in ("note", "private_note")
    )
    agreed = {place: one for place in PLACES if (one := _agreed(reader, place, today, day)) is not None}
    became = _became(reader)
    goal = reader.take("goal", lambda text: _words(text, LONGEST_WORDS, "The goal")) or ""
    goal_until = reader.take("goal_until", lambda text: _goal_until(text, today))
    if goal_until and not goal and "goal" not in reader.errors:
        reader.errors["goal"] = "There is a day, but no words for the goal."
    if reader.errors or not (kind and day and start and end):
        return TypedSession(None, reader.errors)
    moments = [datetime.combine(day, at, clock.zone_of(zone)).astimezone(_UTC) for at in (start, end)]
    return TypedSession(
        SessionValues(
            kind, moments[0], moments[1], status, place, note, private_note, agreed, became, goal, goal_until
        ),
        {},
    )


def parse_goal(texts: Mapping[str, str], today: date, was_until: date | None = None) -> TypedGoal:
    """A goal needs words; its last day may be left out, and may have passed only where it was `was_until` already."""
    reader = _Reader(texts)
    words = reader.take(
        "words", lambda text: _words(text, LONGEST_WORDS, "The goal"), "Please write your goal."
    )
    until = reader.take("until", lambda text: _goal_until(text, today, was_until))
    return TypedGoal(words or "", until, reader.errors)


def parse_tick(texts: Mapping[str, str]) -> tuple[bool | None, dict[str, str]]:
    """Whether it was done: yes or no, empty takes it back; None where nothing is said, and errors by field."""
    errors = {
        name[:40]: f"Neap does not know this field: {echo(name[:40])}." for name in texts if name != "done"
    }
    said = texts.get("done")
    if said is not None and said not in ("yes", "no", ""):
        errors["done"] = "Done is yes or no."
    return (None if said is None or errors else said == "yes"), errors


def parse_revision(text: str) -> int:
    """The revision that a page was made from; -1, which no record ever is at, for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else -1


def parse_outcome(text: str) -> str:
    return text if text in OUTCOMES else ""


def _hours(at: time) -> float:
    return at.hour + at.minute / 60


def _agreed(reader: _Reader, place: int, today: date, day: date | None) -> Agreed | None:
    words = reader.take(f"commitment_{place}", lambda text: _words(text, LONGEST_WORDS, "A commitment"))
    until = reader.take(f"until_{place}", lambda text: _last_day(text, today))
    if words is None:
        if until is not None and f"commitment_{place}" not in reader.errors:
            reader.errors[f"commitment_{place}"] = "There is a day, but no words for what was agreed on."
        return None
    if until is not None and day is not None and until < day:
        reader.errors[f"until_{place}"] = "This day lies before the session."
    return Agreed(words, until, reader.said(f"counted_{place}") == "yes")


def _became(reader: _Reader) -> dict[UUID, str]:
    found = {}
    for name, text in reader.texts.items():
        if not name.startswith(BECAME) or not text:
            continue
        try:
            found[UUID(name.removeprefix(BECAME))] = _one_of(text, tuple(OUTCOMES))
        except ValueError:
            reader.errors["became"] = "Neap can't read what became of a commitment. Please choose again."
    return found


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise ValueError(f"This is one of {', '.join(allowed)}, not “{_shown(text)}”.")
    return text


def _date(text: str) -> date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"This is not a date like 2026-03-15: “{_shown(text)}”.") from None


def _session_day(text: str, today: date, status: str) -> date:
    day = _date(text)
    if day < FIRST_DAY:
        raise ValueError("A session before 1900 can't be right.")
    if status == "held" and day > today:
        raise ValueError("A session that was held can't lie in the future. Is it planned?")
    if day - today > AHEAD:
        raise ValueError("That is more than two years ahead.")
    return day


def _last_day(text: str, today: date) -> date:
    day = _date(text)
    if not day >= FIRST_DAY or day - today > AHEAD:
        raise ValueError("This day is too far away: at most two years ahead.")
    return day


def _goal_until(text: str, today: date, was: date | None = None) -> date:
    day = _last_day(text, today)
    if day < today and day != was:
        raise ValueError("This day has passed. Please choose today or a later one.")
    return day


def _time(text: str) -> time:
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError(f"A time is written like 11:00, not “{_shown(text)}”.")
    return time(int(match[1]), int(match[2]))


def _words(text: str, longest: int, what: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if UNSHOWABLE.search(text):
        raise ValueError(f"{what} holds a character that can't be shown. Please take it out.")
    if len(text) > longest:
        raise ValueError(
            f"{what} has {len(text):,} characters; at most {longest:,} fit. Nothing of it is lost."
        )
    return text


def _shown(text: str) -> str:
    clean = echo(text)
    return clean if len(clean) <= 24 else clean[:24] + "…"


_UTC: Any = clock.zone_of("UTC")
