"""What makes a passphrase good enough, how long a session lives, and how many guesses there are."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from pyotp import TOTP

SHORTEST = 10
LONGEST = 256
PATIENT_IDLE = timedelta(days=90)
STAFF_IDLE = timedelta(minutes=30)
STAFF_AGE = timedelta(hours=12)
TOUCH_AFTER = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)
HALF_LIVES = timedelta(minutes=30)  # to put a second factor at hand, or to set one up
FRESH_FOR = timedelta(minutes=10)
CHALLENGE_LIVES = timedelta(minutes=5)
LINK_LIVES = timedelta(hours=1)
NOTICE_LIVES = timedelta(days=3)
RESET, EMAIL = "reset", "email"  # what a mailed link is for
CODES = 10
STEP = 30  # seconds that a code of an authenticator app counts for
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
MOST_PASSKEYS = 20
BY_PASSKEY = "passkey"  # stands where a passphrase's hash would, and is none's


@dataclass(frozen=True)
class Budget:
    """How many wrong guesses one account, address or known device has in a window, how many mails an account, and how many
    questions to passkeys an address that nobody answers."""

    account: int = 10
    address: int = 60
    device: int = 20
    mails: int = 5
    questions: int = 60


BUDGET = Budget()


def new_token() -> str:
    """256 random bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token: 32 bytes that do not lead back to it."""
    return hashlib.sha256(token.encode()).digest()


def handle_of(kept: bytes) -> UUID:
    """By what a person's own page names one of their sessions, from what is kept of its token."""
    return UUID(bytes=hashlib.sha256(b"session" + kept).digest()[:16])


def is_alive(created_at: datetime, seen_at: datetime, is_staff: bool, now: datetime) -> bool:
    """Whether a session still counts: a patient's 90 days of use, staff's 12 hours and 30 idle minutes."""
    idle = now - seen_at
    if is_staff:
        return idle < STAFF_IDLE and now - created_at < STAFF_AGE
    return idle < PATIENT_IDLE


def is_stale(seen_at: datetime, now: datetime) -> bool:
    """Whether it is time to note that a session was used."""
    return now - seen_at >= TOUCH_AFTER


def is_fresh(proven_at: datetime | None, now: datetime) -> bool:
    """Whether somebody proved a short while ago who they are."""
    return proven_at is not None and now - proven_at < FRESH_FOR


def matching_step(secret: str, code: str, after: int, now: datetime) -> int | None:
    """The half minute since 1970 whose code this is: now's, or its neighbour's; None for a wrong or a used one.

    after: the last half minute whose code counted (RFC 6238, 5.2: each one-time password at most once).
    """
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    there = int(now.timestamp()) // STEP
    found = [
        step
        for step in (there - 1, there, there + 1)
        if secrets.compare_digest(TOTP(secret).generate_otp(step), digits) and step > after
    ]
    return found[0] if found else None


def new_code() -> str:
    """A recovery code to be copied by hand: "x7kqm-4hdwp", 49 random bits."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def plain_code(typed: str) -> str:
    """A recovery code as it is looked up, whatever was typed between its letters."""
    return "".join(c for c in typed.casefold() if c.isalnum())[:40]


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
