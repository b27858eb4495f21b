"""What templates may call: words for numbers and dates, and drawings that are safe as they are."""

from flask import Flask
from markupsafe import Markup

from diary.lib import words
from diary.lib.symptoms import SYMPTOMS


def init_app(app: Flask) -> None:
    for name in ("date_long", "date_full", "date_short", "time_hm", "number", "percent", "plural", "weekday"):
        app.jinja_env.filters[name] = getattr(words, name)
    app.jinja_env.filters["svg"] = Markup  # charts escape what they draw
    app.jinja_env.globals["SYMPTOMS"] = SYMPTOMS
