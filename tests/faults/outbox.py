"""A phone as the protocol asks for it, lines 4-6 and 16-21, without a screen: what it keeps survives everything.

It knows no transport: who drives it takes `next_entry`, sends `request(entry)` and tells what came back by
`answered` or `no_answer`. `moment` gives the phone's own clock, `seconds` a clock that only runs forward.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MOST_WAIT, TRIES_THEN_PASSED = 300, 8
HELD = {400, 404, 405, 409, 413, 415, 422}
FOR_35_DAYS = timedelta(days=35)


@dataclass
class Entry:
    """One write in the outbox or in the log of sent ones; `body` never changes once it is recorded."""

    id: UUID
    body: Mapping[str, Any]
    receipt: str | None = None
    epoch: str | None = None
    answered_at: datetime | None = None
    tries: int = 0
    wait_until: float = 0
    is_held: bool = False
    was_renamed: bool = False
    reason: Any = None

    @property
    def day(self) -> str:
        return self.body["day"]


@dataclass
class Store:
    """What lies in the phone's durable storage; a page that dies loses nothing of it."""

    outbox: list[Entry] = field(default_factory=list)
    log: dict[UUID, Entry] = field(default_factory=dict)
    shown: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    epoch: str | None = None
    skew_ms: int = 0


class Outbox:
    """One phone of one person."""

    def __init__(
        self, person: UUID, name: str, moment: Callable[[], datetime], seconds: Callable[[], float],
        chance: random.Random, zone: str = "Europe/London", pace: float = 1.0,
    ):  # fmt: skip
        self.person, self.name, self.zone = person, name, zone
        self.moment, self.seconds, self.chance, self.pace = moment, seconds, chance, pace
        self.store = Store()
        self.flusher_waits_until = 0.0
        self.failures = 0
        self.is_signed_out = False
        self.newest_ack: dict[str, int] = {}
        self.acks = 0
        self.repeats = 0
        self.sent_again_after_restore = 0
        self.renamed: dict[UUID, UUID] = {}

    # Recording ------------------------------------------------------------------------------------

    def today(self) -> date:
        there = (self.moment() + timedelta(milliseconds=self.store.skew_ms)).astimezone(ZoneInfo(self.zone))
        return there.date() if there.time() >= time(4) else there.date() - timedelta(days=1)

    def record(self, day: date, fields: Mapping[str, str], write_id: UUID | None = None) -> Entry:
        """Durable before anybody is told "Saved on this phone"."""
        on = day.isoformat()
        names = touched(fields)
        body = {
            "version": 1, "person": str(self.person), "device": self.name, "kind": "day", "day": on,
            "zone": self.zone, "recorded_at": iso(self.moment()),
            "base": {name: sorted(self.store.shown.get((on, name), ())) for name in names},
            "fields": dict(fields),
        }  # fmt: skip
        entry = Entry(write_id or new_id(self.chance), body)
        for name in names:
            self.store.shown.setdefault((on, name), set()).add(str(entry.id))
        self.store.outbox.append(entry)
        return entry

    # Sending --------------------------------------------------------------------------------------

    def next_entry(self) -> Entry | None:
        """First in, first out per day; a held one blocks nothing, one that failed often lets others pass."""
        if self.is_signed_out or self.seconds() < self.flusher_waits_until:
            return None
        blocked = set()
        for entry in self.store.outbox:
            if entry.is_held or entry.day in blocked:
                continue
            if self.seconds() >= entry.wait_until:
                return entry
            if entry.tries < TRIES_THEN_PASSED:
                blocked.add(entry.day)
        return None

    def request(self, entry: Entry) -> dict[str, Any]:
        self.repeats += entry.tries > 0
        entry.tries += 1
        body = {**entry.body, "sent_at": iso(self.moment()), "skew": self.store.skew_ms}
        return body | ({"receipt": entry.receipt} if entry.receipt else {})

    def no_answer(self, _entry: Entry) -> None:
        """Line 19: nothing of ours came back; the flusher waits, the entry stays."""
        self.failures += 1
        self._wait(min(2**self.failures, MOST_WAIT) * self.chance.random())

    def _wait(self, wait: float) -> None:
        self.flusher_waits_until = self.seconds() + wait * self.pace

    def is_ours(self, status: int, kind: str, body: Any) -> bool:
        """Line 16: only JSON of ours counts."""
        if "json" not in kind or not isinstance(body, dict):
            return False
        return "id" in body if status == 200 else bool({"error", "fields", "min", "now"} & set(body))

    def answered(
        self, entry: Entry, status: int, kind: str, data: bytes, retry_after: str | None = None
    ) -> str:
        """What became of the entry: acknowledged, again (at once), held, or waits."""
        body = parsed(data)
        if not self.is_ours(status, kind, body) or (status == 200 and body["id"] != str(entry.id)):
            self.no_answer(entry)
            return "waits"
        self.failures = 0
        if status == 200:
            self._acknowledged(entry, body)
            return "acknowledged"
        if status == 425:
            server = datetime.fromisoformat(body["now"])
            self.store.skew_ms = round((server - self.moment()) / timedelta(milliseconds=1))
            return "again"
        if status == 409 and not entry.was_renamed:
            self._rename(entry)
            return "again"
        if status in HELD:
            entry.is_held, entry.reason = True, (status, body)
            return "held"
        if status == 401:
            self.is_signed_out = True
        elif status in (429, 503):
            least = float(retry_after) if (retry_after or "").isdecimal() else 1
            self.flusher_waits_until = self.seconds() + least
        elif status >= 500:
            entry.wait_until = (
                self.seconds() + min(2**entry.tries, MOST_WAIT) * self.chance.random() * self.pace
            )
        else:
            self._wait(5)
        return "waits"

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """Out of the outbox and into the log in one step of the durable store."""
        entry.receipt, entry.epoch, entry.answered_at = body["receipt"], body["epoch"], self.moment()
        if entry in self.store.outbox:
            self.store.outbox.remove(entry)
        self.store.log[entry.id] = entry
        self.acks += 1
        self.newest_ack[entry.day] = self.acks
        self.server_is(body["epoch"])

    def _rename(self, entry: Entry) -> None:
        fresh = new_id(self.chance)
        self.renamed[entry.id] = fresh
        for shown in self.store.shown.values():
            if str(entry.id) in shown:
                shown.add(str(fresh))
        entry.id, entry.was_renamed, entry.receipt = fresh, True, None  # a receipt is for its id

    def mend(self, entry: Entry) -> Entry | None:
        """A refused day that names the diary's own: the person takes that one, under a new id and the old moment."""
        status, body = entry.reason
        if status != 422 or "day" not in body:
            return None
        self.store.outbox.remove(entry)
        mended = self.record(date.fromisoformat(body["day"]), entry.body["fields"])
        mended.body = {**mended.body, "recorded_at": entry.body["recorded_at"], "zone": entry.body["zone"]}
        self.renamed[entry.id] = mended.id
        return mended

    # What the server says -------------------------------------------------------------------------

    def server_is(self, epoch: str) -> None:
        """Line 21: another epoch is a restored server, to which the log is sent again."""
        if self.store.epoch not in (None, epoch):
            self._send_again(epoch)
        self.store.epoch = epoch

    def _send_again(self, epoch: str) -> None:
        back = [
            entry for entry in self.store.log.values()
            if entry.epoch != epoch and self.moment() - entry.answered_at < FOR_35_DAYS
        ]  # fmt: skip
        for entry in back:
            del self.store.log[entry.id]
            entry.tries = entry.wait_until = 0
            self.sent_again_after_restore += 1
        self.store.outbox = back + self.store.outbox

    def fetched(self, asked_at: int, answer: Mapping[str, Any]) -> None:
        """`GET days`: what the screen shows from now on, but for days with a write acknowledged since it asked."""
        if answer["person"] != str(self.person):
            return
        self.server_is(answer["epoch"])
        mine = list(self.store.outbox)
        for on, day in answer["days"].items():
            if self.newest_ack.get(on, 0) > asked_at:
                continue
            for key in [key for key in self.store.shown if key[0] == on]:
                del self.store.shown[key]
            for name, shown in day["values"].items():
                self.store.shown[on, name] = set(shown["ids"])
        for entry in mine:
            for name, base in entry.body["base"].items():
                self.store.shown.setdefault((entry.day, name), set()).update({str(entry.id), *base})

    @property
    def waiting(self) -> list[Entry]:
        return [entry for entry in self.store.outbox if not entry.is_held]

    @property
    def held(self) -> list[Entry]:
        return [entry for entry in self.store.outbox if entry.is_held]


def touched(fields: Mapping[str, str]) -> list[str]:
    """The fields of line 4: a note and its privacy are one, who wrote it belongs to the write."""
    return sorted({"note" if name == "note_private" else name for name in fields} - {"written_by"})


def parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def new_id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def some_fields(chance: random.Random) -> dict[str, str]:
    """What a person may tell: scores, numbers, a note with who may see it, or that it was too much."""
    found: dict[str, str] = {}
    for name in chance.sample(("pain", "fatigue", "sleep", "mood", "cognition"), chance.choice((1, 1, 2, 5))):
        found[name] = chance.choice(("", "0", "3", "7", "10", str(chance.randrange(11))))
    roll = chance.random()
    if roll < 0.12:
        found |= {
            "note": f"note {chance.randrange(10**6)}\r\nline",
            "note_private": chance.choice(("yes", "no")),
        }
    elif roll < 0.2:
        found["unwell"] = chance.choice(("", "yes"))
    elif roll < 0.3:
        found |= {"sleep_hours": chance.choice(("7:30", "6.5", "")), "times_awake": str(chance.randrange(5))}
    elif roll < 0.36:
        found["written_by"] = chance.choice(("self", "helper"))
    return found
