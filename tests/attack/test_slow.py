"""Clients that send slowly, or too much, behind the server as it is shipped: nobody else waits for them."""

import shutil
import socket
import time

import pytest

from tests import people
from tests.conftest import ENVIRON
from tests.serving import ROOT, Client, Server

THREADS = 8  # of the server on SQLite
MORE = 12
HEAD = "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BEGUN = {
    "slow headers": "POST /sign-in HTTP/1.1\r\nHost: 127.0",
    "slow body": f"{HEAD}Content-Length: 4000\r\n\r\nemail=a",
    "slow chunks": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n",
}


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    shutil.copy(sqlite_template[0], folder / "slow.db")
    options = ("--config", str(ROOT / "tests" / "attack" / "impatient.conf.py"))
    environ = {**ENVIRON, "DATABASE_URL": f"sqlite:///{folder / 'slow.db'}", "DATA_DIR": str(folder)}
    with Server(environ, options=options).start() as running:
        yield running


def opened(server: Server, text: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(text.encode())
    return connection


@pytest.mark.slow
@pytest.mark.parametrize("how", BEGUN)
def test_who_sends_slowly_is_cut_and_nobody_waits_for_ever(server, how):
    """More of them than there are threads, each sending a byte now and then: a deadline of each byte would never end."""
    slow = [opened(server, BEGUN[how]) for _ in range(MORE)]
    cut = dribble_until_cut(slow)
    assert cut == MORE
    assert Client(server.port).get("/sign-in").status == 200


def dribble_until_cut(connections: list[socket.socket]) -> int:
    """How many the server ended while a byte came on each again and again."""
    ended = set()
    for _ in range(300):
        for one in set(connections) - ended:
            try:
                one.sendall(b"x" if one not in ended else b"")
                one.setblocking(False)
                while part := one.recv(4096):
                    assert b" 200 " not in part.split(b"\r\n")[0]
                ended.add(one)
            except BlockingIOError:
                one.setblocking(True)
            except OSError:
                ended.add(one)
        if len(ended) == len(connections):
            break
        time.sleep(0.1)
    return len(ended)


@pytest.mark.slow
def test_who_sends_in_time_is_answered_beside_them(server, sqlite_template):
    slow = [opened(server, BEGUN["slow body"]) for _ in range(THREADS - 1)]
    assert (
        Client(server.port).sign_in(sqlite_template[1].alice.email, people.PASSPHRASE).get("/today").status
        == 200
    )
    assert all(one.fileno() > 0 for one in slow)


@pytest.mark.slow
def test_a_form_of_ten_megabytes_is_refused_in_words(server):
    connection = opened(server, f"{HEAD}Content-Length: 10485760\r\n\r\n")
    part, answer = b"note=" + b"x" * 65531, b""
    try:
        for _ in range(160):
            connection.sendall(part)
    except OSError:
        pass  # it did not wait for the rest
    try:
        while more := connection.recv(65536):
            answer += more
    except OSError:
        pass
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
    assert b"That is too large" in answer and len(answer) < 100_000
    assert Client(server.port).get("/sign-in").status == 200
