"""Stores for the runs: those of every test, and in the long ones a PostgreSQL that waits for its disk."""

import os
import shutil
import tempfile

import pytest

from tests.conftest import _fill
from tests.postgres import AS_POSTGRES, binaries
from tests.postgres import run as as_postgres

LONG = bool(os.environ.get("NEAP_LONG"))


class DurablePostgres:
    """A server with fsync, as it is by default; it can be stopped as if the machine had gone."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="neap-pg-durable")
        if AS_POSTGRES:
            shutil.chown(self.folder, "postgres", "postgres")
        self.control = binaries() / "pg_ctl"
        as_postgres(
            binaries() / "initdb", "-D", f"{self.folder}/data", "-U", "neap", "--auth=trust", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip
        self.url = f"postgresql+psycopg://neap@/postgres?host={self.folder}"
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses= -k {self.folder} -c fsync=on -c synchronous_commit=on"
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

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


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
