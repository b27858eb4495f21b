"""A database of each earlier version, full as that version allowed, is brought to the newest: every value of every row is
there as it was, and people sign in and go on. In `make faults` from each version on both databases.

Where the migration is killed at one of its statements, the old version is there whole, `/readyz` says no, and a second
try goes through."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel

from diary.cli.database import alembic_config
from diary.db import Database, newest
from diary.demo import PASSPHRASE
from diary.lib import clock
from tests.faults.conftest import LONG
from tests.faults.earlier import all_rows, double, fill, rows
from tests.page_client import PageClient
from tests.serving import ROOT
from tests.test_migrations import VERSIONS

NUMBERS = [path.name[:4] for path in VERSIONS]
SHORT = {"sqlite": ("0001",), "postgresql": ("0023",)}
STARTS = [(kind, start) for kind in SHORT for start in (NUMBERS if LONG else SHORT[kind])]
BEFORE_RECEIPTS = "0004"  # which the next migration writes into, beside what it makes
ONE_ROLE = "0024"  # from here on nobody has one role in one clinic twice
STOPS = range(1, 1000, 6) if LONG else (90,)  # at which statement, as long as there are so many


@pytest.fixture(scope="module")
def world(the_app, sqlite_template, tmp_path_factory):
    """Table -> its rows."""
    return all_rows(the_app, shutil.copy(sqlite_template[0], tmp_path_factory.mktemp("world") / "world.db"))


@pytest.fixture
def place(request, tmp_path, work) -> Iterator[str]:
    """The URL of a database of this test's own, in which nothing is, and of whose audit trail nothing is put away."""
    for put_away in work.glob("audit-*.json"):
        put_away.unlink()
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    url = request.getfixturevalue("pg_url")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE neap_old"))
    yield url.replace("/postgres?", "/neap_old?")
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE neap_old WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def running(place, the_app):
    """The application on that database, while whatever happens to it."""
    kept, the_app.extensions["database"] = the_app.extensions["database"], Database(place)
    yield the_app
    the_app.extensions["database"].engine.dispose()
    the_app.extensions["database"] = kept


@pytest.mark.slow
@pytest.mark.parametrize(("place", "start"), STARTS, indirect=["place"])
def test_from_an_earlier_version(place, start, world, running, capsys):
    config = alembic_config(place)
    command.upgrade(config, start)
    put = fill(place, world)
    assert {"person", "membership", "care_link"} <= set(put)
    doubled = double(place, put) if start < ONE_ROLE else None
    command.upgrade(config, "head")
    values = is_whole(place, put, world, doubled)
    with running.app_context():
        go_on(running, has_days="entry" in put)
    with capsys.disabled():
        print(f"\nupgrade on {kind(place)} from {start} to {newest()}: {values}, 0 changed")


@pytest.mark.slow
@pytest.mark.parametrize("place", SHORT, indirect=True)
def test_a_migration_that_is_killed(place, world, running, capsys):
    config = alembic_config(place)
    command.upgrade(config, BEFORE_RECEIPTS)
    put = fill(place, world)
    kills = 0
    for stop in STOPS:
        if not is_killed_at(stop, place, running):
            break
        assert ready(running) == (503, "not ready: the database is not at this version: run migrate\n")
        kills += 1
    assert kills
    command.upgrade(config, "head")
    values = is_whole(place, put, world, None)
    with running.app_context():
        assert ready(running) == (200, "ready\n")
        go_on(running, has_days=True)
    with capsys.disabled():
        print(f"\nmigrate killed {kills} times on {kind(place)}, then through: {values}, 0 changed")


def is_killed_at(stop: int, url: str, app) -> bool:
    """Whether it was; else it got through before."""
    asked = [sys.executable, "-m", "tests.faults.migrating", url, str(stop)]
    migrating = subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = migrating.stdout.readline()
    if said == "waiting\n":
        assert ready(app)[0] == 503, "it is ready while it is not"
        migrating.kill()
    migrating.communicate()
    return said == "waiting\n"


def ready(app) -> tuple[int, str]:
    answer = PageClient(app).get("/readyz")
    return answer.status, answer.text


def kind(url: str) -> str:
    return url.split(":")[0].split("+")[0]


def is_whole(url: str, put: dict[str, list[dict]], world: dict[str, list[dict]], doubled: dict | None) -> str:
    """Every value is what it was; how many, in words."""
    database = Database(url)
    with database.engine.connect() as connection:
        for name, before in put.items():
            after = rows(connection, SQLModel.metadata.tables[name], before[0])
            if doubled and name == "membership":
                assert after.pop() == doubled | {"ended_at": doubled["began_at"]}
            assert after == before, f"{name} is another one"
        led_to = rows(connection, SQLModel.metadata.tables["sync_write"], ("id", "entry_id"))
    database.engine.dispose()
    if "sync_write" in put:
        days = {row["id"]: row["entry_id"] for row in world["sync_write"]}
        assert led_to and all(row["entry_id"] == days[row["id"]] for row in led_to)
    values = sum(len(row) for found in put.values() for row in found)
    return f"{len(put)} tables, {sum(map(len, put.values()))} rows, {values} values"


def go_on(app, has_days: bool) -> None:
    """People of before sign in by the passphrase they had, find what was there, and write on."""
    yesterday = clock.diary_day(clock.now(), "Europe/London") - timedelta(days=1)
    alice = signed_in(app, "alice")
    written = alice.get(f"/days/{yesterday}")
    assert written.status == 200
    said = [box for box in written.all("input", type="radio") if box.get("checked") is not None]
    assert not has_days or said, "the day is empty"
    for page in (
        "/today",
        "/infusions",
        "/medications",
        "/goals",
        "/word",
        "/sharing",
        "/more",
        "/who-looked",
    ):
        assert alice.get(page).status == 200, page
    body = {"pain": "3", "write_id": str(uuid4()), "base": ""}
    assert alice.post(f"/days/{yesterday - timedelta(days=1)}", body).status == 303
    bob = signed_in(app, "bob")
    desk = bob.get("/patients")
    assert desk.status == 200 and "Alice Marlow" in desk.text
    hers = next(link.get("href") for link in desk.all("a") if "Alice Marlow" in desk.words(link))
    for page in (hers.split("?")[0], "/flags"):
        assert bob.get(page).status == 200, page
    dana = signed_in(app, "dana")
    for page in ("/clinic", "/clinic/audit"):
        assert dana.get(page).status == 200, page
    checked = app.test_cli_runner().invoke(args=["verify"])
    assert checked.exit_code == 0, checked.output


def signed_in(app, who: str) -> PageClient:
    client = PageClient(app)
    answer = client.post("/sign-in", {"email": f"{who}@demo.example", "passphrase": PASSPHRASE})
    assert answer.status == 303, f"{who} is not let in"
    return client
