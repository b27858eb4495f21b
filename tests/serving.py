"""The product as it is shipped: gunicorn with its own settings on a free port, and a plain HTTP client of it."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """One gunicorn with all its processes, in a process group of its own."""

    environ: dict[str, str]
    app: str = "app:app"
    options: tuple[str, ...] = ("--config", "gunicorn.conf.py")
    health: str = "/healthz"
    port: int = field(default_factory=free_port)
    log: Path | None = None
    process: subprocess.Popen | None = None

    def begin(self) -> None:
        environ = {
            **os.environ,
            "LOG_LEVEL": "critical",
            "WARM_REPORTS": "no",
            **self.environ,
            "PORT": str(self.port),
        }
        command = [sys.executable, "-m", "gunicorn", *self.options, self.app]
        with open(self.log or os.devnull, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environ, start_new_session=True, stdout=log, stderr=log
            )

    def start(self, seconds: float = 60) -> "Server":
        self.begin()
        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            assert self.process.poll() is None, f"{self.app} did not start"
            try:
                if Client(self.port, timeout=2).get(self.health).status == 200:
                    return self
            except OSError:
                time.sleep(0.03)
        raise AssertionError(f"{self.app} did not answer in {seconds} s")

    def kill(self) -> None:
        """kill -9 to the master and all its workers at one moment."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> "Server":
        return self if self.process else self.start()

    def __exit__(self, *_error) -> None:
        self.stop()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """One browser: a kept connection, its cookies, and the CSRF token of its session."""

    def __init__(self, port: int, timeout: float = 20):
        self.port, self.timeout = port, timeout
        self.cookies: dict[str, str] = {}
        self.token = ""
        self.connection: http.client.HTTPConnection | None = None

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        answer = self._send("GET", path, None, headers or {})
        found = TOKEN.search(answer.text) if "html" in (answer.headers["Content-Type"] or "") else None
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, data: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        body = urlencode({**data, "csrf_token": self.token})
        return self._send("POST", path, body, {**FORM, **(headers or {})})

    def sign_in(self, email: str, passphrase: str) -> "Client":
        self.get("/sign-in")
        answer = self.post("/sign-in", {"email": email, "passphrase": passphrase, "next": ""})
        assert answer.status == 303, f"{email} was not let in: {answer.status}"
        assert self.get(answer.headers["Location"]).status == 200
        return self

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        try:
            return self._once(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(str(error)) from error

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        self.connection.request(
            method, path, body, {**headers, **({"Cookie": self.cookie} if self.cookies else {})}
        )
        response = self.connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        return answer

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
