"""PostgreSQL is restarted, as after a crash, between the scheduler's rounds and in every window of one, and at moments of
its own while it works: each reminder comes once, or is counted as one of which nobody knows."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from diary import db, jobs
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.db import Database
from diary.reminders.models import Delivery, ReminderSettings
from diary.reminders.rules.decide import LEASE
from diary.reminders.rules.message import SAFETY, Outcome
from diary.reminders.worker import WINDOWS, Worker
from tests.faults.conftest import LONG
from tests.safety.flags import MONDAY, raise_flag

PEOPLE = 5
FIRST = MONDAY.replace(hour=20, minute=30)
DAYS, AT_RANDOM = (64, 40) if LONG else (8, 0)
PLACES = ("between", *WINDOWS)


class Ways:
    """Mail that counts what it took, by Message-ID."""

    is_on = True

    def __init__(self) -> None:
        self.took: Counter = Counter()
        self.whom: dict = {}

    def send(self, to, message, _unsubscribe=""):
        self.took[message.id] += 1
        return Outcome("sent")


@pytest.fixture
def world(own_postgres, the_app, monkeypatch, clock_at):
    server, url, cast = own_postgres
    clock_at(MONDAY)
    kept = {name: the_app.extensions[name] for name in ("database", "mail")}
    ways = Ways()
    the_app.extensions |= {"database": Database(url), "mail": ways}
    with the_app.app_context(), db.write() as s:
        for n in range(PEOPLE):
            person = create_person(s, f"p{n}@example.org", f"P {n}", "Europe/London", MONDAY)
            careteam.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, MONDAY)
            s.add(
                ReminderSettings(
                    person_id=person.id, daily=",".join(["20:30"] * 7), by_email=True, checkins=False, commitments=False,
                    ahead=False, wake_at=MONDAY, looked_at=MONDAY, changed_at=MONDAY,
                )
            )  # fmt: skip
    with the_app.app_context():
        raise_flag(cast.alice)
    hook = SimpleNamespace(at=lambda _window: None)
    monkeypatch.setattr(
        jobs, "Worker", partial(Worker, batch=2, threads=1, at=lambda window: hook.at(window))
    )
    yield SimpleNamespace(server=server, ways=ways, hook=hook, app=the_app, clock_at=clock_at)
    the_app.extensions["database"].engine.dispose()
    the_app.extensions |= kept


def tick(world, now) -> bool:
    """The scheduler's part that reminds, as it is shipped; whether the database broke it off."""
    world.clock_at(now)
    with world.app.app_context():
        return "broken_off" in jobs._part(lambda: jobs.remind(world.app))


def judge(world, days: int) -> Counter:
    """Every person's every day against what the mail took."""
    with world.app.app_context(), db.read() as s:
        rows = s.execute(select(Delivery)).scalars().all()
    ours = [row for row in rows if row.kind not in SAFETY]
    flags = [row for row in rows if row.kind in SAFETY and row.state != "skipped"]
    said: Counter = Counter(due=PEOPLE * days, missed=PEOPLE * days - len(ours))
    for row in ours:
        said["came"] += world.ways.took[row.uuid]
        said["doubled"] += world.ways.took[row.uuid] > 1
        said["unknown"] += row.state == "unknown"
        said["unknown_never_came"] += row.state == "unknown" and not world.ways.took[row.uuid]
        said["missed"] += row.state != "unknown" and world.ways.took[row.uuid] == 0
    said["mails_of_flags"] = len(flags)
    said["flags_missed"] = sum(world.ways.took[row.uuid] == 0 for row in flags)
    said["flags_again"] = sum(world.ways.took[row.uuid] > 1 for row in flags)
    return said


@pytest.mark.slow
def test_restarted_in_every_window(world, capsys):
    restarts: Counter = Counter()
    broken = 0
    for day in range(DAYS):
        now, place = FIRST + timedelta(days=day), PLACES[day % len(PLACES)]
        left = [2 - (day + day // len(PLACES)) % 2]

        def restart(here, place=place, left=left):
            if here == place:
                left[0] -= 1
                if left[0] == 0:
                    world.server.restart()
                    restarts[here] += 1

        if place == "between":
            tick(world, now - timedelta(minutes=1))
            left = [1]
            restart(place, left=left)
        world.hook.at = restart
        broken += tick(world, now)
        world.hook.at = lambda _window: None
        assert not tick(world, now + timedelta(minutes=1)), "it works again at the next round"
        tick(world, now + LEASE + timedelta(minutes=1))
        tick(world, now + LEASE * 2 + timedelta(minutes=2))
    said = judge(world, DAYS)
    with capsys.disabled():
        print(
            f"\nPostgreSQL restarted under the worker: {restarts.total()} times {dict(restarts)}, "
            f"{broken} rounds broken off; {dict(said)}"
        )
    assert all(restarts[place] for place in PLACES)
    assert broken >= DAYS // len(PLACES) * 3  # within a transaction nothing else can come of it
    assert said["missed"] == said["doubled"] == said["flags_missed"] == 0
    assert said["came"] + said["unknown_never_came"] == said["due"]
    assert 0 < said["unknown"] < said["due"] / 4
    assert said["mails_of_flags"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="the windows one by one are in every run")
def test_restarted_at_moments_of_its_own(world, capsys):
    dice = random.Random(11)
    done = threading.Event()
    restarts = [0]

    def restart() -> None:
        while not done.is_set() and restarts[0] < AT_RANDOM:
            time.sleep(dice.random() * 0.6)
            world.server.restart()
            restarts[0] += 1

    thread = threading.Thread(target=restart)
    thread.start()
    days = broken = rounds = 0
    while thread.is_alive():
        now = FIRST + timedelta(days=days)
        minute = good = 0
        while good < 5 and minute < 400:  # a minute that is broken off, or longer than a lease
            is_broken = tick(world, now + timedelta(minutes=minute))
            good, broken, rounds = good + (not is_broken), broken + is_broken, rounds + 1
            minute += 1 if is_broken else 7
            time.sleep(0.1 if is_broken else dice.random() * 0.05)
        days += 1
    done.set()
    thread.join()
    for later in (7, 14):
        tick(world, now + timedelta(minutes=minute + later))
    said = judge(world, days)
    with capsys.disabled():
        print(
            f"\nPostgreSQL restarted at random moments: {restarts[0]} times, {rounds} rounds, {broken} broken off; {dict(said)}"
        )
    assert broken > 0
    assert said["missed"] == said["doubled"] == said["flags_missed"] == 0
