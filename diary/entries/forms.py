"""A day's fields as text to typed values, or errors by field in plain words; pages, phones and files alike."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from diary.entries.rules import FACTOR_NAME, OWN_NAME, REGIONS, SCORES, Note
from diary.lib.extras import FACTORS
from diary.lib.extras import REGIONS as PLACES
from diary.lib.forms import UNSHOWABLE
from diary.lib.symptoms import BY_KEY

LONGEST_NOTE = 10_000
LONGEST_OWN = 40
NAMES = {
    **{key: BY_KEY[key].name for key in SCORES},
    "worst_pain": "Worst pain",
    "interference": "How much it got in the way",
    "sleep_hours": "Hours slept",
    "times_awake": "Times awake",
    "unwell": "Too unwell to log",
    "note": "Note",
    REGIONS: "Where it hurts",
    **{key: name.capitalize() for key, name in FACTORS.items()},
}
DECIMAL = re.compile(r"\d{1,3}(?:\.\d)?")
CLOCK_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")
HOURS = re.compile(r"\d{1,2}(?:[.,]\d{1,2})?")
PAGE_ONLY = {"csrf_token", "base", "write_id"}


@dataclass(frozen=True)
class TypedDay:
    """The fields that were given; None is cleared, absent is untouched."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    written_by: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> "TypedDay | None":
        return None if self.errors else self


def parse_day(texts: Mapping[str, str], files: bool = False) -> TypedDay:
    """Clean every given field; files may hold one decimal in a score, pages and phones whole numbers only."""
    fields: dict[str, Any] = {}
    errors: dict[str, str] = {}
    cleaners = _cleaners(files)
    if files and "factors" in texts:
        texts = _spread(texts)
    for name, text in texts.items():
        if name in PAGE_ONLY or name == "note_private":
            continue
        clean = cleaners.get(name) if files else _cleaner_of_named(name) or cleaners.get(name)
        if clean is None:
            known_as = UNSHOWABLE.sub("?", name[:40])
            errors[known_as] = f"Neap does not know this field: {known_as}."
            continue
        try:
            fields[name] = clean(text)
        except ValueError as error:
            errors[name] = str(error)
    try:
        private = _yes_no(texts["note_private"]) if "note_private" in texts else None
        if "note" in fields:
            fields["note"] = Note(fields["note"] or "", private)
        elif private is not None and "note" not in errors:
            fields["note"] = Note(None, private)
    except ValueError as error:
        errors["note_private"] = str(error)
    return TypedDay(fields, fields.pop("written_by", None), errors)


def _cleaner_of_named(name: str) -> Callable[[str], Any] | None:
    """For what the person or the clinic named; files hold none of it."""
    if OWN_NAME.fullmatch(name):
        return _own_score
    return (lambda text: _yes(text, "What happened")) if FACTOR_NAME.fullmatch(name) else None


def _cleaners(files: bool) -> Mapping[str, Callable[[str], Any]]:
    def score(name: str) -> Callable[[str], float | None]:
        return lambda text: _score(text, NAMES[name], files)

    def yes(name: str) -> Callable[[str], bool]:
        return lambda text: _yes(text, NAMES[name])

    return {
        **{name: score(name) for name in (*SCORES, "worst_pain", "interference")},
        "sleep_hours": _hours,
        "times_awake": _times,
        "unwell": lambda text: _yes(text, "Too unwell"),
        REGIONS: _regions,
        **{key: yes(key) for key in FACTORS},
        "written_by": _written_by,
        "note": _note,
    }


def _score(text: str, name: str, files: bool) -> float | None:
    text = text.strip()
    if not text:
        return None
    if DECIMAL.fullmatch(text) and text.isascii():
        number = float(text)
        if number <= 10 and (files or (number == int(number) and "." not in text)):
            return int(number) if number == int(number) else number
    kind = "a number from 0 to 10 with at most one decimal" if files else "a whole number from 0 to 10"
    raise ValueError(f"{name} is {kind}, not {_quoted(text)}.")


