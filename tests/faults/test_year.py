"""A simulated year: the real engine and database, a clock set by hand, workers that die, mail that fails, time that jumps.

What ought to come is worked out here once more, from wall clocks alone. In `make faults` a year for 1,000 people; in
`make test` some days for a few.
"""

import os
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.entries.models import Entry
from diary.infusions.models import Infusion
from diary.reminders.models import Delivery, ReminderSettings
from diary.reminders.rules.message import Outcome
from diary.reminders.worker import WINDOWS, Worker

LONG = bool(os.environ.get("NEAP_LONG"))
PEOPLE, DAYS = (1000, 365) if LONG else (12, 12)
START = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = ("Europe/London", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
TIMES = (time(6, 30), time(20, 30), time(21))
QUIET = (time(22), time(8))
OPEN = ("waiting", "claimed", "sending")
JUMPS = tuple(timedelta(hours=hours) for hours in (-3, 3, 10, 48))  # of the clock, for one round
TROUBLES = ("six_hours_down", "mail_down", *JUMPS)
GRID = (
    300 if LONG else 60
)  # seconds between rounds: what is due comes at whole half-hours, but tries again do not
OFTEN = 0.05 if LONG else 0.15  # of each, a day


class Died(BaseException):
    """The worker's process is gone."""


@dataclass(frozen=True)
class Somebody:
    """One invented person: a time each day, quiet hours or none, days that are written, and planned visits."""

    id: int
    zone: str
    at: time
    has_quiet: bool
    paused_until: date
    done: frozenset[date]
    visits: frozenset[date]

    def due(self) -> dict[tuple[str, date], datetime]:
        """(kind, day) -> the moment it has to come, by the wall clock."""
        there = ZoneInfo(self.zone)
        found = {}
        for step in range(-1, DAYS + 1):
            day = START.date() + timedelta(days=step)
            at = max(self.at, QUIET[1]) if self.has_quiet else self.at
            if day not in self.done and day >= self.paused_until:
                found["daily_log", day] = datetime.combine(day, at, there).astimezone(UTC)
            if day + timedelta(days=1) in self.visits and day >= self.paused_until:
                found["infusion", day] = datetime.combine(day, time(18), there).astimezone(UTC)
        return {key: moment for key, moment in found.items() if START <= moment < END - timedelta(days=1)}


END = START + timedelta(days=DAYS)


def population(cast, dice: random.Random) -> list[Somebody]:
    """People with all that is known beforehand, written in few statements."""
    days = [START.date() + timedelta(days=n) for n in range(DAYS + 2)]
    found, entries, visits = [], [], []
    with db.write() as s:
        for n in range(PEOPLE):
            zone = ZONES[n % len(ZONES)]
            person = create_person(s, f"p{n}@example.org", f"P {n}", zone, START)
            careteam.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, START)
            one = Somebody(
                person.id, zone, dice.choice(TIMES), n % 3 == 0,
                START.date() + timedelta(days=10 * (n % 5 == 0)),
                frozenset(day for day in days if dice.random() < 0.5),
                frozenset(days[dice.randrange(7)::14]) if n % 2 else frozenset(),
            )  # fmt: skip
            found.append(one)
            s.add(
                ReminderSettings(
                    person_id=one.id, daily=",".join([one.at.strftime("%H:%M")] * 7), by_email=True, checkins=False,
                    commitments=False, paused_until=one.paused_until, wake_at=START, looked_at=START, changed_at=START,
                    quiet_from="22:00" if one.has_quiet else "", quiet_until="08:00" if one.has_quiet else "",
                )
            )  # fmt: skip
            entries += [
                {"person_id": one.id, "day": day, "pain": 3.0, "unwell": False, "written_by": "self", "note_private": False,
                 "late": 0, "skipped": 0, "revisions": 1, "has_conflict": False, "last_write": uuid4().bytes, "changed_at": START}
                for day in one.done
            ]  # fmt: skip
            visits += [
                {"uuid": uuid4(), "patient_id": one.id, "number": number, "day": day, "at_time": "10:00", "zone": zone,
                 "series": "", "dose_mg": 40.0, "minutes": 40.0, "route": "IV", "status": "planned", "given": "{}",
                 "revisions": 1, "changed_at": START}
                for number, day in enumerate(sorted(one.visits), 1)
            ]  # fmt: skip
        s.execute(Entry.__table__.insert(), entries)
        s.execute(Infusion.__table__.insert(), visits)
    return found


