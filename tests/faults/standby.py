"""PostgreSQL on two addresses of this machine: a primary, and a standby that is made as `docs/deployment.md` says."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.postgres import AS_POSTGRES, binaries, run
from tests.serving import free_port


class Node:
    """One server with a data folder of its own."""

    def __init__(self, name: str) -> None:
        self.name, self.port = name, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"neap-{name}"))
        if AS_POSTGRES:
            shutil.chown(self.folder, "postgres", "postgres")

    def control(self, *what: str) -> None:
        run(binaries() / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", *what)

    def start(self) -> None:
        self.control("-o", f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder}", "start")

    def kill(self) -> None:
        """kill -9 to all its processes at one moment, as if the machine had gone; its disk is never looked at again."""
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def ask(self, sql: str, *, database: str = "postgres"):
        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=neap dbname={database}", autocommit=True
        ) as c:
            found = c.execute(sql)
            return found.fetchall() if found.description else []

    def remove(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            with contextlib.suppress(subprocess.CalledProcessError):  # it was killed before
                run(binaries() / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def a_primary() -> Node:
    node = Node("primary")
    run(
        binaries() / "initdb", "-D", node.folder / "data", "-U", "neap", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
    )  # fmt: skip
    node.start()
    return node


def a_standby(of: Node, name: str = "standby1") -> Node:
    """As the page says, to the letter of the options."""
    node = Node(name)
    run(
        binaries() / "pg_basebackup", f"--pgdata={node.folder / 'data'}", "--write-recovery-conf", "--wal-method=stream",
        "--checkpoint=fast", "--create-slot", f"--slot={name}",
        f"--dbname=host=127.0.0.1 port={of.port} user=neap application_name={name}",
    )  # fmt: skip
    node.start()
    return node


def wait_for(is_so, seconds: float = 120) -> None:
    end_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end_at, "it did not come to that"
        time.sleep(0.05)
