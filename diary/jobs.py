"""The scheduler process: one BlockingScheduler in UTC, work claimed from the database."""

import signal
from datetime import date, datetime, time
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask, current_app

from diary import db
from diary.accounts import actions
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.lib import clock
from diary.lib.log import log
from diary.review import actions as review

TICK_SECONDS = 60
MORNING = time(6)


def tick(app: Flask) -> dict[str, int]:
    """One round of everything that is due; says how many rows each kind of work touched."""
    with app.app_context():
        with db.write() as s:
            ended = actions.end_dead_sessions(s, clock.now())
        done = {"sessions_ended": ended, "diaries_with_a_rule_met": look_at_days(clock.now())}
        if any(done.values()):
            log.info("tick", **done)
        return done


def look_at_days(now: datetime) -> int:
    """Each person's days once a morning of their own, in turns of their own; how many meet a safety rule.

    What was looked at is known to this process only: looking twice opens nothing twice.
    """
    looked: dict[int, date] = current_app.extensions.setdefault("looked_at_days", {})
    with db.read() as s:
        people = careteam.patients_with_zone(s)
    met = 0
    for person, zone in people:
        there = clock.local(now, zone)
        if there.time() < MORNING or looked.get(person) == there.date():
            continue
        today = clock.diary_day(now, zone)
        with db.read() as s:
            is_met = review.is_anything_met(s, access.OPERATOR, person, today)
        if is_met:
            with db.write() as s:
                review.look_at_days(s, access.OPERATOR, person, today, now)
        met += is_met
        looked[person] = there.date()
    return met


def run(app: Flask) -> None:
    """Tick every minute until SIGTERM or Ctrl-C."""
    scheduler = BlockingScheduler(timezone="UTC")
    scheduler.add_job(tick, "interval", seconds=TICK_SECONDS, args=[app], coalesce=True, max_instances=1)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduler.start()
