"""The disk is full, the store read-only, locked or gone while phones write: 503 in JSON, nothing partial, and it comes back."""

import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, event, text

from diary import db
from diary.db import Database
from tests.conftest import ENVIRON
from tests.faults import oracle
from tests.faults.conftest import LONG
from tests.faults.fleet import Phone
from tests.serving import ROOT, Server
from tests.sync.phones import NOW, a_body, days, put

COUNTED = ("entry", "entry_revision", "sync_write", "audit_event")

NO_WRITES = "not ready: the database takes no writes\n"


def counted(url: str) -> Counter:
    engine = create_engine(url)
    with engine.connect() as c:
        found = Counter({t: c.execute(text(f"SELECT count(*) FROM {t}")).scalar() for t in COUNTED})
    engine.dispose()
    return found


def is_refused(answer) -> bool:
    status, said, response = answer
    return (status, said) == (503, {"error": "busy"}) and int(response.headers["Retry-After"]) > 0


def comes_back(client, cast, url, write_id: UUID, body) -> None:
    """The very same request is taken now, once, and the oracle has nothing to say."""
    assert put(client, body, write_id)[0] == 200
    assert put(client, body, write_id)[1]["revision"] >= 1
    assert days(client, cast.alice)[0] == 200
    issued = {(cast.alice.id, write_id)}
    broken = oracle.judge(url, oracle.Promises(issued=issued, acknowledged=issued))
    assert not broken, dict(broken)


@pytest.fixture
def alice(app, client_as, clock_at):
    clock_at(NOW)
    return client_as("alice")


def test_a_full_disk(app, alice, cast, store):
    """SQLite may not grow by a page: it says so in the middle of the transaction."""
    url, write_id = store[0], uuid4()
    body = a_body(cast.alice, {"note": "x" * 9_000, "note_private": "yes", "pain": "3"})
    before = counted(url)
    full = Database(url)

    @event.listens_for(full.engine, "connect")
    def _no_room(dbapi, _record):
        pages = dbapi.execute("PRAGMA page_count").fetchone()[0]
        dbapi.execute(f"PRAGMA max_page_count={pages}")

    kept, app.extensions["database"] = app.extensions["database"], full
    try:
        # Small writes may still find room in pages that are half empty: until one does not.
        answers = [put(alice, body | {"day": f"2026-11-{day}"}) for day in range(17, 24)]
        refused = [answer for answer in answers if answer[0] != 200]
        assert refused and all(map(is_refused, refused))
        stored = sum(answer[0] == 200 for answer in answers)
        grew = counted(url)
        grew.subtract(before)
        assert set(grew.values()) == {stored}
        assert days(alice, cast.alice)[0] == 200, "what is stored can still be read"
    finally:
        app.extensions["database"] = kept
        full.engine.dispose()
    assert put(alice, body, write_id)[0] == 200
    assert counted(url)["sync_write"] == before["sync_write"] + stored + 1


@pytest.mark.skipif(
    not LONG and os.geteuid() == 0, reason="in every run it is a small disk: test_store_away.py"
)
def test_a_disk_that_takes_no_more_under_the_real_server(store, work, capsys):
    """The kernel refuses to let files grow (as a quota does), in the middle of phones' writing; then it lets them."""
    url, cast = store
    path = url.removeprefix("sqlite:///")
    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}).start()
    try:
        phones = [Phone(cast.alice, server.port, server.port, n, 40) for n in range(2)]
        processes = [server.process.pid, *children_of(server.process.pid)]
        limit(processes, 4096)
        for phone in phones:
            phone.start()
        wait_until(lambda: sum(phone.became["waits"] for phone in phones) >= 3)
        assert counted(url)["sync_write"] == 0
        limit(processes, resource.RLIM_INFINITY)
        for phone in phones:
            phone.join(60)
            assert not phone.is_alive() and not phone.failure, phone.failure
    finally:
        server.stop()
    told = {(cast.alice.id, i) for phone in phones for i in phone.outbox.store.log}
    mine = [phone.promises() for phone in phones]
    broken = oracle.judge(
        url, oracle.Promises(issued=set().union(*(p.issued for p in mine)), acknowledged=told)
    )
    with capsys.disabled():
        waits = sum(phone.became["waits"] for phone in phones)
        print(
            f"\nfiles that may not grow: {waits} times told to wait, then {len(told)} acknowledged, broken {dict(broken)}"
        )
    assert not broken and len(told) == 80 and path


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def limit(processes: list[int], size: int) -> None:
    for pid in processes:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def wait_until(is_so, seconds: float = 60) -> None:
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come to that")


