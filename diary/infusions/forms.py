"""An infusion as text to typed values, or errors by field; the page and the file alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import partial
from typing import Any

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.infusions.rules import (
    CHOICES,
    EVENTS,
    KG_PER_LB,
    MEASURES,
    MOST_IN_COURSE,
    MOST_MOVED,
    ROUTES,
    SERIES,
    STATUSES,
    WORDS,
    Measure,
    course_days,
)
from diary.lib.forms import echo

FIELDS = ("date", "dose_mg", "minutes", "time", "weight_kg", "route", "series", "number", "status", "note")
GIVEN = (*MEASURES, *CHOICES, "discharged_at")
PAGE_ONLY = {"csrf_token", "confirm", "revision", "weight_unit", "weight_lb", "reason", *GIVEN, *WORDS}
NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?")
WHOLE = re.compile(r"[0-9]{1,5}")
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
LONGEST_NOTE = 10_000
LONGEST_WORDS = 500
MOST_WEIGHT = {"kg": 700, "lb": 1500}
YEARS_AHEAD = 2


@dataclass(frozen=True)
class InfusionValues:
    """One infusion as recorded; None stands for what was left out."""

    day: date
    dose_mg: float
    minutes: float
    at_time: str = ""
    weight_kg: float | None = None
    route: str | None = None
    series: str | None = None
    number: int | None = None
    status: str = "done"
    note: str | None = None
    given: Mapping[str, float | str] = field(default_factory=dict)
    given_words: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class TypedInfusion:
    """Either values, or errors by field in plain words; `found` are the clean ones, even beside errors."""

    value: InfusionValues | None
    errors: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)


def parse_infusion(texts: Mapping[str, str], today: date) -> TypedInfusion:
    """Clean the given fields; `today` is the patient's own day."""
    texts, unit = _with_unit(texts)
    errors: dict[str, str] = {
        name[:40]: f"Neap does not know this field: {echo(name[:40])}."
        for name in texts
        if name not in {*FIELDS, *PAGE_ONLY}
    }
    found: dict[str, Any] = {}

    def take(name: str, target: str, clean, needed: bool = False) -> None:  # type: ignore[no-untyped-def]
        text = (texts.get(name) or "").strip() if name != "note" else (texts.get(name) or "")
        if not text.strip():
            if needed:
                errors[name] = "This is needed."
            return
        try:
            found[target] = clean(text)
        except ValueError as error:
            errors[name] = str(error)

    take("status", "status", lambda text: _one_of(text, STATUSES, "planned, done or cancelled"))
    take("date", "day", lambda text: _day(text, today, str(found.get("status", "done"))), needed=True)
    take("dose_mg", "dose_mg", lambda text: _positive(text, "A dose", "mg", 100_000), needed=True)
    take("minutes", "minutes", lambda text: _positive(text, "The length", "minutes", 100_000), needed=True)
    take("time", "at_time", _time)
    take("weight_kg", "weight_kg", lambda text: _weight(text, unit))
    take("route", "route", lambda text: _one_of(text, ROUTES, ", ".join(ROUTES)))
    take("series", "series", lambda text: _one_of(text, SERIES, "induction or maintenance"))
    take("number", "number", _number)
    take("note", "note", _note)
    for name, one in MEASURES.items():
        take(name, name, partial(_measure, one=one))
    for name, allowed in CHOICES.items():
        take(name, name, partial(_one_of, allowed=allowed, spoken=", ".join(allowed)))
    take("discharged_at", "discharged_at", _time)
    for name in (*WORDS, "reason"):
        take(name, name, _few_words)
    _together(found, errors)
    return TypedInfusion(None if errors else _values(found), errors, found)


def _values(found: Mapping[str, Any]) -> InfusionValues:
    plain = {name: value for name, value in found.items() if name not in GIVEN and name not in WORDS}
    return InfusionValues(
        **plain,
        given={name: found[name] for name in GIVEN if name in found},
        given_words={name: found[name] for name in WORDS if name in found},
    )


