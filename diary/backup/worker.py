"""Making a copy while others write, and putting one back; the field key is never in it.

A copy is a tar of the manifest, the database and the list of the erased, encrypted by age. Plain it stands only in one
private folder in DATA_DIR, which each start empties: a `kill -9` leaves no more than that.
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
from sqlalchemy.engine import make_url

from diary import db
from diary.audit import actions as audit
from diary.audit import worker as trail
from diary.audit.actions import Actor
from diary.backup import actions, sqlite
from diary.lib import clock, files, sealing

FORMAT = 1
WORK, LOCK, ERASED, STORE, MANIFEST = "backup-work", "backup.lock", "erased", "neap.db", "manifest.json"
KEPT = timedelta(days=35)
STAMP = "neap-%Y%m%dT%H%M%SZ.age"
PROBE = b"neap backup: sealed with the key of this install"


class Refused(Exception):
    """Nothing was done; says why in plain words."""


@dataclass(frozen=True)
class Made:
    """A copy that was checked and encrypted; `faults` is what is wrong with the audit trail in it."""

    path: Path
    rows: int
    pruned: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What was put back: of when the copy is, and what ended with it."""

    made_at: datetime
    rows: int
    sessions: int
    links: int
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
    live = _live()
    if not db.is_ready():
        raise Refused("The database is not at the newest version. Please run migrate first.")
    faults: list[str] = []
    with _alone() as work:
        heads, unread = trail.put_away()
        faults += unread
        try:
            with db.write() as s:
                audit.record(s, actor, "backup.make")
            trail.append()
        except trail.HeadDoesNotFit:
            faults.append("What the chain lacks was not appended, since its head does not fit.")
        counts = sqlite.take(live, work / STORE)
        (work / ERASED).write_text("".join(f"{one}\n" for one in sorted(_erased(_data() / ERASED))))
        made_at = clock.now()
        manifest = {
            "format": FORMAT,
            "kind": "sqlite",
            "schema": db.newest(),
            "made_at": made_at.isoformat(timespec="seconds"),
            "counts": counts,
            "sha256": {name: _digest(work / name) for name in (STORE, ERASED)},
            "signed": sealing.signature(PROBE),
        }
        (work / MANIFEST).write_text(json.dumps(manifest))
        plain = work / "plain.tar"
        with tarfile.open(plain, "w") as tar:
            for name in (MANIFEST, STORE, ERASED):
                tar.add(work / name, arcname=name)
                (work / name).unlink()
        _unpack(plain, work / "again")
        if wrong := sqlite.faults(work / "again" / STORE, counts):
            raise Refused("The copy is not whole, and was thrown away. " + " ".join(wrong))
        faults += _trail_faults(work / "again" / STORE, heads)
        path = _encrypted(plain, folder, made_at, recipient)
        return Made(path, sum(counts.values()), _prune(folder, path, made_at), tuple(faults))


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
    live = _live()
    if not is_forced and sqlite.people(live):
        raise Refused(
            f"There are people in the database {live.name}. With --force the copy takes its place, and it is gone."
        )
    with _alone() as work:
        manifest = _opened(source, identity, work)
        store = work / "again" / STORE
        if wrong := sqlite.faults(store, manifest["counts"]):
            raise Refused("The copy is not whole; nothing was changed. " + " ".join(wrong))
        url = f"sqlite:///{store}"
        migrate(url)
        gone = _erased(work / "again" / ERASED) | _erased(_data() / ERASED)
        staging = db.Database(url)
        try:
            with staging.writing() as s:
                if actions.are_among(s, gone):
                    raise Refused(
                        "People who were erased are in this copy, and this version can't erase them again."
                    )
                sessions, links = actions.begin_anew(s, actor, clock.now())
        finally:
            staging.engine.dispose()
        if gone:
            files.replace(_data() / ERASED, "".join(f"{one}\n" for one in sorted(gone)))
        db.engine().dispose()  # else this process would stand in its own way
        try:
            sqlite.put(store, live)
        except sqlite.Unfit as error:
            raise Refused(str(error)) from error
        trail.put_head(actor)
        trail.append()
    with db.read_anew() as s:
        faults = trail.walked(s, [])[2]
    made_at = datetime.fromisoformat(manifest["made_at"])
    return Restored(made_at, sum(manifest["counts"].values()), sessions, links, tuple(faults))


def _data() -> Path:
    return current_app.config["SETTINGS"].data_dir


def _live() -> Path:
    database = db.database()
    if not database.is_sqlite:
        raise Refused(
            "These commands know SQLite only so far; for PostgreSQL docs/deployment.md says what to do."
        )
    return Path(str(make_url(database.engine.url).database)).resolve()


@contextmanager
def _alone() -> Iterator[Path]:
    """One process at a time, in an empty private folder that goes with it."""
    work = _data() / WORK
    with open(_data() / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("Another backup or restore is running.") from error
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _erased(path: Path) -> set[UUID]:
    """The list of the erased: an id a line."""
    try:
        return {UUID(line) for line in path.read_text().split()}
    except FileNotFoundError:
        return set()
    except ValueError as error:
        raise Refused("The list of erased people can't be read; nothing was changed.") from error


def _trail_faults(store: Path, heads: list[tuple[str, trail.Head]]) -> list[str]:
    copy = db.Database(f"sqlite:///{store}")
    try:
        with copy.reading() as s:
            return trail.walked(s, heads)[2]
    finally:
        copy.engine.dispose()


def _unpack(plain: Path, folder: Path) -> dict:
    """The manifest of an archive; its files stand in the folder, each as it was put in."""
    with tarfile.open(plain) as tar:
        for name in (MANIFEST, STORE, ERASED):
            tar.extract(name, folder, filter="data")
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, digest in manifest["sha256"].items():
        if _digest(folder / name) != digest:
            raise ValueError(name)
    return manifest


def _opened(source: Path, identity: pyrage.x25519.Identity, work: Path) -> dict:
    plain = work / "plain.tar"
    if not source.is_file():
        raise Refused(f"There is no file {source}.")
    try:
        pyrage.decrypt_file(str(source), str(plain), [identity])
        manifest = _unpack(plain, work / "again")
        is_known = manifest["format"] == FORMAT and manifest["kind"] == "sqlite"
        schema, signed = str(manifest["schema"]), str(manifest["signed"])
        datetime.fromisoformat(manifest["made_at"])
        manifest["counts"].values()
    except (pyrage.DecryptError, OSError) as error:
        if getattr(error, "errno", None):
            raise  # the disk, not the file
        if "no matching keys" in str(error).lower():
            raise Refused(f"The key does not open {source.name}; it was made for another one.") from error
        raise Refused(f"{source.name} was cut short or altered, or is no copy of Neap.") from error
    except (tarfile.TarError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refused(f"{source.name} was cut short or altered, or is no copy of Neap.") from error
    finally:
        plain.unlink(missing_ok=True)
    if not is_known:
        raise Refused(f"{source.name} was made by another kind of Neap, which this one can't read.")
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
