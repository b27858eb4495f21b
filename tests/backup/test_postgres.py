"""What PostgreSQL alone has of a copy: grants, roles, a second database, and where its programs find their password."""

import threading
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text

from diary import db
from diary.backup import postgres
from diary.config import ROOT
from tests.backup.conftest import rename, zone

pytestmark = pytest.mark.both("postgresql")
# Not the conditions of indexes: PostgreSQL spells the same list in another way after each dump.
SCHEMA = """
    SELECT concat(table_name, ' ', column_name, ' ', udt_name, ' ', is_nullable, ' ', column_default)
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT concat(conrelid::regclass, ' ', conname, ' ', pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT split_part(indexdef, ' WHERE ', 1) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1"""
GRANTS = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL ORDER BY 1"


@pytest.fixture
def owner(app, store):
    with psycopg.connect(store[0].replace("+psycopg", ""), autocommit=True) as c:
        yield c


@pytest.fixture
def lesser(owner):
    """The role that web and jobs have; it may make no databases."""
    owner.execute("CREATE ROLE neap_web LOGIN")
    owner.execute((ROOT / "deploy" / "lesser-role.sql").read_text())
    yield "neap_web"
    owner.execute("DROP OWNED BY neap_web")
    owner.execute("DROP ROLE neap_web")


@contextmanager
def as_role(app, role: str, password: str = ""):
    kept = app.extensions["database"]
    url = kept.engine.url.set(username=role, password=password or None)
    app.extensions["database"] = db.Database(url.render_as_string(hide_password=False))
    try:
        yield
    finally:
        app.extensions["database"].engine.dispose()
        app.extensions["database"] = kept


def databases(c) -> set[str]:
    return {name for (name,) in c.execute("SELECT datname FROM pg_database")}


def test_schema_and_grants_are_as_before_and_what_came_since_is_gone(vault, cast, copy, owner, lesser):
    were = [set(owner.execute(asked)) for asked in (SCHEMA, GRANTS)]
    assert len(were[0]) > 400 and len(were[1]) > 50
    owner.execute(
        "CREATE TABLE newer (person_id integer REFERENCES person (id))"
    )  # of a version that is given up
    here = databases(owner)
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    for asked, was in zip((SCHEMA, GRANTS), were, strict=True):
        assert set(owner.execute(asked)) ^ was == set()
    assert databases(owner) == here
    with pytest.raises(psycopg.Error, match="append-only"):
        owner.execute("DELETE FROM audit_event")
    owner.execute("SET ROLE neap_web")
    owner.execute("UPDATE person SET zone = 'Asia/Tokyo'")
    with pytest.raises(psycopg.Error, match="permission denied"):
        owner.execute("DELETE FROM audit_event")
    owner.execute("RESET ROLE")


def test_a_role_that_makes_no_databases_makes_a_copy_that_was_read(app, vault, cast, owner, lesser, tmp_path):
    with as_role(app, lesser):
        done = vault("backup", tmp_path / "copies")
        assert done.exit_code == 0, done.output
        assert "only read to its end" in done.stderr and "CREATEDB" in done.stderr
        (path,) = (tmp_path / "copies").iterdir()
        done = vault("restore", path, "--force")
        assert (done.exit_code, "CREATEDB" in done.stderr) == (2, True)
        owner.execute("ALTER ROLE neap_web CREATEDB")
        done = vault("restore", path, "--force")
        assert (done.exit_code, "belongs to the role neap:" in done.stderr) == (2, True)
    rename(cast, "Asia/Tokyo")
    done = vault("restore", path, "--force")
    assert done.exit_code == 0, done.output
    assert zone(cast) != "Asia/Tokyo"


