"""What SQLite does for a copy: taken while others write, counted, and put over a database in one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import func, select, table
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.engine import make_url

from diary.backup.store import Refused

DIALECT = dialect()
MOST_TRIES = 20  # a quarter of a second each


class Store:
    """The file that is served; see `diary.backup.store.Store`."""

    kind, file = "sqlite", "neap.db"

    def __init__(self, url: str) -> None:
        self.live = path_of(url)

    def full(self) -> str:
        return f"There are people in the database {self.live.name}." if people(self.live) else ""

    def take(self, target: Path) -> dict[str, int]:
        return take(self.live, target)

    @contextmanager
    def beside(self, copy: Path) -> Iterator[str]:
        yield f"sqlite:///{copy}"

    def faults(self, url: str, counts: dict[str, int]) -> list[str]:
        return faults(path_of(url), counts)

    def read(self, copy: Path, counts: dict[str, int]) -> list[str]:
        return faults(copy, counts)

    def put(self, url: str) -> None:
        put(path_of(url), self.live)


def path_of(url: str) -> Path:
    return Path(str(make_url(url).database)).resolve()


def take(source: Path, target: Path) -> dict[str, int]:
    """Copy the database as it stands at one moment; how many rows each table had at that moment."""
    with closing(_open(source, "ro")) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")
        counts = _counts(live)
        try:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            raise Refused(f"No copy was made: {error}.") from error
    return counts


def faults(path: Path, counts: dict[str, int]) -> list[str]:
    """What is wrong with a copy that should hold so many rows."""
    try:
        with closing(_open(path, "ro")) as copy:
            found = [f"SQLite says: {row[0]}" for row in copy.execute("PRAGMA integrity_check(5)")]
            found = [] if found == ["SQLite says: ok"] else found
            if broken := copy.execute("PRAGMA foreign_key_check").fetchall():
                found.append(f"{len(broken):,} rows point nowhere.")
            if _counts(copy) != counts:
                found.append("It does not hold as many rows as it should.")
    except sqlite3.DatabaseError as error:
        return [f"SQLite says: {error}"]
    return found


def people(path: Path) -> int:
    """How many people a database knows; none where there is no database yet."""
    if not path.exists() or not path.stat().st_size:
        return 0
    try:
        with closing(_open(path, "ro")) as live:
            tables = live.execute("SELECT count(*) FROM sqlite_master WHERE name = 'person'").fetchone()[0]
            return live.execute("SELECT count(*) FROM person").fetchone()[0] if tables else 0
    except sqlite3.DatabaseError:
        return 1  # nobody can tell; not to be written over unasked


def put(source: Path, target: Path) -> None:
    """Write one database over another in one transaction; raises Refused, and then nothing has changed.

    Not by a new file under the old name: a server that still runs would go on writing to the one that is gone.
    """
    tries = 0

    def give_up(status: int, _remaining: int, _total: int) -> None:
        nonlocal tries
        tries += status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if tries >= MOST_TRIES:
            raise Refused("The database is in use: please stop web and jobs, then restore again.")

    try:
        with closing(_open(source, "ro")) as good, closing(sqlite3.connect(target)) as live:
            live.execute("PRAGMA busy_timeout=0")
            live.execute("PRAGMA synchronous=FULL")
            good.backup(live, progress=give_up)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise Refused(
                f"There is no room for the copy on the disk of {target.name}; nothing was changed."
            ) from error
        raise Refused(
            f"The database that is there can't be written to ({error}). Please move {target.name}, {target.name}-wal "
            f"and {target.name}-shm away, then restore again."
        ) from error


def _open(path: Path, mode: str) -> sqlite3.Connection:
    found = sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None)
    found.execute("PRAGMA busy_timeout=2000")
    return found


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    counting = {
        name: str(select(func.count()).select_from(table(name)).compile(dialect=DIALECT)) for (name,) in names
    }
    return {name: connection.execute(statement).fetchone()[0] for name, statement in counting.items()}
