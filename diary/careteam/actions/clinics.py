"""Clinics and what they set for themselves."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.forms import Contacts
from diary.careteam.models import Clinic, ClinicFactor
from diary.careteam.rules import opening_text


def clinic_named(s: Session, name: str, now: datetime) -> Clinic:
    """The clinic of that name, made when it is missing."""
    clinic = s.scalars(select(Clinic).where(func.lower(Clinic.name) == name.strip().lower())).first()
    if clinic is None:
        clinic = Clinic(name=name.strip(), created_at=now)
        s.add(clinic)
        s.flush()
    return clinic


def lock_clinic(s: Session, clinic_id: int) -> Clinic:
    """The clinic, held until the transaction ends: who belongs to it is changed by one at a time.

    1. Two admins take the admin's role from each other at once.
    2. Each would still see the other as the one who stays.
    3. So the second waits here, and then sees what the first has done. (On SQLite all writers wait in line anyway.)
    """
    clinic = s.scalars(
        select(Clinic)
        .where(Clinic.id == clinic_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if clinic is None:
        raise access.Hidden
    return clinic


def set_contacts(s: Session, actor: access.Viewer, clinic: Clinic, contacts: Contacts) -> None:
    """How the clinic is reached and when, as its help page and its flags' timers use it from now on."""
    clinic.phone, clinic.country, clinic.zone = contacts.phone, contacts.country, contacts.zone
    clinic.hours, clinic.opening = contacts.hours, opening_text(contacts.opening)
    s.add(clinic)
    audit.record(s, actor, "clinic.contacts", clinic_id=clinic.id)


def set_checkin_days(s: Session, actor: access.Viewer, clinic: Clinic, days: tuple[int, ...]) -> None:
    """On which days after an infusion the clinic's patients are asked, beside the evening and the next morning."""
    clinic.checkin_days = " ".join(map(str, days)) or "-"
    s.add(clinic)
    audit.record(s, actor, "clinic.checkin_days", clinic_id=clinic.id)


def set_unasked(s: Session, actor: access.Viewer, clinic: Clinic, keys: Iterable[str]) -> None:
    """Which side effects the clinic's check-ins leave out; what was answered before stays."""
    clinic.unasked = " ".join(keys)
    s.add(clinic)
    audit.record(s, actor, "clinic.unasked", clinic_id=clinic.id)


def set_factors(
    s: Session, actor: access.Viewer, clinic: Clinic, names: Sequence[str], now: datetime
) -> None:
    """What the clinic's patients may tick about a day beside Neap's own list, in this order.

    One that is left out is not asked any more and keeps its days; named again, it is the same one. The name is what
    days were ticked under, so another name is another factor.
    """
    lock_clinic(s, clinic.id)
    wanted = select(ClinicFactor).where(ClinicFactor.clinic_id == clinic.id).order_by(ClinicFactor.id)
    known = {one.name.casefold(): one for one in s.scalars(wanted)}
    for key, one in known.items():
        if one.ended_at is None and key not in {name.casefold() for name in names}:
            one.ended_at = now
    for place, name in enumerate(names):
        one = known.get(name.casefold()) or ClinicFactor(clinic_id=clinic.id, name=name, created_at=now)
        one.place, one.ended_at = place, None
        s.add(one)
    s.flush()
    audit.record(s, actor, "clinic.factors", clinic_id=clinic.id)


def set_course_gap(s: Session, actor: access.Viewer, clinic: Clinic, days: int | None) -> None:
    """After how many days without an infusion the clinic's patients begin a new course; every figure follows at once."""
    clinic.course_gap_days = days
    s.add(clinic)
    audit.record(s, actor, "clinic.course_gap", clinic_id=clinic.id)


def set_second_factor(s: Session, actor: access.Viewer, clinic: Clinic, rule: str) -> None:
    """Whether the clinic's staff give a second factor; whoever has none sets one up at their next step."""
    clinic.second_factor = rule
    s.add(clinic)
    audit.record(s, actor, "clinic.second_factor", clinic_id=clinic.id)


def set_retention(s: Session, actor: access.Viewer, clinic: Clinic, months: int | None) -> None:
    """How long the clinic keeps the diary of somebody who has left; its patients read it, the jobs process erases."""
    clinic.retention_months = months
    s.add(clinic)
    audit.record(s, actor, "clinic.retention", clinic_id=clinic.id)
