"""Random schedules of phones and pages through the endpoint: clocks that are wrong, losses, repeats, restores.

Time stands still but for the schedule's own steps, so a request may be days on the way. A seed is a schedule:
NEAP_SEED=n runs that one alone.
"""

import json
import os
import random
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from diary import db
from diary.db import Database
from diary.entries.rules import digest_of
from diary.lib import clock
from diary.lib.types import to_ms
from diary.sync.actions import begin_epoch
from tests.entries.forms_of import sent_by
from tests.faults import oracle
from tests.faults.outbox import Entry, Outbox, iso, some_fields
from tests.sync.phones import HEADERS, a_body, put

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONG = bool(os.environ.get("NEAP_LONG"))
SCHEDULES, STEPS = ((600, 200), 140) if LONG else ((12, 6), 90)  # on SQLite and on PostgreSQL
TABLES = ("audit_event", "sync_write", "entry_revision", "entry")
TEN_MINUTES = timedelta(minutes=10)
OFFSETS = (0, 0, 0, 0.05, -0.1, 0.4, -3, 3, 24 * 370, -24 * 20)  # hours by which a phone's clock may be off


@dataclass
class Page:
    """A day's form as a browser holds it, for however long."""

    day: str
    sent: dict[str, str]


@dataclass
class Stored:
    """What the schedule knows to be stored: the digest of each write and when it counts as given."""

    digests: dict[UUID, bytes] = field(default_factory=dict)
    at: dict[UUID, int] = field(default_factory=dict)

    def copy(self) -> "Stored":
        return Stored(dict(self.digests), dict(self.at))


