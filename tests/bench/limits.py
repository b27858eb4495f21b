"""The limit programs: the least code that does the same durable work with the same server.

`write`: Flask and one INSERT by sqlite3 in a BEGIN IMMEDIATE transaction, WAL, synchronous=FULL.
`page`: Flask and Jinja2, compiled once, a table of 200 rows from one SELECT.
BENCH_DB names the database file.
"""

import os
import sqlite3
import threading
import time

from flask import Flask, request

SCORES = ("pain", "fatigue", "sleep", "mood", "cognition")
INSERT = "INSERT INTO plain (day, pain, fatigue, sleep, mood, cognition, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
SELECT = """SELECT p.id, p.name, e.day, e.pain, e.fatigue, e.sleep, e.mood, e.cognition, e.revisions
FROM patient p JOIN entry e ON e.patient_id = p.id AND e.day = '2026-01-01' WHERE p.id <= 200"""
TABLE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Caseload</title>
<link rel="stylesheet" href="/s.css"><h1>Caseload</h1>
<table><thead><tr><th>Name<th>Last entry<th>Scores<th>Revision</thead><tbody>
{% for row in rows %}<tr id="p{{ row[0] }}"><td><a href="/patient/{{ row[0] }}">{{ row[1] }}</a>
<td><time>{{ row[2] }}</time><td>{{ row[3] }} {{ row[4] }} {{ row[5] }} {{ row[6] }} {{ row[7] }}
<td>{{ row[8] }}</tr>{% endfor %}</tbody></table></html>"""

_kept = threading.local()
write = Flask("write")
page = Flask("page")
_compiled = page.jinja_env.from_string(TABLE)


def connection() -> sqlite3.Connection:
    """One connection a thread, kept."""
    if not hasattr(_kept, "connection"):
        _kept.connection = sqlite3.connect(os.environ["BENCH_DB"], isolation_level=None, timeout=20)
        _kept.connection.execute("PRAGMA journal_mode=WAL")
        _kept.connection.execute("PRAGMA synchronous=FULL")
    return _kept.connection


def fill() -> None:
    """The tables, with 500 patients of one entry each."""
    with connection() as c:
        c.executescript("""
            CREATE TABLE plain (id INTEGER PRIMARY KEY, day, pain, fatigue, sleep, mood, cognition, at REAL);
            CREATE TABLE patient (id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE entry (id INTEGER PRIMARY KEY, patient_id INTEGER, day TEXT, pain, fatigue, sleep, mood,
                cognition, revisions, UNIQUE (patient_id, day));
        """)
        c.execute("BEGIN")
        c.executemany("INSERT INTO patient VALUES (?, ?)", ((i, f"patient {i}") for i in range(1, 501)))
        c.executemany(
            "INSERT INTO entry (patient_id, day, pain, fatigue, sleep, mood, cognition, revisions) "
            "VALUES (?, '2026-01-01', 1, 2, 3, 4, 5, 1)",
            ((i,) for i in range(1, 501)),
        )
        c.execute("COMMIT")


@write.get("/healthz")
@page.get("/healthz")
def alive() -> str:
    return "ok"


@write.post("/entry")
def entry() -> str:
    values = [request.form["day"], *(int(request.form[key]) for key in SCORES), time.time()]
    c = connection()
    c.execute("BEGIN IMMEDIATE")
    c.execute(INSERT, values)
    c.execute("COMMIT")
    return "ok"


@page.get("/list")
def table() -> str:
    return _compiled.render(rows=connection().execute(SELECT).fetchall())
