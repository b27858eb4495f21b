"""When silence is an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=3)  # security.md, 43


@dataclass(frozen=True)
class Pulse:
    """How the scheduler goes: its last round, the oldest thing due that it has not decided, overdue flags."""

    last_at: datetime | None
    oldest_due: datetime | None = None
    overdue_flags: int = 0


def is_silent(pulse: Pulse, now: datetime) -> bool:
    """Whether the scheduler has stopped: no round for three minutes; before the first one, something waits as long."""
    since = pulse.last_at or pulse.oldest_due
    return since is not None and now - since > LONGEST


def alarm(pulse: Pulse, now: datetime) -> str:
    """What is wrong, in words that name nobody; empty when nothing is."""
    if is_silent(pulse, now):
        return "the scheduler is silent"
    return "a safety flag is overdue" if pulse.overdue_flags else ""


REASONS = {
    "done": "It was done already",
    "paused": "A pause",
    "not_today": "“Not today” was said",
    "expired": "Its time had passed",
    "coalesced": "Another one said the same",
    "acknowledged": "Somebody was on it already",
    "no_phone": "There was no phone left to send it to",
    "no_way": "Sending is not set up here",
    "unknown": "The process stopped while it was sent",
    "restored": "Neap was put back from a copy",
    "gone": "The phone is no longer there",
    "nowhere": "There was no phone or address to send it to",
    "off": "Sending is not set up here",
}


def reason_words(code: str) -> str:
    """The code of why a reminder was not sent, in words; one that a server gave as it is."""
    return REASONS.get(code, f"The other side said “{code}”" if code else "No reason is known")
