"""Flags that nobody has acknowledged, for whoever tells their clinic: the jobs process."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.careteam import access
from diary.careteam.models import Clinic
from diary.careteam.queries import reachable_staff
from diary.careteam.rules import parse_opening
from diary.safety.models import Flag
from diary.safety.rules import Unanswered, is_overdue, timer


def unanswered(s: Session, viewer: access.Viewer) -> list[Unanswered]:
    """Every open flag that has a timer, of every clinic; Hidden for everybody but the operator."""
    if not viewer.operator:
        raise access.Hidden
    rows = s.execute(
        select(
            Flag.uuid, Flag.level, Flag.waits_since, Flag.owner_id, Flag.clinic_id, Flag.patient_id,
            Clinic.opening, Clinic.zone,
        )
        .join(Clinic, Clinic.id == Flag.clinic_id)
        .where(Flag.state == "open", Flag.level != "normal")
        .order_by(Flag.waits_since)
    ).all()  # fmt: skip
    return [
        Unanswered(
            row.uuid, row.level, row.waits_since, row.owner_id,
            tuple(reachable_staff(s, row.clinic_id, row.patient_id)), parse_opening(row.opening), row.zone,
        )
        for row in rows
    ]  # fmt: skip


def waiting_among(s: Session, viewer: access.Viewer, uuids: Collection[str]) -> set[str]:
    """Of these flags those that nobody has acknowledged yet; Hidden for everybody but the operator."""
    if not viewer.operator:
        raise access.Hidden
    if not uuids:
        return set()
    wanted = select(Flag.uuid).where(Flag.uuid.in_([UUID(one) for one in uuids]), Flag.state == "open")
    return {str(one) for one in s.scalars(wanted)}


def overdue_flags(s: Session, viewer: access.Viewer, now: datetime) -> int:
    """How many flags of real clinics nobody acknowledged in time; Hidden for everybody but the operator.

    Invented clinics are left out: their flags are overdue by design, and nobody waits.
    """
    if not viewer.operator:
        raise access.Hidden
    rows = s.execute(
        select(Flag.level, Flag.waits_since, Clinic.opening, Clinic.zone)
        .join(Clinic, Clinic.id == Flag.clinic_id)
        .where(Flag.state == "open", Flag.level != "normal", Clinic.is_demo.is_(False))
    )
    return sum(
        is_overdue("open", timer(row.level, row.waits_since, parse_opening(row.opening), row.zone), now)
        for row in rows
    )
