"""Alive and ready, for whatever watches over the process."""

from collections.abc import Callable

from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from diary import db


def init_app(app: Flask) -> None:
    app.extensions["alarms"] = []
    for path, view in (("/healthz", alive), ("/readyz", ready)):
        view.access = "public"  # type: ignore[attr-defined]
        app.add_url_rule(path, view.__name__, view)


def alive() -> Response:
    return Response("ok\n", mimetype="text/plain")


def add_alarm(app: Flask, alarm: Callable[[], str]) -> None:
    """Something else that makes an install not ready: a function that says what is wrong, or nothing."""
    app.extensions["alarms"].append(alarm)


def _store() -> str:
    if not db.is_ready():
        return "the database is not at this version: run migrate"
    if not db.database().has_room():
        return "the disk is full"
    return "" if db.database().takes_writes() else "the database takes no writes"


def ready() -> Response:
    """Whether the store answers and is up to date, and nothing rings; 503 while not, and by itself 200 again."""
    try:
        store = _store()
        wrong = (
            [store] if store else [words for alarm in current_app.extensions["alarms"] if (words := alarm())]
        )
    except SQLAlchemyError:
        wrong = ["the database is empty or does not answer"]
    if not wrong:
        return Response("ready\n", mimetype="text/plain")
    return Response(f"not ready: {', '.join(wrong)}\n", 503, mimetype="text/plain")
