"""Reminders: the real engine with a sender that does nothing, against plain claims and against one APScheduler job each."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from alembic import command
from flask import Flask
from sqlalchemy import case, func, select

from diary import create_app, db
from diary.accounts.models import Person
from diary.careteam import actions as careteam
from diary.careteam.models import Membership
from diary.careteam.rules import Role
from diary.cli.database import alembic_config
from diary.lib import clock, sealing
from diary.reminders.models import Delivery, ReminderSettings
from diary.reminders.rules.message import EMAIL, Outcome
from diary.reminders.rules.wishes import Chosen, hm
from diary.reminders.worker import BATCH, Worker
from tests.bench import limits_reminders as limits
from tests.bench import product
from tests.bench.measure import ROUNDS, Line, again_when_void, median, ratio, steady
from tests.bench.sink import Sink, sender_to
from tests.postgres import AS_POSTGRES, binaries
from tests.postgres import run as as_postgres

TITLE = "Reminders: claim, send to nowhere, store; 2,000 due, batches of 50"
DUE, MANY, FEW, ON_POSTGRES, WORKERS = 2000, 100_000, 100, 4000, 4
TICKS = 20
FIRST = datetime(2026, 11, 2, 20, 30, tzinfo=UTC)  # a Monday; London is on UTC
DAY, LEASE_OVER, TICK_SECONDS = timedelta(days=1), timedelta(minutes=6), 60
RATES = {"reminders_over_one_job_each": ">= 10", "reminders_over_claims": ">= 0.35"}
AT_ONCE = {"reminders_postgresql_4_workers_over_1": ">= 1.3"}
IDLE = {"reminders_idle_tick_100000_over_100": "<= 1.5"}
MEMORY = {"reminders_memory_100000_over_2000": "<= 1.2"}
# Not of performance.md: a minute is what a scheduler that ticks each minute promises anyway.
LATE = {"reminders_100000_due_late_p50_s": "<= 30", "reminders_100000_due_late_p99_s": "<= 60"}
WRONG = "reminders_claimed_twice_or_lost"
_person, _membership = Person.__table__, Membership.__table__
_settings, _delivery = ReminderSettings.__table__, Delivery.__table__
_apart = get_context("spawn")


def run() -> Iterator[Line]:
    with product.folder() as place:
        evenings = Evenings.of(product.environ(place / "some"), DUE)
        evenings.go()  # statements are compiled once
        yield from again_when_void(lambda: rates(place, evenings), RATES)
        few = Evenings.of(product.environ(place / "few"), FEW)
        many = Evenings.of(product.environ(place / "many"), MANY)
        yield from again_when_void(lambda: idle(few.app, many.app), IDLE)
        yield from crowd(evenings, many)
        wrong = evenings.wrong() + many.wrong()
        for one in (evenings, few, many):
            one.dispose()
        with postgres() as url:
            if url is None:
                yield from (
                    Line(name, None, goal, "not measured: no server") for name, goal in AT_ONCE.items()
                )
            else:
                fleet = Fleet(product.environ(place / "pg") | {"DATABASE_URL": url})
                yield from again_when_void(lambda: at_once(fleet), AT_ONCE)
                wrong += fleet.evenings.wrong() + fleet.killed()
                fleet.end()
    yield Line(WRONG, wrong, "<= 0")


# People and evenings ------------------------------------------------------------------------------


def with_people(values: dict[str, str], number: int) -> Flask:
    """The app on a new database with so many patients of one clinic who wish the usual: the day at 20:30, by mail."""
    Path(values["DATA_DIR"]).mkdir(exist_ok=True)
    command.upgrade(alembic_config(values["DATABASE_URL"]), "head")
    app = create_app(values)
    usual = Chosen(by_email=True)
    wishes = {
        "daily": ",".join(map(hm, usual.daily)), "checkins": True, "ahead": True, "commitments": True,
        "by_email": True, "by_push": False, "email_instead": False, "quiet_from": hm(usual.quiet[0]),
        "quiet_until": hm(usual.quiet[1]), "wake_at": FIRST, "looked_at": FIRST - DAY / 2, "changed_at": FIRST - DAY,
    }  # fmt: skip
    with app.app_context(), db.write() as s:
        clinic = careteam.clinic_named(s, "Bench", clock.now()).id
        s.flush()
        for first in range(1000, 1000 + number, 1000):
            ids = range(first, min(first + 1000, 1000 + number))
            s.execute(_person.insert(), [person(n) for n in ids])
            s.execute(
                _membership.insert(),
                [{"clinic_id": clinic, "person_id": n, "role": Role.PATIENT, "began_at": FIRST - DAY} for n in ids],
            )  # fmt: skip
            s.execute(_settings.insert(), [{"person_id": n, "uuid": uuid4(), **wishes} for n in ids])
    return app


def person(number: int) -> dict[str, object]:
    uuid = uuid4()
    return {
        "id": number, "uuid": uuid, "email_index": number.to_bytes(32, "big"), "zone": product.ZONE,
        "email_sealed": sealing.seal("person", uuid.hex, "email", f"p{number}@bench.example"), "name_sealed": b"",
        "created_at": FIRST - DAY,
    }  # fmt: skip


@dataclass
class Evenings:
    """One evening after another in one database: everybody is due at half past eight."""

    values: dict[str, str]
    app: Flask
    people: int
    gone: int = 0

    @classmethod
    def of(cls, values: dict[str, str], people: int) -> "Evenings":
        return cls(values, with_people(values, people), people)

    def dispose(self) -> None:
        with self.app.app_context():
            db.engine().dispose()

    @property
    def moment(self) -> datetime:
        return FIRST + self.gone * DAY

    def go(self) -> float:
        """Reminders in a second, by one worker in this process that sends to nowhere."""
        with self.app.app_context():
            worker = Worker({EMAIL: to_nowhere}, now=lambda: self.moment, batch=BATCH)
            began = time.perf_counter()
            counts = worker.round()
            took = time.perf_counter() - began
        assert counts["sent"] == self.people, counts
        self.gone += 1
        return self.people / took

    def wrong(self) -> int:
        """How many reminders of all evenings were claimed twice, or never came."""
        with self.app.app_context(), db.read() as s:
            rows, tried, sent = s.execute(
                select(func.count(), func.sum(_delivery.c.attempts), func.sum(case((_delivery.c.state == "sent", 1), else_=0)))
            ).one()  # fmt: skip
            each = s.execute(
                select(func.count()).select_from(
                    select(_delivery.c.person_id, _delivery.c.day).distinct().subquery()
                )
            ).scalar_one()
        twice, lost = max(rows, tried) - each, self.gone * self.people - sent
        print(f"  {sent} sent of {self.gone * self.people} due, {twice} twice, {lost} lost", flush=True)
        return twice + lost


def to_nowhere(_parcel, _phone) -> Outcome:
    return Outcome("sent")


# The parts ----------------------------------------------------------------------------------------


def rates(place: Path, evenings: Evenings) -> Iterator[Line]:
    programs = {
        "claims": lambda: limits.claims(place / "claims.db", DUE, BATCH),
        "one job each": lambda: limits.jobs(place / "jobs.db", DUE),
        "product": evenings.go,
    }
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            found[name].append(program())
    print("  " + ", ".join(f"{name} {median(each):,.0f}/s" for name, each in found.items()), flush=True)
    steady(found["claims"])
    steady(found["one job each"])
    for (name, goal), limit in zip(RATES.items(), ("one job each", "claims"), strict=True):
        yield Line(name, ratio(found["product"], found[limit]), goal)


def idle(few: Flask, many: Flask) -> Iterator[Line]:
    """A round at noon, when nobody is due, over few people and over many."""
    found: dict[str, list[float]] = {"few": [], "many": []}
    for app in (few, many):
        ticks(app)
    for _ in range(ROUNDS):
        found["few"].append(median(ticks(few)))
        found["many"].append(median(ticks(many)))
    print("  " + ", ".join(f"{name} {median(each) * 1e3:.2f} ms" for name, each in found.items()), flush=True)
    steady(found["few"])
    for name, goal in IDLE.items():
        yield Line(name, ratio(found["many"], found["few"]), goal)


def ticks(app: Flask) -> list[float]:
    took = []
    with app.app_context():
        for _ in range(TICKS):
            worker = Worker({}, now=lambda: FIRST - DAY / 4)
            began = time.perf_counter()
            counts = worker.round()
            took.append(time.perf_counter() - began)
            assert not counts["looked_at"]
    return took


def crowd(few: Evenings, many: Evenings) -> Iterator[Line]:
    """Everybody of one zone at once, by a worker in a process of its own that sends to the loopback device."""
    with Sink() as sink:
        _, small = apart(few, sink)
        late, large = apart(many, sink)
    p50, p99 = (late[int(len(late) * part)] for part in (0.50, 0.99))
    print(
        f"  {small / 1024:.0f} MB and {large / 1024:.0f} MB; late p50 {p50:.1f} s, p99 {p99:.1f} s",
        flush=True,
    )
    values = (large / small, p50, p99)
    for (name, goal), value in zip((MEMORY | LATE).items(), values, strict=True):
        yield Line(name, value, goal)


def apart(evenings: Evenings, sink: Sink) -> tuple[list[float], int]:
    """How late each came in seconds, and the most memory that the worker's process had, in KiB."""
    pipe, theirs = _apart.Pipe()
    given = (theirs, evenings.values, evenings.moment, evenings.people, sink.port)
    process = _apart.Process(target=_whole_evening, args=given)
    process.start()
    theirs.close()  # or its death would not be noticed
    began, most = pipe.recv()
    process.join()
    evenings.gone += 1
    taken = [at - began for at in sink.taken()]
    assert len(taken) == evenings.people, f"{len(taken)} came of {evenings.people}"
    return taken, most


