"""The scheduler process: one BlockingScheduler in UTC, work claimed from the database."""

import signal
from collections.abc import Callable
from datetime import date, datetime, time
from types import FrameType

import requests
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask, current_app

from diary import db
from diary.accounts import actions
from diary.accounts.worker import send_mails
from diary.audit import worker as audit
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.copies.worker import make_copies
from diary.lib import clock
from diary.lib.log import failure, log
from diary.records import worker as records
from diary.reminders.worker import Worker, ways_of
from diary.review import actions as review

TICK_SECONDS = 60
WAITED_FOR_SECONDS = 5  # what somebody looks at a page for
SECONDS = 10
MORNING = time(6)


def tick(app: Flask) -> dict[str, int]:
    """One round of everything that is due; says how many rows each kind of work touched."""
    with app.app_context():
        done: dict[str, int] = {}
        done |= _part(lambda: {"sessions_ended": _end_sessions()})
        done |= _part(lambda: {"diaries_with_a_rule_met": look_at_days(clock.now())})
        done |= _part(lambda: remind(app))
        done |= _part(lambda: records.sweep(clock.now()))
        done |= _part(lambda: records.keep_time(clock.now(), app.extensions["mail"].is_on))
        done |= _part(lambda: audit.round(clock.now()))
        done |= _part(lambda: send_account_mails(app))
        if any(done.values()):
            log.info("tick", **done)
        beat(app, done)
        return done


def tick_waited_for(app: Flask) -> dict[str, int]:
    """One round of what somebody waits for: their own copies; one statement where nobody does."""
    with app.app_context():
        done = _part(lambda: {f"copies_{name}": number for name, number in sorted(make_copies().items())})
        if any(done.values()):
            log.info("tick", **done)
        return done


def beat(app: Flask, done: dict[str, int]) -> None:
    """Tell whoever listens for silence that a round was made, whole; it takes the address alone, and no redirect."""
    url = app.config["SETTINGS"].heartbeat_url
    if not url or "broken_off" in done:
        return
    try:
        requests.get(url, timeout=SECONDS, allow_redirects=False).close()
    except requests.RequestException:
        log.warning("heartbeat_failed")


def _part(work: Callable[[], dict[str, int]]) -> dict[str, int]:
    """One kind of work; when it breaks, or the database is busy, the others and the next round still come."""
    try:
        return work()
    except Exception as error:
        failure(error)
        return {"broken_off": 1}


def _end_sessions() -> int:
    with db.write() as s:
        return actions.end_dead_sessions(s, clock.now())


def send_account_mails(app: Flask) -> dict[str, int]:
    """What became of mails about accounts in one round; nothing is said of a round without any."""
    mail = app.extensions["mail"]
    counts = send_mails(lambda to, letter: mail.send(to, letter, ""))
    return {f"account_mails_{name}": number for name, number in sorted(counts.items()) if number}


def remind(app: Flask) -> dict[str, int]:
    """What was claimed, sent, skipped (why) and failed of reminders in one round."""
    counts = Worker(ways_of(app.extensions)).round()
    always = dict.fromkeys(("claimed", "sent"), 0)
    return {f"reminders_{name}": number for name, number in (always | +counts).items()}


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


def say_what_is_off(app: Flask) -> None:
    """A way out that the environment does not set up is no fault, but nobody should have to wonder."""
    for way, variable in (("mail", "SMTP_URL"), ("push", "VAPID_PRIVATE_KEY")):
        if not app.extensions[way].is_on:
            log.warning("off", way=way, until_set=variable)


def run(app: Flask) -> None:
    """Tick every minute, and every few seconds for whoever waits, until SIGTERM or Ctrl-C."""
    say_what_is_off(app)
    scheduler = BlockingScheduler(timezone="UTC")
    for work, seconds in ((tick, TICK_SECONDS), (tick_waited_for, WAITED_FOR_SECONDS)):
        scheduler.add_job(work, "interval", seconds=seconds, args=[app], coalesce=True, max_instances=1)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduler.start()
