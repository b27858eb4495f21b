"""A person's wishes about reminders as text to typed values, or errors by field; page and command alike."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

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


# A phone's word ---------------------------------------------------------------------------------------

P256_POINT, AUTH_SECRET = 65, 16  # bytes (RFC 8291)
LONGEST_ENDPOINT = 2000
ANSWERS = ("later", "not_today")


@dataclass(frozen=True)
class TypedPhone:
    """A push subscription as a browser describes it; `former` is the endpoint that this one takes the place of."""

    endpoint: str
    keys: Mapping[str, str]
    former: str = ""


def parse_phone(body: Mapping[str, Any]) -> tuple[TypedPhone | None, dict[str, str]]:
    """A typed subscription, or errors by key."""
    errors: dict[str, str] = {}
    endpoint = parse_endpoint(body.get("endpoint"))
    if not endpoint:
        errors["endpoint"] = "endpoint is the address of a push service."
    former = body.get("former")
    if former is not None and not parse_endpoint(former):
        errors["former"] = "former is the address that this one takes the place of."
    keys = body.get("keys")
    is_whole = isinstance(keys, dict) and all(
        _bytes(keys.get(name)) == size for name, size in (("p256dh", P256_POINT), ("auth", AUTH_SECRET))
    )
    if not is_whole or not isinstance(keys, dict):
        errors["keys"] = "keys are p256dh and auth, as the browser gave them."
    if errors or not isinstance(keys, dict):
        return None, errors
    wanted = {name: str(keys[name]) for name in ("p256dh", "auth")}
    return TypedPhone(endpoint, wanted, former or ""), {}


def parse_endpoint(value: Any) -> str:
    """An address of a push service; empty for anything that is none."""
    is_one = (
        isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= LONGEST_ENDPOINT
        and re.match(r"https?://[^/]", value)
    )  # fmt: skip
    return value if is_one else ""


def _bytes(value: Any) -> int:
    """How many bytes a text of base64url holds; -1 for what is none."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,200}={0,2}", value):
        return -1
    try:
        return len(base64.urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)))
    except ValueError:
        return -1


def parse_id(value: Any) -> UUID | None:
    """The id of a delivery; None for anything else."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
