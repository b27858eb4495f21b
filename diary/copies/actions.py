"""Asking for a copy, and what the jobs process writes of one while it makes it.

A claim counts the tries up, and everything after it holds only for the try that it was claimed with: a process that
was taken for dead, and a copy whose person was erased meanwhile, find no row to change.
"""

from base64 import b64encode
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlmodel import Session

from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.careteam import access
from diary.copies.models import Copy
from diary.copies.queries import Due, copies_page
from diary.copies.rules import KEPT, LEASE
from diary.lib import sealing
from diary.lib.errors import Hidden


class TooMany(Exception):
    """No more for today; when there may be another."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__("too many")
        self.again_at = again_at


def ask_for_copy(s: Session, viewer: access.Viewer, now: datetime) -> None:
    """Ask for a copy; where one is being made already, that is the one. Raises TooMany, and what `own_ever` does."""
    patient = access.own_ever(s, viewer)
    # On PostgreSQL two requests, or a request and an erasing, come one after the other.
    there = select(Person.id).where(Person.id == patient.id, Person.ended_at.is_(None)).with_for_update()
    if s.scalar(there) is None:
        raise Hidden
    page = copies_page(s, viewer, now)
    if page.running is not None:
        return
    if page.again_at is not None:
        raise TooMany(page.again_at)
    row = Copy(person_id=patient.id, asked_at=now)
    s.add(row)
    audit.record(s, viewer, "copy.ask", patient.id, row.uuid.hex, patient.clinic_id)


def claim(s: Session, one: Due, now: datetime) -> Due | None:
    """The copy for this process alone, until its lease runs out; None where another was there first."""
    is_free = or_(Copy.leased_until.is_(None), Copy.leased_until <= now)  # type: ignore[operator, union-attr]
    done = s.execute(
        update(Copy)
        .where(*_running(one), is_free)
        .values(tries=one.tries + 1, leased_until=now + LEASE, parts_done=0)
    )
    return Due(one.id, one.person_id, one.tries + 1, False) if _count(done) else None


def note_parts(s: Session, mine: Due, parts_done: int, parts: int, now: datetime) -> bool:
    """How far it is, and the lease begins anew; whether it is still this process's to make."""
    values = {"parts_done": parts_done, "parts": parts, "leased_until": now + LEASE}
    return bool(_count(s.execute(update(Copy).where(*_running(mine)).values(values))))


def keep(s: Session, mine: Due, made: bytes, now: datetime) -> bool:
    """The zip and that it is made, at once; whether it was still wanted."""
    uuid = s.scalar(select(Copy.uuid).where(*_running(mine)))
    if uuid is None:
        return False
    sealed = sealing.seal("copy", uuid.hex, "zip", b64encode(made).decode())
    values = {"zip_sealed": sealed, "size": len(made), "made_at": now, "gone_at": now + KEPT}
    return bool(_count(s.execute(update(Copy).where(*_running(mine)).values(values))))


def give_up(s: Session, one: Due, now: datetime) -> bool:
    """It did not work; the page says so for a day."""
    values = {"failed_at": now, "gone_at": now + KEPT}
    return bool(_count(s.execute(update(Copy).where(*_running(one)).values(values))))


def drop(s: Session, mine: Due) -> None:
    """There is nobody to make it for."""
    s.execute(delete(Copy).where(*_running(mine)))


def delete_gone(s: Session, now: datetime) -> int:
    is_gone = Copy.gone_at <= now  # type: ignore[operator]
    return _count(s.execute(delete(Copy).where(is_gone)))


def _running(one: Due) -> tuple[Any, ...]:
    return Copy.id == one.id, Copy.tries == one.tries, Copy.made_at.is_(None), Copy.failed_at.is_(None)


def _count(done: Any) -> int:
    return done.rowcount
