"""The mail server is away for six hours, as a process that is killed, stopped, and says no: what comes when it is back.

The clock is set by hand; the server, its sockets and its silence are real.
"""

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.config import Smtp
from diary.infusions.models import Infusion
from diary.reminders import transports
from diary.reminders.models import Delivery, ReminderSettings
from diary.reminders.queries.alarm import OPEN
from diary.reminders.queries.words import WORDS
from diary.reminders.rules.decide import LATE_AFTER, SAFETY_WAIT
from diary.reminders.rules.message import SAFETY
from diary.reminders.transports.email import Mail
from diary.reminders.transports.letter import Letters
from diary.reminders.worker import Worker
from tests.faults.conftest import LONG
from tests.reminders.engine import at
from tests.safety.flags import raise_flag
from tests.serving import ROOT, free_port

PEOPLE = 40 if LONG else 4
START, END = at("2026-11-23T17:45"), at("2026-11-24T02:00")
FALL = at("2026-11-23T19:35")
GONE, SILENT, REFUSING, BACK = (at(f"2026-11-23T{time}") for time in ("17:50", "20:20", "20:45", "23:50"))
PATIENT, HASTY = 60, 0.4  # seconds; a busy machine is not a dead server


class Server:
    """The process."""

    def __init__(self, path: Path) -> None:
        self.path, self.port = path, free_port()
        path.touch()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.mailserver", str(self.port), str(self.path)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout.readline() == "ready\n"

    def do(self, what: str) -> None:
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == what + "\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def mails(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@dataclass
class Evening:
    """The engine from hour to hour."""

    server: Server
    mails: dict[str, Mail]
    now: datetime = START
    way: str = "patient"
    tries: Counter = None

    def send(self, parcel, _phone):
        outcome = self.mails[self.way].send(parcel.to, parcel.message, parcel.unsubscribe)
        kind = "flag" if parcel.message.kind in SAFETY else "reminder"
        self.tries[kind, outcome.reason or outcome.state] += 1
        return outcome

    def until(self, moment: datetime) -> None:
        """Rounds whenever something waits, and every ten minutes."""
        dice = random.Random(3)
        while self.now < moment:
            Worker({"email": self.send}, now=lambda: self.now, jitter=dice.random).round()
            soon = self.now + timedelta(minutes=1)
            self.now = min(max(soon, self._next()), self.now + timedelta(minutes=10), moment)

    def _next(self) -> datetime:
        with db.read() as s:
            found = [
                s.scalar(select(func.min(ReminderSettings.wake_at))),
                s.scalar(select(func.min(Delivery.try_at)).where(Delivery.state.in_(OPEN))),
            ]
        return min((moment for moment in found if moment), default=END)


@pytest.fixture
def evening(app, cast, clock_at, tmp_path):
    clock_at(START)
    server = Server(tmp_path / "mails")
    where = Smtp("127.0.0.1", server.port)
    letters = Letters(app.jinja_env, Address("Neap", "neap", "example.org"), "https://neap.example.org")
    mails = {
        name: Mail(where, letters, transports.context(where), seconds)
        for name, seconds in (("patient", PATIENT), ("hasty", HASTY))
    }
    yield Evening(server, mails, tries=Counter())
    server.kill()


def patients(cast) -> dict[str, int]:
    """Address -> person: each with a question at 20:30 and an infusion on the next day, of which 18:00 tells."""
    found = {}
    with db.write() as s:
        for n in range(PEOPLE):
            address = f"p{n}@example.org"
            person = create_person(s, address, f"P {n}", "Europe/London", START)
            careteam.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, START)
            found[address] = person.id
            s.add(
                ReminderSettings(
                    person_id=person.id, daily=",".join(["20:30"] * 7), by_email=True, checkins=False, commitments=False,
                    wake_at=START, looked_at=START, changed_at=START,
                )
            )  # fmt: skip
            s.add(
                Infusion(
                    patient_id=person.id, number=1, day=(START + timedelta(days=1)).date(), at_time="10:00",
                    zone="Europe/London", series="", dose_mg=40.0, minutes=40.0, route="IV", status="planned", given="{}",
                    revisions=1, changed_at=START,
                )
            )  # fmt: skip
    return found


