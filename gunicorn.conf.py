"""How Neap is served: the same settings for `make run`, a deployment, the tests and the benches."""

import errno
import os
import threading
import time

from gunicorn import glogging
from gunicorn.workers.gthread import ThreadWorker

from diary.config import load
from diary.lib.log import without_keys

port = os.environ.get("PORT") or "8000"
bind = os.environ.get("BIND") or f"127.0.0.1:{port}"

# SQLite has one writer: its requests wait in one line inside one process, not in the database's sleeping
# busy handler. PostgreSQL takes several.
is_sqlite = load().database_url.startswith("sqlite")
workers = 1 if is_sqlite else 2
threads = 8 if is_sqlite else 4
preload_app = not is_sqlite  # the program is read once for all of them; no connection is open by then

# A request has so long to arrive, headers and body, and a client so long to take each part of the answer: whoever is
# slower would hold a thread. 4 MB, the most there is, need 140 kB a second; a day's form needs 100 bytes.
PATIENCE_SECONDS = 30

keepalive = 30
graceful_timeout = 10
control_socket_disable = True  # it would lie in the home directory, which may be read-only or absent
proc_name = "neap"
loglevel = os.environ.get("LOG_LEVEL", "warning").replace("critical", "error")


class Logger(glogging.Logger):
    """Keeps links that are keys out of every line, of an access log too, whoever switches that on."""

    def atoms(self, *about):
        found = super().atoms(*about)
        return {
            name: without_keys(value) if isinstance(value, str) else value for name, value in found.items()
        }

    def exception(self, message, *args, **more):
        super().exception(message, *(without_keys(str(one)) for one in args), **more)


logger_class = Logger


class Timed:
    """A connection that is cut when its time for a request is over."""

    def __init__(self, sock):
        self._sock = sock
        self.begin()

    def begin(self):
        self._ends_at = time.monotonic() + PATIENCE_SECONDS

    def recv(self, *what):
        left = self._ends_at - time.monotonic()
        return self._in_time(left, self._sock.recv, *what)

    def sendall(self, data):
        return self._in_time(PATIENCE_SECONDS, self._sock.sendall, data)

    def _in_time(self, seconds, act, *what):
        try:
            self._sock.settimeout(max(seconds, 0.001))
            return act(*what)
        except TimeoutError:
            # As if the client had gone: gunicorn says nothing aloud, and what reads the body answers 400.
            raise ConnectionResetError(errno.ECONNRESET, "too slow") from None
        finally:
            self._sock.settimeout(None)

    def __getattr__(self, name):
        return getattr(self._sock, name)


class Worker(ThreadWorker):
    """Threads that wait for no client for ever."""

    def handle(self, conn):
        if isinstance(conn.sock, Timed):
            conn.sock.begin()
        else:
            conn.sock = Timed(conn.sock)
        return super().handle(conn)


worker_class = Worker


def post_worker_init(worker):
    """The first report of a worker would pay for imports and fonts: that is paid while it waits for one."""
    if os.environ.get("WARM_REPORTS") == "no":
        return
    from diary.lib import pdf

    threading.Thread(target=pdf.warm, daemon=True).start()
