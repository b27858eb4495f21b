"""The period and the paper that somebody asks a report for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.forms import echo
from diary.lib.pdf import PAPERS

USUAL_DAYS = 90
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
    given: Mapping[str, str], today: date, calendar: date
) -> tuple[Asked | None, dict[str, str]]:
    """What was asked for, or errors by field.

    today: the diary's day, with which the usual period ends; calendar: the day on the wall, which before 04:00 is
    already the next one: asked for, it stands for today.
    """
    errors: dict[str, str] = {}
    errors |= {
        name: f"Neap does not know this: {echo(name[:40])}."
        for name in given
        if name not in ("since", "until", "paper")
    }
    paper = given.get("paper") or "a4"
    if paper not in PAPERS:
        errors["paper"] = "The paper is a4 or letter."
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
