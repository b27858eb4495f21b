"""What PostgreSQL does for a copy: dumped from one snapshot, restored beside, and put over a database in one transaction.

The server's own programs do the work. They are told by their environment where the server is and with which password,
never on the command line, which others on the machine can read; they hold the lock of this process, so that none goes on
beside the next one when this one is killed.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj, which
from typing import Any

import psycopg
from psycopg import pq, sql
from sqlalchemy import URL, Connection, func, select, table, text

from diary.backup.store import NoSecond, Refused
from diary.db import Database

LOCK_WAIT = 5  # seconds, in which whoever reads or writes at that moment is done
DUMP_WAIT = 30
CONNECTION_LOST = 2  # what psql exits with
# Whatever of the schema `public` is this role's own: those of a newer version of Neap too, which a copy may replace.
_OWN = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
ORDER BY c.relname"""
_OWN_FUNCTIONS = """
SELECT p.proname, pg_get_function_identity_arguments(p.oid) FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND pg_has_role(p.proowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1, 2"""
_OTHERS = """
SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s) AND NOT pg_has_role(c.relowner, 'USAGE') LIMIT 1"""
_GRANTS = """
SELECT c.relname, c.relkind = 'S', a.privilege_type, a.is_grantable,
  CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END
FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND a.grantee <> c.relowner
ORDER BY 1, 5, 3"""
_NAMES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')"""
_LIKE_LIVE = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = current_database()"""
_MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
NO_SECOND = "This role may make no second database: ALTER ROLE ... CREATEDB as docs/deployment.md says, then run it again."


class Store:
    """The database that is served; see `diary.backup.store.Store`."""

    kind, file = "postgresql", "neap.dump"

    def __init__(self, database: Database, work: Path, lock: int) -> None:
        self.database, self.work, self.lock = database, work, lock
        self.live = database.engine.url
        self.second = self.live.set(database=f"{str(self.live.database)[:40]}_backup_scratch")

    def full(self) -> str:
        with self.database.reader.connect() as c:
            names = _tables(c)
            if "person" not in names:
                return f"The database {self.live.database} holds tables of something else." if names else ""
            some = c.execute(text("SELECT EXISTS (SELECT FROM public.person)")).scalar()
        return f"There are people in the database {self.live.database}." if some else ""

    def take(self, target: Path) -> dict[str, int]:
        with (
            self.database.reader.connect() as c
        ):  # REPEATABLE READ: one picture for the dump and for the counts
            c.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            snapshot = c.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            self._run(
                self.live, "pg_dump", "--format=custom", "--schema=public", f"--snapshot={snapshot}",
                f"--lock-wait-timeout={DUMP_WAIT}s", "--no-password", f"--file={target}",
            )  # fmt: skip
            return _counts(c)

    @contextmanager
    def beside(self, copy: Path) -> Iterator[str]:
        self._make()
        try:
            self._run(
                self.second, "pg_restore", "--exit-on-error", "--schema=public", "--no-owner", "--no-privileges",
                "--no-password", f"--dbname={self.second.database}", copy,
            )  # fmt: skip
            yield self.second.render_as_string(hide_password=False)
        finally:
            with suppress(psycopg.Error), _connected(self.live) as c:  # else the next run drops it
                _drop(c, str(self.second.database))

    def faults(self, url: str, counts: dict[str, int]) -> list[str]:
        second = Database(url)
        try:
            with second.reader.connect() as c:
                found = _counts(c)
        finally:
            second.engine.dispose()
        return [] if found == counts else ["It does not hold as many rows as it should."]

    def read(self, copy: Path, counts: dict[str, int]) -> list[str]:
        """Every row has a line of its own between COPY and the end of its table."""
        found: Counter[str] = Counter()
        name = None
        with subprocess.Popen(  # noqa: S603  fixed arguments
            [_program("pg_restore"), "--data-only", "--schema=public", "--file=-", copy],
            env=_environ(self.live), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            pass_fds=(self.lock,),
        ) as reading:  # fmt: skip
            assert reading.stdout is not None
            for line in reading.stdout:
                if name is None:
                    if line.startswith(b"COPY public."):
                        name = line.split()[1].decode().removeprefix("public.").strip('"')
                        found[name] = 0
                elif line == b"\\.\n":
                    name = None
                else:
                    found[name] += 1
        if reading.returncode or name is not None:
            return ["pg_restore can't read it to its end."]
        return [] if found == counts else ["It does not hold as many rows as it should."]

    def put(self, url: str) -> None:
        """All in one script with one transaction: cut short, it has no COMMIT.

        Not by another database under the old name: that would lose what the old one grants, and needs nobody to be
        connected.
        """
        plain, script = self.work / "plain.sql", self.work / "switch.sql"
        self._run(self.second, "pg_dump", "--no-owner", "--no-privileges", "--no-password", f"--file={plain}")
        with _connected(self.second) as c:
            names = {name for (name,) in c.execute(_NAMES)}
        with _connected(self.live) as c:
            if other := c.execute(_OTHERS, (sorted(names),)).fetchone():
                raise Refused(
                    f"The table {other[0]} belongs to the role {other[1]}: please restore with a DATABASE_URL of that "
                    "role, as for migrate. Nothing was changed."
                )
            before, after = _clearing(c), _granting(c, names)
        with script.open("wb") as out:
            out.write(before.encode())
            with plain.open("rb") as dump:
                copyfileobj(dump, out)
            out.write(after.encode())
        plain.unlink()
        try:
            self._run(
                self.live, "psql", "--no-psqlrc", "--quiet", "--no-password", "--output=/dev/null",
                "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", f"--file={script}",
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            raise Refused(
                "PostgreSQL went away in the middle: the database is as it was, or is the copy, whole. Please restore "
                "again."
            ) from error

    def _make(self) -> None:
        """An empty second database like the live one; what a killed run left of it goes."""
        with _connected(self.live) as c:
            if not _one(c, _MAY_CREATE)[0]:
                raise NoSecond(NO_SECOND)
            name = str(self.second.database)
            try:
                _drop(c, name)
                c.execute(_creation(name, *_one(c, _LIKE_LIVE)))
            except psycopg.Error as error:
                words = str(error).splitlines()[0]
                raise Refused(
                    f"No second database could be made beside {self.live.database}: {words}"
                ) from error

    def _run(self, url: URL, program: str, *arguments: object) -> None:
        """One of the server's programs; raises Refused with its own words, or CalledProcessError where the server is gone."""
        done = subprocess.run(  # noqa: S603  fixed arguments
            [_program(program), *map(str, arguments)], env=_environ(url), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=(self.lock,), text=True, errors="replace",
        )  # fmt: skip
        if program == "psql" and done.returncode == CONNECTION_LOST:
            raise subprocess.CalledProcessError(done.returncode, program)
        if done.returncode:
            raise Refused(_why(program, done.stderr))


