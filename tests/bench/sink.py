"""What takes reminders on the loopback device, in a process of its own: says when each came."""

import socket
import socketserver
import threading
import time
from array import array
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

from diary.reminders.rules.message import Outcome

TAKEN = b"+"


class Sink:
    """Started and ended by `with`; `port` takes a line for each reminder and answers each."""

    def __enter__(self) -> "Sink":
        apart = get_context("spawn")
        self._pipe, theirs = apart.Pipe()
        self._process = apart.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._pipe.send("end")
        self._process.join(10)

    def taken(self) -> list[float]:
        """The moments of the machine's steady clock at which reminders came since this was last asked."""
        self._pipe.send("taken")
        return sorted(self._pipe.recv())


def _serve(pipe: Connection) -> None:
    moments = array("d")

    class Taker(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _line in self.rfile:
                moments.append(time.monotonic())
                self.request.sendall(TAKEN)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Taker) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pipe.send(server.server_address[1])
        while pipe.recv() == "taken":
            pipe.send(list(moments))
            del moments[:]
        server.shutdown()


def sender_to(port: int) -> Callable[..., Outcome]:
    """Hands a reminder over in words and waits until it is taken; one connection a thread, kept."""
    kept = threading.local()

    def send(parcel, _phone) -> Outcome:
        if not hasattr(kept, "socket"):
            kept.socket = socket.create_connection(("127.0.0.1", port))
            kept.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        message = parcel.message
        kept.socket.sendall(f"{parcel.to} {message.id} {message.title} {message.body}\n".encode())
        return Outcome("sent") if kept.socket.recv(1) == TAKEN else Outcome("unknown")

    return send
