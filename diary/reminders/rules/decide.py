"""What to do with a reminder that is due: which of several goes, when it counts as late, and when to try again."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from diary.reminders.rules.message import (
    BASELINE,
    CHECKIN,
    COMMITMENT,
    DAILY,
    INFUSION,
    INTENTION,
    SAFETY,
    SESSION,
    Outcome,
)

LEASE = timedelta(minutes=5)
LATE_AFTER = timedelta(minutes=10)
LOOK_BACK = timedelta(
    minutes=2
)  # a change that was committed while a plan was looked at is seen at the next look
LOOK_AHEAD = timedelta(hours=24)
FAILING = timedelta(days=3)
FIRST_WAIT, LONGEST_WAIT, SAFETY_WAIT = timedelta(minutes=1), timedelta(hours=1), timedelta(minutes=5)
COALESCED, UNKNOWN, OFF, ACKNOWLEDGED = "coalesced", "unknown", "off", "acknowledged"
RESTORED = "restored"
# Of several that come together the first of these goes, and opens Today.
ORDER = (*sorted(SAFETY), INFUSION, SESSION, CHECKIN, INTENTION, DAILY, BASELINE, COMMITMENT)


def rank(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def is_late(due_at: datetime, now: datetime) -> bool:
    return now - due_at > LATE_AFTER


def wait_of(attempts: int, asked: int | None, jitter: float, kind: str = "") -> timedelta:
    """How long to wait after so many tries: doubled each time from a minute to an hour, for what is of safety to five
    minutes, spread by `jitter` (0 to 1) over half to three halves of that, and never less than the other side asked
    for, in seconds."""
    usual = min(SAFETY_WAIT if kind in SAFETY else LONGEST_WAIT, FIRST_WAIT * int(2 ** min(attempts - 1, 10)))
    return max(usual * (0.5 + jitter), timedelta(seconds=asked or 0))


def is_unreachable(phones: Iterable[tuple[datetime | None, datetime]], now: datetime) -> bool:
    """Whether mail takes the phone's place: no phone is left, or none could be reached for three days.

    phones: by living subscription since when it fails (None: it does not) and when the phone said last that it is there.
    """
    return all(failing is not None and max(failing, checked) <= now - FAILING for failing, checked in phones)


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """What came of one reminder for several phones: it was sent where one has it; tried again for those without it.

    A phone whose fate is unknown is not tried again.
    """
    again = [one for one in outcomes if one.state == "retry"]
    if again:
        waits = [one.wait for one in again if one.wait is not None]
        return Outcome("retry", again[0].reason, max(waits) if waits else None)
    for state in ("sent", "unknown", "failed"):
        of_state = [one for one in outcomes if one.state == state]
        if of_state:
            return of_state[0]
    return outcomes[0] if outcomes else Outcome("failed", "no_phone")


def path_of(kind: str, day: date, today: date, is_alone: bool) -> str:
    """The page that a reminder opens: that of its kind while it is today's, else the day or Today."""
    if kind in SAFETY:
        return "/flags"
    if not is_alone:
        return "/today"
    if kind in (DAILY, BASELINE):
        return "/today" if day == today else f"/days/{day}"
    if day == today and kind in (CHECKIN, INTENTION):
        return {CHECKIN: "/check-in", INTENTION: "/intention"}[kind]
    return {INFUSION: "/infusions", SESSION: "/sessions"}.get(kind, "/today")
