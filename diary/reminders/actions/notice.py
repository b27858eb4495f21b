"""Whose plan has to be looked at, since something it hangs on was changed: read from the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from diary.audit.models import AuditEvent
from diary.reminders.models import Delivery, ReminderSettings, Tick
from diary.reminders.rules.decide import LEASE, LOOK_BACK
from diary.reminders.rules.plan import EXPIRED

_settings, _delivery = ReminderSettings.__table__, Delivery.__table__  # type: ignore[attr-defined]
_tick, _event = Tick.__table__, AuditEvent.__table__  # type: ignore[attr-defined]

NAME = "reminders"
OVERLAP = 1000  # events: on PostgreSQL an earlier id may be committed after a later one
CHANGES = ("infusion.", "session.", "commitment.", "gap.")
CHANGES_OF_PERSON = ("invitation.accept", "person.confirm", "zone.change")

_changed = (
    select(_event.c.patient_id, func.max(_event.c.at).label("at"))
    .where(
        _event.c.id > bindparam("seen"),
        _event.c.patient_id.is_not(None),
        or_(_event.c.action.in_(CHANGES_OF_PERSON), *(_event.c.action.startswith(one) for one in CHANGES)),
    )
    .group_by(_event.c.patient_id)
)
_wake = (
    _settings.update()
    .where(_settings.c.person_id == bindparam("id"))
    .values(wake_at=bindparam("wake"), looked_at=bindparam("looked"))
)


def notice(s: Session, now: datetime) -> int:
    """Have the plans looked at of everybody whose treatment was changed since the last round; how many."""
    connection = s.connection()
    last = connection.execute(select(func.max(_event.c.id))).scalar() or 0
    tick = connection.execute(
        select(_tick.c.seen_event, _tick.c.began_at).where(_tick.c.name == NAME).with_for_update()
    ).first()
    if tick is None:
        first = dialect_of(connection).insert(_tick).on_conflict_do_nothing()  # two may begin at once
        connection.execute(first, {"name": NAME, "began_at": now, "seen_event": last, "counts": "{}"})
        return 0
    connection.execute(_tick.update().where(_tick.c.name == NAME).values(began_at=now, seen_event=last))
    if tick.began_at > now + LOOK_BACK:
        _turn_back(connection, now)
    changed = {
        row.patient_id: row.at for row in connection.execute(_changed, {"seen": tick.seen_event - OVERLAP})
    }
    if not changed:
        return 0
    wanted = select(_settings.c.person_id, _settings.c.looked_at).where(
        _settings.c.person_id.in_(list(changed)), _settings.c.wake_at.is_(None) | (_settings.c.wake_at > now)
    )
    updates = [
        {"id": row.person_id, "wake": now, "looked": max(row.looked_at or changed[row.person_id], changed[row.person_id])}
        for row in connection.execute(wanted.with_for_update(skip_locked=True))
        if row.looked_at is None or not changed[row.person_id] + LOOK_BACK <= row.looked_at <= now + LOOK_BACK
    ]  # fmt: skip
    if updates:
        connection.execute(_wake, updates)
    return len(updates)


def _turn_back(connection: Any, now: datetime) -> None:
    """The clock was ahead, as the last round shows. What was sent stays sent; what was put off by it, or given up as of no
    use any more, is decided again by the clock as it is now."""
    # What was due up to now was decided in that round; what comes from now on was not, however far it looked.
    ahead = _settings.c.looked_at > now
    connection.execute(_settings.update().where(ahead, _settings.c.wake_at > now).values(wake_at=now))
    connection.execute(_settings.update().where(ahead).values(looked_at=now))
    given_up = and_(_delivery.c.state == "skipped", _delivery.c.reason == EXPIRED, _delivery.c.sent_at > now)
    put_off = and_(_delivery.c.state.in_(("waiting", "claimed")), _delivery.c.claimed_at > now)
    is_to_come = and_(_delivery.c.due_at > now, _delivery.c.reached == "")  # the plan finds it in its time
    connection.execute(_delivery.delete().where(or_(given_up, put_off), is_to_come))
    again = {"state": "waiting", "reason": "", "sent_at": None, "claimed_at": now, "try_at": now}
    connection.execute(_delivery.update().where(given_up, _delivery.c.expires_at > now).values(**again))
    far = _delivery.c.try_at > now + LEASE
    connection.execute(_delivery.update().where(put_off, far).values(try_at=now + LEASE))


def dialect_of(connection: Any) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql
