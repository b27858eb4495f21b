"""Triggers that refuse to change or remove rows of a table, on both databases."""

from sqlalchemy import Connection

SQLITE = """CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
FUNCTION = """CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$"""


def create(connection: Connection, table: str) -> None:
    """Rows may be added only; to be called again after every batch rebuild of the table on SQLite."""
    _create(connection, table, ("update", "delete"))


def keep(connection: Connection, table: str) -> None:
    """Rows may be added and changed, never removed; to be called again after every batch rebuild."""
    _create(connection, table, ("delete",))


def _create(connection: Connection, table: str, refused: tuple[str, ...]) -> None:
    if connection.dialect.name == "sqlite":
        for what in refused:
            connection.exec_driver_sql(SQLITE.format(table=table, what=what))
        return
    connection.exec_driver_sql(FUNCTION.format(table=table))
    whens = (("no_change", " OR ".join(refused).upper(), "ROW"), ("no_truncate", "TRUNCATE", "STATEMENT"))
    for name, when, each in whens:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {table}_refuse()"
        )


def drop(connection: Connection, table: str) -> None:
    """Take away what `create` made."""
    _drop(connection, table, ("update", "delete"))


def let_go(connection: Connection, table: str) -> None:
    """Take away what `keep` made."""
    _drop(connection, table, ("delete",))


def _drop(connection: Connection, table: str, refused: tuple[str, ...]) -> None:
    if connection.dialect.name == "sqlite":
        for what in refused:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{what}")
        return
    connection.exec_driver_sql(f"DROP TRIGGER {table}_no_change ON {table}")
    connection.exec_driver_sql(f"DROP TRIGGER {table}_no_truncate ON {table}")
    connection.exec_driver_sql(f"DROP FUNCTION {table}_refuse()")