@pytest.mark.slow
def test_six_hours_without_the_mail_server(evening, cast, capsys):
    people = patients(cast)
    server = evening.server
    evening.until(GONE)
    assert server.mails() == []
    server.kill()  # nobody listens
    evening.until(FALL)
    raise_flag(cast.alice, now=FALL)
    evening.until(SILENT)
    server.start()
    server.process.send_signal(signal.SIGSTOP)  # it listens, and says nothing
    evening.way = "hasty"
    evening.until(REFUSING)
    server.process.send_signal(signal.SIGCONT)
    server.do("451")
    evening.way = "patient"
    evening.until(REFUSING + timedelta(minutes=65))
    server.do("421")
    evening.until(BACK)
    assert server.mails() == []
    server.do("take")
    evening.until(BACK + timedelta(minutes=10))
    staff = {"bob@example.org", "cora@example.org", "dana@example.org"}
    assert {one["to"] for one in server.mails()} >= staff  # in no more than SAFETY_WAIT and half of it
    evening.until(END)
    with db.read() as s:
        rows = s.execute(select(Delivery)).scalars().all()
    mails = server.mails()
    by_id = Counter(one["id"].strip("<>").split("@")[0] for one in mails)
    ours = [row for row in rows if row.person_id in people.values() and row.day == START.date()]
    flags = [row for row in rows if row.kind in SAFETY]
    became = Counter((row.kind, row.state, row.reason) for row in ours)
    with capsys.disabled():
        print(
            f"\nmail away for six hours: tries {dict(sorted(evening.tries.items()))}; {len(mails)} mails came; of "
            f"{PEOPLE} people {dict(became)}; of the flag {dict(Counter((row.kind, row.state) for row in flags))}; "
            f"doubled {sum(count > 1 for count in by_id.values())}"
        )
    assert set(by_id.values()) == {1}, "nothing came twice"
    assert became == {("infusion", "sent", ""): PEOPLE, ("daily_log", "sent", ""): PEOPLE}, (
        "nothing was missed"
    )
    said = {one["id"].strip("<>").split("@")[0]: one for one in mails}
    for row in ours:
        assert row.is_late and WORDS.late in said[row.uuid.hex]["body"].replace("\n", " ")
        assert row.sent_at - row.due_at > LATE_AFTER
    sent = [row for row in flags if row.state == "sent"]
    assert {row.uuid.hex for row in sent} == set(by_id) - {row.uuid.hex for row in rows if row not in flags}
    for who in staff:
        moments = sorted(row.sent_at for row in sent if said[row.uuid.hex]["to"] == who)
        assert BACK <= moments[0] <= BACK + SAFETY_WAIT * 1.5 + timedelta(minutes=1)
        assert all(b - a > timedelta(minutes=30) for a, b in pairwise(moments)), (
            "one, not all that was held back"
        )
    for ways in (("unreachable",), ("cut_off", "timeout"), ("451",), ("421",)):
        for kind in ("reminder", "flag"):
            assert any(evening.tries[kind, reason] for reason in ways), "each way of being away was met"


@pytest.mark.slow
def test_a_server_that_takes_the_mail_and_never_says_so(evening, cast, capsys):
    """It may have gone: a reminder is not sent again; what is of safety is, with the same Message-ID, until it is heard."""
    people = patients(cast)
    evening.until(at("2026-11-23T17:55"))
    evening.server.do("swallow")
    evening.way = "hasty"
    raise_flag(cast.alice, now=evening.now)
    evening.until(at("2026-11-23T18:05"))
    evening.server.do("take")
    evening.way = "patient"
    evening.until(at("2026-11-23T18:20"))
    with db.read() as s:
        became = {row.uuid.hex: (row.kind, row.state) for row in s.execute(select(Delivery)).scalars()}
    came = Counter(one["id"].strip("<>").split("@")[0] for one in evening.server.mails())
    flag = [key for key, (kind, _) in became.items() if kind == "flag_opened"]
    with capsys.disabled():
        print(
            f"\na mail server that swallows: {dict(evening.tries)}; became {dict(Counter(became.values()))}; "
            f"the flag's mail came {came[flag[0]]} times under one Message-ID"
        )
    ours = [key for key, (kind, _) in became.items() if kind == "infusion"]
    assert len(ours) == len(people) and {became[key][1] for key in ours} == {"unknown"}
    assert {came[key] for key in ours} == {1}
    assert came[flag[0]] > 1 and became[flag[0]][1] == "sent"
