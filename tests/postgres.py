"""A throwaway PostgreSQL that the test run starts itself, one per worker."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text

AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def binaries() -> Path:
    """The folder of the newest server that Debian's package put there."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run `make system`")
    return found[-1].parent


def run(*command) -> None:
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }  # a pipe would be kept open by the server
    subprocess.run([*AS_POSTGRES, *map(str, command)], check=True, cwd="/", **quiet)


@pytest.fixture(scope="session")
def pg_url():
    """The URL of the database `postgres` of a fresh server that listens on a socket of its own."""
    folder = tempfile.mkdtemp(prefix="neap-pg")
    if AS_POSTGRES:
        shutil.chown(folder, "postgres", "postgres")
    bin_ = binaries()
    run(
        bin_ / "initdb",
        "-D",
        f"{folder}/data",
        "-U",
        "neap",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    options = f"-c listen_addresses= -k {folder} -c fsync=off"
    run(bin_ / "pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    yield f"postgresql+psycopg://neap@/postgres?host={folder}"
    run(bin_ / "pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


class PgCopies:
    """A database like the template `neap_template`, time and again.

    To copy a whole database for each test costs far more than the test. So there is one, whose rows and sequences
    are put back as they were; only where its schema changed is it copied anew.
    """

    SCHEMA = """
        SELECT md5(string_agg(one, '|' ORDER BY one)) FROM (
          SELECT concat('c', attrelid::regclass, attnum, attname, atttypid, attnotnull, attisdropped) AS one
            FROM pg_attribute WHERE attrelid >= 16384
          UNION ALL SELECT concat('k', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE oid >= 16384
          UNION ALL SELECT concat('t', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
          UNION ALL SELECT concat('r', oid, relname, relkind) FROM pg_class WHERE oid >= 16384
          UNION ALL SELECT concat('f', oid, prosrc) FROM pg_proc WHERE oid >= 16384
          UNION ALL SELECT concat('d', adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
        ) AS schema"""
    OTHERS = """
        SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""

    def __init__(self, admin: Engine, url: str) -> None:
        self.admin = admin
        self.url = url.replace("/postgres?", "/neap_copy?")
        self.own: psycopg.Connection | None = None

    def fresh(self) -> str:
        """The URL of a database in which nothing is but what the template holds."""
        if self.own is None or not self.is_back():
            self.drop()
            self.copy()
        return self.url

    def copy(self) -> None:
        with self.admin.connect() as connection:
            connection.execute(text("CREATE DATABASE neap_copy TEMPLATE neap_template"))
        self.own = psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)
        self.schema = self.one(self.SCHEMA)
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        self.tables = [sql.Identifier(name) for (name,) in self.own.execute(names)]
        self.rows = [(table, rows) for table in self.tables if (rows := self.out(table))]
        self.counters = self.own.execute(
            "SELECT schemaname || '.' || sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
        ).fetchall()

    def is_back(self) -> bool:
        """Whether the rows could be put back, whoever else was still at it."""
        try:
            self.own.execute(self.OTHERS)
            if self.one(self.SCHEMA) != self.schema:
                return False
            with self.own.transaction(), self.own.cursor() as cursor:
                # Neither the foreign keys nor the triggers that keep the audit trail from shrinking have a say here.
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(
                    sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(table) for table in self.tables)
                )
                for table, rows in self.rows:
                    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as into:
                        into.write(rows)
                for counter in self.counters:
                    cursor.execute("SELECT setval(%s::regclass, %s, %s)", counter)
        except psycopg.Error:
            return False
        return True

    def one(self, asked: str):
        return self.own.execute(asked).fetchone()[0]

    def out(self, table: sql.Identifier) -> bytes:
        with self.own.cursor() as cursor, cursor.copy(sql.SQL("COPY {} TO STDOUT").format(table)) as out:
            return b"".join(out)

    def drop(self) -> None:
        if self.own is not None:
            self.own.close()
            self.own = None
        with self.admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS neap_copy WITH (FORCE)"))
