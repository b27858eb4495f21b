"""Databases of earlier versions, each full as that version allowed: the cast, a little demo, and a row of whatever both leave empty."""

import secrets
from datetime import date
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from diary.db import Database
from diary.lib.sealing import Sealed
from diary.lib.types import Moment
from tests.people import LONG_AGO

# The chain is `verify`'s to make; the row of `erasing` can never be committed.
LEFT_ALONE = {"alembic_version", "audit_chain", "erasing"}
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


def all_rows(the_app, path: Path) -> dict[str, list[dict]]:
    """Table -> its rows, from a database with the cast, which gets what else there is."""
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
