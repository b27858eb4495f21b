"""The product for the benches: a database of invented people, their sessions, and the shipped server."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode
from uuid import uuid4

from alembic import command
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from diary import create_app, db
from diary.accounts import actions as accounts
from diary.careteam import actions as careteam
from diary.cli.database import alembic_config
from diary.lib import clock
from tests.serving import ROOT, Server

KEYS = {
    "SECRET_KEY": "bench-secret-key-of-many-characters",
    "DATA_KEY": "bench-data-key-of-many-characters-0",
}
ZONE = "Europe/London"
SAME_SERVER = ("--worker-class", "gthread", "--workers", "1", "--threads", "8", "--keep-alive", "30")


@dataclass(frozen=True)
class SignedIn:
    """A person's cookie and the CSRF token that goes with it."""

    cookie: str
    token: str


@contextmanager
def folder() -> Iterator[Path]:
    """On the disk that would hold the database: /tmp may be memory, where durable writes cost nothing."""
    (ROOT / "var").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as name:
        yield Path(name)


def environ(place: Path) -> dict[str, str]:
    return {
        **KEYS,
        "DATA_DIR": str(place),
        "DATABASE_URL": f"sqlite:///{place / 'neap.db'}",
        "LOG_LEVEL": "info",
    }


def made(place: Path) -> Flask:
    """The app on a new database at the newest schema."""
    place.mkdir(exist_ok=True)
    values = environ(place)
    command.upgrade(alembic_config(values["DATABASE_URL"]), "head")
    return create_app(values)


def patients(app: Flask, number: int) -> list[SignedIn]:
    """So many patients of one clinic, each signed in."""
    now = clock.now()
    with app.app_context(), db.write() as s:
        clinic = careteam.clinic_named(s, "Bench", now)
        found = []
        for place in range(number):
            person = accounts.create_person(s, f"p{place}@bench.example", f"Patient {place}", ZONE, now)
            careteam.add_member(s, clinic.id, person.id, "patient", now)
            found.append(accounts.begin_session(s, person.id, "Bench", False, now))
        return [signed_in(app, token) for token in found]


def session_of(app: Flask, person_id: int, is_staff: bool) -> SignedIn:
    with app.app_context(), db.write() as s:
        return signed_in(app, accounts.begin_session(s, person_id, "Bench", is_staff, clock.now()))


def signed_in(app: Flask, token: str) -> SignedIn:
    """The cookie that a browser holds after signing in, and a token of its forms."""
    raw = secrets.token_hex(20)
    session = app.session_interface.get_signing_serializer(app).dumps(
        {"_user_id": token, "_fresh": True, "csrf_token": raw, "_permanent": True}
    )
    form = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw)
    return SignedIn(f"neap={session}", form)


def days() -> list[date]:
    """Days that a patient may write, whatever the hour."""
    today = clock.now().date()
    return [today - timedelta(days=ago) for ago in range(1, 7)]


def http_request(
    method: str, path: str, cookie: str = "", form: dict[str, str] | None = None, extra: str = ""
) -> bytes:
    body = urlencode(form).encode() if form is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}"
    head += f"Cookie: {cookie}\r\n" if cookie else ""
    if form is not None:
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def day_form(token: str) -> dict[str, str]:
    scores = {"pain": "4", "fatigue": "6", "sleep": "5", "mood": "3", "cognition": "7"}
    return {**scores, "base": "", "write_id": str(uuid4()), "csrf_token": token}


@contextmanager
def server(place: Path) -> Iterator[Server]:
    with Server(environ(place), log=place / "web.log").start() as running:
        yield running


@contextmanager
def limit(name: str, database: Path) -> Iterator[Server]:
    """A limit program behind the same gunicorn settings as the product's on SQLite."""
    serving = Server(
        {"BENCH_DB": str(database)}, app=f"tests.bench.limits:{name}", log=database.with_suffix(".log")
    )
    options = (*SAME_SERVER, "--no-control-socket", "--bind", f"127.0.0.1:{serving.port}")
    with replace(serving, options=options).start() as running:
        yield running


def limit_database(place: Path) -> Path:
    from tests.bench import limits

    os.environ["BENCH_DB"] = str(place / "limit.db")
    limits.fill()
    return place / "limit.db"
