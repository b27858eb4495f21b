"""The engine's last step: what came of each try is stored, only where the try is still this worker's own."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from diary.lib.types import from_ms, to_ms
from diary.reminders.actions.bulk import Update
from diary.reminders.actions.parcels import Parcel
from diary.reminders.models import Delivery, PushSubscription
from diary.reminders.rules.decide import together, wait_of
from diary.reminders.rules.message import Outcome

_delivery, _phone = Delivery.__table__, PushSubscription.__table__  # type: ignore[attr-defined]

_settled = Update(
    _delivery, "id", ("state", "reason", "try_at", "sent_at", "reached"), still=("attempts",),
    where=(_delivery.c.state == "sending",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a parcel: for a mail one outcome, for phones one each."""

    parcel: Parcel
    outcomes: tuple[tuple[int | None, Outcome], ...]


def settle(s: Session, now: datetime, results: Sequence[Result], jitter: float) -> Counter[str]:
    """Store what came of these tries; counted by what they came to."""
    now = from_ms(to_ms(now))
    counts: Counter[str] = Counter()
    rows = []
    for result in results:
        state, reason, again, reached = _became(result, now, jitter)
        sent_at = None if state == "waiting" else now
        rows.append((result.parcel.id, (state, reason, again, sent_at, reached, result.parcel.attempts)))
        counts[state] += 1
        if state == "failed":
            counts[f"failed_{reason}"] += 1
    _settled(s.connection(), rows)
    _note_phones(s.connection(), now, results)
    return counts


def _became(result: Result, now: datetime, jitter: float) -> tuple[str, str, datetime | None, str]:
    """The state, the reason, when the next try is, and the phones that have it."""
    parcel = result.parcel
    outcome = together([one for _, one in result.outcomes])
    # A phone that has it, or may have it, is not tried again, nor (with a minus) one that never takes it.
    said = [
        phone if one.state in ("sent", "unknown") else -phone
        for phone, one in result.outcomes
        if phone is not None and one.state != "retry"
    ]
    reached = " ".join([*parcel.reached.split(), *map(str, said)])
    state, again = outcome.state, None
    if state == "retry":
        again = now + wait_of(parcel.attempts, outcome.wait, jitter, parcel.message.kind)
        state = "waiting" if again < parcel.expires_at else "failed"
    elif state == "gone":
        state = "failed"
    if state == "failed" and any(not one.startswith("-") for one in reached.split()):
        state = "sent"  # one of the phones has it
    return state, "" if state == "sent" else outcome.reason, again if state == "waiting" else None, reached


def _note_phones(connection: Any, now: datetime, results: Sequence[Result]) -> None:
    """How each phone's subscription goes: it took a message, it fails since now, or it has ended."""
    by_state: dict[tuple[str, str], list[int]] = defaultdict(list)
    for result in results:
        for phone, one in result.outcomes:
            if phone is not None:
                by_state[one.state, one.reason if one.state == "gone" else ""].append(phone)
    if (
        by_state
    ):  # in one order, so that two workers that settle for the same phones don't wait for each other
        ids = sorted({one for several in by_state.values() for one in several})
        connection.execute(
            select(_phone.c.id).where(_phone.c.id.in_(ids)).order_by(_phone.c.id).with_for_update()
        )
    for (state, reason), ids in by_state.items():
        if state == "sent":
            change: Any = _phone.update().values(sent_at=now, failing_since=None)
        elif state == "gone":
            change = _phone.update().values(ended_at=now, ended_why=reason)
        else:
            change = _phone.update().where(_phone.c.failing_since.is_(None)).values(failing_since=now)
        connection.execute(change.where(_phone.c.id.in_(ids)))
