"""What the caseload reads, against one query on the index for the same 200 of 1,000 patients; statements counted."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

from flask import Flask
from sqlalchemy import event
from sqlmodel import Session

from diary import db
from diary.accounts import actions as accounts
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Kind, Role
from diary.lib import clock
from tests.bench import product
from tests.bench.measure import Line, again_when_void, median, ratio, steady

TITLE = "Caseload: 200 of 1,000 patients, two years"
PATIENTS, SHOWN, FEWER, DAYS = 1000, 200, 50, 730
ROUNDS, EACH = 5, 5
GOALS = {"caseload_data_over_index_query": "<= 1.5"}
STATEMENTS = "caseload_statements_for_200_over_50"
# Last day, two means of the five scores, days logged and what is planned: the limit is one statement.
QUERY = """SELECT p.id, p.name_sealed, max(e.day),
  avg(CASE WHEN e.day > date(:today, '-7 days') THEN pain + fatigue + sleep + mood + cognition END),
  avg(CASE WHEN e.day BETWEEN date(:today, '-13 days') AND date(:today, '-7 days')
      THEN pain + fatigue + sleep + mood + cognition END),
  count(*), (SELECT count(*) FROM infusion i WHERE i.patient_id = p.id AND i.status = 'planned')
FROM care_link l JOIN person p ON p.id = l.patient_id
LEFT JOIN entry e ON e.person_id = p.id AND e.day > date(:today, '-28 days')
WHERE l.staff_id = :staff AND l.ended_at IS NULL GROUP BY p.id"""
_page = import_module("diary.review.queries.caseload")


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place)
        today = clock.now().date()
        coach, other = people(app)
        fill(place / "neap.db", today)
        with app.app_context(), db.read() as s:
            viewers = {n: viewer_of(s, who) for n, who in ((SHOWN, coach), (FEWER, other))}
            counts = {number: statements(s, viewer, today) for number, viewer in viewers.items()}
            print(f"  statements by patients shown: {counts}", flush=True)
            yield Line(STATEMENTS, counts[SHOWN] / counts[FEWER], "<= 1")
            plain = sqlite3.connect(place / "neap.db")
            yield from again_when_void(lambda: in_turn(s, viewers[SHOWN], plain, coach, today), GOALS)
            plain.close()
        with app.app_context():
            db.engine().dispose()


def people(app: Flask) -> tuple[int, int]:
    """A coach of 200 and one of 50, of a clinic with 1,000 patients."""
    now = clock.now()
    with app.app_context(), db.write() as s:
        clinic = careteam.clinic_named(s, "Bench", now)
        coaches = []
        for name in ("coach", "other"):
            person = accounts.create_person(s, f"{name}@bench.example", name, product.ZONE, now)
            careteam.add_member(s, clinic.id, person.id, Role.COACH, now)
            coaches.append(person.id)
        for number in range(PATIENTS):
            person = accounts.create_person(s, f"p{number}@bench.example", f"P {number}", product.ZONE, now)
            careteam.add_member(s, clinic.id, person.id, Role.PATIENT, now)
            for coach, most in zip(coaches, (SHOWN, FEWER), strict=True):
                if number < most:
                    careteam.link(s, access.OPERATOR, clinic.id, person.id, coach, now)
                    careteam.give_consent(s, access.OPERATOR, person.id, coach, list(Kind), now)
        return coaches[0], coaches[1]


def fill(database: Path, today: date) -> None:
    """Nine days of ten of two years for everybody, and an infusion a month; rows as the product's own tables hold them."""
    chance = random.Random(1)
    days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS, 0, -1)]
    at = round(clock.now().timestamp() * 1000)
    with sqlite3.connect(database) as c:
        c.execute("PRAGMA foreign_keys=OFF")
        ids = [row[0] for row in c.execute("SELECT id FROM person WHERE id > 2")]
        c.executemany(
            "INSERT INTO entry (person_id, day, pain, fatigue, sleep, mood, cognition, unwell, written_by, note_private,"
            " late, skipped, revisions, has_conflict, last_write, changed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'self', 0, 0, 0, 1, 0, zeroblob(16), ?)",
            (
                (person, day, *(float(chance.randint(0, 10)) for _ in range(5)), at)
                for person in ids
                for day in days
                if chance.random() < 0.9
            ),
        )
        c.executemany(
            "INSERT INTO infusion (uuid, patient_id, clinic_id, number, day, at_time, zone, series, dose_mg, minutes,"
            " weight_kg, route, status, revisions, changed_at)"
            " VALUES (?, ?, 1, ?, ?, '10:00', 'Europe/London', 'maintenance', 40, 40, 70, 'IV', 'done', 1, ?)",
            (
                (uuid4().hex, person, number, day, at)
                for person in ids
                for number, day in enumerate(days[20::28], 1)
            ),
        )
        c.execute("ANALYZE")


def viewer_of(s: Session, person_id: int) -> access.Viewer:
    from diary.accounts.models import Person

    return access.viewer_of(s, s.get_one(Person, person_id))


@contextmanager
def only_data() -> Iterator[None]:
    """The page's own reads as it makes them, without the words and the sparklines made of them."""
    whole = _page._row
    _page._row = lambda *_args: SimpleNamespace(reasons=(), flags=(), place=2, name="", next_on=None)
    try:
        yield
    finally:
        _page._row = whole


def data(s: Session, viewer: access.Viewer, today: date) -> int:
    with only_data():
        return len(_page.caseload(s, viewer, today, now=clock.now()))


def statements(s: Session, viewer: access.Viewer, today: date) -> int:
    """Of the whole page's data step, counted where they reach the driver."""
    seen = []
    data(s, viewer, today)  # what is drawn is kept from the second time on

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        data(s, viewer, today)
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    return len(seen)


def in_turn(
    s: Session, viewer: access.Viewer, plain: sqlite3.Connection, coach: int, today: date
) -> Iterator[Line]:
    given = {"today": today.isoformat(), "staff": coach}
    programs: dict[str, Callable[[], int]] = {
        "index query": lambda: len(plain.execute(QUERY, given).fetchall()),
        "product": lambda: data(s, viewer, today),
    }
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            took[name].append(median([seconds(program) for _ in range(EACH)]))
    print(
        "  " + ", ".join(f"{name} {median(values) * 1e3:.1f} ms" for name, values in took.items()), flush=True
    )
    steady(took["index query"])
    yield Line("caseload_data_over_index_query", ratio(took["product"], took["index query"]), "<= 1.5")


def seconds(program: Callable[[], int]) -> float:
    """Of this thread's own work: both programs read from memory, and a busy neighbour is no part of either."""
    began = time.thread_time()
    assert program() == SHOWN
    return time.thread_time() - began
