"""The period and the paper that somebody asks a report for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.forms import echo
from diary.lib.pdf import PAPERS

USUAL_DAYS = 90
A_DAY = timedelta(days=1)
# How a period is chosen; dates count where there are any, but for the last session.
PERIODS = ("", "usual", "session", "dates")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A period, both days included, and a paper."""

    since: date
    until: date
    paper: str = "a4"


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    try:
        if not ISO_DAY.fullmatch(text):  # fromisoformat takes 20261101 and weeks too
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = f"“{echo(text[:40])}” is no date; one is written like 2026-03-15."
        return None
    if day < EARLIEST:
        errors[name] = "Neap begins with 1 January 1900."
    return day


def parse_period(
    given: Mapping[str, str], today: date, calendar: date, session_on: date | str | None = None
) -> tuple[Asked | None, dict[str, str]]:
    """What was asked for, or errors by field.

    today: the diary's day, with which the usual period ends; calendar: the day on the wall, which before 04:00 is
    already the next one: asked for, it stands for today. session_on: the day of the last session, or why there is none.
    """
    errors: dict[str, str] = {}
    errors |= {
        name: f"Neap does not know this: {echo(name[:40])}."
        for name in given
        if name not in ("period", "since", "until", "paper")
    }
    paper = given.get("paper") or "a4"
    if paper not in PAPERS:
        errors["paper"] = "The paper is a4 or letter."
    period = given.get("period", "")
    if period not in PERIODS:
        errors["period"] = "The period is the last 90 days, since the last session, or two dates."
    elif period == "session":
        return _since_session(paper, today, session_on, errors)
    elif period == "dates" and not given.get("since") and not given.get("until"):
        errors["since"] = "With which day should it begin?"
    until = _day(given["until"], "until", errors) if given.get("until") else today
    if until is not None and until > calendar:
        errors["until"] = "That day has not come yet."
    since = _day(given["since"], "since", errors) if given.get("since") else None
    if since is None and until is not None and "since" not in errors:
        since = max(EARLIEST, until - timedelta(days=USUAL_DAYS - 1))
    if since is not None and until is not None and since > until and not errors:
        errors["since"] = "The first day lies after the last one."
    if errors or since is None or until is None:
        return None, errors
    return Asked(min(since, today), min(until, today), paper), {}


def _since_session(
    paper: str, today: date, session_on: date | str | None, errors: dict[str, str]
) -> tuple[Asked | None, dict[str, str]]:
    """The days after the last session, of which there is one at least."""
    if not isinstance(session_on, date):
        errors["period"] = session_on or "No session is recorded yet. Please choose two dates."
    elif session_on >= today:
        errors["period"] = "The last session was today, so no day has passed since. Please choose two dates."
    if errors or not isinstance(session_on, date):
        return None, errors
    return Asked(session_on + A_DAY, today, paper), {}
