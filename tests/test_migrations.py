"""Migrations go up, down and agree with the models on both databases; the audit's triggers survive."""

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from diary.cli.database import alembic_config
from diary.db import Database
from diary.lib import append_only

VERSIONS = sorted((Path(__file__).resolve().parent.parent / "migrations" / "versions").glob("*.py"))
EVENT = (
    "INSERT INTO audit_event (at, role, action, thing, address, request_id) VALUES (1, '', 'x', '', '', '')"
)


@pytest.mark.both
def test_models_and_migrations_agree(store):
    database = Database(store[0])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    database.engine.dispose()


@pytest.mark.both
def test_down_and_up_again(store):
    config = alembic_config(store[0])
    command.downgrade(config, "base")
    database = Database(store[0])
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version"}
    command.upgrade(config, "head")
    assert "audit_event" in inspect(database.engine).get_table_names()
    database.engine.dispose()


@pytest.mark.both
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET action = 'y'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event CASCADE",
        "INSERT OR REPLACE INTO audit_event (id, at, role, action, thing, address, request_id) "
        "SELECT id, 2, '', 'y', '', '', '' FROM audit_event",
    ],
)
def test_the_audit_trail_can_only_grow(store, sql):
    database = Database(store[0])
    if database.is_sqlite == sql.startswith("TRUNCATE") or (not database.is_sqlite and "REPLACE" in sql):
        pytest.skip("the other database's words")
    with database.engine.begin() as connection:
        connection.execute(text(EVENT))
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(sql))
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_event WHERE action = 'x'")).scalar() == 1
    database.engine.dispose()


@pytest.mark.both
@pytest.mark.parametrize(
    "sql", ["UPDATE audit_chain SET seq = 7", "DELETE FROM audit_chain", "TRUNCATE audit_chain"]
)
def test_the_chain_can_only_grow(store, sql):
    database = Database(store[0])
    if database.is_sqlite and sql.startswith("TRUNCATE"):
        pytest.skip("the other database's words")
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO audit_chain (seq, event_id, mac) VALUES (1, 1, :mac)"), {"mac": bytes(32)}
        )
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(sql))
    database.engine.dispose()


@pytest.mark.parametrize(
    ("table", "made", "refused"),
    [
        ("audit_event", "create", {"update", "delete"}),
        ("audit_chain", "create", {"update", "delete"}),
        ("flag_event", "create", {"update", "delete"}),
        ("checkin_revision", "create", {"update", "delete"}),
        ("infusion_revision", "create", {"update", "delete"}),
        ("planned_gap", "keep", {"delete"}),
        ("good_day_word", "create", {"update", "delete"}),
        ("flag", "keep", {"delete"}),
    ],
)
def test_a_batch_rebuild_keeps_the_triggers_when_it_says_so(store, table, made, refused):
    """A rebuild drops them silently; migrations that rebuild a guarded table must create them again."""
    database = Database(store[0])
    found = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    with database.engine.begin() as connection:
        for what in refused:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{what}")
        assert not connection.execute(found, {"table": table}).all()
        getattr(append_only, made)(connection, table)
        names = {row[0] for row in connection.execute(found, {"table": table})}
    assert names == {f"{table}_no_{what}" for what in refused}
    for version in VERSIONS:
        body = version.read_text()
        if re.search(rf"batch_alter_table\(\s*[\"']{table}[\"']", body):
            assert f'append_only.{made}(op.get_bind(), "{table}")' in body, (
                f"{version.name} rebuilds {table} without its triggers"
            )
    database.engine.dispose()


def test_migrations_are_numbered_in_a_row():
    numbers = [path.name[:4] for path in VERSIONS]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    for path, before in zip(VERSIONS, [None, *VERSIONS], strict=False):
        wanted = f'down_revision = "{before.name[:4]}"' if before else "down_revision = None"
        assert wanted in path.read_text(), path.name


def test_a_failed_migration_leaves_nothing_behind(store, tmp_path):
    """A migration that breaks half-way rolls back whole, so that the next try is not blocked."""
    database = Database(store[0], migrating=True)
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
    assert "half" not in inspect(database.engine).get_table_names()
    database.engine.dispose()
