"""Whom a clinic's flags are told to: each telling becomes a delivery, which the engine sends until it is acknowledged.

Worked out anew at each round from the flags that nobody has acknowledged; the unique key lets no telling in twice. One
that could not be sent yet makes room for the next one of the same flag and person.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from diary.careteam import access
from diary.lib import clock
from diary.lib.types import from_ms, to_ms
from diary.reminders.models import Delivery, PushSubscription
from diary.reminders.rules.decide import ACKNOWLEDGED
from diary.reminders.rules.escalation import OF_USE, Told, told
from diary.reminders.rules.message import EMAIL, PUSH, SAFETY
from diary.safety.queries import unanswered
from diary.safety.rules import Unanswered

_delivery, _phone = Delivery.__table__, PushSubscription.__table__  # type: ignore[attr-defined]
SUPERSEDED = "coalesced"
_waiting = select(_delivery.c.id, _delivery.c.person_id, _delivery.c.thing, _delivery.c.due_at).where(
    _delivery.c.state.in_(("waiting", "claimed")), _delivery.c.kind.in_(sorted(SAFETY))
)
_skipped = (
    _delivery.update()
    .where(_delivery.c.id == bindparam("row"))
    .values(state="skipped", reason=bindparam("why"), try_at=None, sent_at=bindparam("now"))
)


def escalate(s: Session, now: datetime) -> dict[str, int]:
    """Store what is to be told now of every flag, and drop what need not be told any more; counted."""
    now = from_ms(to_ms(now))
    connection = s.connection()
    flags = unanswered(s, access.OPERATOR)
    due = [(one, flag) for flag in flags for one in told(flag, now)]
    with_phone = set(
        connection.execute(
            select(_phone.c.person_id).where(
                _phone.c.person_id.in_({one.person_id for one, _ in due}), _phone.c.ended_at.is_(None)
            )
        ).scalars()
    )
    rows = [
        _row(one, flag, channel, now)
        for one, flag in due
        for channel in (EMAIL, *((PUSH,) if one.person_id in with_phone else ()))
    ]
    new = connection.execute(_insert(connection), rows).scalars().all() if rows else []
    last = {(one.person_id, str(one.flag_id)): one.due_at for one, _ in due}
    over = [
        {"row": row.id, "why": SUPERSEDED if (row.person_id, row.thing) in last else ACKNOWLEDGED, "now": now}
        for row in connection.execute(_waiting.with_for_update(skip_locked=True))
        if last.get((row.person_id, row.thing)) != row.due_at
    ]
    if over:
        connection.execute(_skipped, over)
    return {"told": len(new), "told_no_more": len(over)}


def _row(one: Told, flag: Unanswered, channel: str, now: datetime) -> dict[str, Any]:
    return {
        "uuid": uuid4(), "person_id": one.person_id, "kind": one.kind, "thing": str(one.flag_id),
        "day": clock.diary_day(one.due_at, flag.zone), "due_at": one.due_at, "channel": channel, "state": "waiting",
        "reason": "", "attempts": 0, "reached": "", "try_at": now, "expires_at": one.due_at + OF_USE, "is_late": False,
        "claimed_at": now,
    }  # fmt: skip


def _insert(connection: Any) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(_delivery).on_conflict_do_nothing().returning(_delivery.c.id)
