"""The store is gone, empty or full: pages say so, help stays, nothing typed is lost, the log stays clean."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from diary import db
from diary.accounts import actions as accounts
from diary.db import Database
from diary.lib import clock


@pytest.fixture
def empty(app, work):
    """The app on a database without a single table."""
    kept = app.extensions["database"]
    path = work / "empty.db"
    path.unlink(missing_ok=True)
    app.extensions["database"] = Database(f"sqlite:///{path}")
    yield app
    app.extensions["database"].engine.dispose()
    app.extensions["database"] = kept


def test_help_is_there_without_a_store(client_as, empty):
    client = client_as()
    page = client.get("/help")
    assert page.status == 200 and "tel:" in page.text


def test_pages_say_503_and_keep_what_was_typed(client_as, empty):
    client = client_as()
    with client.http.session_transaction() as session:
        session["_user_id"] = "somebody"
    answer = client.post("/days/2026-11-23", {"note": "a long and dear note that must not be lost " * 3})
    assert answer.status == 503 and answer.headers["Retry-After"] and "dear note" in answer.text
    assert client.get("/today").status == 503


def test_not_ready_without_tables_or_with_old_ones(client_as, empty, app):
    answer = client_as().get("/readyz")
    assert (answer.status, answer.data) == (503, b"not ready: the database is empty or does not answer\n")


def test_ready_needs_the_newest_schema(client_as, app):
    assert client_as().get("/readyz").status == 200
    with db.write() as s:
        s.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    answer = client_as().get("/readyz")
    assert (answer.status, answer.data) == (
        503,
        b"not ready: the database is not at this version: run migrate\n",
    )


def test_a_full_disk_does_not_close_the_pages(client_as, monkeypatch, clock_at):
    """Noting that a session was used is the only thing a GET writes, and it can wait."""
    alice = client_as("alice")

    def full(*_args):
        raise OperationalError("UPDATE", {}, Exception("database or disk is full"))

    clock_at(clock.now() + timedelta(minutes=2))
    monkeypatch.setattr(accounts, "touch_session", full)
    assert alice.get("/today").status == 200


def test_an_error_page_that_fails_tells_no_path(app, client_as, monkeypatch, capfd):
    monkeypatch.setattr("diary.lib.errors._page", lambda *_args: 1 / 0)
    answer = client_as().http.get("/invitations/SECRETTOKEN1234?email=alice@example.org")
    assert answer.status_code == 404 and b"<h1>" in answer.data
    assert "SECRETTOKEN" not in capfd.readouterr().err


def test_other_methods_are_named(client_as):
    assert set(client_as("alice").http.post("/more").headers["Allow"].split(", ")) >= {"GET", "HEAD"}


def test_a_missing_static_file_is_not_kept_by_anybody(client_as):
    headers = client_as("bob").get("/static/nothing.css?v=1").headers
    assert "public" not in headers["Cache-Control"]
