"""A database of each earlier version, full as that version allowed, is brought to the newest: every value of every row is
there as it was, and people sign in and go on. In `make faults` from each version on both databases."""

import secrets
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from diary.cli.database import alembic_config
from diary.db import Database, newest
from diary.demo import PASSPHRASE
from diary.lib import clock
from diary.lib.sealing import Sealed
from diary.lib.types import Moment
from tests.faults.conftest import LONG
from tests.page_client import PageClient
from tests.people import LONG_AGO
from tests.test_migrations import VERSIONS

NUMBERS = [path.name[:4] for path in VERSIONS]
# The first; before receipts said where they went; before the care team's links were built anew; the last but one.
SHORT = {"sqlite": ("0001", "0004", NUMBERS[-2]), "postgresql": ("0004", "0023")}
STARTS = [(kind, n) for kind in SHORT for n in (NUMBERS if LONG else SHORT[kind])]
ONCE = "0024"  # from here on nobody has one role in one clinic twice
LEFT_ALONE = {"alembic_version", "audit_chain"}  # the chain is `verify`'s to make
# What is read as something, where the demo has no row.
STRINGS = {
    "zone": "Europe/London", "role": "patient", "base": "{}", "counts": "{}", "kind": "daily_log", "state": "sent", "channel": "email",
    "daily": ",".join(["20:30"] * 7), "source": "page", "name": "x", "quiet_from": "", "quiet_until": "", "paper": "A4",
    "typed_sealed": "{}", "keys_sealed": "{}", "transports": "[]",
}  # fmt: skip


def tables() -> list[sa.Table]:
    """As the models have them, whoever is named first; tests of other things may have brought tables of their own."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in LEFT_ALONE]


def models() -> dict[str, type]:
    found = {}
    waiting = [SQLModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if hasattr(model, "__table__"):
            found[model.__table__.name] = model
    return found


def a_row(s, model: type) -> None:
    """One row of a table that the demo leaves empty, with a value in each column that wants one, and true references."""
    values: dict = {}
    sealed = {one.column: name for name, one in vars(model).items() if isinstance(one, Sealed)}
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        if column.foreign_keys:
            of = next(iter(column.foreign_keys)).column
            values[column.name] = s.execute(sa.select(sa.func.min(of))).scalar_one()
        elif isinstance(column.type, Moment):
            values[column.name] = LONG_AGO if not column.nullable else None
        elif column.name not in sealed and not (column.primary_key and column.autoincrement is True):
            values[column.name] = a_value(column)
    one = model(**values)
    for column_name, name in sealed.items():
        setattr(one, name, STRINGS.get(column_name, "words"))
    s.add(one)
    s.flush()


def a_value(column: sa.Column):
    if isinstance(column.type, AutoString):
        return STRINGS.get(column.name, "x")
    kind = column.type.python_type
    if kind is bytes:
        return secrets.token_bytes(getattr(column.type, "length", None) or 32)
    if kind is int:
        return None if column.name == "id" else 1
    return {bool: False, date: LONG_AGO.date(), float: 1.0}.get(kind, uuid4())


@pytest.fixture(scope="module")
def world(the_app, sqlite_template, tmp_path_factory):
    """Table -> its rows: the cast, a little demo, and a row of whatever both leave empty."""
    path = shutil.copy(sqlite_template[0], tmp_path_factory.mktemp("world") / "world.db")
    database = Database(f"sqlite:///{path}")
    kept, the_app.extensions["database"] = the_app.extensions["database"], database
    try:
        with the_app.app_context():
            made = the_app.test_cli_runner().invoke(
                args=["demo", "--anyway", "--patients", "2", "--days", "15"]
            )
        assert made.exit_code == 0, made.output
        model_of = models()
        with the_app.app_context(), database.writing() as s:
            for table in tables():
                if not s.execute(sa.select(sa.func.count()).select_from(table)).scalar():
                    a_row(s, model_of[table.name])
        with database.engine.connect() as connection:
            found = {table.name: rows(connection, table, table.columns.keys()) for table in tables()}
    finally:
        the_app.extensions["database"] = kept
        database.engine.dispose()
    assert all(found.values())
    return found


def rows(connection, table: sa.Table, names) -> list[dict]:
    asked = sa.select(*(table.c[name] for name in names)).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(asked)]


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


def fill(url: str, world: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Put into a database of an earlier version what it has room for; what that was, by table."""
    database = Database(url)
    put: dict[str, list[dict]] = {}
    with database.engine.begin() as connection:
        there = sa.inspect(connection)
        present = set(there.get_table_names())
        for table in tables():
            if table.name not in present or connection.execute(sa.select(table.primary_key.columns)).first():
                continue
            names = [column["name"] for column in there.get_columns(table.name)]
            assert set(names) <= set(table.columns.keys()), f"{table.name}: a column that is no more"
            kept = [{name: row[name] for name in names} for row in world[table.name]]
            if table.name == "sync_write" and "checkin_id" not in names:
                days = world["entry_revision"] if "entry_revision" in present else []
                kept = [row for row in kept if row["id"] in {day["write_id"] for day in days}]
            if not kept:
                continue
            connection.execute(bare(table, names).insert(), kept)
            put[table.name] = kept
            if not database.is_sqlite and "id" in names and isinstance(table.c.id.type, sa.Integer):
                count_on(connection, table.name)
    database.engine.dispose()
    return put