def _own_score(text: str) -> float | None:
    return _score(text, "Each of your own", files=False)


def parse_own_name(text: str, others: Collection[str]) -> tuple[str, str]:
    """(the name of an own symptom, what is wrong with it); `others` are the names of those that are scored now."""
    name = " ".join(text.split())
    if UNSHOWABLE.search(name):
        return name, "This holds a character that can't be shown. Please take it out."
    if not name:
        return name, "Please write what you want to score, in a word or a few."
    if len(name) > LONGEST_OWN:
        return name, f"This has {len(name)} characters; at most {LONGEST_OWN} fit."
    if name.casefold() in {other.casefold() for other in others}:
        return name, f"You score {_quoted(name)} already."
    return name, ""


def _hours(text: str) -> float | None:
    text = text.strip()
    if not text:
        return None
    clock = CLOCK_TIME.fullmatch(text)
    if clock:
        hours = int(clock[1]) + int(clock[2]) / 60
    elif HOURS.fullmatch(text) and text.isascii():
        hours = float(text.replace(",", "."))
    else:
        raise ValueError(f"Hours slept are a number like 7.5 or a time like 7:30, not {_quoted(text)}.")
    if hours > 24:
        meant = f" Did you mean {hours / 10:g}?" if hours == int(hours) and ":" not in text else ""
        raise ValueError(f"A day has 24 hours, so this can’t be {_quoted(text)}.{meant}")
    return round(hours, 4)


def _times(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) <= 99):
        raise ValueError(f"Times awake is a whole number from 0 to 99, not {_quoted(text)}.")
    return int(text)


def _yes(text: str, name: str) -> bool:
    text = text.strip()
    if text not in ("", "yes"):
        raise ValueError(f"{name} is yes or empty, not {_quoted(text)}.")
    return text == "yes"


def _regions(text: str) -> str | None:
    marked = set(text.split())
    unknown = sorted(marked - PLACES.keys())
    if unknown:
        raise ValueError(f"Neap does not know this place on the body: {_quoted(unknown[0])}.")
    return " ".join(sorted(marked)) or None


def _spread(texts: Mapping[str, str]) -> dict[str, str]:
    """A file's one cell of factors as the fields that it stands for; those it does not name are cleared."""
    named = {f"factor_{word}" for word in texts["factors"].split()}
    rest = {name: text for name, text in texts.items() if name != "factors"}
    return {**rest, **dict.fromkeys(FACTORS, ""), **dict.fromkeys(sorted(named), "yes")}


def _written_by(text: str) -> str:
    text = text.strip()
    if text not in ("", "self", "helper"):
        raise ValueError(f"Who wrote it is self or helper, not {_quoted(text)}.")
    return text or "self"


def _note(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if UNSHOWABLE.search(text):
        raise ValueError("The note holds a character that can't be shown. Please take it out.")
    if len(text) > LONGEST_NOTE:
        raise ValueError(
            f"The note has {len(text):,} characters; at most {LONGEST_NOTE:,} fit. Nothing of it is lost."
        )
    return text if text.strip() else ""


def _yes_no(text: str) -> bool | None:
    text = text.strip()
    if text not in ("", "yes", "no"):
        raise ValueError(f"Private is yes, no or empty, not {_quoted(text)}.")
    return {"yes": True, "no": False}.get(text)


def _quoted(text: str) -> str:
    shown = UNSHOWABLE.sub("?", text)
    return f"“{shown[:24]}…”" if len(shown) > 24 else f"“{shown}”"


def parse_base(text: str) -> UUID | None:
    """The id of a page's base; empty is none. Raises ValueError for anything else."""
    return UUID(text) if text else None


def parse_date(text: str) -> date:
    """YYYY-MM-DD; raises ValueError in plain words."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
            raise ValueError
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"This is not a date like 2026-03-15: {_quoted(text)}.") from None
