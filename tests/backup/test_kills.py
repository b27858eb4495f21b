"""`kill -9` in the middle of a copy and of putting one back: the database is the old one or the copy, whole, nothing half
stands under a copy's name, and the next run sweeps up."""

import os
import signal
import sqlite3
import time
from collections import Counter

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from diary import db
from diary.audit import worker as trail
from diary.backup import postgres, worker
from diary.backup import sqlite as of_sqlite
from tests.backup.conftest import epoch, rename, zone
from tests.faults.conftest import LONG

pytestmark = pytest.mark.both(*(("sqlite", "postgresql") if LONG else ("sqlite",)))
GATE = 71_077


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(place, name: str, nth: int = 1):
    """Dies as this is called for the nth time."""

    def patch():
        real, calls = getattr(place, name), []

        def dying(*arguments, **named):
            calls.append(1)
            return die() if len(calls) == nth else real(*arguments, **named)

        setattr(place, name, dying)

    return patch


def after(place, name: str):
    """Dies once this is done."""

    def patch():
        real = getattr(place, name)
        setattr(place, name, lambda *arguments, **named: (real(*arguments, **named), die()))

    return patch


class Slow(sqlite3.Connection):
    """Copies five pages at a time, of which hardly any stay in memory, and dies after the third."""

    def backup(self, target, **_):
        target.execute("PRAGMA cache_size=2")
        steps = []
        super().backup(target, pages=5, progress=lambda *_: (steps.append(1), len(steps) == 3 and die()))


def in_the_pages():
    of_sqlite._open = lambda path, mode: sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, factory=Slow
    )


def at_the_gate():
    """The script waits, all but committed, for a lock that the test holds."""
    real = postgres._granting
    postgres._granting = lambda *arguments: f"\nSELECT pg_advisory_lock({GATE});\n{real(*arguments)}"


@pytest.fixture
def begun(app, vault, monkeypatch):
    """Begins a command in a process of its own, which was told where to die."""

    def begin(patch, *arguments) -> int:
        db.engine().dispose()
        child = os.fork()
        if child:
            return child
        try:
            os.setsid()
            patch()
            vault(*arguments)
        finally:
            os._exit(7)

    return begin


def is_killed(child: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.fixture
def swept(store, tmp_path):
    """Asserts that nothing lies about any more but whole copies."""

    def look(copies: int) -> None:
        names = [path.name for path in (tmp_path / "copies").iterdir()]
        assert len(names) == copies and all(name.startswith("neap-") for name in names)
        assert not (worker._data() / worker.WORK).exists()
        if not db.database().is_sqlite:
            with db.engine().connect() as c:
                here = c.execute(text("SELECT datname FROM pg_database")).scalars().all()
                assert not [name for name in here if "scratch" in name]

    return look


def next_second(folder) -> None:
    """Copies are named by the second; the clock of the test goes on by itself."""
    newest = max((path.name for path in folder.glob("neap-*.age")), default="")
    while time.strftime(worker.STAMP, time.gmtime()) <= newest:
        time.sleep(0.05)


def test_while_a_copy_is_made(app, begun, vault, cast, swept, tmp_path):
    folder = tmp_path / "copies"
    kind = of_sqlite.Store if db.database().is_sqlite else postgres.Store
    windows = [
        (in_the_pages if db.database().is_sqlite else before(postgres, "_counts"), 0),
        (before(kind, "faults"), 0),
        (before(worker, "_sync"), 0),
        (before(worker, "_sync", 2), 1),
    ]
    was = epoch()
    for patch, whole in windows:
        assert is_killed(begun(patch, "backup", folder))
        assert len(list(folder.glob("neap-*.age"))) == whole
        assert epoch() == was
    assert (worker._data() / worker.WORK).exists(), "nobody left anything: nothing was proved"
    (whole,) = folder.glob("neap-*.age")
    next_second(folder)
    done = vault("backup", folder)
    assert done.exit_code == 0, done.output
    swept(2)
    done = vault("restore", whole, "--force")
    assert done.exit_code == 0, done.output
    assert vault("verify").exit_code == 0


def test_while_one_is_put_back(app, begun, vault, cast, copy, swept):
    old, was = "Asia/Tokyo", zone(cast)
    kind = of_sqlite.Store if db.database().is_sqlite else postgres.Store
    windows = [
        (after(worker, "_opened"), old),
        (before(kind, "put"), old),
        *([(in_the_pages, old)] if db.database().is_sqlite else []),
        (after(kind, "put"), was),
        (before(trail, "append"), was),
    ]
    met = Counter()
    for patch, then in windows:
        rename(cast, old)
        epochs = {old: epoch()}
        assert is_killed(begun(patch, "restore", copy, "--force"))
        assert zone(cast) == then
        assert (epoch() == epochs[old]) == (then == old)
        met[then] += 1
    assert len(met) == 2
    rename(cast, old)
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    assert zone(cast) == was and vault("verify").exit_code == 0
    swept(1)


@pytest.mark.both("postgresql")
@pytest.mark.parametrize("with_psql", [True, False] if LONG else [False])
def test_while_postgresql_puts_it_over(app, begun, vault, cast, copy, swept, store, with_psql):
    """With psql the transaction is gone; psql alone ends it, and nobody may begin another one meanwhile."""
    old, was = "Asia/Tokyo", zone(cast)
    rename(cast, old)
    with psycopg.connect(store[0].replace("+psycopg", ""), autocommit=True) as gate:
        gate.execute(sql.SQL("SELECT pg_advisory_lock({})").format(sql.Literal(GATE)))
        child = begun(at_the_gate, "restore", copy, "--force")
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        end_at = time.monotonic() + 120
        while gate.execute(waiting).fetchone()[0] == 0:
            assert time.monotonic() < end_at
            time.sleep(0.02)
        (os.killpg if with_psql else os.kill)(child, signal.SIGKILL)
        assert is_killed(child)
        if not with_psql:
            done = vault("backup", copy.parent)
            assert (done.exit_code, "is running" in done.stderr) == (2, True)
    end_at = time.monotonic() + 120
    while (done := vault("restore", copy)).stderr.startswith("Another"):
        assert time.monotonic() < end_at
    assert "--force" in done.stderr
    assert zone(cast) == (old if with_psql else was)
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    assert zone(cast) == was and vault("verify").exit_code == 0
    swept(1)
