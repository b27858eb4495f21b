"""Who may see what of the viewer's own: their team, what each is shown, and who opened the record without."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import BreakGlass, CareLink, Clinic, Consent, Membership
from diary.careteam.rules import CARE_ROLES, Role

GLASS_SHOWN = timedelta(days=90)


@dataclass(frozen=True)
class Carer:
    """Somebody of the patient's team, or who covers for one of them."""

    uuid: UUID
    person_id: int
    name: str
    roles: tuple[str, ...]
    clinic: str
    given: dict[str, datetime]
    link: UUID
    began_at: datetime
    ends_at: datetime | None
    is_planned: bool
    covers: str = ""
    is_agreed: bool = False

    @property
    def role(self) -> str:
        return " and ".join(self.roles)


@dataclass(frozen=True)
class Glass:
    """A record that was opened without link or consent."""

    by: str
    clinic: str
    began_at: datetime
    ends_at: datetime
    event_id: int


def own_team(s: Session, viewer: access.Viewer, now: datetime) -> list[Carer]:
    """Everybody with a link to the viewer, planned or begun: their own people first, covers after them, by name."""
    rows = s.execute(
        select(CareLink, Person, Clinic.name, Membership.role)
        .join(Person, Person.id == CareLink.staff_id)
        .join(Clinic, Clinic.id == CareLink.clinic_id)
        .join(
            Membership,
            (Membership.person_id == CareLink.staff_id) & (Membership.clinic_id == CareLink.clinic_id),
        )
        .where(
            CareLink.patient_id == viewer.me,
            access.stands(CareLink),
            Membership.role.in_(list(CARE_ROLES)),
            Membership.ended_at.is_(None),
            Person.ended_at.is_(None),
        )
        .order_by(CareLink.id, Membership.role)
    ).all()
    roles: dict[int, list[str]] = {}
    for link, _, _, role in rows:
        roles.setdefault(link.id, []).append(role)
    names = {person.id: person.name for _, person, _, _ in rows}
    given = _given(s, viewer.me)
    found = {}
    for link, person, clinic, _ in rows:
        if link.covers_id is not None and link.covers_id not in names:
            continue  # whom they covered for is gone, and the cover with them
        found[link.id] = Carer(
            person.uuid, person.id, person.name, tuple(roles[link.id]), clinic,
            given.get(link.covers_id or person.id, {}), link.uuid, link.began_at, link.ends_at, link.began_at > now,
            names[link.covers_id] if link.covers_id else "", link.agreed_at is not None,
        )  # fmt: skip
    # One card a person, whatever the number of clinics; a cover is a card of its own.
    cards: dict[tuple[int, str], Carer] = {}
    for one in found.values():
        cards.setdefault((one.person_id, one.covers), one)
    return sorted(cards.values(), key=lambda one: (bool(one.covers), one.name.casefold()))


def _given(s: Session, patient_id: int) -> dict[int, dict[str, datetime]]:
    found: dict[int, dict[str, datetime]] = {}
    rows = s.scalars(
        select(Consent)
        .where(Consent.patient_id == patient_id, Consent.withdrawn_at.is_(None))
        .order_by(Consent.id)
    )
    for row in rows:
        found.setdefault(row.staff_id, {}).setdefault(row.kind, row.given_at)
    return found


def recent_glass(
    s: Session, viewer: access.Viewer, now: datetime, clinic_id: int | None = None
) -> list[tuple[Glass, str]]:
    """(who opened a record without link or consent, whose) of the last 90 days, the latest first.

    The viewer's own record; with a clinic, all of the clinic that the viewer administers.
    """
    if clinic_id is not None and clinic_id not in viewer.clinics(Role.ADMIN):
        raise access.Hidden
    whose = BreakGlass.patient_id == viewer.me if clinic_id is None else BreakGlass.clinic_id == clinic_id
    rows = s.execute(
        select(BreakGlass, Person, Clinic.name)
        .join(Person, Person.id == BreakGlass.staff_id)
        .join(Clinic, Clinic.id == BreakGlass.clinic_id)
        .where(whose, BreakGlass.began_at > now - GLASS_SHOWN)
        .order_by(BreakGlass.id.desc())
    ).all()
    patients = {row[0].patient_id for row in rows}
    names = {p.id: p.name for p in s.scalars(select(Person).where(Person.id.in_(sorted(patients))))}
    return [
        (Glass(person.name, clinic, row.began_at, row.ends_at, row.event_id), names.get(row.patient_id, ""))
        for row, person, clinic in rows
    ]
