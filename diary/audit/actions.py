"""Writing the audit trail: in the change's own transaction, or before a page of somebody else's data."""

from datetime import timedelta
from typing import Protocol

from sqlalchemy import select, text
from sqlmodel import Session

from diary import db
from diary.audit import queries
from diary.audit.models import AuditChain, AuditEvent, AuditReason
from diary.audit.rules.chain import Head, line_mac
from diary.lib import clock, http

VIEWED_ONCE_IN = timedelta(minutes=10)
_table = AuditEvent.__table__  # type: ignore[attr-defined]
_insert = _table.insert()
_lines = AuditChain.__table__.insert()  # type: ignore[attr-defined]
BLOCK = (
    100  # lines in one transaction: a few milliseconds, so that writers hardly wait, on a busy machine too
)


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
) -> int:
    """Append one event in the caller's transaction and give its id; codes and opaque ids only.

    Where somebody says why, `explain` keeps the words beside the event.
    """
    done = s.execute(_insert, _row(actor, action, patient_id, thing, clinic_id))
    return done.inserted_primary_key[0]


def explain(s: Session, event_id: int, words: str) -> None:
    """Keep somebody's reason for an event, sealed and outside the trail, so that it can be erased."""
    reason = AuditReason(event_id=event_id, words_sealed=b"")
    reason.words = words
    s.add(reason)


def seen(
    actor: Actor, patient_id: int | None, what: str, clinic_id: int | None = None, thing: str = ""
) -> None:
    """Note that somebody else's data is about to be shown: once per viewer, patient, kind and ten minutes.

    Its own short transaction, before the body; when it can't be written nothing is shown. clinic_id: where the patient
    is seen, for somebody who belongs to several; thing: a code for which part, each noted by itself.
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
            _table.c.thing == thing,
            _table.c.role == actor.role_code,  # what was opened by breaking the glass is noted as such
        )
        .limit(1)
    )
    with db.read() as s:
        if s.execute(recently).first():
            return
    taken(actor, patient_id, action, clinic_id, thing)


def taken(
    actor: Actor, patient_id: int | None, action: str, clinic_id: int | None = None, thing: str = ""
) -> None:
    """Note that a copy is about to be taken along, each time, as `seen` does with a look."""
    with db.write() as s:
        record(s, actor, action, patient_id, thing, clinic_id)


def append_block(s: Session, key: bytes, since: int) -> tuple[int, Head, int]:
    """Append what the chain lacks of the events after the id `since`, at most a block: how many, the head, the last id.

    Two processes at once: on SQLite there is one writer; on PostgreSQL the lock below lets one in after the other,
    and the second reads what the first committed. A line's number is unique, should either fail.
    """
    if s.connection().dialect.name == "postgresql":
        s.execute(
            text("SELECT pg_advisory_xact_lock(20, 1)")
        )  # a lock of the table asks for more than the lesser role has
    seq, mac = queries.tail(s)
    lines = []
    for event in queries.waiting(s, since, BLOCK):
        seq, mac = seq + 1, line_mac(key, mac, seq + 1, event)
        lines.append({"seq": seq, "event_id": event[0], "mac": mac})
    if not lines:
        return 0, Head(seq, mac), since
    s.execute(_lines, lines)
    return len(lines), Head(seq, mac), lines[-1]["event_id"]


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
