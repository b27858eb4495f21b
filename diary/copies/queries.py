"""Copies as their own person sees them, and which of all there is something to be done about."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.copies.models import Copy
from diary.copies.rules import CopyRow, again_at
from diary.lib import sealing
from diary.lib.errors import Hidden

_row = (
    Copy.uuid, Copy.asked_at, Copy.parts_done, Copy.parts, Copy.made_at, Copy.failed_at, Copy.gone_at, Copy.size,
)  # fmt: skip


@dataclass(frozen=True)
class CopiesPage:
    """What somebody's page of copies shows: those that are there, the latest first; when they may ask again."""

    rows: list[CopyRow]
    again_at: datetime | None

    @property
    def running(self) -> CopyRow | None:
        return next((row for row in self.rows if row.state == "running"), None)

    @property
    def has_failed(self) -> bool:
        """Whether the last one that was asked for did not work."""
        return bool(self.rows) and self.rows[0].state == "failed"

    @property
    def ready(self) -> list[CopyRow]:
        return [row for row in self.rows if row.state == "ready"]


def copies_page(s: Session, viewer: access.Viewer, now: datetime) -> CopiesPage:
    """The viewer's own; Hidden for whoever was never a patient, Unconfirmed for whom nobody has confirmed."""
    patient = access.own_ever(s, viewer)
    found = s.execute(
        select(*_row).where(Copy.person_id == patient.id).order_by(Copy.asked_at.desc(), Copy.id.desc())
    ).all()
    rows = [CopyRow(*row) for row in found]
    there = [row for row in rows if row.gone_at is None or row.gone_at > now]
    return CopiesPage(there, again_at([row.asked_at for row in rows], now))


def zip_of(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> bytes:
    """A copy's zip, as long as it is kept; Hidden for everybody but the person whose it is."""
    patient = access.own_ever(s, viewer)
    blob = s.scalar(
        select(Copy.zip_sealed).where(
            Copy.person_id == patient.id,
            Copy.uuid == uuid,
            Copy.made_at.is_not(None),
            Copy.gone_at > now,  # type: ignore[operator]
        )
    )
    if blob is None:
        raise Hidden
    return b64decode(sealing.unseal("copy", uuid.hex, "zip", blob))


@dataclass(frozen=True)
class Due:
    """A copy that there is something to be done about: to be made, or, gone, to be deleted."""

    id: int
    person_id: int
    tries: int
    is_over: bool


def due(s: Session, now: datetime) -> list[Due]:
    """For the jobs process: one statement, the first asked for first."""
    is_free = or_(Copy.leased_until.is_(None), Copy.leased_until <= now)  # type: ignore[operator, union-attr]
    is_waiting = Copy.made_at.is_(None) & Copy.failed_at.is_(None) & is_free
    found = s.execute(
        select(Copy.id, Copy.person_id, Copy.tries, Copy.gone_at)
        .where(is_waiting | (Copy.gone_at <= now))  # type: ignore[operator]
        .order_by(Copy.id)
    )
    return [Due(row.id, row.person_id, row.tries, row.gone_at is not None) for row in found]


def owner(s: Session, person_id: int) -> tuple[access.Viewer, access.PatientRef]:
    """The person a copy is for, as whoever looks at their own; Hidden where there is nobody to make it for any more."""
    person = s.get(Person, person_id)
    if person is None:
        raise Hidden
    viewer = access.viewer_of(s, person)
    return viewer, access.own_ever(s, viewer)
