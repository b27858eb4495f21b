"""Rounds of the reminders' engine in real processes, each at a moment that is told, which die by SIGKILL where told.

`python -m tests.faults.scheduler`, the app's environment given. One line of JSON in is a list of rounds that run at once,
`[moment, window, nth]` each (no window: to the end); a line of JSON out says the signal or exit code of each. The app is
made once and forked, so that a process costs little; each has a database connection, mail and push of its own.
"""

import itertools
import json
import os
import signal
import sys
from datetime import datetime

from tests.conftest import ENVIRON  # noqa: F401  sets the level of the log first

from diary import create_app  # isort: skip
from diary.lib import clock
from diary.reminders import worker as engine
from diary.reminders.actions import claim, deliver
from diary.reminders.worker import Worker, ways_of


def sabotage(name: str) -> None:
    """What the judge has to find out: two engines that are wrong."""
    if name == "sent_before_sending":
        whole = engine.claim

        def hasty(s, now, most):
            claimed = whole(s, now, most)
            for parcel in claimed.parcels:
                found = deliver.Result(parcel, ((None, engine.Outcome("sent")),))
                deliver.settle(s, now, [found], 0.0)
            return claimed

        engine.claim = hasty
    elif name == "sends_again":
        claim.SENT_AGAIN = frozenset({*claim.SENT_AGAIN, "daily_log"})


def main() -> None:
    app = create_app(dict(os.environ))
    # A whole round before the first fork, or each process would compile templates and statements anew. No connection of
    # it is left: each process makes its own.
    a_round(app, datetime.fromisoformat(sys.argv[1]), "", 0)
    app.extensions["database"].engine.dispose()
    sabotage(os.environ.get("SABOTAGE", ""))
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
    """One round; from the nth time that the window is reached there is no process any more."""
    times = itertools.count(1)

    def die(where: str) -> None:
        if where == window and next(times) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    clock.now = lambda: now
    with app.app_context():
        Worker(ways_of(app.extensions), now=lambda: now, batch=3, threads=2, at=die).round()


if __name__ == "__main__":
    main()
