"""No lost updates, writers wait in one line and are told when it takes too long, readers never wait."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from diary import db
from diary.db import Busy, Database


@pytest.mark.both
def test_no_update_is_lost(app):
    with db.write() as s:
        s.execute(text("CREATE TABLE counter (n INTEGER)"))
        s.execute(text("INSERT INTO counter VALUES (0)"))

    def add():
        with app.app_context():
            for _ in range(25):
                with db.write() as s:
                    lock = "" if db.database().is_sqlite else " FOR UPDATE"
                    n = s.execute(text("SELECT n FROM counter" + lock)).scalar()
                    s.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    with db.read() as s:
        assert s.execute(text("SELECT n FROM counter")).scalar() == 200


def test_a_writer_that_waits_too_long_is_told(app, monkeypatch):
    monkeypatch.setattr("diary.db.WAIT_SECONDS", 0.05)
    told = []

    def other():
        with app.app_context():
            try:
                with db.write():
                    pass
            except Busy:
                told.append("busy")

    with db.write():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert told == ["busy"]


def test_another_process_holding_the_lock_is_busy_too(app, store):
    other = Database(store[0])
    with other.writing(), pytest.raises(Busy), db.write():
        pass
    other.engine.dispose()


def test_a_reader_reads_while_somebody_writes(app):
    with db.write() as s:
        s.execute(text("CREATE TABLE t (n INTEGER)"))
        seen = []

        def look():
            with app.app_context(), db.read() as r:
                seen.append(r.execute(text("SELECT count(*) FROM person")).scalar())

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert seen == [6]


def test_a_reader_can_not_write_on_postgresql(app):
    """On SQLite a read session could; the architecture keeps it from it. PostgreSQL refuses."""
    with db.read() as s:
        assert s.connection().get_execution_options()["readonly"]


@pytest.mark.both
def test_an_error_rolls_everything_back(app):
    with pytest.raises(RuntimeError), db.write() as s:
        s.execute(text("UPDATE person SET zone = 'UTC'"))
        raise RuntimeError
    with db.read() as s:
        assert s.execute(text("SELECT count(*) FROM person WHERE zone = 'UTC'")).scalar() == 0


@pytest.mark.both
def test_foreign_keys_hold(app):
    with pytest.raises(DBAPIError), db.write() as s:
        s.execute(
            text("INSERT INTO membership (clinic_id, person_id, role, began_at) VALUES (99, 99, 'coach', 0)")
        )


def test_durability_settings(app):
    with db.read() as s:
        settings = {
            p: s.execute(text(f"PRAGMA {p}")).scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
