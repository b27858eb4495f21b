"""The database: one engine, read sessions that never take the write lock, and one way to write."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import InternalError, OperationalError
from sqlmodel import Session, SQLModel, create_engine

from diary.config import ROOT

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES

WAIT_SECONDS = 2.0
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=2000",
    "recursive_triggers=ON",
    "secure_delete=ON",  # what was removed is overwritten, not only let go
)
# A server that is gone without a word, and its connections too, would hold every thread for minutes.
PATIENCE = {
    "connect_timeout": 10, "tcp_user_timeout": 20_000, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2,
}  # fmt: skip
ROOM = 4 * 2**20  # bytes; a write needs a hundredth of it


class Busy(Exception):
    """No turn to write came in time; nothing was stored."""


class Database:
    """An engine with its read and write sides; writers on SQLite wait in one line."""

    def __init__(self, url: str, migrating: bool = False) -> None:
        self.engine = _engine(url, migrating)
        self.reader = self.engine.execution_options(readonly=True)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._line = threading.Lock()
        self._was_refused = False

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, of whoever asks alone; for what goes on after its request."""
        with Session(self.reader, expire_on_commit=False) as s:
            yield s

    @contextmanager
    def writing(self) -> Iterator[Session]:
        try:
            with self._writing() as s:
                yield s
        except (OperationalError, InternalError):
            self._was_refused = True
            raise
        except Busy as error:
            self._was_refused |= error.__cause__ is not None
            raise
        self._was_refused = False

    def has_room(self) -> bool:
        """Whether the disk of an SQLite file has some left."""
        path = self.engine.url.database if self.is_sqlite else None
        return not path or shutil.disk_usage(Path(path).parent).free >= ROOM

    def takes_writes(self) -> bool:
        """Whether it does; where the last one was refused by the store (full, locked, read-only) one is tried."""
        if self._was_refused:
            try:
                with self.writing() as s:
                    s.connection().execute(text("UPDATE sync_epoch SET epoch = epoch"))
            except (Busy, OperationalError, InternalError):
                return False
        return True

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        if not self.is_sqlite:
            with Session(self.engine, expire_on_commit=False) as s, s.begin():
                yield s
            return
        if not self._line.acquire(timeout=WAIT_SECONDS):
            raise Busy
        try:
            with Session(self.engine, expire_on_commit=False) as s, s.begin():
                try:
                    s.connection()
                except OperationalError as error:
                    if "locked" in str(error.orig):
                        raise Busy from error
                    raise
                yield s
        finally:
            self._line.release()


def _engine(url: str, migrating: bool) -> Engine:
    if not url.startswith("sqlite"):
        told = make_url(url).query
        patience = {name: value for name, value in PATIENCE.items() if name not in told}
        engine = create_engine(url, pool_pre_ping=True, connect_args=patience)

        @event.listens_for(engine, "begin")
        def _readonly(connection):  # type: ignore[no-untyped-def]
            if connection.get_execution_options().get("readonly"):
                # One picture of the data for the whole reading, as SQLite gives it.
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        return engine
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi, _record):  # type: ignore[no-untyped-def]
        dbapi.isolation_level = None
        for pragma in PRAGMAS:
            if migrating and pragma.startswith("foreign_keys"):
                pragma = "foreign_keys=OFF"  # a batch rebuild would cascade into the children
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection):  # type: ignore[no-untyped-def]
        # The driver would begin at the first write only, after the read: lost updates.
        readonly = connection.get_execution_options().get("readonly")
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def init_app(app: Flask, url: str) -> None:
    app.extensions["database"] = Database(url)
    app.teardown_request(_end_reading)


def database() -> Database:
    return current_app.extensions["database"]


def engine() -> Engine:
    return database().engine


@contextmanager
def read() -> Iterator[Session]:
    """A session that only reads; within a request everyone shares one."""
    if not has_request_context():
        with database().reading() as s:
            yield s
        return
    if "reading" not in g:
        g.reading = Session(database().reader, expire_on_commit=False)
    yield g.reading


@contextmanager
def read_anew() -> Iterator[Session]:
    """A session that reads what was written since this request began to read, too."""
    if has_request_context():
        _end_reading()
    with read() as s:
        yield s


@contextmanager
def write() -> Iterator[Session]:
    """One transaction, committed at the end; what was read before is let go, so that it is read anew."""
    if has_request_context():
        _end_reading()
    with database().writing() as s:
        yield s


def empty_log() -> None:
    """On SQLite, put what the log still holds into the file, so that what was removed stands in neither; best effort."""
    if not database().is_sqlite:
        return
    if has_request_context():
        _end_reading()
    connection = engine().raw_connection()
    try:
        connection.cursor().execute("PRAGMA busy_timeout=100")  # readers in its way are not waited for
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.invalidate()  # with its short patience
        connection.close()


def is_ready() -> bool:
    """Whether the store answers and holds the newest schema; a migration that stopped half-way is not ready."""
    with read() as s:
        return s.connection().execute(text("SELECT version_num FROM alembic_version")).scalar() == newest()


@cache
def newest() -> str:
    """The number of the newest migration."""
    return max(path.name.split("_")[0] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def _end_reading(_error: BaseException | None = None) -> None:
    session = g.pop("reading", None)
    if session is not None:
        session.close()
