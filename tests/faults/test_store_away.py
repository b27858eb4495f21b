"""The database goes away while phones write to the server as it is shipped, and comes back: `/readyz` says so both times, a
form keeps what was typed, nothing acknowledged is lost, and nobody restarts the server."""

import contextlib
import shutil
import socket
import sqlite3
import subprocess
import threading
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import OperationalError

from diary.db import Database
from tests import people
from tests.conftest import ENVIRON
from tests.faults import oracle
from tests.faults.conftest import LONG
from tests.faults.fleet import Phone
from tests.faults.test_killed_server import a_day
from tests.faults.test_store_in_trouble import wait_until
from tests.serving import Answer, Client, Server

PHONES, WRITES, TIMES = (6, 30, 4) if LONG else (2, 12, 1)
AWAY = "not ready: the database is empty or does not answer\n"
FULL = "not ready: the disk is full\n"
LOCKED = "not ready: the database takes no writes\n"
WORDS = "a long and dear note that must not be lost"


def through(url: str, folder, cast, go, come_back, says: str, capsys) -> None:
    """Phones write; the store goes and comes back, time and again; then all they wrote is there once."""
    form: set = set()
    environ = {"DATA_DIR": str(folder)}
    with Server({**ENVIRON, **environ, "DATABASE_URL": url}).start() as server:
        alice = Client(server.port).sign_in(cast.alice.email, people.PASSPHRASE)
        phones = [
            Phone((cast.alice, cast.charlie)[n % 2], server.port, server.port, n, 0) for n in range(PHONES)
        ]
        for _ in range(TIMES):
            assert ready(server).text == "ready\n"
            waits, told = waited(phones), acknowledged(phones)
            threads = write_on(phones)
            wait_until(lambda told=told: acknowledged(phones) > told)
            go()
            wait_until(lambda waits=waits: waited(phones) > waits)
            path = f"/days/{a_day(phones[0].random)}"
            body, refused = a_form(), None
            while refused is None or refused.status == 303:  # what is half empty yet may take some more
                if refused is not None:
                    form.add((cast.alice.id, UUID(body["write_id"])))
                    body = a_form()
                alice.close()  # a connection that was long quiet is ended by the server
                refused = alice.post(path, body)
            assert refused.status == 503 and WORDS in refused.text and int(refused.headers["Retry-After"])
            wait_until(lambda: ready(server).status == 503)
            assert ready(server).text == says
            come_back()
            wait_until(lambda: ready(server).status == 200)
            alice.close()
            assert alice.post(path, body).status == 303
            form.add((cast.alice.id, UUID(body["write_id"])))
            for thread in threads:
                thread.join(300)
                assert not thread.is_alive()
            assert not any(phone.failure for phone in phones), [phone.failure for phone in phones]
    mine = [phone.promises() for phone in phones]
    told = set().union(*(one.acknowledged for one in mine)) | form
    issued = set().union(*(one.issued for one in mine)) | form
    broken = oracle.judge(url, oracle.Promises(issued=issued, acknowledged=told))
    with capsys.disabled():
        print(
            f"\nstore away {TIMES} times on {url.split(':')[0].split('+')[0]}: {waited(phones)} times told to wait, "
            f"{len(told)} acknowledged, broken {dict(broken)}"
        )
    assert not broken and len(told) == PHONES * WRITES * TIMES + len(form)


def a_form() -> dict[str, str]:
    return {"write_id": str(uuid4()), "base": "", "note": WORDS * 100}


def waited(phones: list[Phone]) -> int:
    return sum(phone.became["waits"] for phone in phones)


def acknowledged(phones: list[Phone]) -> int:
    return sum(phone.outbox.acks for phone in phones)


def ready(server: Server) -> Answer:
    return Client(server.port).get("/readyz")


def write_on(phones: list[Phone]) -> list[threading.Thread]:
    for phone in phones:
        phone.writes += WRITES
    threads = [threading.Thread(target=phone.run, daemon=True) for phone in phones]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.slow
def test_postgresql_gone_and_back(own_postgres, tmp_path, capsys):
    server, url, cast = own_postgres
    through(url, tmp_path, cast, server.crash, server.start, AWAY, capsys)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"a small disk can't be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.slow
def test_the_disk_is_full(store, small_disk, capsys):
    """A real one, which somebody else fills to its last byte."""
    shutil.copy(store[0].removeprefix("sqlite:///"), small_disk / "neap.db")
    filler = small_disk / "filler"

    def fill() -> None:
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    url = f"sqlite:///{small_disk / 'neap.db'}"
    through(url, small_disk, store[1], fill, filler.unlink, FULL, capsys)


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="one request at a locked store is tried in every run")
def test_somebody_else_holds_the_lock(store, work, capsys):
    held: list[sqlite3.Connection] = []

    def hold() -> None:
        held.append(sqlite3.connect(store[0].removeprefix("sqlite:///"), isolation_level=None, timeout=60))
        held[-1].execute("BEGIN IMMEDIATE")

    through(store[0], work, store[1], hold, lambda: held.pop().close(), LOCKED, capsys)


@pytest.mark.slow
def test_a_server_that_says_nothing(the_app, work):
    """Its machine hangs, or a wall swallows what is sent: nobody waits for it for minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        patient = f"postgresql+psycopg://neap@127.0.0.1:{port}/neap"
        given_up = threading.Timer(90, silent.close)
        given_up.start()
        kept = the_app.extensions["database"]
        the_app.extensions["database"] = Database(patient + ("" if LONG else "?connect_timeout=2"))
        try:
            with pytest.raises(OperationalError, match="timeout"):
                the_app.extensions["database"].engine.connect()
            assert the_app.test_client().get("/readyz").text == AWAY
        finally:
            the_app.extensions["database"].engine.dispose()
            the_app.extensions["database"] = kept
            given_up.cancel()
