"""Triggers that refuse to change or remove rows of an append-only table, on both databases."""

from sqlalchemy import Connection

SQLITE = """CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
FUNCTION = """CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$"""


def create(connection: Connection, table: str) -> None:
    """Put the triggers on a table; to be called again after every batch rebuild of it on SQLite."""
    if connection.dialect.name == "sqlite":
        for what in ("update", "delete"):
            connection.exec_driver_sql(SQLITE.format(table=table, what=what))
        return
    connection.exec_driver_sql(FUNCTION.format(table=table))
    for name, when in (("no_change", "UPDATE OR DELETE"), ("no_truncate", "TRUNCATE")):
        each = "STATEMENT" if name == "no_truncate" else "ROW"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {table}_refuse()"
        )


def drop(connection: Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        for what in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{what}")
        return
    connection.exec_driver_sql(f"DROP TRIGGER {table}_no_change ON {table}")
    connection.exec_driver_sql(f"DROP TRIGGER {table}_no_truncate ON {table}")
    connection.exec_driver_sql(f"DROP FUNCTION {table}_refuse()")
