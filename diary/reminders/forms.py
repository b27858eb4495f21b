"""A person's wishes about reminders as text to typed values, or errors by field; page and command alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from diary.lib.forms import echo
from diary.reminders.rules.wishes import LATER, USUAL, WEEKDAYS, Chosen, hm

SWITCHES = (
    "daily", "by_weekday", "checkins", "ahead", "commitments", "by_email", "by_push", "email_instead", "quiet",
)  # fmt: skip
TIMES = ("time", *(f"time_{day}" for day in WEEKDAYS), "quiet_from", "quiet_until")
FIELDS = frozenset({*SWITCHES, *TIMES})
PAGE_ONLY = frozenset({"csrf_token"})
TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True)
class TypedWishes:
    """Either values, or errors by field in plain words."""

    value: Chosen | None
    errors: Mapping[str, str]


def parse_time(text: str) -> time:
    """A time of the wall clock; raises ValueError in plain words."""
    match = TIME.fullmatch(text.strip())
    if not match:
        raise ValueError("Please type a time between 00:00 and 23:59, like 20:30.")
    return time(int(match[1]), int(match[2]))


def parse_wishes(texts: Mapping[str, str]) -> TypedWishes:
    """Clean what a form sent: a switch is "on" or not there; the time of each weekday counts where `by_weekday` is on.

    An empty weekday has no reminder.
    """
    errors: dict[str, str] = {}
    for name in texts:
        if name not in FIELDS | PAGE_ONLY:
            errors[echo(name[:40])] = f"Neap does not know this field: {echo(name[:40])}."
    is_on = {name: _switch(texts, name, errors) for name in SWITCHES}
    daily = _daily(texts, is_on, errors)
    quiet = None
    if is_on["quiet"]:
        since = _time(texts, "quiet_from", errors, "Please say when it begins.")
        until = _time(texts, "quiet_until", errors, "Please say when it ends.")
        if since and until and since == until:
            errors["quiet_until"] = "Both times are the same. Please choose two different ones."
        quiet = (since, until) if since is not None and until is not None else None
    if errors:
        return TypedWishes(None, errors)
    kept = {name: is_on[name] for name in SWITCHES if name not in ("daily", "by_weekday", "quiet")}
    return TypedWishes(Chosen(daily=daily, quiet=quiet, **kept), {})


def _daily(
    texts: Mapping[str, str], is_on: Mapping[str, bool], errors: dict[str, str]
) -> tuple[time | None, ...]:
    if not is_on["daily"]:
        return (None,) * 7
    if not is_on["by_weekday"]:
        return (_time(texts, "time", errors, "Please say at what time."),) * 7
    return tuple(_time(texts, f"time_{day}", errors) for day in WEEKDAYS)


def _switch(texts: Mapping[str, str], name: str, errors: dict[str, str]) -> bool:
    text = texts.get(name, "")
    if text not in ("", "on"):
        errors[name] = "Neap can't read this value."
    return text == "on"


def _time(texts: Mapping[str, str], name: str, errors: dict[str, str], needed: str = "") -> time | None:
    text = texts.get(name, "").strip()
    if not text:
        if needed:
            errors[name] = needed
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        errors[name] = str(error)
        return None


def texts_of(chosen: Chosen) -> dict[str, str]:
    """The choices as the form's fields; a switch that is off is not there."""
    some = next((at for at in chosen.daily if at), USUAL)
    found = {"time": hm(some)} | {
        f"time_{day}": hm(at) for day, at in zip(WEEKDAYS, chosen.daily, strict=True)
    }
    switches = {
        "daily": any(chosen.daily), "by_weekday": not chosen.is_same_daily, "checkins": chosen.checkins,
        "ahead": chosen.ahead, "commitments": chosen.commitments, "by_email": chosen.by_email,
        "by_push": chosen.by_push, "email_instead": chosen.email_instead, "quiet": chosen.quiet is not None,
    }  # fmt: skip
    if chosen.quiet:
        found |= {"quiet_from": hm(chosen.quiet[0]), "quiet_until": hm(chosen.quiet[1])}
    return found | {name: "on" for name, is_on in switches.items() if is_on}


def parse_pause(text: str, today: date) -> tuple[date | None, str]:
    """(the first day on which reminders come again, what is wrong with it in words)."""
    try:
        until = date.fromisoformat(text.strip()) if len(text.strip()) == len("2026-03-15") else None
    except ValueError:
        until = None
    if until is None:
        return None, "Please choose a day, like 2026-03-15."
    if until <= today:
        return None, "Please choose a day that is still to come."
    if until - today > LONGEST_PAUSE:
        return None, "Please choose a day within a year."
    return until, ""


def parse_later(text: str) -> tuple[str, str]:
    """(one of LATER, what is wrong with it in words)."""
    return (text, "") if text in LATER else ("", "Please choose when.")