def _together(found: Mapping[str, Any], errors: dict[str, str]) -> None:
    """What makes sense only beside another field."""
    if "ended_why" in found and found.get("ended") != "interrupted":
        errors.setdefault("ended_why", "Say above that it was interrupted, or leave this empty.")
    for n in EVENTS:
        rest = {f"event_{n}_severity", f"event_{n}_done"}
        if rest & set(found) and f"event_{n}" not in found:
            errors.setdefault(f"event_{n}", "Say what happened.")


@dataclass(frozen=True)
class TypedCourse:
    """Either the infusions of a course, one a day, or errors by field; `found` as for one infusion."""

    values: tuple[InfusionValues, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)


def parse_course(texts: Mapping[str, str], today: date) -> TypedCourse:
    """A pattern (count, first day, weekdays or every so many days) and what all have alike; `today` as above."""
    alike = {name: texts.get(name, "") for name in ("date", "time", "dose_mg", "minutes", "route", "series")}
    one = parse_infusion({**alike, "status": "planned"}, today)
    errors = dict(one.errors)
    count = _counted(texts.get("count", ""), "How many", MOST_IN_COURSE, errors, "count")
    weekdays = frozenset(day for day in range(7) if texts.get(f"on_{day}"))
    typed = texts.get("every", "").strip()
    every = 1
    if weekdays and typed:
        errors["every"] = "Choose weekdays or a number of days, not both."
    elif typed:
        every = _counted(typed, "The number of days", MOST_MOVED, errors, "every")
    elif not weekdays:
        errors["every"] = "Choose weekdays above, or say every how many days."
    if "date" not in errors and one.found["day"] < today:
        errors["date"] = "A course is planned from today on."
    if errors or one.value is None:
        return TypedCourse((), errors, one.found)
    days = course_days(one.value.day, count, weekdays, every)
    try:
        _day(days[-1].isoformat(), today, "planned")
    except ValueError:
        return TypedCourse((), {"count": "The last one would be more than two years ahead."}, one.found)
    return TypedCourse(tuple(replace(one.value, day=day) for day in days), {}, one.found)


@dataclass(frozen=True)
class GapValues:
    """A planned longer gap: so many days from the infusion to the next one, and why, if that is said."""

    days: int
    reason: str | None = None


@dataclass(frozen=True)
class TypedGap:
    """Either a gap, or errors by field."""

    value: GapValues | None
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_gap(texts: Mapping[str, str], after: date, most: int = COURSE_GAP_DAYS) -> TypedGap:
    """How long a gap after the day of an infusion is meant to last: a number of days, or the day of the next one.

    most: the course gap, since an infusion beyond it begins a new course.
    """
    errors: dict[str, str] = {}
    typed, until = (texts.get(name, "").strip() for name in ("gap_days", "until"))
    days = 0
    if typed and until:
        errors["gap_days"] = "Say a number of days or a day, not both."
    elif until:
        try:
            days = (_day(until, after, "planned") - after).days
            if not 1 <= days <= most:
                raise ValueError(
                    f"The next one is 1 to {most} days after this one; beyond it is a new course."
                )
        except ValueError as error:
            errors["until"] = str(error)
    else:
        days = _counted(typed, "The number of days", most, errors, "gap_days")
    reason = None
    try:
        reason = _few_words(texts.get("gap_reason", "")).strip() or None
    except ValueError as error:
        errors["gap_reason"] = str(error)
    return TypedGap(None if errors else GapValues(days, reason), errors)


def parse_days(text: str) -> int:
    """By how many days planned infusions move, earlier ones negative; raises ValueError in plain words."""
    match = re.fullmatch(r"([-−+]?)([0-9]{1,3})", text.strip())
    if not match or not 1 <= int(match[2]) <= MOST_MOVED:
        raise ValueError(f"This is a number of days from 1 to {MOST_MOVED}, with a minus for earlier.")
    return -int(match[2]) if match[1] in ("-", "−") else int(match[2])


def _counted(text: str, what: str, most: int, errors: dict[str, str], name: str) -> int:
    if WHOLE.fullmatch(text.strip()) and 1 <= int(text) <= most:
        return int(text)
    errors[name] = f"{what} is a whole number from 1 to {most}."
    return 1


