"""The scheduler's process is killed with SIGKILL in every window between two steps, beside a real mail server and push
service; what these two got is held against what was due."""

import email
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.reminders.actions.phones import index_of
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings
from diary.reminders.rules.decide import LEASE
from diary.reminders.rules.message import SAFETY
from diary.reminders.worker import WINDOWS
from tests.conftest import ENVIRON
from tests.faults.conftest import LONG
from tests.reminders.servers import Handset, MailServer, PushService
from tests.safety.flags import MONDAY, raise_flag
from tests.serving import ROOT

KILLS = 250 if LONG else 5  # on each database
PEOPLE = 4
FIRST = MONDAY.replace(hour=20, minute=30)
WARM = FIRST - timedelta(days=1)
BOTH = pytest.mark.both
IN_LONG_RUNS = pytest.mark.skipif(not LONG, reason="processes cost much; tests/reminders has the same in one")


class Scheduler:
    """The process that makes the rounds."""

    def __init__(self, **environ: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.scheduler", WARM.isoformat()],
            cwd=ROOT, env={**os.environ, **ENVIRON, **environ}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def rounds(self, now: datetime, *ends: tuple[str, int]) -> list[int]:
        """Processes at once, as many as ends are given; what each ended with."""
        rounds = [(now.isoformat(), *end) for end in ends]
        self._process.stdin.write(json.dumps(rounds) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> "Scheduler":
        return self

    def __exit__(self, *_error) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


WHOLE = ("", 0)


@dataclass
class World:
    """People with mail and a phone each, and what reached them, from outside."""

    mail: MailServer
    push: PushService
    environ: dict[str, str]
    people: dict[int, str]
    handsets: dict[int, Handset]
    seen: Counter = field(default_factory=Counter)

    def came(self) -> Counter:
        """(channel, person) -> how many since the last look; what is the staff's own is left out."""
        mails, pushes = self.mail.box.mails[self.seen["mail"] :], self.push.got[self.seen["push"] :]
        self.seen["mail"] += len(mails)
        self.seen["push"] += len(pushes)
        by_address = {address: person for person, address in self.people.items()}
        found = Counter(("email", by_address[one.to[0]]) for one in mails if one.to[0] in by_address)
        for one in pushes:
            person = int(one.path.rsplit("/", 1)[1])
            assert self.handsets[person].read(one.body)["title"]  # the phone can read it
            found["push", person] += 1
        return found

    def staff(self) -> Counter:
        """How often each mail of a flag came, by its Message-ID and whom it went to."""
        own = set(self.people.values())
        return Counter(
            (email.message_from_bytes(one.raw)["Message-ID"], one.to[0])
            for one in self.mail.box.mails
            if one.to[0] not in own
        )


@pytest.fixture
def world(app, cast, store, tmp_path, clock_at):
    clock_at(MONDAY)
    with MailServer() as mail, PushService() as push:
        people, handsets = {}, {}
        with db.write() as s:
            for n in range(PEOPLE):
                address = f"p{n}@example.org"
                person = create_person(s, address, f"P {n}", "Europe/London", MONDAY)
                careteam.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, MONDAY)
                people[person.id], handsets[person.id] = address, Handset()
                s.add(
                    ReminderSettings(
                        person_id=person.id, daily=",".join(["20:30"] * 7), by_email=True, by_push=True, checkins=False,
                        commitments=False, ahead=False, wake_at=WARM, looked_at=WARM - timedelta(hours=1),
                        changed_at=MONDAY,
                    )
                )  # fmt: skip
                endpoint = f"http://127.0.0.1:{push.port}/push/{person.id}"
                phone = PushSubscription(
                    person_id=person.id, endpoint_index=index_of(endpoint), made_at=MONDAY, checked_at=MONDAY
                )
                phone.endpoint, phone.keys = endpoint, json.dumps(handsets[person.id].keys)
                s.add(phone)
        environ = {
            "DATABASE_URL": store[0],
            "DATA_DIR": str(tmp_path),
            "SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        }
        yield World(mail, push, environ, people, handsets)


def states(day) -> dict[tuple[str, int], str]:
    """(channel, person) -> what the engine says became of the day's reminder."""
    with db.read() as s:
        rows = s.execute(
            select(Delivery.channel, Delivery.person_id, Delivery.state).where(
                Delivery.day == day, Delivery.kind.not_in(SAFETY)
            )
        )
        return {(channel, person): state for channel, person, state in rows}


def judge(world: World, now: datetime, said: Counter) -> None:
    """A day's reminders, which came, against those due: each person by each way."""
    came, became = world.came(), states(now.date())
    for key in ((channel, person) for channel in ("email", "push") for person in world.people):
        said["due"] += 1
        said["came"] += came[key]
        said["doubled"] += came[key] > 1
        state = became.get(key, "none")
        said["unknown"] += state == "unknown"
        said["unknown_never_came"] += state == "unknown" and not came[key]
        said["missed"] += state != "unknown" and not came[key]


def run(world: World, kills: int, windows=WINDOWS, **environ: str) -> tuple[Counter, Counter]:
    """A day for each kill: its round dies, the next one comes when the lease is over."""
    said: Counter = Counter()
    killed: Counter = Counter()
    with Scheduler(**world.environ, **environ) as scheduler:
        for n in range(kills):
            now, window = FIRST + timedelta(days=n), windows[n % len(windows)]
            if n == 0:
                scheduler.rounds(WARM)  # the round before is over
                judge(world, WARM, said)
            (end,) = scheduler.rounds(now, (window, 1 + n % 2))
            assert end == -signal.SIGKILL, (window, end)
            killed[window] += 1
            after = now + LEASE + timedelta(minutes=1)
            assert scheduler.rounds(after, WHOLE) == [0]
            judge(world, now, said)
    return said, killed


@pytest.mark.both(
    *(("sqlite", "postgresql") if LONG else ("postgresql",))
)  # the windows are places in the code
@pytest.mark.slow
def test_killed_in_every_window(world, cast, store, capsys):
    raise_flag(cast.alice)
    said, killed = run(world, KILLS)
    flags = world.staff()
    with capsys.disabled():
        print(
            f"\nreminders, kill -9 on {store[0].split(':')[0].split('+')[0]}: {sum(killed.values())} kills "
            f"{dict(killed)}; {dict(said)}; mails of flags {flags.total()}, again with the same Message-ID "
            f"{flags.total() - len(flags)}"
        )
    assert all(killed[window] for window in WINDOWS)
    assert said["missed"] == said["doubled"] == 0
    assert said["came"] + said["unknown_never_came"] == said["due"]
    assert 0 < said["unknown_never_came"] < said["unknown"] < said["due"] / 2
    assert flags


@BOTH
@pytest.mark.slow
@IN_LONG_RUNS
def test_two_schedulers_at_once(world, capsys):
    said: Counter = Counter()
    with Scheduler(**world.environ) as scheduler:
        for n in range(40 if LONG else 2):
            now = FIRST + timedelta(days=n)
            if n == 0:
                scheduler.rounds(WARM)
                judge(world, WARM, said)
            ends = scheduler.rounds(now, WHOLE, WHOLE)
            assert ends == [0, 0]
            judge(world, now, said)
    with capsys.disabled():
        print(f"\ntwo schedulers at once: {dict(said)}")
    assert said["came"] == said["due"] and not said["missed"] + said["doubled"] + said["unknown"]


@pytest.mark.slow
@IN_LONG_RUNS
@pytest.mark.parametrize(
    ("wrong", "window", "count"),
    [("sent_before_sending", "begun", "missed"), ("sends_again", "sent", "doubled")],
)
def test_a_wrong_engine_is_found_out(world, wrong, window, count, capsys):
    said, _ = run(world, 2, (window,), SABOTAGE=wrong)
    with capsys.disabled():
        print(f"\nsabotage {wrong}: {dict(said)}")
    assert said[count] > 0
