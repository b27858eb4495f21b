"""One round of the engine: claim, send, store; two short transactions a batch, and nothing while sending.

A worker may die at any line, and two may run at once. What a death costs, by where it comes:

1. before `claim` commits: nothing has happened;
2. before `settle` commits: it may have gone or not; it is counted as unknown and never sent twice, one of safety is sent
   again with the same Message-ID;
3. after that: nothing.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diary import db
from diary.lib import clock
from diary.lib.log import log
from diary.reminders.actions import ticks
from diary.reminders.actions.claim import claim
from diary.reminders.actions.deliver import Result, settle
from diary.reminders.actions.escalate import escalate
from diary.reminders.actions.notice import NAME, notice
from diary.reminders.actions.parcels import Parcel
from diary.reminders.rules.message import EMAIL, PUSH, Outcome, Phone

Way = Callable[[Parcel, Phone | None], Outcome]
# A batch is as long as its lease lasts even where every try in it times out; a round as the time to the next.
BATCH, THREADS, ROUND_SECONDS = 50, 8, 50
A_MINUTE = timedelta(minutes=1)
# The windows in which tests let a worker die: in the claim, with it, after the sending, in the storing, after it.
WINDOWS = ("claim", "begun", "sent", "settle", "settled")


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
        """Everything that is due now, or as much of it as there is time for; what was done, by name."""
        self.counts = Counter()
        began, end_at = self.now(), time.monotonic() + ROUND_SECONDS
        with db.write() as s:
            self.counts["changed"] += notice(s, began)
        told = self._tell()
        with ThreadPoolExecutor(self.threads) as pool:
            while self._batch(pool) and time.monotonic() < end_at:
                if self.now() - told >= A_MINUTE:  # a flag does not wait for a long round's end
                    told = self._tell()
        with db.write() as s:
            ticks.end(s, NAME, began, self.now(), self.counts)
        return self.counts

    def _tell(self) -> datetime:
        """Flags that are due; when they were looked at."""
        now = self.now()
        with db.write() as s:
            self.counts.update(escalate(s, now))
        return now

    def _batch(self, pool: ThreadPoolExecutor) -> bool:
        """One batch; whether there may be more."""
        with db.write() as s:
            claimed = claim(s, self.now(), self.batch)
            self.at("claim")
        if claimed.parcels:
            self.at("begun")
            results = self._send(claimed.parcels, pool)
            self.at("sent")
            with db.write() as s:
                claimed.counts += settle(s, self.now(), results, self.jitter())
                self.at("settle")
            self.at("settled")
        self.counts += claimed.counts
        return claimed.is_more

    def _send(self, parcels: Sequence[Parcel], pool: ThreadPoolExecutor) -> list[Result]:
        """Hand them all over, some at a time; outside of any transaction."""
        threads = min(self.threads, len(parcels))
        if threads <= 1:
            return [self._hand_over(parcel) for parcel in parcels]
        left = iter(parcels)  # one for all threads: each takes the next when it is done with one
        done = [pool.submit(lambda: [self._hand_over(parcel) for parcel in left]) for _ in range(threads)]
        return [result for several in done for result in several.result()]

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


def ways_of(extensions: Mapping[str, object]) -> dict[str, Way]:
    """The ways out that this install has."""
    mail, push = extensions["mail"], extensions["push"]
    return {
        EMAIL: lambda parcel, _phone: mail.send(parcel.to, parcel.message, parcel.unsubscribe),  # type: ignore[attr-defined]
        PUSH: lambda parcel, phone: push.send(phone, parcel.message),  # type: ignore[attr-defined]
    }