def bare(table: sa.Table, names) -> sa.TableClause:
    """The table with these columns alone: a default of a newer one has no place in it."""
    return sa.table(table.name, *(sa.column(name, table.c[name].type) for name in names))


def count_on(connection, table: str) -> None:
    """Whatever comes next gets a number behind those that were put there."""
    highest = sa.select(sa.func.max(sa.column("id"))).select_from(sa.table(table)).scalar_subquery()
    connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table, "id"), highest)))


def double(url: str, put: dict[str, list[dict]]) -> dict:
    """Two admins gave somebody the same role at once, which versions before took."""
    first = next(row for row in put["membership"] if row["role"] == "clinician")
    again = first | {"id": max(row["id"] for row in put["membership"]) + 1}
    database, table = Database(url), SQLModel.metadata.tables["membership"]
    with database.engine.begin() as connection:
        connection.execute(bare(table, again).insert(), [again])
        if not database.is_sqlite:
            count_on(connection, table.name)
    database.engine.dispose()
    return again


@pytest.mark.slow
@pytest.mark.parametrize(("place", "start"), STARTS, indirect=["place"])
def test_from_an_earlier_version(place, start, world, the_app, capsys):
    config = alembic_config(place)
    command.upgrade(config, start)
    put = fill(place, world)
    assert {"person", "membership", "care_link"} <= set(put)
    doubled = double(place, put) if start < ONCE else None
    command.upgrade(config, "head")
    database = Database(place)
    kept, the_app.extensions["database"] = the_app.extensions["database"], database
    try:
        with database.engine.connect() as connection:
            for name, before in put.items():
                table = SQLModel.metadata.tables[name]
                after = rows(connection, table, before[0])
                if doubled and name == "membership":
                    assert after.pop() == doubled | {"ended_at": doubled["began_at"]}
                assert after == before, f"{name} is another one"
            led_to = rows(connection, SQLModel.metadata.tables["sync_write"], ("id", "entry_id"))
        if "sync_write" in put:
            of = {row["id"]: row["entry_id"] for row in world["sync_write"]}
            assert all(row["entry_id"] == of[row["id"]] for row in led_to)
        with the_app.app_context():
            go_on(the_app, bool(put.get("entry")))
    finally:
        the_app.extensions["database"] = kept
        database.engine.dispose()
    with capsys.disabled():
        values = sum(len(row) for found in put.values() for row in found)
        kind = place.split(":")[0].split("+")[0]
        print(
            f"\nupgrade on {kind} from {start} to {newest()}: {len(put)} tables, {sum(map(len, put.values()))} rows, {values} values, 0 changed"
        )


def go_on(app, has_days: bool) -> None:
    """People of before sign in by the passphrase they had, find what was there, and write on."""
    yesterday = clock.diary_day(clock.now(), "Europe/London") - timedelta(days=1)
    alice = signed_in(app, "alice")
    assert alice.get("/today").status == 200
    written = alice.get(f"/days/{yesterday}")
    assert written.status == 200
    if has_days:
        said = [
            box.get("value") for box in written.all("input", type="radio") if box.get("checked") is not None
        ]
        assert any(said), "the day is empty"
    for page in ("/infusions", "/medications", "/goals", "/word", "/sharing", "/more", "/who-looked"):
        assert alice.get(page).status == 200, page
    body = {"pain": "3", "write_id": str(uuid4()), "base": ""}
    assert alice.post(f"/days/{yesterday - timedelta(days=1)}", body).status == 303
    bob = signed_in(app, "bob")
    desk = bob.get("/patients")
    assert desk.status == 200 and "Alice Marlow" in desk.text
    hers = next(a.get("href") for a in desk.all("a") if "Alice Marlow" in desk.words(a))
    for page in (hers.split("?")[0], "/flags"):
        assert bob.get(page).status == 200, page
    dana = signed_in(app, "dana")
    for page in ("/clinic", "/clinic/audit"):
        assert dana.get(page).status == 200, page
    assert app.test_client().get("/readyz").text.startswith(("ready", "not ready: "))
    checked = app.test_cli_runner().invoke(args=["verify"])
    assert checked.exit_code == 0, checked.output


def signed_in(app, who: str) -> PageClient:
    client = PageClient(app)
    answer = client.post("/sign-in", {"email": f"{who}@demo.example", "passphrase": PASSPHRASE})
    assert answer.status == 303, f"{who} is not let in"
    return client
