"""Rounds of making copies in real processes, each at a moment that is told, which die by SIGKILL where told.

`python -m tests.faults.copying`, the app's environment given. One line of JSON in is a list of rounds that run at once,
`[moment, window, nth]` each (no window: to the end); a line of JSON out says the signal or exit code of each. The app is
made once and forked before it has a database connection, so that a process costs little.
"""

import itertools
import json
import os
import signal
import sys
from datetime import datetime

from tests.conftest import ENVIRON  # noqa: F401  sets the level of the log first

from diary import create_app  # isort: skip
from diary.copies.worker import make_copies


def main() -> None:
    app = create_app(dict(os.environ))
    for line in sys.stdin:
        children = [start(app, *one) for one in json.loads(line)]
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(ends), flush=True)


def start(app, moment: str, window: str, nth: int) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        a_round(app, datetime.fromisoformat(moment), window, nth)
        code = 0
    finally:
        os._exit(code)


def a_round(app, now: datetime, window: str, nth: int) -> None:
    times = itertools.count(1)

    def die(where: str) -> None:
        if where == window and next(times) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        make_copies(lambda: now, die)


if __name__ == "__main__":
    main()