def _whole_evening(
    pipe: Connection, values: dict[str, str], moment: datetime, people: int, port: int
) -> None:
    """A round a minute, as the scheduler makes them, until everybody has theirs."""
    app = create_app(values)
    began, sent, minutes = time.monotonic(), 0, 0
    with app.app_context():
        now = lambda: moment + timedelta(seconds=time.monotonic() - began)  # noqa: E731  the clock
        worker = Worker({EMAIL: sender_to(port)}, now=now, batch=BATCH)
        while sent < people:
            time.sleep(max(0.0, began + minutes * TICK_SECONDS - time.monotonic()))
            sent += worker.round()["sent"]
            minutes += 1
    status = Path("/proc/self/status").read_text()
    pipe.send((began, int(status.split("VmHWM:")[1].split()[0])))


# PostgreSQL ---------------------------------------------------------------------------------------


@contextmanager
def postgres() -> Iterator[str | None]:
    """The address of a server that waits for its disk, or None where none is installed."""
    try:
        place = binaries()
    except RuntimeError:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="neap-pg-bench")
    if AS_POSTGRES:
        shutil.chown(folder, "postgres", "postgres")
    as_postgres(
        place / "initdb",
        "-D",
        f"{folder}/data",
        "-U",
        "neap",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    )
    control = (place / "pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log")
    as_postgres(*control, "-o", f"-c listen_addresses= -k {folder} -c fsync=on", "start")
    try:
        yield f"postgresql+psycopg://neap@/postgres?host={folder}"
    finally:
        as_postgres(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


class Fleet:
    """Some workers, each a process that is kept, over one database."""

    def __init__(self, values: dict[str, str]) -> None:
        self.evenings = Evenings.of(values, ON_POSTGRES)
        self.pipes, self.processes = [], []
        for _ in range(WORKERS):
            ours, theirs = _apart.Pipe()
            process = _apart.Process(target=_evening_after_evening, args=(theirs, values), daemon=True)
            process.start()
            theirs.close()
            assert ours.recv() == "ready"
            self.pipes.append(ours)
            self.processes.append(process)
        self.go(WORKERS)  # statements are compiled once in each

    def go(self, workers: int) -> float:
        began = time.perf_counter()
        for pipe in self.pipes[:workers]:
            pipe.send(self.evenings.moment)
        sent = sum(pipe.recv() for pipe in self.pipes[:workers])
        took = time.perf_counter() - began
        assert sent == self.evenings.people, sent
        self.evenings.gone += 1
        return sent / took

    def killed(self) -> int:
        """An evening on which one of the workers is killed; how many were claimed twice or lost. Of those that it was
        sending nobody knows: they are counted, and not sent again."""
        moment, evenings = self.evenings.moment, self.evenings
        for pipe in self.pipes:
            pipe.send(moment)
        time.sleep(0.2)
        os.kill(self.processes[0].pid, signal.SIGKILL)
        for pipe in self.pipes[1:]:
            pipe.recv()
        self.pipes[1].send(moment + LEASE_OVER)
        self.pipes[1].recv()
        with evenings.app.app_context(), db.read() as s:
            rows = s.execute(
                select(_delivery.c.person_id, _delivery.c.state, _delivery.c.attempts).where(
                    _delivery.c.day == moment.date()
                )
            ).all()
        people = {row.person_id for row in rows if row.state in ("sent", "unknown")}
        unknown = sum(row.state == "unknown" for row in rows)
        twice, lost = sum(row.attempts for row in rows) - len(people), evenings.people - len(people)
        print(f"  a worker killed: {unknown} unknown, {twice} twice, {lost} lost", flush=True)
        return twice + lost

    def end(self) -> None:
        for pipe, process in zip(self.pipes[1:], self.processes[1:], strict=True):
            pipe.send(None)
            process.join(10)
        self.evenings.dispose()


def _evening_after_evening(pipe: Connection, values: dict[str, str]) -> None:
    app = create_app(values)
    pipe.send("ready")
    with app.app_context():
        while (moment := pipe.recv()) is not None:
            worker = Worker({EMAIL: to_nowhere}, now=lambda moment=moment: moment, batch=BATCH)
            pipe.send(worker.round()["sent"])


def at_once(fleet: Fleet) -> Iterator[Line]:
    found: dict[int, list[float]] = {1: [], WORKERS: []}
    for _ in range(ROUNDS):
        for workers, rates_ in found.items():
            rates_.append(fleet.go(workers))
    print(
        "  PostgreSQL: " + ", ".join(f"{n} at work {median(each):,.0f}/s" for n, each in found.items()),
        flush=True,
    )
    steady(found[1])
    for name, goal in AT_ONCE.items():
        yield Line(name, ratio(found[WORKERS], found[1]), goal)
