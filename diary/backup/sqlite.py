"""What SQLite does for a copy: taken while others write, counted, and put over a database in one transaction."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select, table
from sqlalchemy.dialects.sqlite import dialect

DIALECT = dialect()
MOST_TRIES = 20  # a quarter of a second each


class Unfit(Exception):
    """The database can't be read or written as a whole; says why in plain words."""


def take(source: Path, target: Path) -> dict[str, int]:
    """Copy the database as it stands at one moment; how many rows each table had at that moment."""
    with closing(_open(source, "ro")) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")
        counts = _counts(live)
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
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
    """Write one database over another in one transaction; raises Unfit, and then nothing has changed.

    Not by a new file under the old name: a server that still runs would go on writing to the one that is gone.
    """
    tries = 0

    def give_up(status: int, _remaining: int, _total: int) -> None:
        nonlocal tries
        tries += status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if tries >= MOST_TRIES:
            raise Unfit("The database is in use: please stop web and jobs, then restore again.")

    try:
        with closing(_open(source, "ro")) as good, closing(sqlite3.connect(target)) as live:
            live.execute("PRAGMA busy_timeout=0")
            live.execute("PRAGMA synchronous=FULL")
            good.backup(live, progress=give_up)
    except sqlite3.DatabaseError as error:
        raise Unfit(
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
