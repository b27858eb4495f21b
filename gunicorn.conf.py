"""How Neap is served: the same settings for `make run`, a deployment, the tests and the benches."""

import os
import threading

from gunicorn import glogging

from diary.config import load
from diary.lib.log import without_keys

port = os.environ.get("PORT") or "8000"
bind = os.environ.get("BIND") or f"127.0.0.1:{port}"

# SQLite has one writer: its requests wait in one line inside one process, not in the database's sleeping
# busy handler. PostgreSQL takes several.
is_sqlite = load().database_url.startswith("sqlite")
worker_class = "gthread"
workers = 1 if is_sqlite else 2
threads = 8 if is_sqlite else 4

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


def post_worker_init(worker):
    """The first report of a worker would pay for imports and fonts: that is paid while it waits for one."""
    from diary.lib import pdf

    threading.Thread(target=pdf.warm, daemon=True).start()