def _why(program: str, said: str) -> str:
    if "lock timeout" in said:
        return "The database is in use: please stop web and jobs, then restore again. Nothing was changed."
    lines = [line.strip() for line in said.splitlines() if "error:" in line.lower()] or said.splitlines()
    return f"{program} could not do it; nothing was changed. {lines[0] if lines else ''}".strip()


def _program(name: str) -> str:
    found = which(name)
    if found is None:
        raise Refused(
            f"The program {name} is not here. It comes with the package postgresql-client, of the server's version or newer."
        )
    return found


def _environ(url: URL) -> dict[str, str]:
    """What the programs are told: where the server is and as whom; none of Neap's own keys."""
    given = url.get_dialect()().create_connect_args(url)[1]
    names = {one.keyword.decode(): one.envvar.decode() for one in pq.Conninfo.get_defaults() if one.envvar}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR") or (name.startswith("PG") and name != "PGCLIENTENCODING")
    }
    return (
        kept | {"LC_ALL": "C"} | {names[name]: str(value) for name, value in given.items() if name in names}
    )


def _connected(url: URL) -> psycopg.Connection:
    return psycopg.connect(**url.get_dialect()().create_connect_args(url)[1], autocommit=True)


def _one(c: psycopg.Connection, asked: str) -> Any:
    return c.execute(asked).fetchone()  # type: ignore[call-overload]


def _tables(c: Connection) -> list[str]:
    asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return list(c.execute(text(asked)).scalars())


def _counts(c: Connection) -> dict[str, int]:
    counting = {name: select(func.count()).select_from(table(name, schema="public")) for name in _tables(c)}
    return {name: c.execute(statement).scalar_one() for name, statement in counting.items()}


def _drop(c: psycopg.Connection, name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    c.execute(_with(statement, sql.Identifier(name)))


def _creation(name: str, encoding: str, collate: str, ctype: str) -> sql.Composed:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}")
    return _with(statement, sql.Identifier(name), *map(sql.Literal, (encoding, collate, ctype)))


def _with(statement: sql.SQL, *parts: sql.Composable) -> sql.Composed:
    return statement.format(*parts)


def _clearing(c: psycopg.Connection) -> str:
    """The script's beginning: whoever is at work gets some time, then what is there goes."""
    lines = [sql.SQL("BEGIN"), _with(sql.SQL("SET LOCAL lock_timeout = {}"), sql.Literal(f"{LOCK_WAIT}s"))]
    if names := [sql.Identifier("public", name) for (name,) in c.execute(_OWN)]:
        lines.append(_with(sql.SQL("DROP TABLE {}"), sql.SQL(", ").join(names)))
    for name, arguments in c.execute(_OWN_FUNCTIONS):
        # PostgreSQL's own spelling of the arguments, from its catalogue
        what = [sql.Identifier("public", name), sql.SQL(arguments)]
        lines.append(_with(sql.SQL("DROP FUNCTION {}({})"), *what))
    return _script(c, lines)


def _granting(c: psycopg.Connection, names: set[str]) -> str:
    """The script's end: what others may do with these tables as before, and then all of it counts."""
    lines = []
    for name, is_counter, privilege, is_grantable, grantee in c.execute(_GRANTS):
        if name in names:
            line = sql.SQL("GRANT {} ON {} {} TO {}{}")
            what = sql.SQL("SEQUENCE") if is_counter else sql.SQL("TABLE")
            whom = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
            more = sql.SQL(" WITH GRANT OPTION" if is_grantable else "")
            lines.append(_with(line, sql.SQL(privilege), what, sql.Identifier("public", name), whom, more))
    return "\n" + _script(c, [*lines, sql.SQL("COMMIT")])


def _script(c: psycopg.Connection, lines: list[sql.Composable]) -> str:
    return "".join(f"{line.as_string(c)};\n" for line in lines)
