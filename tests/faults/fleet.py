"""Phones as threads: each records days of its own and sends them through a proxy until all are acknowledged."""

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from diary.accounts.actions import create_person
from diary.careteam import actions
from diary.careteam.rules import Role
from diary.db import Database
from tests import people
from tests.faults import oracle
from tests.faults.outbox import Entry, Outbox, some_fields
from tests.people import Someone
from tests.serving import Client, Server

OFFSETS = (0.0, 0.0, 0.05, -0.1, -7.0, 3.0, 24 * 400.0)  # hours by which a phone's clock is off
HEADERS = {"Content-Type": "application/json", "Neap-Client": "1"}


def more_patients(app, url: str, passphrase_hash: str, number: int) -> list[Someone]:
    """Patients beside the cast."""
    database, found = Database(url), []
    with app.app_context(), database.writing() as s:
        clinic = actions.clinic_named(s, "Harbour Pain Clinic", people.LONG_AGO)
        for n in range(number):
            email = f"patient{n}@example.org"
            person = create_person(s, email, f"Patient {n}", "Europe/London", people.LONG_AGO, "1980-01-01")
            person.passphrase_hash = passphrase_hash
            actions.add_member(s, clinic.id, person.id, Role.PATIENT, people.LONG_AGO)
            found.append(Someone(person.id, person.uuid, email, f"Patient {n}", "patient", clinic.id))
    database.engine.dispose()
    return found


class Phone(threading.Thread):
    """One phone; `kind` is the outbox that it runs, the shipped rules or one that is sabotaged."""

    def __init__(
        self, person: Someone, server_port: int, proxy_port: int, seed: int, writes: int, kind=Outbox
    ):
        super().__init__(daemon=True)
        self.person, self.writes, self.random = person, writes, random.Random(seed)
        off = timedelta(hours=self.random.choice(OFFSETS))
        self.outbox = kind(
            person.uuid,
            f"Phone {seed}",
            lambda: datetime.now(UTC) + off,
            time.monotonic,
            self.random,
            pace=0.01,
        )
        self.client = Client(server_port).sign_in(person.email, people.PASSPHRASE)
        self.client.close()
        self.client.port, self.client.timeout = proxy_port, 15
        self.headers = {**HEADERS, "Origin": f"http://127.0.0.1:{proxy_port}"}
        self.recorded: list[UUID] = []
        self.bodies: dict[UUID, dict] = {}
        self.became: Counter = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while len(self.recorded) < self.writes or self.outbox.waiting:
                if len(self.recorded) < self.writes and (
                    self.random.random() < 0.6 or not self.outbox.waiting
                ):
                    self.record()
                for _ in range(self.random.choice((0, 1, 1, 3))):
                    self.flush_one()
                if self.random.random() < 0.1:
                    self.fetch()
                time.sleep(0.001 if self.outbox.next_entry() else 0.005)
        except BaseException as error:
            self.failure = error

    def record(self) -> None:
        day = self.outbox.today() - timedelta(days=self.random.randrange(6))
        entry = self.outbox.record(day, some_fields(self.random))
        self.recorded.append(entry.id)
        self.bodies[entry.id] = dict(entry.body)

    def flush_one(self) -> None:
        entry = self.outbox.next_entry()
        for _ in range(4):
            if entry is None or self.send(entry) != "again":
                return

    def send(self, entry: Entry) -> str:
        data = json.dumps(self.outbox.request(entry))
        try:
            answer = self.client._send("PUT", f"/api/v1/sync/{entry.id}", data, self.headers)
        except ConnectionError:
            self.outbox.no_answer(entry)
            return "waits"
        became = self.outbox.answered(
            entry,
            answer.status,
            answer.headers["Content-Type"] or "",
            answer.body,
            answer.headers["Retry-After"],
        )
        self.became[became] += 1
        if became == "held" and (mended := self.outbox.mend(entry)):
            self.bodies[mended.id] = dict(mended.body)
            self.became["mended"] += 1
        if became == "acknowledged" and b'"superseded"' in answer.body:
            self.fetch()
        return became

    def fetch(self) -> None:
        asked_at = self.outbox.acks
        today = self.outbox.today()
        query = f"person={self.person.uuid}&from={today - timedelta(days=9)}&to={today + timedelta(days=1)}"
        try:
            answer = self.client._send("GET", f"/api/v1/sync/days?{query}", None, self.headers)
        except ConnectionError:
            return
        if answer.status == 200 and "json" in (answer.headers["Content-Type"] or ""):
            found = json.loads(answer.body)
            if {"epoch", "days", "person"} <= set(found):
                self.outbox.fetched(asked_at, found)

    def last_id(self, write_id: UUID) -> UUID:
        """The id under which a write went in the end."""
        while write_id in self.outbox.renamed:
            write_id = self.outbox.renamed[write_id]
        return write_id

    # What it promises -----------------------------------------------------------------------------

    def promises(self) -> oracle.Promises:
        me, box = self.person.id, self.outbox
        renamed = {(me, i) for i in box.renamed.values()}
        return oracle.Promises(
            issued={(me, i) for i in self.recorded} | renamed,
            acknowledged={(me, i) for i in box.store.log},
            waiting={(me, entry.id) for entry in box.store.outbox},
            recorded={(me, self.last_id(i)) for i in self.recorded},
        )


