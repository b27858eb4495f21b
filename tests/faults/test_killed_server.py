"""The server is killed with SIGKILL while days are written: what it acknowledged is there, each once."""

import os
import random
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text

from tests import people
from tests.conftest import ENVIRON
from tests.serving import Client, Server

LONG = bool(os.environ.get("NEAP_LONG"))
BOTH = ("sqlite", "postgresql")
KILLS, BETWEEN = (25, (0.4, 2.5)) if LONG else (3, (0.3, 1.0))
SCORES = ("pain", "fatigue", "sleep", "mood", "cognition")


class Phone(threading.Thread):
    """Writes days of one person, each under an id of its own, and repeats every one until it is answered."""

    def __init__(self, server: Server, email: str, seed: int, done: threading.Event):
        super().__init__(daemon=True)
        self.server, self.email, self.done = server, email, done
        self.random = random.Random(seed)
        self.acknowledged: list[UUID] = []
        self.tried: list[UUID] = []
        self.repeats = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            client = self.signed_in()
            while not self.done.is_set():
                self.write(client)
        except Exception as error:
            self.failure = error

    def signed_in(self) -> Client:
        while True:
            try:
                return Client(self.server.port).sign_in(self.email, people.PASSPHRASE)
            except OSError:
                time.sleep(0.05)

    def write(self, client: Client) -> None:
        write_id, day = uuid4(), a_day(self.random)
        body = {
            "write_id": str(write_id),
            "base": "",
            **{key: str(self.random.randrange(11)) for key in SCORES},
        }
        self.tried.append(write_id)
        for attempt in range(400):
            self.repeats += attempt > 0
            try:
                answer = client.post(f"/days/{day}", body)
            except ConnectionError:
                time.sleep(0.03)
                continue
            if answer.status == 503:
                time.sleep(0.1)
                continue
            assert answer.status == 303, f"{answer.status} for {body}"
            self.acknowledged.append(write_id)
            return
        raise AssertionError("the server did not come back")


def a_day(chance: random.Random) -> date:
    """One of the days that are open in every zone of the tests, whatever the hour."""
    return datetime.now(UTC).date() - timedelta(days=chance.randrange(1, 7))


@pytest.mark.slow
@pytest.mark.both(*(BOTH if LONG else BOTH[:1]))  # the phones’ run has kills on both
def test_what_was_acknowledged_is_there_once(store, work, capsys):
    url, cast = store
    done = threading.Event()
    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}).start()
    phones = [
        Phone(server, person.email, seed, done) for seed, person in enumerate((cast.alice, cast.charlie) * 2)
    ]
    try:
        for phone in phones:
            phone.start()
        wait_until(
            lambda: all(len(phone.acknowledged) > 2 for phone in phones) or any(p.failure for p in phones)
        )
        chance = random.Random(7)
        for _ in range(KILLS):
            time.sleep(chance.uniform(*BETWEEN))
            server.kill()
            server.start()
        time.sleep(0.3)
        done.set()
        for phone in phones:
            phone.join(60)
            assert not phone.is_alive()
    finally:
        done.set()
        server.stop()
    assert not any(phone.failure for phone in phones), [phone.failure for phone in phones]
    acknowledged = [write_id for phone in phones for write_id in phone.acknowledged]
    tried = {write_id for phone in phones for write_id in phone.tried}
    counts = judge(url, acknowledged, tried)
    with capsys.disabled():
        repeats = sum(phone.repeats for phone in phones)
        print(
            f"\nkill -9 on {url.split(':')[0].split('+')[0]}: {KILLS} kills, {len(acknowledged)} writes acknowledged, "
            f"{repeats} repeats, {counts['lost']} lost, {counts['doubled']} doubled"
        )
    assert counts["lost"] == counts["doubled"] == 0
    assert repeats > 0, "no kill fell into a write: nothing was proved"


def wait_until(is_so, seconds: float = 60) -> None:
    end_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end_at
        time.sleep(0.02)


def judge(url: str, acknowledged: list[UUID], tried: set[UUID]) -> Counter:
    """Compare what was promised with what the tables hold; every write is whole or not there at all."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT write_id, entry_id, number FROM entry_revision")).all()
        receipts = Counter(
            UUID(bytes=bytes(row[0])) for row in connection.execute(text("SELECT id FROM sync_write"))
        )
        entries = {
            row.id: row.revisions for row in connection.execute(text("SELECT id, revisions FROM entry"))
        }
        events = connection.execute(
            text("SELECT count(*) FROM audit_event WHERE action LIKE 'entry.%'")
        ).scalar()
    engine.dispose()
    revisions = Counter(UUID(bytes=bytes(row.write_id)) for row in rows)
    assert revisions == receipts, "a revision without its receipt, or a receipt without its revision"
    assert set(revisions) <= tried
    assert events == len(rows), "a change and its audit event came apart"
    for entry_id, last in entries.items():
        numbers = sorted(row.number for row in rows if row.entry_id == entry_id)
        assert numbers == list(range(1, last + 1)), f"entry {entry_id} has gaps: {numbers} of {last}"
    lost = sum(revisions[write_id] == 0 for write_id in acknowledged)
    return Counter(lost=lost, doubled=sum(number > 1 for number in revisions.values()))
