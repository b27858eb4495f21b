"""Reads of a person's wishes about reminders: for themselves, the operator and the engine, nobody else."""

from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.reminders.models import ReminderSettings
from diary.reminders.rules.wishes import Wishes

OFF: tuple[time | None, ...] = (None,) * 7


@dataclass(frozen=True)
class OwnWishes:
    """A person's wishes; `is_chosen` is False while nothing was chosen, so that the usual choices are shown."""

    wishes: Wishes
    is_chosen: bool = False
    uuid: UUID | None = None
    unsubscribed_at: datetime | None = None


def own_wishes(s: Session, viewer: access.Viewer, patient_id: int) -> OwnWishes:
    """The wishes of one person with the zone as it is now; Hidden for anybody else."""
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden
    zone = s.scalars(select(Person.zone).where(Person.id == patient_id)).one()
    row = s.get(ReminderSettings, patient_id)
    if row is None:
        return OwnWishes(Wishes(zone=zone))
    return OwnWishes(wishes_from(row, zone), True, row.uuid, row.unsubscribed_at)


def wishes_from(row: Any, zone: str) -> Wishes:
    """A stored row as the rules read it."""
    return Wishes(
        daily=_daily(row.daily),
        checkins=row.checkins, ahead=row.ahead, commitments=row.commitments, by_email=row.by_email,
        by_push=row.by_push, email_instead=row.email_instead, quiet=_quiet(row.quiet_from, row.quiet_until), zone=zone,
        paused_until=row.paused_until, not_today=row.not_today,
    )  # fmt: skip


@lru_cache(maxsize=1000)
def _daily(text: str) -> tuple[time | None, ...]:
    return tuple(_time(part) if part else None for part in text.split(",")) if text else OFF


@lru_cache(maxsize=1000)
def _quiet(since: str, until: str) -> tuple[time, time] | None:
    return (_time(since), _time(until)) if since and until else None


def _time(text: str) -> time:
    return time(int(text[:2]), int(text[3:]))
