"""The server is killed with SIGKILL while check-ins that call for help are sent: each has its flag, and each once."""

import json
import os
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, create_engine, select

from diary import create_app
from diary.checkins.models import Checkin, CheckinRevision
from diary.checkins.rules import fired
from diary.db import Database
from diary.infusions.models import Infusion
from diary.safety.models import Flag, FlagEvent
from tests import factories, people
from tests.conftest import ENVIRON
from tests.people import Someone
from tests.serving import Client, Server
from tests.sync.phones import a_body

LONG = bool(os.environ.get("NEAP_LONG"))
BOTH = ("sqlite", "postgresql")
KILLS, BETWEEN, INFUSIONS = (25, (0.4, 2.0), 40) if LONG else (1, (0.3, 0.8), 8)
HEADERS = {"Content-Type": "application/json", "Neap-Client": "1"}
ANSWERS = (
    {"fall": "yes"}, {"still_detached": "moderate"}, {"fall": "yes", "still_detached": "severe"}, {"fainting": "yes"},
    {"urine_blood": "yes"}, {"craving": "yes"}, {"chest_pain": "yes", "fall": "yes"}, {"fall": "no"}, {"nausea": "mild"},
)  # fmt: skip


class Phone(threading.Thread):
    """Sends check-ins of one person, each under an id of its own, and repeats every one until it is answered."""

    def __init__(
        self, server: Server, person: Someone, targets: list[UUID], seed: int, done: threading.Event
    ):
        super().__init__(daemon=True)
        self.server, self.person, self.targets, self.done = server, person, targets, done
        self.random = random.Random(seed)
        self.headers = {**HEADERS, "Origin": f"http://127.0.0.1:{server.port}"}
        self.acknowledged: list[UUID] = []
        self.repeats = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            client = Client(self.server.port).sign_in(self.person.email, people.PASSPHRASE)
            while not self.done.is_set():
                self.send(client)
        except BaseException as error:
            self.failure = error

    def send(self, client: Client) -> None:
        write_id, now = uuid4(), datetime.now(UTC)
        body = a_body(
            self.person, {**self.random.choice(ANSWERS), "help_shown": "yes"}, kind="checkin",
            target=str(self.random.choice(self.targets)), recorded_at=now.isoformat(),
            day=(now.date() - timedelta(days=self.random.randrange(1, 6))).isoformat(),
        )  # fmt: skip
        for attempt in range(400):
            self.repeats += attempt > 0
            body["sent_at"] = datetime.now(UTC).isoformat()
            try:
                answer = client._send("PUT", f"/api/v1/sync/{write_id}", json.dumps(body), self.headers)
            except ConnectionError:
                time.sleep(0.03)
                continue
            if answer.status == 503:
                time.sleep(0.1)
                continue
            assert answer.status == 200, (answer.status, answer.body, body)
            self.acknowledged.append(write_id)
            return
        raise AssertionError("the server did not come back")


def run(store, work, app: str = "app:app", kills: int = KILLS) -> tuple[list[Phone], Counter]:
    """Phones, a server that is killed, and what the tables hold afterwards against what was acknowledged."""
    url, cast = store
    targets = {person.id: infused(url, person) for person in (cast.alice, cast.charlie)}
    done = threading.Event()
    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}, app=app).start()
    phones = [
        Phone(server, person, targets[person.id], seed, done)
        for seed, person in enumerate((cast.alice, cast.charlie) * 2)
    ]
    try:
        for phone in phones:
            phone.start()
        chance, end_at = random.Random(11), time.monotonic() + 60
        while not all(len(phone.acknowledged) > 2 or phone.failure for phone in phones):
            assert time.monotonic() < end_at
            time.sleep(0.02)
        for _ in range(kills):
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
    return phones, judge(url, [write_id for phone in phones for write_id in phone.acknowledged])


def infused(url: str, person: Someone) -> list[UUID]:
    """Infusions to be asked about: each makes matters of its own."""
    database, app = Database(url), create_app({**ENVIRON, "DATABASE_URL": url})
    today = datetime.now(UTC).date()
    with app.app_context(), database.writing() as s:
        found = [
            factories.infusion(s, person, today - timedelta(days=7 * n)).uuid for n in range(1, INFUSIONS + 1)
        ]
    database.engine.dispose()
    return found


def judge(url: str, acknowledged: list[UUID]) -> Counter:
    """Each stored answer that fires beside its flag's event: untold, told twice, told of nothing, and the matters."""
    engine = create_engine(url)
    told: Counter = Counter()
    wanted: Counter = Counter()
    matters = set()
    with Session(engine) as s:
        targets = {row.id: row.uuid for row in s.exec(select(Infusion))}
        rows = s.exec(select(CheckinRevision)).all()
        about = {row.id: row for row in s.exec(select(Checkin))}
        for row in rows:
            parent = about[row.checkin_id]
            for one in fired(json.loads(row.fields), targets[parent.infusion_id], {}):
                wanted[row.write_uuid, one.rule] += 1
                matters.add((parent.person_id, one.rule, one.matter))
        for rule, write_id in s.exec(
            select(Flag.rule, FlagEvent.write_id).join(FlagEvent, FlagEvent.flag_id == Flag.id)
        ):
            told[write_id, rule] += 1
        flags = len(s.exec(select(Flag)).all())
    engine.dispose()
    stored = Counter(row.write_uuid for row in rows)
    return Counter(
        {
            "fire": len(wanted), "matters": len(matters), "flags": flags,
            "lost": sum(not stored[one] for one in acknowledged),
            "doubled": sum(number > 1 for number in (*stored.values(), *told.values())),
            "untold": len(wanted - told), "told of nothing": len(told - wanted),
        }
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.both(*(BOTH if LONG else BOTH[:1]))
def test_what_calls_for_help_is_told_once(store, work, capsys):
    phones, counts = run(store, work)
    acknowledged = sum(len(phone.acknowledged) for phone in phones)
    repeats = sum(phone.repeats for phone in phones)
    with capsys.disabled():
        print(
            f"\nkill -9 on {store[0].split(':')[0].split('+')[0]}: {KILLS} kills, {acknowledged} check-ins acknowledged, "
            f"{repeats} repeats, {counts['fire']} answers that fire, {counts['matters']} matters, {counts['flags']} flags, "
            f"{counts['untold']} untold, {counts['lost']} lost, {counts['doubled']} doubled"
        )
    assert counts["untold"] == counts["told of nothing"] == counts["lost"] == counts["doubled"] == 0
    assert counts["flags"] == counts["matters"] > 5
    assert repeats > 0, "no kill fell into a write: nothing was proved"


@pytest.mark.slow
@pytest.mark.skipif(
    not LONG, reason="within a process tests/checkins breaks the transaction at each statement"
)
def test_a_flag_in_a_transaction_of_its_own_is_found_out(store, work, capsys):
    _, counts = run(store, work, "tests.faults.sabotage:flag_in_another_transaction()", kills=1)
    with capsys.disabled():
        print(f"\nsabotage flag_in_another_transaction: {counts['untold']} of {counts['fire']} untold")
    assert counts["untold"] > 0 and counts["flags"], "some were told, and some never"
