"""The bytes that a day costs with its revision, its receipt, its audit event and the chain's line, over a plain indexed row."""

import secrets
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

from flask import Flask

from diary import db
from diary.accounts import actions as accounts
from diary.audit import worker as chain
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.entries import actions as entries
from diary.lib import clock
from tests.bench import product
from tests.bench.measure import Line

TITLE = "Storage: bytes an entry"
PEOPLE, DAYS = 20, 365
BLOCK = 365
LINE = "storage_bytes_per_entry_over_plain_row"


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place)
        with app.app_context():
            who = people(app)
            empty = size(place / "neap.db")
            for viewer in who:
                write(viewer)
            chain.append()
            db.engine().dispose()
        entry = (size(place / "neap.db") - empty) / (PEOPLE * DAYS)
        row = plain(place / "plain.db") / (PEOPLE * DAYS)
        with sqlite3.connect(place / "neap.db") as c:
            counts = {
                table: c.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("entry", "entry_revision", "sync_write", "audit_event", "audit_chain")
            }
        assert set(counts.values()) == {PEOPLE * DAYS}, counts
        print(f"  {entry:.0f} bytes an entry, {row:.0f} a plain row", flush=True)
        yield Line(LINE, entry / row, "<= 8")


def people(app: Flask) -> list[access.Viewer]:
    now = clock.now()
    with db.write() as s:
        clinic = careteam.clinic_named(s, "Bench", now)
        found = []
        for number in range(PEOPLE):
            person = accounts.create_person(s, f"p{number}@bench.example", f"P {number}", product.ZONE, now)
            careteam.add_member(s, clinic.id, person.id, Role.PATIENT, now)
            found.append(access.Viewer(person.id, roles=frozenset({(clinic.id, str(Role.PATIENT))})))
    return found


def write(viewer: access.Viewer) -> None:
    """A year of days, each as its page's form would have come in that evening."""
    today = clock.now().date()
    for start in range(0, DAYS, BLOCK):
        with db.write() as s:
            for back in range(start, min(start + BLOCK, DAYS)):
                day = today - timedelta(days=DAYS - back)
                at = datetime.combine(day, time(19, back % 60), UTC)
                scores = {key: float((back + place) % 11) for place, key in enumerate(entries.SCORES)}
                made = entries.DayWrite(
                    id=uuid4(), day=day, fields=scores, received_at=at, effective_at=at, zone=product.ZONE,
                    device="Firefox on Android", digest=secrets.token_bytes(32), is_settled=True,
                )  # fmt: skip
                entries.record_entry(s, viewer, viewer.me, made)


def size(database: Path) -> int:
    """Of the file, with nothing left to tidy."""
    with sqlite3.connect(database, isolation_level=None) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        c.execute("VACUUM")
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.close()
    return database.stat().st_size


def plain(database: Path) -> int:
    """The same days as numbers in one table with one unique index."""
    with sqlite3.connect(database) as c:
        c.execute(
            "CREATE TABLE entry (id INTEGER PRIMARY KEY, patient INT, day INT, s1 INT, s2 INT, s3 INT, s4 INT, s5 INT,"
            " rev INT, at REAL)"
        )
        c.execute("CREATE UNIQUE INDEX ei ON entry (patient, day)")
        rows = (
            (person, day, *((day + place) % 11 for place in range(5)), day * 86400.5)
            for day in range(DAYS)
            for person in range(PEOPLE)
        )
        c.executemany("INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 1, ?)", rows)
    c.close()
    return size(database)
