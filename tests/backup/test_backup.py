"""`backup` and `restore`: what was there is there again, and what must be refused changes nothing."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from sqlalchemy import select, text

from diary import db
from diary.accounts import actions as accounts
from diary.accounts.models import LoginSession, Person
from diary.audit import worker as trail
from diary.backup import postgres, sqlite, worker
from diary.careteam import access
from diary.lib import clock, sealing
from diary.records import actions as records
from tests.backup.conftest import epoch, rename, zone


@pytest.mark.both
def test_what_was_there_is_there_again(vault, cast, copy):
    before, was = zone(cast), epoch()
    rename(cast, "Asia/Tokyo")
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    assert zone(cast) == before
    assert epoch() != was
    checked = vault("verify")
    assert checked.exit_code == 0, checked.output
    with db.read_anew() as s:
        actions = s.execute(text("SELECT action FROM audit_event ORDER BY id DESC LIMIT 5")).scalars().all()
    assert {"backup.make", "backup.restore", "audit.head"} <= set(actions)
    assert not (worker._data() / worker.WORK).exists()


def test_nothing_of_it_is_readable(app, cast, copy, pair, tmp_path):
    assert b"SQLite format 3" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o077 == 0
    pyrage.decrypt_file(str(copy), str(tmp_path / "plain"), [pair])
    plain = (tmp_path / "plain").read_bytes()
    assert b"SQLite format 3" in plain
    settings = app.config["SETTINGS"]
    for key in (settings.secret_key, settings.data_key, *settings.audit_keys, settings.vapid_key):
        assert key.encode() not in plain


@pytest.mark.both
def test_without_force_people_stay(vault, cast, copy):
    rename(cast, "Asia/Tokyo")
    done = vault("restore", copy)
    assert done.exit_code == 2
    assert "--force" in done.stderr
    assert zone(cast) == "Asia/Tokyo"


@pytest.mark.both
def test_sessions_do_not_come_back(app, vault, cast, tmp_path):
    with db.write() as s:
        mine = LoginSession(
            token_hash=b"t" * 32, person_id=cast.alice.id, created_at=clock.now(), seen_at=clock.now()
        )
        s.add(mine)
    assert vault("backup", tmp_path / "copies").exit_code == 0
    with db.write() as s:
        accounts.end_sessions(s, cast.alice.id, clock.now())
    (path,) = (tmp_path / "copies").iterdir()
    done = vault("restore", path, "--force")
    assert done.exit_code == 0, done.output
    with db.read_anew() as s:
        row = s.execute(select(LoginSession).where(LoginSession.token_hash == b"t" * 32)).scalar_one()
    assert row.ended_at is not None
    assert not row.revoked  # its phone keeps what it holds, and sends it again


def cut(path, pair):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path, pair):
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def no_archive(path, pair):
    path.write_bytes(pyrage.encrypt(b"not a tar", [pair.to_public()]))


def empty(path, pair):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [cut, flip, no_archive, empty])
def test_a_spoilt_copy_is_refused(vault, cast, copy, pair, spoil):
    spoil(copy, pair)
    rename(cast, "Asia/Tokyo")
    was = epoch()
    done = vault("restore", copy, "--force")
    assert done.exit_code == 2
    assert "cut short or altered" in done.stderr
    assert (zone(cast), epoch()) == ("Asia/Tokyo", was)


def test_another_age_key_is_refused(vault, cast, copy, tmp_path):
    (tmp_path / "key.txt").write_text(str(pyrage.x25519.Identity.generate()))
    done = vault("restore", copy, "--force")
    assert done.exit_code == 2
    assert "made for another one" in done.stderr


def test_another_data_key_is_refused(app, vault, cast, copy, monkeypatch):
    rename(cast, "Asia/Tokyo")
    monkeypatch.setitem(app.extensions, "sealer", sealing.Sealer(["another-key-of-many-characters-000000"]))
    done = vault("restore", copy, "--force")
    assert done.exit_code == 2
    assert "another DATA_KEY" in done.stderr
    assert zone(cast) == "Asia/Tokyo"


def test_a_newer_schema_is_refused(vault, cast, tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(db, "newest", lambda: "9999")
        newer.setattr(db, "is_ready", lambda: True)
        assert vault("backup", tmp_path / "copies").exit_code == 0
    (path,) = (tmp_path / "copies").iterdir()
    done = vault("restore", path, "--force")
    assert done.exit_code == 2
    assert "newer Neap (schema 9999)" in done.stderr


def test_a_copy_of_the_other_kind_of_database_is_refused(vault, cast, tmp_path, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(sqlite.Store, "kind", "postgresql")
        assert vault("backup", tmp_path / "copies").exit_code == 0
    (path,) = (tmp_path / "copies").iterdir()
    done = vault("restore", path, "--force")
    assert done.exit_code == 2
    assert "was made on PostgreSQL, and DATABASE_URL names SQLite here" in done.stderr


@pytest.mark.both
def test_a_copy_that_lacks_a_row_is_thrown_away(vault, cast, tmp_path, monkeypatch):
    for kind in (sqlite.Store, postgres.Store):

        def one_more(store, target, take=kind.take):
            counts = take(store, target)
            return counts | {"person": counts["person"] + 1}

        monkeypatch.setattr(kind, "take", one_more)
    done = vault("backup", tmp_path / "copies")
    assert done.exit_code == 2
    assert "not whole, and was thrown away" in done.stderr
    assert not (tmp_path / "copies").exists()


@pytest.mark.both
def test_the_erased_stay_erased(vault, cast, copy):
    (worker._data() / worker.ERASED).write_text(f"{cast.alice.uuid}\n")
    with (
        db.write() as s
    ):  # and of Charlie the database alone knows: somebody died before the list was written
        records.erase(s, access.OPERATOR, cast.charlie.id, clock.now())
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    with db.read_anew() as s:
        person = s.get_one(Person, cast.alice.id)
        assert person.erased_at is not None and person.name == "Erased person"
        assert s.get_one(Person, cast.charlie.id).erased_at is not None
        assert s.get_one(Person, cast.bob.id).erased_at is None
    listed = (worker._data() / worker.ERASED).read_text().split()
    assert sorted(listed) == sorted([str(cast.alice.uuid), str(cast.charlie.uuid)])


def test_nothing_is_made_without_a_key(vault, tmp_path, monkeypatch):
    monkeypatch.delenv("BACKUP_RECIPIENT")
    done = vault("backup", tmp_path / "copies")
    assert done.exit_code == 2
    assert "age-keygen" in done.stderr
    assert not (tmp_path / "copies").exists()


def test_old_copies_go_after_a_good_one_and_nothing_else(vault, cast, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    days = [34, 36]
    kept, old = ((datetime.now(UTC) - timedelta(days=n)).strftime(worker.STAMP) for n in days)
    for name in (kept, old, "neap-notes.age", "else.txt"):
        (folder / name).touch()
    done = vault("backup", folder)
    assert "1 older than 35 days removed" in done.stdout
    assert {kept, "neap-notes.age", "else.txt"} < {path.name for path in folder.iterdir()}
    assert not (folder / old).exists()


def test_a_full_disk_leaves_nothing_under_a_copys_name(vault, cast, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker, "_sync", full)
    done = vault("backup", tmp_path / "copies")
    assert done.exit_code == 2
    assert "No space left on device" in done.stderr
    assert not list((tmp_path / "copies").iterdir())


def test_a_head_that_does_not_fit_is_named_and_the_copy_made(vault, cast, copy, tmp_path):
    head = trail.put_away()[0][0][1]
    trail._keep(trail.HEAD, type(head)(head.count, b"x" * 32), clock.now())
    done = vault("backup", tmp_path / "more")
    assert done.exit_code == 1
    assert "run verify" in done.stderr
    assert len(list((tmp_path / "more").iterdir())) == 1


def test_a_copy_is_of_one_moment_while_others_write(app, cast, tmp_path):
    """Two tables that are always written together hold as many rows in each copy."""
    path = tmp_path / "busy.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE a (x)")
        made.execute("CREATE TABLE b (x)")
    stop, written = threading.Event(), []

    def write():
        own = sqlite3.connect(path, timeout=10, isolation_level=None)
        while not stop.is_set():
            own.execute("BEGIN IMMEDIATE")
            own.execute("INSERT INTO a VALUES (zeroblob(3000))")
            own.execute("INSERT INTO b VALUES (zeroblob(3000))")
            own.execute("COMMIT")
            written.append(1)
        own.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = []
        for number in range(200):
            counts = sqlite.take(path, tmp_path / f"{number}.db")
            assert counts["a"] == counts["b"]
            assert not sqlite.faults(tmp_path / f"{number}.db", counts)
            (tmp_path / f"{number}.db").unlink()
            seen.append(counts["a"])
            if len(set(seen)) > 5:
                break
    finally:
        stop.set()
        writer.join()
    assert len(set(seen)) > 5, "nobody wrote meanwhile"


def test_a_database_in_use_is_left_alone(vault, cast, copy, app):
    rename(cast, "Asia/Tokyo")
    other = sqlite3.connect(app.extensions["database"].engine.url.database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        done = vault("restore", copy, "--force")
    finally:
        other.close()
    assert done.exit_code == 2
    assert "stop web and jobs" in done.stderr
    assert zone(cast) == "Asia/Tokyo"
