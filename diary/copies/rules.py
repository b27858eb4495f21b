"""How long a copy is kept, how many there may be, and what its page says of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from diary.lib.words import number

KEPT = timedelta(hours=24)
A_DAY = timedelta(hours=24)
MOST_A_DAY = 5
LEASE = timedelta(minutes=2)  # begins anew with each part
MOST_TRIES = 3
SLOW = timedelta(minutes=3)  # longer than a long diary takes

RUNNING, READY, FAILED = "running", "ready", "failed"


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy, without what is in it."""

    uuid: UUID
    asked_at: datetime
    parts_done: int
    parts: int
    made_at: datetime | None
    failed_at: datetime | None
    gone_at: datetime | None
    size: int

    @property
    def state(self) -> str:
        if self.made_at is not None:
            return READY
        return FAILED if self.failed_at is not None else RUNNING

    def is_slow(self, now: datetime) -> bool:
        """Whether it has been waited for longer than it should take."""
        return self.state == RUNNING and now - self.asked_at > SLOW

    @property
    def size_words(self) -> str:
        """ "84 kB", "1.2 MB" """
        if self.size < 999_500:
            return f"{max(1, (self.size + 500) // 1000)} kB"
        return f"{number((self.size + 50_000) // 100_000 / 10)} MB"


def again_at(asked: list[datetime], now: datetime) -> datetime | None:
    """When somebody may ask again who asked for copies at these moments; None for now.

    At most MOST_A_DAY within any 24 hours, also those that failed.
    """
    lately = sorted(moment for moment in asked if moment > now - A_DAY)
    return lately[-MOST_A_DAY] + A_DAY if len(lately) >= MOST_A_DAY else None
