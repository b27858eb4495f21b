"""One round of mails about accounts: claimed, handed over outside of any transaction, and what came of each stored."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from diary import db
from diary.accounts.actions import mails
from diary.accounts.rules.letters import Letter
from diary.lib import clock
from diary.lib.log import log

# Hands a letter over; says `state` (sent, failed, retry, unknown) and `reason`.
Way = Callable[[str, Letter], Any]
MOST_BATCHES = 20


def send_mails(way: Way, now: Callable[[], datetime] = clock.now) -> Counter[str]:
    """Everything that is due now; how many came to what."""
    counts: Counter[str] = Counter()
    for _ in range(MOST_BATCHES):
        with db.write() as s:
            envelopes = mails.take(s, now())
        for envelope in envelopes:
            state, reason = _tried(way, envelope)
            with db.write() as s:
                counts[mails.settle(s, envelope, state, reason, now())] += 1
        if not envelopes:
            break
    return counts


def _tried(way: Way, envelope: mails.Envelope) -> tuple[str, str]:
    """One of an unknown fate goes once more: two of a kind do less harm than none."""
    try:
        outcome = way(envelope.to, envelope.letter)
    except Exception as error:
        log.error("account_mail", kind=type(error).__name__)
        return "retry", "error"
    return outcome.state, outcome.reason