def parse_revision(text: str) -> int:
    """The revision that a page was made from; 0, which no record ever is at, for anything else."""
    return int(text) if WHOLE.fullmatch(text) else 0


def _with_unit(texts: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    """The weight as the page's one field and its unit; a weight under the name `weight_lb` is in lb."""
    if not (texts.get("weight_kg") or "").strip() and (texts.get("weight_lb") or "").strip():
        return {**texts, "weight_kg": texts["weight_lb"]}, "lb"
    return texts, texts.get("weight_unit") or "kg"


def _weight(text: str, unit: str) -> float:
    if unit not in MOST_WEIGHT:
        raise ValueError(f"A weight is in kg or lb, not “{_shown(unit)}”.")
    weight = _positive(text, "A weight", unit, MOST_WEIGHT[unit])
    in_kg = weight if unit == "kg" else round(weight * KG_PER_LB, 2)
    if in_kg <= 0:
        raise ValueError(f"A weight of {text} {unit} can't be right.")
    return in_kg


def _measure(text: str, one: Measure) -> float:
    shape = WHOLE if one.is_whole else NUMBER
    span = f"{one.label} is a {'whole ' if one.is_whole else ''}number from {one.least:g} to {one.most:g}"
    if not (shape.fullmatch(text) and text.isascii()):
        raise ValueError(f"{span}, not “{_shown(text)}”.")
    number = float(text.replace(",", "."))
    if not one.least <= number <= one.most:
        raise ValueError(f"{span}; {text} can't be right.")
    return number


def _few_words(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(text):
        raise ValueError("This holds a character that can't be shown. Please take it out.")
    if len(text) > LONGEST_WORDS:
        raise ValueError(f"This has {len(text):,} characters; at most {LONGEST_WORDS:,} fit.")
    return text


def _positive(text: str, what: str, unit: str, most: float) -> float:
    if not (NUMBER.fullmatch(text) and text.isascii()):
        raise ValueError(f"{what} is a number of {unit} above 0, like 42.5, not “{_shown(text)}”.")
    number = float(text.replace(",", "."))
    if number <= 0:
        raise ValueError(f"{what} is more than 0 {unit}.")
    if number > most:
        raise ValueError(f"{what} of {text} {unit} can't be right.")
    return number


def _day(text: str, today: date, status: str) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"This is not a date like 2026-03-15: “{_shown(text)}”.") from None
    if day < date(1900, 1, 1):
        raise ValueError("An infusion before 1900 can't be right.")
    if status == "done" and day > today:
        raise ValueError("An infusion that is done can't lie in the future. Is it planned?")
    try:
        latest = today.replace(year=today.year + YEARS_AHEAD)
    except ValueError:  # two years after a 29 February
        latest = today.replace(year=today.year + YEARS_AHEAD, day=28)
    if day > latest:
        raise ValueError("That is more than two years ahead.")
    return day


def _time(text: str) -> str:
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError(f"A time is written like 09:40, not “{_shown(text)}”.")
    return f"{time(int(match[1]), int(match[2])):%H:%M}"


def _number(text: str) -> int:
    if not (WHOLE.fullmatch(text) and int(text) >= 1):
        raise ValueError(
            f"The number of an infusion is a whole number from 1 to 99,999, not “{_shown(text)}”."
        )
    return int(text)


def _one_of(text: str, allowed: tuple[str, ...], spoken: str) -> str:
    for option in allowed:
        if option.casefold() == text.casefold():
            return option
    raise ValueError(f"This is one of {spoken}, not “{_shown(text)}”.")


def _note(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(text):
        raise ValueError("The note holds a character that can't be shown. Please take it out.")
    if len(text) > LONGEST_NOTE:
        raise ValueError(f"The note has {len(text):,} characters; at most {LONGEST_NOTE:,} fit.")
    return text


def _shown(text: str) -> str:
    clean = echo(text)
    return clean if len(clean) <= 24 else clean[:24] + "…"
