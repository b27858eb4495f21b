"""Writing the audit trail: in the change's own transaction, or before a page of somebody else's data."""

from datetime import timedelta
from typing import Protocol

from sqlalchemy import select
from sqlmodel import Session

from diary import db
from diary.audit.models import AuditEvent
from diary.lib import clock, http

VIEWED_ONCE_IN = timedelta(minutes=10)
_table = AuditEvent.__table__  # type: ignore[attr-defined]
_insert = _table.insert().inline()


class Actor(Protocol):
    """Whoever does or sees something: the viewer of a request, or the operator."""

    @property
    def person_id(self) -> int | None: ...
    @property
    def role_code(self) -> str: ...
    @property
    def clinic_id(self) -> int | None: ...


def record(
    s: Session,
    actor: Actor | None,
    action: str,
    patient_id: int | None = None,
    thing: str = "",
    clinic_id: int | None = None,
) -> None:
    """Append one event in the caller's transaction; codes and opaque ids only."""
    s.execute(_insert, _row(actor, action, patient_id, thing, clinic_id))


def seen(actor: Actor, patient_id: int | None, what: str) -> None:
    """Note that somebody else's data is about to be shown: once per viewer, patient, kind and ten minutes.

    Its own short transaction, before the body; when it can't be written nothing is shown.
    """
    if actor.person_id is not None and actor.person_id == patient_id:
        return
    action = f"view.{what}"
    since = clock.now() - VIEWED_ONCE_IN
    recently = (
        select(_table.c.id)
        .where(
            _table.c.patient_id == patient_id if patient_id is not None else _table.c.patient_id.is_(None),
            _table.c.at > since,
            _table.c.actor_id == actor.person_id,
            _table.c.action == action,
        )
        .limit(1)
    )
    with db.read() as s:
        if s.execute(recently).first():
            return
    with db.write() as s:
        record(s, actor, action, patient_id)


def _row(actor, action, patient_id, thing, clinic_id):  # type: ignore[no-untyped-def]
    return {
        "at": clock.now(),
        "actor_id": actor.person_id if actor else None,
        "role": actor.role_code if actor else "",
        "clinic_id": clinic_id if clinic_id is not None else (actor.clinic_id if actor else None),
        "action": action,
        "patient_id": patient_id,
        "thing": thing,
        "address": http.address(),
        "request_id": http.request_id(),
    }
