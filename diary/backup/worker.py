"""Making a copy while others write, and putting one back; the field key is never in it.

A copy is a tar of the manifest, the database and the list of the erased, encrypted by age. Plain it stands only in one
private folder in DATA_DIR, and on PostgreSQL in a second database; each start empties both: a `kill -9` leaves no more.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pyrage
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.audit import actions as audit
from diary.audit import worker as trail
from diary.audit.actions import Actor
from diary.backup import actions, postgres, sqlite
from diary.backup.store import NoSecond, Refused, Store
from diary.lib import clock, sealing
from diary.records import actions as records
from diary.records import worker as the_erased
from diary.records.queries import erased

FORMAT = 1
WORK, LOCK, ERASED, MANIFEST = "backup-work", "backup.lock", the_erased.LIST, "manifest.json"
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
KEPT = timedelta(days=35)
STAMP = "neap-%Y%m%dT%H%M%SZ.age"
PROBE = b"neap backup: sealed with the key of this install"


@dataclass(frozen=True)
class Made:
    """A copy that was checked and encrypted; `faults` is what is wrong with the audit trail in it, `note` what could not
    be tried."""

    path: Path
    rows: int
    pruned: int
    note: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What was put back: of when the copy is, and what ended with it."""

    made_at: datetime
    rows: int
    sessions: int
    links: int
    waited: int
    faults: tuple[str, ...]


