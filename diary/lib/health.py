"""Alive and ready, for whatever watches over the process."""

from flask import Flask, Response
from sqlalchemy.exc import SQLAlchemyError

from diary import db


def init_app(app: Flask) -> None:
    for path, view in (("/healthz", alive), ("/readyz", ready)):
        view.access = "public"  # type: ignore[attr-defined]
        app.add_url_rule(path, view.__name__, view)


def alive() -> Response:
    return Response("ok\n", mimetype="text/plain")


def ready() -> Response:
    """Whether the store answers and is up to date; 503 while it does not, and by itself 200 again."""
    try:
        is_there = db.is_ready()
    except SQLAlchemyError:
        is_there = False
    return Response("ready\n" if is_there else "not ready\n", 200 if is_there else 503, mimetype="text/plain")