class Schedule:
    """One patient with phones and a page, one server, and what they did to each other."""

    def __init__(self, app, cast, client, url: str, seed: int, counts: Counter):
        self.app, self.person, self.client, self.url = app, cast.alice, client, url
        self.chance, self.counts = random.Random(seed), counts
        self.now = START + timedelta(minutes=self.chance.randrange(24 * 60))
        self.offsets = [
            timedelta(hours=self.chance.choice(OFFSETS)) for _ in range(self.chance.choice((2, 3)))
        ]
        self.phones = [self._phone(n) for n in range(len(self.offsets))]
        self.pages: list[Page] = []
        self.on_the_way: list[tuple[UUID, dict]] = []
        self.stored = Stored()
        self.issued: set[UUID] = set()
        self.page_writes: set[UUID] = set()
        self.backup: Stored | None = None
        with db.read() as s:
            self.first_event = (
                s.connection().execute(text("SELECT coalesce(max(id), 0) FROM audit_event")).scalar()
            )

    def _phone(self, n: int) -> Outbox:
        zone = self.chance.choice(
            ("Europe/London", "Europe/London", "Pacific/Auckland", "America/Los_Angeles")
        )
        return Outbox(
            self.person.uuid, f"Phone {n}", lambda: self.now + self.offsets[n], lambda: to_ms(self.now) / 1000,
            random.Random(self.chance.random()), zone,
        )  # fmt: skip

    # Steps ----------------------------------------------------------------------------------------

    def run(self, steps: int) -> None:
        deeds = (
            [self.record] * 8 + [self.send] * 14 + [self.fetch] * 4 + [self.passes] * 4 + [self.arrives] * 3
            + [self.open_page, self.submit_page, self.submit_page, self.change_clock, self.change_body]
        )  # fmt: skip
        restores_at = set(self.chance.sample(range(steps // 3, steps), 2))
        backup_at = self.chance.randrange(steps // 4, steps // 3)
        for step in range(steps):
            clock.set_for_tests(self.now)
            if step == backup_at:
                self.back_up()
            elif step in restores_at:
                self.restore()
            else:
                self.chance.choice(deeds)()
            self.now += timedelta(milliseconds=self.chance.randrange(1, 30_000))
        self.drain()

    def record(self) -> None:
        phone = self.chance.choice(self.phones)
        day = phone.today() - timedelta(days=self.chance.choice((0, 0, 0, 1, 1, 3, 7, 9)))
        # Now and then an id that another phone has used, which chance would never bring about.
        taken = self.chance.choice([e.id for p in self.phones for e in p.store.outbox] or [None])
        is_clash = self.chance.random() < 0.03 and all(e.id != taken for e in phone.store.outbox)
        entry = phone.record(day, some_fields(self.chance), taken if is_clash else None)
        self.issued.add(entry.id)
        self.counts["writes"] += 1

    def send(self, phone: Outbox | None = None, is_calm: bool = False) -> bool:
        phone = phone or self.chance.choice(self.phones)
        entry = phone.next_entry()
        if entry is None:
            return False
        for _ in range(4):
            body = phone.request(entry)
            fate = 1.0 if is_calm else self.chance.random()
            if fate < 0.12:
                self.counts["requests lost"] += 1
                phone.no_answer(entry)
                return True
            if fate < 0.3:
                self.on_the_way.append((entry.id, body))
                self.counts["delayed"] += 1
                phone.no_answer(entry)
                return True
            status, response = self.put(entry.id, body)
            if fate < 0.45:
                self.counts["answers lost"] += 1
                phone.no_answer(entry)
                return True
            if fate < 0.52:
                assert self.put(entry.id, body)[1].get_json() == response.get_json()
            became = phone.answered(
                entry, status, response.content_type, response.data, response.headers.get("Retry-After")
            )
            self.issued.add(entry.id)
            self.counts[became] += 1
            if became != "again":
                return True
        return True

    def arrives(self) -> None:
        """Something that was thought lost reaches the server after all, in whatever order; nobody hears its answer."""
        if self.on_the_way:
            late = self.on_the_way.pop(self.chance.randrange(len(self.on_the_way)))
            self.put(*late)
            self.counts["arrived late"] += 1

    def put(self, write_id: UUID, body: dict):
        """One PUT; its status is the one that lines 7, 11 and 14 foretell."""
        wanted, at = self.foretold(write_id, body)
        response = self.client._alone(
            self.client.http.put, f"/api/v1/sync/{write_id}", data=json.dumps(body),
            content_type="application/json", headers=HEADERS,
        )  # fmt: skip
        said = response.get_json(silent=True)
        assert response.status_code == wanted, (wanted, response.status_code, said, body)
        self.counts[f"answers {wanted}"] += 1
        if wanted == 200 and write_id not in self.stored.digests:
            self.stored.digests[write_id] = digest(body)
            self.stored.at[write_id] = at
        if wanted == 200:
            assert said["id"] == str(write_id)
            assert int(said["receipt"].split(".")[0]) == self.stored.at[write_id]
        return response.status_code, response

    def foretold(self, write_id: UUID, body: dict) -> tuple[int, int]:
        known = self.stored.digests.get(write_id)
        if known is not None:
            return (200 if known == digest(body) else 409), 0
        if "receipt" in body:
            return 200, int(body["receipt"].split(".")[0])
        sent, recorded = moment(body["sent_at"]), moment(body["recorded_at"])
        skew = timedelta(milliseconds=body["skew"])
        if abs(self.now - sent - skew) > TEN_MINUTES:
            return 425, 0
        at = self.now if recorded > sent else recorded if abs(skew) <= TEN_MINUTES else recorded + skew
        begun = at.astimezone(oracle.ZoneInfo(body["zone"])) - timedelta(hours=4)
        ago = (begun.date() - datetime.fromisoformat(body["day"]).date()).days
        is_open = ago <= 7 and (ago >= 0 or self.is_begun(body["day"]))
        return (200 if is_open else 422), (at - oracle.EPOCH) // timedelta(milliseconds=1)

    def is_begun(self, day: str) -> bool:
        """Whether the day has a revision; what a page sent without a change leaves none."""
        with db.read() as s:
            found = s.connection().execute(
                text("SELECT day FROM entry WHERE person_id = :me"), {"me": self.person.id}
            )
            return day in {str(row.day)[:10] for row in found}

    def fetch(self, phone: Outbox | None = None, is_calm: bool = False) -> None:
        phone = phone or self.chance.choice(self.phones)
        asked_at = phone.acks
        today = self.now.date()
        response = self.client._alone(
            self.client.http.get, "/api/v1/sync/days", headers=HEADERS,
            query_string={"person": str(self.person.uuid), "from": str(today - timedelta(days=14)),
                          "to": str(today + timedelta(days=2))},
        )  # fmt: skip
        assert response.status_code == 200, response.data
        if not is_calm and self.chance.random() < 0.2:
            return
        if not is_calm and self.chance.random() < 0.2:
            self.send(phone)  # acknowledged meanwhile: that day's answer is dropped
        phone.fetched(asked_at, response.get_json())

    def passes(self) -> None:
        self.now += timedelta(minutes=self.chance.choice((1, 8, 11, 45, 300, 26 * 60)))

    def change_clock(self) -> None:
        n = self.chance.randrange(len(self.offsets))
        self.offsets[n] += timedelta(minutes=self.chance.choice((-90, -9, 9, 90)))
        self.phones[n].flusher_waits_until = 0

    def change_body(self) -> None:
        """A stored id with other contents: refused, and nothing is stored."""
        for phone in self.phones:
            for entry in list(phone.store.log.values())[:1]:
                body = {
                    **entry.body,
                    "fields": {"pain": "1", "mood": "9"},
                    "sent_at": iso(self.now),
                    "skew": 0,
                }
                if entry.id in self.stored.digests:
                    self.put(entry.id, body)
                    return

    def open_page(self) -> None:
        day = clock.diary_day(self.now, "Europe/London") - timedelta(days=self.chance.choice((0, 0, 1, 6)))
        page = self.client.get(f"/days/{day}")
        assert page.status == 200
        self.pages.append(Page(str(day), sent_by(page)))

    def submit_page(self) -> None:
        """A form of whatever age, sometimes twice, sometimes once more with other contents (back)."""
        if not self.pages:
            return self.open_page()
        page = self.chance.choice(self.pages)
        typed = page.sent | {name: v for name, v in some_fields(self.chance).items() if name in page.sent}
        write_id = UUID(typed["write_id"])
        self.page_writes.add(write_id)
        for _ in range(self.chance.choice((1, 1, 2))):
            answer = self.client._alone(
                self.client.http.post, f"/days/{page.day}", data=typed | {"csrf_token": self.client.csrf()}
            )
            assert answer.status_code in (303, 422), answer.status_code
            self.counts[f"pages {answer.status_code}"] += 1
        return None

    # Backup and restore ---------------------------------------------------------------------------

    def back_up(self) -> None:
        self.counts["backups"] += 1
        self.backup = self.stored.copy()
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            source, target = sqlite3.connect(path), sqlite3.connect(f"{path}.backup")
            source.backup(target)
            source.close()
            target.close()
            return
        with db.write() as s:
            for table in TABLES:
                s.connection().exec_driver_sql(f"CREATE TABLE kept_{table} AS TABLE {table}")

    def restore(self) -> None:
        """The database of the backup, in a new epoch; what came after is gone until phones send it again.

        A page's write after the backup is gone for good, and was never promised beyond it.
        """
        self.counts["restores"] += 1
        self.stored = self.backup.copy()
        if self.url.startswith("sqlite"):
            self.copy_back(self.url.removeprefix("sqlite:///"))
        else:
            self.rows_back()
        with db.write() as s:
            begin_epoch(s)

    def copy_back(self, path: str) -> None:
        self.app.extensions["database"].engine.dispose()
        for more in ("-wal", "-shm"):
            Path(path + more).unlink(missing_ok=True)
        shutil.copy(f"{path}.backup", path)
        self.app.extensions["database"] = Database(self.url)

    @staticmethod
    def rows_back() -> None:
        """The same by rows, where copying a database would take a second."""
        with db.write() as s:
            c = s.connection()
            c.exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER ALL")
            for table in TABLES:
                c.exec_driver_sql(f"DELETE FROM {table}")
            for table in reversed(TABLES):
                c.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            c.exec_driver_sql("ALTER TABLE audit_event ENABLE TRIGGER ALL")

    # The end --------------------------------------------------------------------------------------

    def drain(self) -> None:
        for _ in range(40):
            clock.set_for_tests(self.now)
            for phone in self.phones:
                phone.flusher_waits_until = 0
                self.fetch(phone, is_calm=True)
                for entry in phone.store.outbox:
                    entry.wait_until = 0
                while self.send(phone, is_calm=True):
                    phone.flusher_waits_until = 0
            if not any(phone.waiting for phone in self.phones):
                return
            self.now += timedelta(seconds=301)
        raise AssertionError("the phones did not come to an end")

    def judged(self) -> Counter:
        me = self.person.id
        entries: list[tuple[Outbox, Entry]] = [(p, e) for p in self.phones for e in p.store.log.values()]
        promises = oracle.Promises(
            issued={(me, i) for i in self.issued | self.page_writes},
            acknowledged={(me, entry.id) for _, entry in entries},
            waiting={(me, entry.id) for phone in self.phones for entry in phone.store.outbox},
        )
        broken = oracle.judge(self.url, promises, self.first_event)
        self.counts["acknowledged in the end"] += len(entries)
        broken.update(self.contents([entry for _, entry in entries]))
        broken.update(self.told_by_days())
        return broken

    def contents(self, entries: list[Entry]) -> Counter:
        """Each stored write holds what its phone wrote, at the moment that line 11 gave it."""
        broken = oracle.contents(self.url, {(self.person.id, entry.id): entry.body for entry in entries})
        engine = create_engine(self.url)
        with engine.connect() as c:
            at = {oracle.uuid(row.write_id): row.effective_at for row in c.execute(text(oracle.REVISIONS))}
        engine.dispose()
        for entry in entries:
            if entry.id in at and at[entry.id] != self.stored.at[entry.id]:
                broken["a write at another moment"] += 1
        return broken

    def told_by_days(self) -> Counter:
        """What a phone is told is line 13 too: values, the writes that show them, and what differs, notes as well."""
        broken: Counter = Counter()
        with db.read() as s:
            from sqlmodel import select

            from diary.entries.models import Entry as Row
            from diary.entries.models import EntryRevision

            days = {row.id: str(row.day) for row in s.exec(select(Row)).all()}
            writes: dict[str, list[oracle.W]] = {}
            for row in s.exec(select(EntryRevision)).all():
                fields = json.loads(row.fields)
                if fields.get("note") is not None:
                    fields["note"] = {"text": row.note, "private": fields["note"]}
                base = {name: tuple(UUID(i) for i in ids) for name, ids in json.loads(row.base).items()}
                writes.setdefault(days[row.entry_id], []).append(
                    oracle.W(row.write_uuid, to_ms(row.effective_at), fields, base)
                )
        since = min(writes, default=str(self.now.date()))
        until = min(
            max(writes, default=since), str(datetime.fromisoformat(since).date() + timedelta(days=60))
        )
        response = self.client._alone(
            self.client.http.get, "/api/v1/sync/days", headers=HEADERS,
            query_string={"person": str(self.person.uuid), "from": since, "to": until},
        )  # fmt: skip
        told = response.get_json()["days"]
        for day, mine in writes.items():
            if not since <= day <= until:
                continue
            for name, wanted in oracle.values(mine).items():
                value = told[day]["values"][name]
                conflicts = {c["id"] for c in told[day]["conflicts"].get(name, ())}
                if value["value"] != wanted.value or set(value["ids"]) != set(map(str, wanted.heads)):
                    broken["a day told otherwise"] += 1
                if conflicts != set(map(str, wanted.conflicts)):
                    broken["a conflict told otherwise"] += 1
        return broken


def moment(text_: str) -> datetime:
    return datetime.fromisoformat(text_)


def digest(body: dict) -> bytes:
    return digest_of({name: v for name, v in body.items() if name not in ("sent_at", "skew", "receipt")})


@pytest.fixture
def one(app, cast, client_as, store, clock_at):
    clock_at(START)
    return lambda seed, counts: Schedule(app, cast, client_as("alice"), store[0], seed, counts)


@pytest.mark.both
@pytest.mark.slow
def test_schedules(app, one, store, cast, client_as, capsys):
    """Every schedule on a fresh copy of the store."""
    counts: Counter = Counter()
    is_sqlite = store[0].startswith("sqlite")
    seeds = [int(os.environ["NEAP_SEED"])] if "NEAP_SEED" in os.environ else range(SCHEDULES[not is_sqlite])
    for seed in seeds:
        fresh(app, store)
        clock.set_for_tests(START)
        schedule = one(seed, counts)
        schedule.run(STEPS)
        broken = schedule.judged()
        assert not broken, f"seed {seed}: {dict(broken)}"
        counts["schedules"] += 1
    with capsys.disabled():
        print(
            f"\nschedules on {store[0].split(':')[0].split('+')[0]}: {dict(sorted(counts.items()))}, broken 0"
        )
    if len(seeds) > 1:
        for needed in (
            "answers lost",
            "restores",
            "arrived late",
            "answers 425",
            "answers 409",
            "answers 422",
            "pages 303",
        ):
            assert counts[needed], f"no schedule met {needed}"


def fresh(app, store) -> None:
    """The store without its days, so that schedules do not meet."""
    with db.write() as s:
        c = s.connection()
        for table in TABLES:
            c.exec_driver_sql(f"DROP TABLE IF EXISTS kept_{table}")
            if table != "audit_event":
                c.exec_driver_sql(f"DELETE FROM {table}")


def test_moments_within_one_millisecond(app, one, cast, client_as):
    """What is stored is whole milliseconds, so nothing may be decided by less: the row and line 13 would differ."""
    schedule = one(1, Counter())
    for n, micro in ((9, "000900"), (1, "000100"), (5, "000950")):
        body = a_body(cast.alice, {"pain": str(n)}, recorded_at=f"2026-11-23T09:00:00.{micro}+00:00")
        body["sent_at"] = "2026-11-23T09:00:01+00:00"
        assert put(client_as("alice"), body, UUID(int=n << 64))[0] == 200
        schedule.issued.add(UUID(int=n << 64))
    assert not schedule.judged()


def test_two_pages_within_one_millisecond(app, one, client_as):
    schedule = one(1, Counter())
    for n, micro in ((9, 900), (1, 100), (5, 950)):
        clock.set_for_tests(START + timedelta(microseconds=micro))
        typed = {"pain": str(n), "base": "", "write_id": str(UUID(int=n << 64))}
        assert client_as("alice").post("/days/2026-11-23", typed).status == 303
        schedule.issued.add(UUID(int=n << 64))
    assert not schedule.judged()
