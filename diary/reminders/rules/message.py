"""What a transport is handed, and what it says came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

DAILY, CHECKIN, INTENTION, BASELINE = "daily_log", "check_in", "intention", "baseline"
INFUSION, SESSION, COMMITMENT = "infusion", "session", "commitment"
FLAG_OPENED, FLAG_WAITS, FLAG_OVERDUE = "flag_opened", "flag_waits", "flag_overdue"
TEST = "test"
SAFETY = frozenset({FLAG_OPENED, FLAG_WAITS, FLAG_OVERDUE})
KINDS = frozenset({DAILY, CHECKIN, INTENTION, BASELINE, INFUSION, SESSION, COMMITMENT, TEST}) | SAFETY
EMAIL, PUSH = "email", "push"
CHANNELS = (EMAIL, PUSH)
SAYS_NOTHING = ("/today", "/days/", "/reminders", "/flags")  # pages whose address tells nothing of health


@dataclass(frozen=True)
class Message:
    """One reminder in words; nothing of it is about health.

    `id` is the delivery's; `path` what it opens, a path of ours; `day` the diary's day it belongs to; `tag` is the
    same for reminders that replace each other on a phone; `seconds` how long it is of use.
    """

    id: UUID
    kind: str
    title: str
    body: str
    path: str
    day: date
    tag: str
    seconds: int
    is_late: bool = False

    @property
    def address(self) -> str:
        """What a mail or a phone is told to open: the path, or where its own would speak, one that leads there."""
        return self.path if self.path.startswith(SAYS_NOTHING) else f"/open/{self.id}"


@dataclass(frozen=True)
class Phone:
    """A push subscription as a transport needs it; `id` is its row's."""

    id: int
    endpoint: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of one try: `sent`; `retry`, after `wait` seconds where the other side named them; `failed` for
    good; `gone` where the phone's subscription has ended; `unknown` where the other side broke off when it had the
    whole message, which may have gone. `reason` is a code that names nobody."""

    state: str
    reason: str = ""
    wait: int | None = None
