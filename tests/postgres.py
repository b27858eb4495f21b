"""A throwaway PostgreSQL that the test run starts itself, one per worker."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def binaries() -> Path:
    """The folder of the newest server that Debian's package put there."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run `make system`")
    return found[-1].parent


def run(*command) -> None:
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }  # a pipe would be kept open by the server
    subprocess.run([*AS_POSTGRES, *map(str, command)], check=True, cwd="/", **quiet)


@pytest.fixture(scope="session")
def pg_url():
    """The URL of the database `postgres` of a fresh server that listens on a socket of its own."""
    folder = tempfile.mkdtemp(prefix="neap-pg")
    if AS_POSTGRES:
        shutil.chown(folder, "postgres", "postgres")
    bin_ = binaries()
    run(
        bin_ / "initdb",
        "-D",
        f"{folder}/data",
        "-U",
        "neap",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    options = f"-c listen_addresses= -k {folder} -c fsync=off"
    run(bin_ / "pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    yield f"postgresql+psycopg://neap@/postgres?host={folder}"
    run(bin_ / "pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)