def recipient_of(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except Exception as error:  # the library has a class of its own for each kind of wrong text
        raise Refused("BACKUP_RECIPIENT is not a public age key; it begins with age1.") from error


def identity_of(path: Path) -> pyrage.x25519.Identity:
    """The secret key in a file that age-keygen made."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The key file {path} can't be read.") from error
    for line in lines:
        if line.startswith("AGE-SECRET-KEY-"):
            try:
                return pyrage.x25519.Identity.from_str(line.strip())
            except Exception as error:
                raise Refused(f"The key in {path} is not a whole age key.") from error
    raise Refused(f"There is no age key in {path}; a line of it begins with AGE-SECRET-KEY-.")


def backup(folder: Path, recipient: pyrage.x25519.Recipient, actor: Actor) -> Made:
    """A new copy in a folder, checked before it is encrypted; then the ones older than 35 days go."""
    faults: list[str] = []
    note = ""
    with _alone() as (work, lock):
        if not db.is_ready():
            raise Refused("The database is not at the newest version. Please run migrate first.")
        store = _store(work, lock)
        heads, unread = trail.put_away()
        faults += unread
        try:
            with db.write() as s:
                audit.record(s, actor, "backup.make")
            trail.append()
        except trail.HeadDoesNotFit:
            faults.append("What the chain lacks was not appended, since its head does not fit.")
        counts = store.take(work / store.file)
        the_erased.put_list(work / ERASED, _gone())
        made_at = clock.now()
        manifest = {
            "format": FORMAT,
            "kind": store.kind,
            "schema": db.newest(),
            "made_at": made_at.isoformat(timespec="seconds"),
            "counts": counts,
            "sha256": {name: _digest(work / name) for name in (store.file, ERASED)},
            "signed": sealing.signature(PROBE),
        }
        (work / MANIFEST).write_text(json.dumps(manifest))
        plain = work / "plain.tar"
        with tarfile.open(plain, "w") as tar:
            for name in (MANIFEST, store.file, ERASED):
                tar.add(work / name, arcname=name)
                (work / name).unlink()
        _unpack(plain, work / "again")
        copy = work / "again" / store.file
        try:
            with store.beside(copy) as url:
                wrong = store.faults(url, counts)
                faults += [] if wrong else _trail_faults(url, heads)
        except NoSecond as error:
            note = f"Not restored to try it, only read to its end and counted. {error}"
            wrong = store.read(copy, counts)
            with db.read_anew() as s:
                faults += trail.walked(s, heads)[2]
        if wrong:
            raise Refused("The copy is not whole, and was thrown away. " + " ".join(wrong))
        path = _encrypted(plain, folder, made_at, recipient)
        return Made(path, sum(counts.values()), _prune(folder, path, made_at), note, tuple(faults))


def restore(
    source: Path,
    identity: pyrage.x25519.Identity,
    actor: Actor,
    migrate: Callable[[str], None],
    is_forced: bool = False,
) -> Restored:
    """Put a copy in the place of the database. All is prepared beside it, then put over it in one transaction.

    Every session ends, so that none that was ended since the copy comes back; so do mailed links. The phones keep what
    they hold (`revoked` stays false), and send it again in the new epoch once somebody signs in.
    """
    with _alone() as (work, lock):
        store = _store(work, lock)
        if not is_forced and (words := store.full()):
            raise Refused(f"{words} With --force the copy takes its place, and it is gone.")
        manifest = _opened(source, identity, work, store)
        with store.beside(work / "again" / store.file) as url:
            if wrong := store.faults(url, manifest["counts"]):
                raise Refused("The copy is not whole; nothing was changed. " + " ".join(wrong))
            migrate(url)
            gone = _erased(work / "again" / ERASED) | _gone()
            staging = db.Database(url)
            try:
                with staging.writing() as s:
                    records.erase_again(s, actor, gone, clock.now())
                    sessions, links, waited = actions.begin_anew(s, actor, clock.now())
            finally:
                staging.engine.dispose()
            if gone:
                the_erased.put_list(the_erased.list_path(), gone)
            db.engine().dispose()  # else this process would stand in its own way
            store.put(url)
        trail.put_head(actor)
        trail.append()
    with db.read_anew() as s:
        faults = trail.walked(s, [])[2]
    made_at = datetime.fromisoformat(manifest["made_at"])
    return Restored(made_at, sum(manifest["counts"].values()), sessions, links, waited, tuple(faults))


def _data() -> Path:
    return current_app.config["SETTINGS"].data_dir


def _store(work: Path, lock: int) -> Store:
    database = db.database()
    if database.is_sqlite:
        return sqlite.Store(str(database.engine.url))
    return postgres.Store(database, work, lock)


@contextmanager
def _alone() -> Iterator[tuple[Path, int]]:
    """One process at a time, in an empty private folder that goes with it; the folder, and the lock's descriptor."""
    work = _data() / WORK
    with open(_data() / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("Another backup or restore is running.") from error
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work, lock.fileno()
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _gone() -> set[UUID]:
    """Everybody erased so far: by the list, and by the database, should somebody have died before the list was written."""
    listed = _erased(the_erased.list_path())
    try:
        with db.read_anew() as s:
            return listed | erased(s)
    except SQLAlchemyError:  # no database, or one that can't be read: that is what a copy is put back for
        return listed


def _erased(path: Path) -> set[UUID]:
    try:
        return the_erased.listed(path)
    except ValueError as error:
        raise Refused("The list of erased people can't be read; nothing was changed.") from error


def _trail_faults(url: str, heads: list[tuple[str, trail.Head]]) -> list[str]:
    copy = db.Database(url)
    try:
        with copy.reading() as s:
            return trail.walked(s, heads)[2]
    finally:
        copy.engine.dispose()


def _unpack(plain: Path, folder: Path) -> dict:
    """The manifest of an archive; its files stand in the folder, each as it was put in."""
    with tarfile.open(plain) as tar:
        tar.extract(MANIFEST, folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text())
        for name in manifest["sha256"]:
            tar.extract(name, folder, filter="data")
    for name, digest in manifest["sha256"].items():
        if _digest(folder / name) != digest:
            raise ValueError(name)
    return manifest


def _opened(source: Path, identity: pyrage.x25519.Identity, work: Path, store: Store) -> dict:
    plain = work / "plain.tar"
    if not source.is_file():
        raise Refused(f"There is no file {source}.")
    try:
        pyrage.decrypt_file(str(source), str(plain), [identity])
        manifest = _unpack(plain, work / "again")
        is_known = manifest["format"] == FORMAT and manifest["kind"] in KINDS
        is_whole = manifest["kind"] != store.kind or {store.file, ERASED} == set(manifest["sha256"])
        schema, signed = str(manifest["schema"]), str(manifest["signed"])
        datetime.fromisoformat(manifest["made_at"])
        manifest["counts"].values()
    except (pyrage.DecryptError, OSError) as error:
        if getattr(error, "errno", None) or "(os error" in str(error):
            raise  # the disk, not the file; pyrage has its number in the words only
        if "no matching keys" in str(error).lower():
            raise Refused(f"The key does not open {source.name}; it was made for another one.") from error
        raise Refused(f"{source.name} was cut short or altered, or is no copy of Neap.") from error
    except (tarfile.TarError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refused(f"{source.name} was cut short or altered, or is no copy of Neap.") from error
    finally:
        plain.unlink(missing_ok=True)
    if not is_known:
        raise Refused(f"{source.name} was made by another kind of Neap, which this one can't read.")
    if manifest["kind"] != store.kind:
        raise Refused(
            f"{source.name} was made on {KINDS[manifest['kind']]}, and DATABASE_URL names {KINDS[store.kind]} here: a copy goes "
            "back to the kind of database that it came from."
        )
    if not is_whole:
        raise Refused(f"{source.name} was cut short or altered, or is no copy of Neap.")
    if schema > db.newest():
        raise Refused(
            f"{source.name} was made by a newer Neap (schema {schema}); please restore with that one."
        )
    if not sealing.is_signed(PROBE, signed):
        raise Refused(f"{source.name} was sealed with another DATA_KEY; without it nobody could read it.")
    return manifest


def _encrypted(plain: Path, folder: Path, at: datetime, recipient: pyrage.x25519.Recipient) -> Path:
    """There under its name only once it is whole and on the disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / at.strftime(STAMP)
    part = folder / f".{path.name}.part"
    for left in folder.glob(".neap-*.age.part"):
        left.unlink()  # of one that was killed: nobody else is at work here
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        pyrage.encrypt_file(str(plain), str(part), [recipient])
        _sync(part)
        os.replace(part, path)
        _sync(folder)
    except Exception:
        part.unlink(missing_ok=True)
        raise
    return path


def _prune(folder: Path, newest: Path, now: datetime) -> int:
    """Remove copies of more than 35 days ago, by the time in their names; how many."""
    count = 0
    for path in folder.glob("neap-*.age"):
        try:
            at = datetime.strptime(path.name, STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        if path != newest and now - at > KEPT:
            path.unlink()
            count += 1
    return count


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