def test_a_row_too_few_is_found_by_reading_too(app, cast, owner, tmp_path):
    with open(tmp_path / "lock", "w") as lock:
        store = postgres.Store(db.database(), tmp_path, lock.fileno())
        counts = store.take(tmp_path / "dump")
        assert counts["person"] > 3 and store.read(tmp_path / "dump", counts) == []
        assert store.read(tmp_path / "dump", counts | {"person": counts["person"] + 1})
        whole = (tmp_path / "dump").read_bytes()
        (tmp_path / "dump").write_bytes(whole[: len(whole) * 3 // 4])
        assert store.read(tmp_path / "dump", counts)


def test_the_password_stands_on_no_command_line(app, vault, cast, tmp_path, monkeypatch):
    told = tmp_path / "told"
    (tmp_path / "bin").mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        real = postgres._program(name)
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\necho "$@" >> {told}\nenv >> {told}.env\nexec {real} "$@"\n')
        script.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("DATA_KEY", "a-key-that-no-program-needs")
    with as_role(app, "neap", "zebra-crossing"):
        done = vault("backup", tmp_path / "copies")
        assert done.exit_code == 0, done.output
        (path,) = (tmp_path / "copies").iterdir()
        done = vault("restore", path, "--force")
        assert done.exit_code == 0, done.output
    assert "zebra" not in told.read_text() and len(told.read_text().splitlines()) == 5
    assert (told.parent / "told.env").read_text().count("PGPASSWORD=zebra-crossing\n") == 5
    assert "a-key-that" not in (told.parent / "told.env").read_text()


def test_a_database_in_use_is_left_alone(vault, cast, copy, store, monkeypatch):
    monkeypatch.setattr(postgres, "LOCK_WAIT", 1)
    rename(cast, "Asia/Tokyo")
    with psycopg.connect(store[0].replace("+psycopg", "")) as other:
        other.execute("SELECT count(*) FROM person")
        done = vault("restore", copy, "--force")
    assert done.exit_code == 2
    assert "stop web and jobs" in done.stderr
    assert zone(cast) == "Asia/Tokyo"


def test_a_database_of_something_else_is_not_written_over_unasked(app, vault, cast, copy, owner, store):
    owner.execute("CREATE DATABASE neap_else")
    kept = app.extensions["database"]
    app.extensions["database"] = db.Database(store[0].replace("/neap_copy?", "/neap_else?"))
    try:
        with db.engine().begin() as c:
            c.execute(text("CREATE TABLE invoice (id integer)"))
        done = vault("restore", copy)
        assert (done.exit_code, "tables of something else" in done.stderr) == (2, True)
    finally:
        app.extensions["database"].engine.dispose()
        app.extensions["database"] = kept
        owner.execute("DROP DATABASE neap_else WITH (FORCE)")


def test_a_server_that_is_gone_is_said_in_words(app, vault, cast, copy, tmp_path):
    kept = app.extensions["database"]
    app.extensions["database"] = db.Database("postgresql+psycopg://neap@/neap?host=/nowhere")
    try:
        done = vault("backup", tmp_path / "more")
        assert (done.exit_code, done.stderr) == (2, "The database can't be read; no copy was made.\n")
        done = vault("restore", copy, "--force")
        assert (done.exit_code, "does not answer" in done.stderr) == (2, True)
    finally:
        app.extensions["database"] = kept


def test_a_copy_is_of_one_moment_while_others_write(app, cast, store, owner, tmp_path):
    """Two tables that are always written together hold as many rows in each copy, and the dump as many as were counted."""
    owner.execute("CREATE TABLE a (x integer); CREATE TABLE b (x integer)")
    stop = threading.Event()

    def write():
        with psycopg.connect(store[0].replace("+psycopg", ""), autocommit=True) as c:
            while not stop.is_set():
                with c.transaction():
                    c.execute("INSERT INTO a VALUES (1)")
                    c.execute("INSERT INTO b VALUES (1)")

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        with open(tmp_path / "lock", "w") as lock:
            own = postgres.Store(db.database(), tmp_path, lock.fileno())
            for _ in range(100):
                counts = own.take(tmp_path / "dump")
                assert counts["a"] == counts["b"]
                assert own.read(tmp_path / "dump", counts) == []
                seen.add(counts["a"])
                if len(seen) > 2:
                    break
    finally:
        stop.set()
        writer.join()
    assert len(seen) > 2, "nobody wrote meanwhile"
