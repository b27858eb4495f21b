"""The phone's protocol, version 1: what a body may say, when its clock is believed, and what an answer holds.

Line numbers are those of the protocol. Moments are aware; a skew is what a phone adds to its clock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from diary.entries.rules import CLOCK_TOLERANCE
from diary.goodday.rules import WORD

VERSION = 1
ACCEPTED = frozenset({1})  # every version that was ever taken
LARGEST_BODY = 64 * 1024
LONGEST_RANGE = timedelta(days=62)
DAY = "day"
COMMITMENT = "commitment"
# Those that also carry the id of what they are about: an infusion, a commitment, or of a word its own writer.
TARGETED = frozenset({"checkin", "intention", "arrival", COMMITMENT, WORD})
KINDS = frozenset({DAY}) | TARGETED
KEYS = frozenset(
    {"version", "person", "device", "kind", "day", "zone", "recorded_at", "sent_at", "skew", "base", "fields"}
)
OPTIONAL = frozenset({"receipt"})
TARGET = "target"
NOT_DIGESTED = frozenset({"sent_at", "skew", "receipt"})


def digested(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body its digest covers: all but what changes from try to try (line 6)."""
    return {name: value for name, value in body.items() if name not in NOT_DIGESTED}


def is_clock_unknown(received_at: datetime, sent_at: datetime, skew: timedelta) -> bool:
    """Whether the phone must send again with the right skew (line 11): its clock is off by other than it says."""
    return abs((received_at - sent_at) - skew) > CLOCK_TOLERANCE


def outcome(names: Iterable[str], superseded: Iterable[str]) -> dict[str, str]:
    """By field what became of it at its own moment (line 10)."""
    lost = set(superseded)
    return {name: "superseded" if name in lost else "applied" for name in sorted(names)}


def receipt_text(effective_at_ms: int, clock_off: bool) -> str:
    """The part of a receipt that can be read: milliseconds since 1970, and whether the clock was off."""
    return f"{effective_at_ms}.{int(clock_off)}"


def signed_part(person: UUID, write: UUID, digest: bytes, text: str) -> bytes:
    """What a receipt's signature covers (line 21)."""
    return b"receipt" + person.bytes + write.bytes + digest + text.encode()


def parse_receipt(text: str) -> tuple[int, bool, str] | None:
    """(effective moment in ms, clock off, signature) of a receipt, or None where it is none."""
    moment, _, rest = text.partition(".")
    off, _, signature = rest.partition(".")
    if not (moment.isascii() and moment.isdecimal() and len(moment) <= 15) or off not in ("0", "1"):
        return None
    return int(moment), off == "1", signature
