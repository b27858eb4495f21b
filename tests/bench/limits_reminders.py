"""The limit programs of reminders: claims of plain rows, and the naive design of one APScheduler job each.

`claims`: rows due are marked by a conditional update with a lease, and marked sent; two durable transactions a batch.
`jobs`: APScheduler 3 with its SQLAlchemyJobStore on SQLite; one tick over jobs that are all due, run by nobody.
"""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_PAUSED, STATE_RUNNING
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import event

TABLE = """CREATE TABLE reminder (id INTEGER PRIMARY KEY, person INTEGER, due INTEGER, state TEXT, lease INTEGER,
  tries INTEGER)"""
INDEX = "CREATE INDEX reminder_due ON reminder (due) WHERE state = 'waiting'"
CLAIM = """UPDATE reminder SET state = 'claimed', lease = ?, tries = tries + 1 WHERE id IN
  (SELECT id FROM reminder WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?) RETURNING id"""
FINISH = "UPDATE reminder SET state = 'sent' WHERE id = ? AND state = 'claimed'"
LEASE = 300


def claims(database: Path, rows: int, batch: int) -> float:
    """Rows claimed and finished in a second, of so many that are due; none twice."""
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    c = sqlite3.connect(database, isolation_level=None)
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("PRAGMA synchronous=FULL")
    c.execute(TABLE)
    c.execute("BEGIN")
    c.executemany(
        "INSERT INTO reminder VALUES (?, ?, ?, 'waiting', NULL, 0)", ((n, n, n % 3600) for n in range(rows))
    )
    c.execute("COMMIT")
    c.execute(INDEX)
    began, done = time.perf_counter(), 0
    while True:
        c.execute("BEGIN IMMEDIATE")
        ids = c.execute(CLAIM, (3600 + LEASE, 3600, batch)).fetchall()
        c.execute("COMMIT")
        if not ids:
            break
        c.execute("BEGIN IMMEDIATE")
        c.executemany(FINISH, ids)
        c.execute("COMMIT")
        done += len(ids)
    took = time.perf_counter() - began
    assert c.execute("SELECT count(*) FROM reminder WHERE tries = 1 AND state = 'sent'").fetchone() == (rows,)
    assert done == rows
    c.close()
    return rows / took


class _Nobody(BaseExecutor):
    """Takes a job and says that it was run."""

    def __init__(self) -> None:
        super().__init__()
        self.ran = 0

    def _do_submit_job(self, job, run_times) -> None:
        self.ran += 1
        self._run_job_success(job.id, [])


def remind(_person: int) -> None:
    """What a job would call."""


def jobs(database: Path, rows: int) -> float:
    """Due jobs in a second, of one tick; every job has its reminder, each evening."""
    database.unlink(missing_ok=True)
    store, nobody = SQLAlchemyJobStore(url=f"sqlite:///{database}"), _Nobody()

    @event.listens_for(store.engine, "connect")
    def _durable(connection, _record) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    scheduler = BackgroundScheduler(jobstores={"default": store}, executors={"default": nobody}, timezone=UTC)
    scheduler.start(paused=True)
    due = datetime.now(UTC) - timedelta(seconds=5)
    for n in range(rows):
        scheduler.add_job(
            remind, CronTrigger(hour=20, minute=30, timezone=UTC), args=[n], id=f"r{n}", next_run_time=due,
            misfire_grace_time=None, coalesce=True,
        )  # fmt: skip
    scheduler.state = STATE_RUNNING
    began = time.perf_counter()
    scheduler._process_jobs()
    took = time.perf_counter() - began
    scheduler.state = STATE_PAUSED
    scheduler.shutdown(wait=False)
    store.engine.dispose()
    assert nobody.ran == rows
    return rows / took
