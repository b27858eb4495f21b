"""Fixtures: a migrated database with the cast for every test, on SQLite and, where marked `both`, PostgreSQL."""

import os
import pickle
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, create_engine

os.environ.setdefault("LOG_LEVEL", "critical")

import hypothesis

# A busy machine proves nothing about a rule. `make test` tries the same examples at each run, so that a change is not
# refused for what it has not touched; `make faults` looks for new ones.
hypothesis.settings.register_profile(
    "neap", deadline=None, derandomize=not os.environ.get("NEAP_LONG"), print_blob=True
)
hypothesis.settings.load_profile("neap")

from alembic import command
from argon2 import PasswordHasher

from diary import create_app, db
from diary.accounts import actions as accounts
from diary.cli.database import alembic_config
from diary.db import Database
from diary.lib import clock, log
from tests import people, sieve
from tests.page_client import PageClient
from tests.postgres import PgCopies, pg_url  # noqa: F401  a fixture

ENVIRON = {
    "SECRET_KEY": "test-secret-key-of-many-characters-0",
    "DATA_KEY": "test-data-key-of-many-characters-00",
}

# A passphrase costs a third of a second of both cores on purpose, and the tests sign in hundreds of times. Nothing
# but the cost is another here; that the product pays it is tested once (accounts/test_passphrase.py).
PRODUCTION_HASHER = accounts.hasher
accounts.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

log.configure = sieve.configure

# `make test` gives whole files to two workers in this order. What takes longest per file comes first, or one worker
# would still be at a file of browsers or of killed servers when the other has nothing left to do.
LONGEST_FIRST = ("faults", "e2e", "attack", "reports", "sync", "careteam", "cli", "exchange", "response")


def pytest_collection_modifyitems(items):
    def place(item) -> int:
        slice_ = item.path.parent.name
        return LONGEST_FIRST.index(slice_) if slice_ in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_generate_tests(metafunc):
    if "store" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both")
        names = (both.args or ("sqlite", "postgresql")) if both else ("sqlite",)
        metafunc.parametrize("store", names, indirect=True)


@pytest.fixture(autouse=True)
def nothing_leaks_into_the_log():
    """Whatever a test is about: no line of it holds a name, an address, a token, or what somebody wrote."""
    yield
    assert sieve.taken() == []


@pytest.fixture(scope="session")
def passphrase_hash():
    return accounts.hasher.hash(people.PASSPHRASE)


@pytest.fixture(scope="session")
def work(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("neap")


@pytest.fixture(scope="session")
def the_app(work):
    url = f"sqlite:///{work / 'template.db'}"
    app = create_app({**ENVIRON, "DATA_DIR": str(work), "DATABASE_URL": url})
    app.config["TESTING"] = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def _fill(app, url, passphrase_hash) -> people.Cast:
    command.upgrade(alembic_config(url), "head")
    database = Database(url)
    with app.app_context(), database.writing() as s:
        cast = people.make_cast(s, passphrase_hash)
    database.engine.dispose()
    return cast


@pytest.fixture(scope="session")
def sqlite_template(the_app, work, passphrase_hash):
    cast = _fill(the_app, f"sqlite:///{work / 'template.db'}", passphrase_hash)
    engine = create_engine(f"sqlite:///{work / 'template.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return work / "template.db", cast


@pytest.fixture(scope="session")
def pg_copies(the_app, request, passphrase_hash):
    """(copies of a PostgreSQL database with the cast, the cast)."""
    url = request.getfixturevalue("pg_url")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE neap_template"))
    cast = _fill(the_app, url.replace("/postgres?", "/neap_template?"), passphrase_hash)
    copies = PgCopies(admin, url)
    yield copies, cast
    copies.drop()
    admin.dispose()


@pytest.fixture
def store(request, work, the_app):
    """A fresh copy of the template; gives (url, cast). What was put away of another test's audit trail goes."""
    for put_away in work.glob("audit-*.json"):
        put_away.unlink()
    if getattr(request, "param", "sqlite") == "sqlite":
        template, cast = request.getfixturevalue("sqlite_template")
        for leftover in work.glob("own.db*"):
            leftover.unlink()
        shutil.copy(template, work / "own.db")
        yield f"sqlite:///{work / 'own.db'}", cast
        return
    copies, cast = request.getfixturevalue("pg_copies")
    yield copies.fresh(), cast


@pytest.fixture(scope="session")
def engines() -> dict[str, Database]:
    """By address the engine behind those of all tests; no connection of it outlives its test.

    An engine keeps what it compiled of each statement: with a new one for each test a quarter of their time went into that.
    """
    return {}


@pytest.fixture
def app(the_app, store, engines):
    """The application on a database of this test's own."""
    kept = the_app.extensions["database"]
    own = the_app.extensions["database"] = Database(store[0])
    shared = engines.setdefault(store[0], Database(store[0]))
    own.engine = shared.engine.execution_options()  # another one to whatever is kept by engine
    own.reader = own.engine.execution_options(readonly=True)
    with the_app.app_context():
        yield the_app
    the_app.extensions["database"].engine.dispose()
    the_app.extensions["database"] = kept


@pytest.fixture
def cast(store) -> people.Cast:
    return pickle.loads(pickle.dumps(store[1]))


@pytest.fixture
def s(app):
    """A write session, committed at the end of the `with` of the test; use `db.read()` to look afterwards."""
    with db.write() as session:
        yield session


@pytest.fixture
def written(app):
    """A context manager that writes: `with written() as s: ...`."""
    return db.write


@pytest.fixture
def client_as(app, cast):
    def client(name: str | None = None) -> PageClient:
        return PageClient(app, getattr(cast, name) if name else None)

    return client


@pytest.fixture
def clock_at():
    def stop(moment: datetime | None) -> None:
        clock.set_for_tests(moment)

    yield stop
    clock.set_for_tests(None)


def stored(session: Session, model, **where):
    from sqlmodel import select

    found = select(model)
    for name, value in where.items():
        found = found.where(getattr(model, name) == value)
    return session.exec(found).all()
