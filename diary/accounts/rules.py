"""What makes a passphrase good enough, how long a session lives, and how many guesses there are."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

SHORTEST = 10
LONGEST = 256
PATIENT_IDLE = timedelta(days=90)
STAFF_IDLE = timedelta(minutes=30)
STAFF_AGE = timedelta(hours=12)
TOUCH_AFTER = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Budget:
    """How many failed sign-ins one account, address or known device has in a window."""

    account: int = 10
    address: int = 60
    device: int = 20


BUDGET = Budget()


def new_token() -> str:
    """256 random bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token: 32 bytes that do not lead back to it."""
    return hashlib.sha256(token.encode()).digest()


def is_alive(created_at: datetime, seen_at: datetime, is_staff: bool, now: datetime) -> bool:
    """Whether a session still counts: a patient's 90 days of use, staff's 12 hours and 30 idle minutes."""
    idle = now - seen_at
    if is_staff:
        return idle < STAFF_IDLE and now - created_at < STAFF_AGE
    return idle < PATIENT_IDLE


def is_stale(seen_at: datetime, now: datetime) -> bool:
    """Whether it is time to note that a session was used."""
    return now - seen_at >= TOUCH_AFTER


def retry_after(failures: int, allowed: int, since: datetime, now: datetime) -> int:
    """Seconds to wait before another guess, 0 where one is left."""
    left = WINDOW - (now - since)
    return max(1, int(left.total_seconds())) if failures >= allowed and left > timedelta(0) else 0


def passphrase_problem(passphrase: str, email: str = "") -> str | None:
    """Why a passphrase is refused, in words, or None (NIST SP 800-63B: length, and no common ones)."""
    if len(passphrase) < SHORTEST:
        return f"This is too short: at least {SHORTEST} characters. A few words in a row are easy to keep."
    if len(passphrase) > LONGEST:
        return f"This is too long: at most {LONGEST} characters."
    if "\x00" in passphrase:
        return "This holds a character that can't be typed."
    plain = passphrase.casefold()
    if plain in _common() or len(set(plain)) < 4 or _is_run(plain):
        return "This is one of the passphrases that are guessed first. Please choose another."
    if email and plain in (email.casefold(), email.casefold().split("@")[0]):
        return "This is your e-mail address. Please choose something else."
    return None


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps in ({1}, {-1})


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