def test_a_read_only_store(app, alice, cast, store):
    write_id, body = uuid4(), a_body(cast.alice)
    before = counted(store[0])
    only = Database(store[0])

    @event.listens_for(only.engine, "connect")
    def _read_only(dbapi, _record):
        dbapi.execute("PRAGMA query_only=ON")

    kept, app.extensions["database"] = app.extensions["database"], only
    try:
        assert is_refused(put(alice, body, write_id))
        assert days(alice, cast.alice)[0] == 200
        assert alice.get("/readyz").text == NO_WRITES
    finally:
        app.extensions["database"] = kept
        only.engine.dispose()
    assert counted(store[0]) == before
    comes_back(alice, cast, store[0], write_id, body)


def test_a_locked_store(app, alice, cast, store, monkeypatch):
    """Another process holds the one write lock, as a backup or an import could."""
    write_id, body = uuid4(), a_body(cast.alice)
    before = counted(store[0])
    hold = "import sqlite3,sys;c=sqlite3.connect(sys.argv[1],isolation_level=None);c.execute('BEGIN IMMEDIATE');print(1,flush=True);sys.stdin.read()"
    path = store[0].removeprefix("sqlite:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        holder.stdout.readline()
        assert is_refused(put(alice, body, write_id))
        assert days(alice, cast.alice)[0] == 200, "readers do not wait for a writer"
        assert alice.get("/readyz").text == NO_WRITES
    finally:
        holder.communicate()
    assert alice.get("/readyz").text == "ready\n", "it is found out without a write of anybody's"
    assert counted(store[0]) == before
    comes_back(alice, cast, store[0], write_id, body)


def test_a_line_that_does_not_move(app, alice, cast, store, monkeypatch):
    """Another thread of this server holds the turn to write."""
    monkeypatch.setattr(db, "WAIT_SECONDS", 0.2)
    write_id, body = uuid4(), a_body(cast.alice)
    with app.extensions["database"]._line:
        assert is_refused(put(alice, body, write_id))
    comes_back(alice, cast, store[0], write_id, body)


@pytest.mark.both
def test_it_fails_at_the_last_statement(app, alice, cast, store, monkeypatch):
    """Whatever fails, however late in the transaction: nothing of it stays."""
    from sqlalchemy.exc import OperationalError

    from diary.audit import actions as audit

    write_id, body = uuid4(), a_body(cast.alice)
    before = counted(store[0])

    def failing(*_args, **_more):
        raise OperationalError("INSERT", {}, Exception("no room"))

    with monkeypatch.context() as patched:
        patched.setattr(audit, "record", failing)
        assert is_refused(put(alice, body, write_id))
    assert counted(store[0]) == before
    comes_back(alice, cast, store[0], write_id, body)


def test_a_postgresql_that_restarts(pg_restartable, cast_of, client_for):
    """The database goes while the server runs: 503 until it is back, then the same request is taken."""
    server, url = pg_restartable
    alice, cast = client_for(url), cast_of
    write_id, body = uuid4(), a_body(cast.alice)
    first = uuid4()
    assert put(alice, a_body(cast.alice, {"mood": "2"}), first)[0] == 200
    server.crash()
    try:
        assert is_refused(put(alice, body, write_id))
    finally:
        server.start()
    assert put(alice, body, write_id)[0] == 200
    issued = {(cast.alice.id, write_id), (cast.alice.id, first)}
    assert not oracle.judge(url, oracle.Promises(issued=issued, acknowledged=issued))


@pytest.fixture
def pg_restartable(the_app, own_postgres, clock_at):
    server, url, cast = own_postgres
    server.cast = cast
    clock_at(NOW)
    kept = the_app.extensions["database"]
    the_app.extensions["database"] = Database(url)
    with the_app.app_context():
        yield server, url
    the_app.extensions["database"].engine.dispose()
    the_app.extensions["database"] = kept


@pytest.fixture
def cast_of(pg_restartable):
    return pg_restartable[0].cast


@pytest.fixture
def client_for(the_app, cast_of):
    from tests.page_client import PageClient

    return lambda _url: PageClient(the_app, cast_of.alice)


def test_a_postgresql_that_is_read_only(pg_restartable, cast_of, client_for):
    """As after a failover, or when its disk is protected: a phone is told to wait, not that Neap failed."""
    _server, url = pg_restartable
    alice, cast = client_for(url), cast_of
    write_id, body = uuid4(), a_body(cast.alice)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(text("ALTER DATABASE neap_template SET default_transaction_read_only = on"))
    db.engine().dispose()
    try:
        assert is_refused(put(alice, body, write_id))
    finally:
        with engine.connect() as c:
            c.execute(text("SET default_transaction_read_only = off"))
            c.execute(text("ALTER DATABASE neap_template SET default_transaction_read_only = off"))
        engine.dispose()
        db.engine().dispose()
    comes_back(alice, cast, url, write_id, body)
