"""One round of the engine: claim, mark, send, store, each in its own short transaction, and nothing while sending.

A worker may die at any line, and two may run at once. What a death costs, by where it comes:

1. before `claim` commits: nothing has happened;
2. before `begin` commits: the lease runs out, the next round sends;
3. before `settle` commits: it may have gone or not; it is counted as unknown and never sent twice, one of safety is sent
   again with the same Message-ID.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diary import db
from diary.lib import clock
from diary.lib.log import log
from diary.reminders.actions import claim as claiming
from diary.reminders.actions import deliver, ticks
from diary.reminders.actions.deliver import Parcel, Result
from diary.reminders.actions.escalate import escalate
from diary.reminders.rules.message import EMAIL, PUSH, Outcome, Phone

Way = Callable[[Parcel, Phone | None], Outcome]
BATCH, THREADS, MOST_BATCHES = 50, 8, 200
A_MINUTE = timedelta(minutes=1)
# The windows between two steps, in which tests let a worker die.
WINDOWS = ("claim", "claimed", "begin", "begun", "sent", "settle", "settled")


def nothing(_window: str) -> None:
    """No test looks on."""


@dataclass
class Worker:
    """Sends what is due by the ways given: channel -> what hands a parcel over, to a phone or by mail."""

    ways: Mapping[str, Way]
    now: Callable[[], datetime] = clock.now
    batch: int = BATCH
    threads: int = THREADS
    jitter: Callable[[], float] = random.random
    at: Callable[[str], None] = nothing
    counts: Counter[str] = field(default_factory=Counter)

    def round(self) -> Counter[str]:
        """Everything that is due now; what was done, by name."""
        self.counts = Counter()
        began = self.now()
        with db.write() as s:
            self.counts["changed"] += claiming.notice(s, began)
        told = self._tell()
        for _ in range(MOST_BATCHES):
            if (
                self.now() - told >= A_MINUTE
            ):  # a flag does not wait for a long round's end: a slow server's, say
                told = self._tell()
            if not self._batch():
                break
        with db.write() as s:
            ticks.end(s, claiming.NAME, began, self.now(), self.counts)
        return self.counts

    def _tell(self) -> datetime:
        """Flags that are due; when they were looked at."""
        now = self.now()
        with db.write() as s:
            self.counts.update(escalate(s, now))
        return now

    def _batch(self) -> bool:
        """One batch; whether there may be more."""
        with db.write() as s:
            claimed = claiming.claim(s, self.now(), self.batch)
            self.at("claim")
        self.at("claimed")
        for ids in _chunks(claimed.ids, self.batch):
            with db.write() as s:
                parcels = deliver.begin(s, self.now(), claimed, ids)
                self.at("begin")
            self.at("begun")
            results = self._send(parcels)
            self.at("sent")
            if not results:
                continue
            with db.write() as s:
                claimed.counts += deliver.settle(s, self.now(), results, self.jitter())
                self.at("settle")
            self.at("settled")
        self.counts += claimed.counts
        return claimed.is_more

    def _send(self, parcels: Sequence[Parcel]) -> list[Result]:
        """Hand them all over, some at a time; outside of any transaction."""
        if self.threads <= 1 or len(parcels) <= 1:
            return [self._hand_over(parcel) for parcel in parcels]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(self._hand_over, parcels))

    def _hand_over(self, parcel: Parcel) -> Result:
        way = self.ways.get(parcel.channel)
        if way is None:
            return Result(parcel, ((None, Outcome("failed", "no_way")),))
        if parcel.channel == PUSH:
            return Result(parcel, tuple((phone.id, _tried(way, parcel, phone)) for phone in parcel.phones))
        return Result(parcel, ((None, _tried(way, parcel, None)),))


def _tried(way: Way, parcel: Parcel, phone: Phone | None) -> Outcome:
    """An error that no transport foresaw is an outcome too: it must not stop the others."""
    try:
        return way(parcel, phone)
    except Exception as error:
        log.error("reminder", kind=type(error).__name__)
        return Outcome("retry", "error")


def _chunks(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def ways_of(extensions: Mapping[str, object]) -> dict[str, Way]:
    """The ways out that this install has."""
    mail, push = extensions["mail"], extensions["push"]
    return {
        EMAIL: lambda parcel, _phone: mail.send(parcel.to, parcel.message, parcel.unsubscribe),  # type: ignore[attr-defined]
        PUSH: lambda parcel, phone: push.send(phone, parcel.message),  # type: ignore[attr-defined]
    }
