"""A check-in's or an intention's fields as text to typed values, or errors by field; page and phone alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from diary.checkins.rules import (
    ALWAYS_ASKED,
    ARRIVAL,
    CHECKIN,
    EFFECTS,
    EMERGENCIES,
    EVERY_CHOICE,
    FIELDS,
    INTENTION,
    LONGEST_OWN,
    LONGEST_WORDS,
    MARKS,
    OWN,
    PAIN_NOW,
    STRENGTHS,
    WORDS,
)
from diary.entries.rules import Note
from diary.lib.forms import UNSHOWABLE

PAGE_ONLY = frozenset({"csrf_token", "base", "write_id", "target", "day", "step"})
HELP_SHOWN = "help_shown"  # belongs to the write, not to the check-in: the phone showed the words of help
UNKNOWN = "Neap does not know this answer."


@dataclass(frozen=True)
class TypedCheckin:
    """The fields that were given; None is cleared, absent is untouched."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    help_shown: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_checkin(texts: Mapping[str, str], kind: str = CHECKIN) -> TypedCheckin:
    """Clean every given field of a kind; a box of words without its word on who may read it is private."""
    fields: dict[str, Any] = {}
    errors: dict[str, str] = {}
    box = WORDS.get(kind, "")
    for name, text in texts.items():
        if name in PAGE_ONLY or name == HELP_SHOWN or (box and name == f"{box}_private"):
            continue
        if name not in FIELDS[kind]:
            known_as = UNSHOWABLE.sub("?", name[:40])
            errors[known_as] = f"Neap does not know this field: {known_as}."
            continue
        try:
            fields[name] = _cleaner(name)(text)
        except ValueError as error:
            errors[name] = str(error)
    private = texts.get(f"{box}_private", "").strip() if box else ""
    if private not in ("", "yes", "no"):
        errors[f"{box}_private"] = "Who may read it is yes, for only you, or no."
    elif box and box in fields:
        fields[box] = Note(fields[box], private != "no") if fields[box] else None
    elif private:
        errors[box] = "Words are sent with who may read them."
    if texts.get(HELP_SHOWN, "").strip() not in ("", "yes"):
        errors[HELP_SHOWN] = UNKNOWN
    return TypedCheckin(fields, texts.get(HELP_SHOWN, "").strip() == "yes", errors)


def _cleaner(name: str) -> Callable[[str], Any]:
    if name in (OWN, *WORDS.values()):
        return _words(LONGEST_OWN if name == OWN else LONGEST_WORDS)
    if name in EFFECTS:
        return _one_of(STRENGTHS)
    if name in EVERY_CHOICE:
        return _one_of(tuple(value for value, _ in EVERY_CHOICE[name][1]))
    if name == PAIN_NOW:
        return _pain
    assert name in (*EMERGENCIES, *MARKS), name
    return _one_of(("yes",))


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str | None]:
    def clean(text: str) -> str | None:
        text = text.strip()
        if text and text not in allowed:
            raise ValueError(UNKNOWN)
        return text or None

    return clean


def _pain(text: str) -> int | None:
    text = text.strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= 10):
        raise ValueError("Pain is a whole number from 0 to 10.")
    return int(text) if text else None


def _words(longest: int) -> Callable[[str], str | None]:
    def clean(text: str) -> str | None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if UNSHOWABLE.search(text):
            raise ValueError("This holds a character that can't be shown. Please take it out.")
        if len(text) > longest:
            raise ValueError(
                f"This has {len(text):,} characters; at most {longest:,} fit. Nothing of it is lost."
            )
        return text if text.strip() else None

    return clean


def parse_asked(keys: Collection[str]) -> tuple[str, ...]:
    """The side effects that are left out where these are asked, in the order of the list; ValueError for unknown ones."""
    if any(key not in EFFECTS for key in keys):
        raise ValueError("Neap does not know this side effect. Please choose from the list.")
    return tuple(key for key in EFFECTS if key not in keys and key not in ALWAYS_ASKED)


KIND_NAMES = {CHECKIN: "Check-in", INTENTION: "Intention", ARRIVAL: "Arrival sheet"}
