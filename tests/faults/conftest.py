"""Stores for the runs: those of every test, and in the long ones a PostgreSQL that waits for its disk."""

import os
import pickle
import shutil
import tempfile

import pytest

from tests.conftest import _fill
from tests.postgres import AS_POSTGRES, binaries
from tests.postgres import run as as_postgres

LONG = bool(os.environ.get("NEAP_LONG"))


class DurablePostgres:
    """A server with fsync, as it is by default; it can be stopped as if the machine had gone."""

    fsync = "on"

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="neap-pg-durable")
        if AS_POSTGRES:
            shutil.chown(self.folder, "postgres", "postgres")
        self.control = binaries() / "pg_ctl"
        self.make()
        self.url = f"postgresql+psycopg://neap@/postgres?host={self.folder}"
        self.start()

    def make(self) -> None:
        as_postgres(
            binaries() / "initdb", "-D", f"{self.folder}/data", "-U", "neap", "--auth=trust", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip

    def start(self) -> None:
        options = f"-c listen_addresses= -k {self.folder} -c fsync={self.fsync} -c synchronous_commit=on"
        as_postgres(
            self.control,
            "-D",
            f"{self.folder}/data",
            "-w",
            "-l",
            f"{self.folder}/log",
            "-o",
            options,
            "start",
        )

    def crash(self) -> None:
        as_postgres(self.control, "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def restart(self) -> None:
        self.crash()
        self.start()

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class CopiedPostgres(DurablePostgres):
    """The same with what a running server holds, which costs a fraction of making and migrating anew; it does
    not wait for the disk: a process that dies is no machine that does."""

    fsync = "off"

    def __init__(self, url: str) -> None:
        self.of = url.split("host=")[1]
        super().__init__()
        self.url = self.url.replace("/postgres?", "/neap_template?")

    def make(self) -> None:
        as_postgres(
            binaries() / "pg_basebackup", "-h", self.of, "-U", "neap", "-D", f"{self.folder}/data", "-c", "fast",
            "-X", "stream", "--no-sync",
        )  # fmt: skip


@pytest.fixture
def own_postgres(pg_url, pg_copies):
    """(a server of this test's own, which can be restarted; the URL of a database with the cast; the cast)."""
    server = CopiedPostgres(pg_url)
    yield server, server.url, pickle.loads(pickle.dumps(pg_copies[1]))
    server.remove()


@pytest.fixture
def durable(request, store, the_app, passphrase_hash):
    """(url, cast, what crashes and starts the database or None): `store`, but with fsync in the long run."""
    url, cast = store
    if url.startswith("sqlite") or not LONG:
        yield url, cast, None
        return
    server = DurablePostgres()
    cast = _fill(the_app, server.url, passphrase_hash)
    yield server.url, cast, server
    server.remove()
