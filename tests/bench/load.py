"""A closed loop of keep-alive HTTP requests: each of so many connections sends the next when it is answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """What one round showed; times in milliseconds, rate in answers a second."""

    rate: float
    p50: float
    p99: float
    count: int
    bad: int


@dataclass
class _Round:
    request: Callable[[int], bytes]
    is_good: Callable[[bytes], bool]
    end_at: float
    sent: int = 0
    bad: int = 0
    took: list[float] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    def __init__(self, now: _Round, closed: asyncio.Future):
        self.now, self.closed = now, closed
        self.buffer = b""
        self.is_waiting = False

    def connection_made(self, transport) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        if time.perf_counter() >= self.now.end_at:
            self.is_waiting = False
            self.transport.close()
            return
        body = self.now.request(self.now.sent)
        self.now.sent += 1
        self.is_waiting = True
        self.began = time.perf_counter()
        self.transport.write(body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        split = self.buffer.find(b"\r\n\r\n")
        if split < 0:
            return
        head = self.buffer[:split].lower()
        if len(self.buffer) < split + 4 + _length(head):
            return
        self.now.took.append(time.perf_counter() - self.began)
        self.now.bad += not self.now.is_good(head)
        self.buffer = b""
        self._send()

    def connection_lost(self, _error) -> None:
        self.now.bad += self.is_waiting  # cut off before the answer was whole
        if not self.closed.done():
            self.closed.set_result(None)


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def is_ok(head: bytes) -> bool:
    """200, or a redirect to anywhere but the sign-in page."""
    return head[9:12] == b"200" or (head[9:12] == b"303" and b"/sign-in" not in head)


def load(port: int, request: Callable[[int], bytes], concurrency: int, seconds: float, is_good=is_ok) -> Run:
    """Send request(0), request(1) ... for so many seconds; the client's own CPU is about 40 us a request."""
    return asyncio.run(_load(port, request, concurrency, seconds, is_good))


async def _load(port, request, concurrency, seconds, is_good) -> Run:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    now = _Round(request, is_good, began + seconds)
    closed = [loop.create_future() for _ in range(concurrency)]
    for future in closed:
        await loop.create_connection(lambda future=future: _Connection(now, future), "127.0.0.1", port)
    _done, late = await asyncio.wait(closed, timeout=seconds + 30)
    took = sorted(now.took)
    lasted = time.perf_counter() - began
    return Run(len(took) / lasted, at(took, 0.5), at(took, 0.99), len(took), now.bad + len(late))


def at(ordered: list[float], share: float) -> float:
    """The value below which that share lies, in milliseconds."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")