class Run:
    """The clock, the sink, and workers that die one after another."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.now = dice, START
        self.took: Counter = Counter()
        self.at: dict = {}
        self.kills: Counter = Counter()
        self.reached: Counter = Counter()
        self.told: Counter = Counter()
        self.down: list[tuple[datetime, datetime]] = []
        self.up_since = START - timedelta(days=1)
        self.troubles = sorted(
            (START + timedelta(days=day, minutes=dice.randrange(24 * 60)), trouble)
            for day in range(DAYS - 4)
            for n, trouble in enumerate(TROUBLES)
            if dice.random() < OFTEN or n == day
        )

    def send(self, parcel, _phone):
        if any(since <= self.now < until for since, until in self.down[-2:]):
            self.told["mail_was_down"] += 1
            return Outcome("retry", "unreachable")
        if self.dice.random() < 0.02:
            self.told["mail_refused"] += 1
            return Outcome("retry", "450")
        key = parcel.person_id, parcel.message.kind, parcel.message.day
        self.took[key] += 1
        self.at.setdefault(key, self.now)
        return Outcome("sent")

    def die(self, window: str) -> None:
        self.reached[window] += 1
        if self.dice.random() < (0.002 if LONG else 0.03) or self.reached[window] == 20:  # none stays empty
            self.kills[window] += 1
            raise Died

    def tick(self) -> None:
        worker = Worker(
            {"email": self.send}, now=lambda: self.now, threads=1, jitter=self.dice.random, at=self.die
        )
        try:
            worker.round()
        except Died:
            return
        for name, number in worker.counts.items():
            self.told[name] += number

    def go(self) -> int:
        """From one moment at which something is due to the next, to the end; how many rounds."""
        rounds = 0
        troubles = [*self.troubles]
        while self.now < END:
            while troubles and troubles[0][0] <= self.now:
                self.trouble(troubles.pop(0)[1])
            self.tick()
            rounds += 1
            next_ = min(self._next(), self.now + timedelta(hours=3), *(at for at, _ in troubles[:1]))
            self.now = max(self.now + timedelta(minutes=1), next_)
        return rounds

    def trouble(self, what: timedelta | str) -> None:
        """The scheduler, the mail server or the clock, for some hours or for one round."""
        if what == "six_hours_down":
            if self.now - self.up_since < timedelta(hours=8):
                return  # twelve hours would be another promise
            self.now += timedelta(hours=6)
            self.up_since = self.now
        elif what == "mail_down":
            self.down.append((self.now, self.now + timedelta(hours=6)))
        else:
            before, self.now = self.now, self.now + what
            self.tick()
            self.now = before
            what = f"clock {what.total_seconds() / 3600:+.0f} h"
        self.told[what] += 1

    def was_down(self, since: datetime, until: datetime) -> bool:
        """Whether the mail was down at a time in which a reminder could have been sent."""
        return any(begins < until and ends > since for begins, ends in self.down)

    def _next(self) -> datetime:
        """The minute, of those there are, at which a round finds something."""
        with db.read() as s:
            moments = [
                s.scalar(select(func.min(ReminderSettings.wake_at))),
                s.scalar(select(func.min(Delivery.try_at)).where(Delivery.state.in_(OPEN))),
            ]
        at = min((moment for moment in moments if moment is not None), default=END)
        return at + timedelta(seconds=-at.timestamp() % GRID)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """A worker's death is not the machine's: what it committed is there."""
    monkeypatch.setattr(db, "PRAGMAS", tuple(one.replace("=FULL", "=OFF") for one in db.PRAGMAS))


@pytest.mark.both
@pytest.mark.slow
def test_nothing_is_missed_and_nothing_doubled(app, cast, clock_at, capsys):
    clock_at(START)
    dice = random.Random(7)
    people = population(cast, dice)
    run = Run(dice)
    rounds = run.go()
    due = {(one.id, *key): moment for one in people for key, moment in one.due().items()}
    edge = {(one.id, kind, day) for one in people for kind, day in run_edges(one)}
    with db.read() as s:
        rows = s.execute(
            select(
                Delivery.person_id, Delivery.kind, Delivery.day, Delivery.state, Delivery.reason, Delivery.expires_at,
                Delivery.sent_at,
            )
        ).all()  # fmt: skip
    stored = Counter((row.person_id, row.kind, row.day) for row in rows)
    became = {(row.person_id, row.kind, row.day): row for row in rows}
    with_another = {
        (row.person_id, row.day) for row in rows if row.state in ("sent", "unknown", "failed", *OPEN)
    }
    said: Counter = Counter()
    for key in due:
        row = became.get(key)
        said["missed" if row is None else f"{row.state} {row.reason}".strip()] += 1
    late = [run.at[key] - due[key] for key in due if key in run.at]
    with capsys.disabled():
        print(
            f"\na simulated year: {PEOPLE} people, {DAYS} days, {rounds:,} rounds, {len(due):,} reminders due: "
            f"{dict(sorted(said.items()))}; doubled {sum(count > 1 for count in run.took.values())}; within a minute "
            f"{sum(wait <= timedelta(minutes=1) for wait in late):,}; killed {dict(run.kills)}; {dict(+run.told)}"
        )
    assert said["missed"] == 0
    assert max(stored.values()) == 1
    assert max(run.took.values()) == 1  # nothing twice
    assert set(run.took) <= set(due) | edge  # nothing that was not due: done, paused, no visit
    assert min(late) >= timedelta(0)  # nothing early, by the clock as it was
    for key, moment in due.items():
        row = became[key]
        assert (row.state == "sent") <= (run.took[key] == 1), key
        assert row.state in ("sent", "unknown", "failed", "skipped", *OPEN), key
        if row.state == "skipped" and row.reason == "coalesced":
            assert (row.person_id, row.day) in with_another, key
        elif row.state in ("failed", "skipped"):  # of no use any more: no way out all the while
            assert row.reason in ("expired", "unreachable", "450"), (key, row.reason)
            assert run.was_down(moment, row.expires_at), key
    assert all(run.kills[window] for window in WINDOWS), run.kills
    assert said["unknown unknown"] > 0
    assert said["sent"] > len(due) * 0.7
    assert all(run.told[f"clock {jump.total_seconds() / 3600:+.0f} h"] for jump in JUMPS)
    assert run.told["six_hours_down"] and run.told["mail_down"]


def run_edges(one: Somebody) -> list[tuple[str, date]]:
    """The days at either end, of which the run may or may not have seen the moment."""
    days = [START.date() + timedelta(days=n) for n in (-1, 0, DAYS - 2, DAYS - 1, DAYS, DAYS + 1)]
    return [(kind, day) for kind in ("daily_log", "infusion") for day in days]
