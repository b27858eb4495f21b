"""What templates may call: words for numbers and dates, and drawings that are safe as they are."""

from datetime import datetime
from uuid import uuid4

from flask import Flask
from markupsafe import Markup

from diary.lib import clock, words
from diary.lib.symptoms import SYMPTOMS


def init_app(app: Flask) -> None:
    for name in (
        "date_long", "date_full", "date_short", "time_hm", "number", "percent", "plural", "weekday", "lower_first",
    ):  # fmt: skip
        app.jinja_env.filters[name] = getattr(words, name)
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["moment_date"] = moment_date
    app.jinja_env.filters["svg"] = Markup  # charts escape what they draw
    app.jinja_env.globals["uuid4"] = uuid4
    app.jinja_env.globals["SYMPTOMS"] = SYMPTOMS


def moment(at: datetime, zone: str) -> str:
    """23 November 2026, 20:41, on the wall clock of a zone."""
    there = clock.local(at, zone)
    return f"{words.date_full(there.date())}, {words.time_hm(there)}"


def moment_date(at: datetime, zone: str) -> str:
    return words.date_full(clock.local(at, zone).date())
