"""The proxy that a deployment has in front of Neap: compresses what is text, and here counts what goes over the wire.

It serves the limit pages too, by the same code and with the same compression, so that only the pages differ.
"""

import gzip
import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})
PORTAL = b"<!doctype html><title>Hotel</title><h1>Please sign in to the wireless network</h1>"
A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Sent:
    """One answer: its path, its bytes with and without the head, and whether the worker asked for it."""

    path: str
    whole: int
    body: int
    by_worker: bool


@dataclass
class Proxy:
    """Where it stands and what it has sent; `is_portal` answers everything with a stranger's page."""

    port: int = 0
    sent: list[Sent] = field(default_factory=list)
    is_portal: bool = False

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def taken(self) -> list[Sent]:
        """What was sent since the last call."""
        found, self.sent = self.sent, []
        return found


@contextmanager
def serving(upstream: int | None, pages: Mapping[str, tuple[str, bytes, str]]) -> Iterator[Proxy]:
    """In front of a port of this machine, or with `pages` alone: (type, body, how long it may be kept) by path."""
    proxy = Proxy()
    handler = type("Handler", (_Handler,), {"proxy": proxy, "upstream": upstream, "pages": pages})
    with _Server(("127.0.0.1", 0), handler) as server:
        proxy.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield proxy
        server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address) -> None:
        """A browser that closes a connection is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy
    upstream: int | None
    pages: Mapping[str, tuple[str, bytes, str]]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.split("?", 1)[0]
        if self.proxy.is_portal:
            self._answer(path, 200, [("Content-Type", "text/html")], PORTAL)
        elif path in self.pages:
            kind, body, kept = self.pages[path]
            self._answer(path, 200, [("Content-Type", kind), ("Cache-Control", kept)], body)
        elif self.upstream:
            self._pass_on(path)
        else:
            self._answer(path, 404, [], b"")

    do_PUT = do_POST = do_GET

    def _pass_on(self, path: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            response = connection.getresponse()
            heads = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP]
            self._answer(path, response.status, heads, response.read())
        finally:
            connection.close()

    def _answer(self, path: str, status: int, heads: list[tuple[str, str]], body: bytes) -> None:
        kind = next((value for name, value in heads if name.lower() == "content-type"), "")
        if body and kind.startswith(TEXT) and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 9)
            heads = [*heads, ("Content-Encoding", "gzip")]
        lines = [f"HTTP/1.1 {status} {self.responses[status][0]}"]
        lines += [f"{name}: {value}" for name, value in (*heads, ("Content-Length", str(len(body))))]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        by_worker = self.headers.get("Referer", "").endswith("/sw.js") or "Service-Worker" in self.headers
        self.proxy.sent.append(Sent(path, len(head) + len(body), len(body), by_worker))
        self.wfile.write(head + body)
