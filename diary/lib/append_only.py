"""Triggers that refuse to change or remove rows of a table, on both databases."""

from sqlalchemy import Connection, inspect, text

SQLITE = """CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
# Sealed again by another key, which the value's first three bytes tell, a text keeps its length; all else stays.
RESEALED = "length(NEW.{0}) = length(OLD.{0}) AND substr(NEW.{0}, 1, 3) <> substr(OLD.{0}, 1, 3)"
FUNCTION = """CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$"""


def create(connection: Connection, table: str) -> None:
    """Rows may be added only; to be called again after every batch rebuild of the table on SQLite."""
    _create(connection, table, ("update", "delete"))


def keep(connection: Connection, table: str) -> None:
    """Rows may be added and changed, never removed; to be called again after every batch rebuild."""
    _create(connection, table, ("delete",))


def let_reseal(connection: Connection, table: str) -> None:
    """`create`, but that sealed texts may be sealed anew; to be called again whenever the table gets a column."""
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    same = [f'NEW."{name}" IS NOT DISTINCT FROM OLD."{name}"' for name in columns]
    may = [
        f"({one} OR coalesce({RESEALED.format(name)}, false))" if name.endswith("_sealed") else one
        for name, one in zip(columns, same, strict=True)
    ]
    if connection.dialect.name == "sqlite":
        words = " AND ".join(may).replace("IS NOT DISTINCT FROM", "IS").replace("false", "0")
        head, body = SQLITE.format(table=table, what="update").split("\n")
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
        connection.exec_driver_sql(f"{head} WHEN NOT ({words})\n{body}")
        return
    words = " AND ".join(may).replace("substr(", "substring(")
    allowed = f"IF TG_OP = 'UPDATE' THEN IF {words} THEN RETURN NEW; END IF; END IF;"
    connection.exec_driver_sql(FUNCTION.format(table=table).replace("BEGIN ", f"BEGIN {allowed} ", 1))


def no_reseal(connection: Connection, table: str) -> None:
    """Back from `let_reseal` to `create`."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
        connection.exec_driver_sql(SQLITE.format(table=table, what="update"))
        return
    connection.exec_driver_sql(FUNCTION.format(table=table))


ERASING = "EXISTS (SELECT 1 FROM erasing)"


def let_erase(connection: Connection, table: str) -> None:
    """What `create`, `keep` or `let_reseal` refuses is let go while the row of `erasing` is there.

    To be called again after each of those. The row can't be committed: it stands within the erasing transaction only.
    """
    if connection.dialect.name == "sqlite":
        for name, sql in _triggers(connection, table):
            head, body = sql.split("\n", 1)
            plain = (
                f"{head} WHEN NOT {ERASING}"
                if " WHEN " not in head
                else head.replace(" WHEN ", f" WHEN NOT {ERASING} AND ")
            )
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql(f"{plain}\n{body}")
        return
    allowed = (
        f"IF TG_OP = 'DELETE' THEN IF {ERASING} THEN RETURN OLD; END IF; "
        f"ELSIF TG_OP = 'UPDATE' THEN IF {ERASING} THEN RETURN NEW; END IF; END IF;"
    )
    connection.exec_driver_sql(_function(connection, table).replace("BEGIN ", f"BEGIN {allowed} ", 1))


def no_erase(connection: Connection, table: str) -> None:
    """Back from `let_erase`."""
    if connection.dialect.name == "sqlite":
        for name, sql in _triggers(connection, table):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
            plain = sql.replace(f" WHEN NOT {ERASING} AND ", " WHEN ", 1).replace(
                f" WHEN NOT {ERASING}", "", 1
            )
            connection.exec_driver_sql(plain)
        return
    body = _function(connection, table)
    first, last = body.index("IF TG_OP = 'DELETE'"), body.index("RETURN NEW; END IF; END IF; ")
    connection.exec_driver_sql(body[:first] + body[last + len("RETURN NEW; END IF; END IF; ") :])


def _triggers(connection: Connection, table: str) -> list[tuple[str, str]]:
    found = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    return [(name, sql) for name, sql in connection.execute(found, {"table": table}).all()]


def _function(connection: Connection, table: str) -> str:
    found = text("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = :name")
    return connection.execute(found, {"name": f"{table}_refuse"}).scalar_one()


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
