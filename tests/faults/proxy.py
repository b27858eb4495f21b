"""What lies between a phone and its server: a proxy that loses, delays, doubles, reorders and answers for others.

Only the sync API is ill-treated; pages and files pass. `is_calm` lets everything pass. What was done is counted.
"""

import http.client
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORTAL = b"<!doctype html><title>Welcome</title><h1>Free WiFi</h1><p>Please accept our terms."
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
FATES = (
    ("passed", 0.58), ("dropped requests", 0.08), ("dropped answers", 0.09), ("delayed", 0.07), ("doubled on the way", 0.05),
    ("reordered", 0.05), ("portal pages", 0.035), ("redirects", 0.02), ("portal errors", 0.01), ("foreign JSON", 0.005),
    ("another's answer", 0.01),
)  # fmt: skip


@dataclass
class Passed:
    """A request or an answer, whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Proxy:
    """Listens on a port of its own; `upstream` is the server's."""

    upstream: int
    seed: int = 0
    is_calm: bool = False
    slowest: float = 0.12
    dealt: list[str] = field(default_factory=list)  # what befalls the first writes, before chance decides
    counts: Counter = field(default_factory=Counter)
    last_answer: Passed | None = None

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.lock = threading.Lock()
        self.on_the_way = 0
        handler = type("Handler", (_Handler,), {"proxy": self})
        self.server = _Quiet(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_error) -> None:
        self.server.shutdown()
        self.server.server_close()

    def fate(self, command: str, path: str) -> str:
        if self.is_calm or not path.startswith("/api/"):
            return "passed"
        with self.lock:
            if command == "PUT" and self.dealt:
                found = self.dealt.pop(0)
            else:
                found = self.random.choices([name for name, _ in FATES], [share for _, share in FATES])[0]
            self.counts[found] += 1
        return found

    def pause(self) -> float:
        with self.lock:
            return self.random.uniform(0.005, self.slowest)

    def forward(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Passed | None:
        """What the server says, or None where it can't be reached or died over it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(body or None)
            response = connection.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP]
            return Passed(response.status, kept, response.read())
        except (OSError, http.client.HTTPException):
            self.counts["server not there"] += 1
            return None
        finally:
            connection.close()

    def later(self, *request) -> None:
        """The request arrives after those that were sent after it, and nobody waits for its answer."""

        def arrive() -> None:
            time.sleep(self.pause() * 4)
            self.forward(*request)
            with self.lock:
                self.on_the_way -= 1

        with self.lock:
            self.on_the_way += 1
        threading.Thread(target=arrive, daemon=True).start()

    def settle(self) -> None:
        """Wait until nothing is on the way any more."""
        end_at = time.monotonic() + 30
        while self.on_the_way:
            assert time.monotonic() < end_at
            time.sleep(0.01)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_args) -> None:
        """A phone that hung up is what this is about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, *_args) -> None:
        pass

    def do_GET(self) -> None:
        self.pass_on()

    do_PUT = do_POST = do_HEAD = do_GET

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [(name, value) for name, value in self.headers.items() if name.lower() != "connection"]
        request = (self.command, self.path, headers, body)
        answer = self.ill_treated(self.proxy.fate(self.command, self.path), request)
        if answer is None:
            self.hang_up()
        else:
            self.answer(answer)

    def ill_treated(self, fate: str, request) -> Passed | None:
        proxy = self.proxy
        if fate == "dropped requests":
            return None
        if fate == "dropped answers":
            proxy.forward(*request)
            return None
        if fate == "reordered":
            proxy.later(*request)
            return None
        if fate == "portal pages":
            return Passed(200, [("Content-Type", "text/html")], PORTAL)
        if fate == "redirects":
            return Passed(
                302, [("Location", f"http://127.0.0.1:{proxy.port}/help"), ("Content-Type", "text/html")], b""
            )
        if fate == "portal errors":
            return Passed(503, [("Content-Type", "text/html"), ("Retry-After", "9999")], PORTAL)
        if fate == "foreign JSON":
            return Passed(200, [("Content-Type", "application/json")], b'{"ok": true, "status": "online"}')
        if fate == "another's answer" and proxy.last_answer is not None and self.command == "PUT":
            return proxy.last_answer
        if fate == "delayed":
            time.sleep(proxy.pause())
        if fate == "doubled on the way":
            proxy.later(*request)
        answer = proxy.forward(*request)
        if answer is not None and answer.status == 200 and self.command == "PUT":
            proxy.last_answer = answer
        return answer

    def answer(self, answer: Passed) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def hang_up(self) -> None:
        self.close_connection = True
