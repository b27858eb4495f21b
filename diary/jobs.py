"""The scheduler process: one BlockingScheduler in UTC, work claimed from the database."""

import signal
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from diary import db
from diary.accounts import actions
from diary.lib import clock
from diary.lib.log import log

TICK_SECONDS = 60


def tick(app: Flask) -> dict[str, int]:
    """One round of everything that is due; says how many rows each kind of work touched."""
    with app.app_context():
        with db.write() as s:
            ended = actions.end_dead_sessions(s, clock.now())
        done = {"sessions_ended": ended}
        if any(done.values()):
            log.info("tick", **done)
        return done


def run(app: Flask) -> None:
    """Tick every minute until SIGTERM or Ctrl-C."""
    scheduler = BlockingScheduler(timezone="UTC")
    scheduler.add_job(tick, "interval", seconds=TICK_SECONDS, args=[app], coalesce=True, max_instances=1)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduler.start()