@dataclass
class Run:
    """What a run of phones came to."""

    broken: Counter
    counts: Counter = field(default_factory=Counter)

    def words(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in self.counts.items())


def run_phones(
    server: Server, phones: list[Phone], kills: int, proxy, between=None, browsers=None, seconds=600
) -> None:
    """Let phones run, killing the server each time that another share of the writes was acknowledged."""
    total = sum(phone.writes for phone in phones) + (browsers.writes if browsers else 0)
    for phone in phones:
        phone.start()
    end_at = time.monotonic() + seconds
    killed = 0
    while any(phone.is_alive() for phone in phones) or (browsers and not browsers.is_done()):
        assert time.monotonic() < end_at, [(len(p.recorded), len(p.outbox.waiting), p.became) for p in phones]
        done = sum(len(phone.outbox.store.log) for phone in phones) + (
            browsers.acknowledged() if browsers else 0
        )
        if killed < kills and done >= (killed + 1) * total / (kills + 1):
            server.kill()
            if between is not None:
                between(killed)
            server.start()
            killed += 1
        if browsers:
            browsers.poll()
        else:
            time.sleep(0.01)
    for phone in phones:
        phone.join()
    assert not any(phone.failure for phone in phones), [phone.failure for phone in phones if phone.failure]
    assert killed == kills
    proxy.settle()


def judged(url: str, phones: list[Phone], kills: int, proxy, browsers=None) -> Run:
    promises = oracle.Promises()
    for some in [*phones, *([browsers] if browsers else [])]:
        mine = some.promises()
        for name in ("issued", "acknowledged", "waiting", "recorded"):
            getattr(promises, name).update(getattr(mine, name))
    broken = oracle.judge(url, promises)
    bodies = {(p.person.id, i): body for p in phones for i, body in p.bodies.items()}
    broken.update(oracle.contents(url, bodies | (browsers.bodies() if browsers else {})))
    counts = Counter(
        {
            "phones": len(phones) + (len(browsers.phones) if browsers else 0),
            "writes": len(promises.recorded), "acknowledged": len(promises.acknowledged),
            "through Chromium": browsers.writes if browsers else 0,
            "tabs killed": browsers.reopened if browsers else 0,
            "repeats": sum(phone.outbox.repeats for phone in phones), "kills": kills,
            "clocks asked again": sum(phone.became["again"] for phone in phones),
            "mended": sum(phone.became["mended"] for phone in phones),
            "held": sum(len(phone.outbox.held) for phone in phones) + (len(browsers.held()) if browsers else 0),
        }
    )  # fmt: skip
    counts.update({name: number for name, number in proxy.counts.items() if name != "passed"})
    for name in ("lost", "doubled", "never issued", "recorded and gone"):
        counts[name] = broken[name]
    return Run(+broken, counts)
