"""Who may be erased, who has to be told, and whose record nobody keeps any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, literal, select
from sqlmodel import Session, SQLModel

from diary.accounts.models import AccountMail, Person
from diary.careteam import access
from diary.careteam.models import CareLink, Clinic, Invitation, Membership
from diary.careteam.rules import STAFF_ROLES, Role
from diary.infusions.models import Infusion
from diary.lib import clock
from diary.records.rules import OWNED, kept_until, months_after
from diary.safety.models import Flag

UNCONFIRMED, STAFF, FLAG = "unconfirmed", "staff", "flag"


@dataclass(frozen=True)
class Keeping:
    """A clinic of the person: how many infusions of its record stay after the erasing, and for how long."""

    name: str
    phone: str
    infusions: int
    months: int | None
    is_live: bool


@dataclass(frozen=True)
class Leaver:
    """Somebody whom no clinic has any more and whose time of keeping is over: when it goes, and when they were told."""

    person_id: int
    due: date
    goes_at: datetime | None
    told_at: datetime | None


def why_not(s: Session, viewer: access.Viewer, person_id: int) -> str:
    """What has to be done before somebody can be erased; empty when nothing has."""
    if viewer.person_id == person_id:
        try:
            access.own_ever(s, viewer)
        except access.Unconfirmed:
            return UNCONFIRMED
        except access.Hidden:
            pass  # never a patient: staff, who are told so below, or somebody of before with nothing here
    is_staff = select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.role.in_(list(STAFF_ROLES)),
        Membership.ended_at.is_(None),
    )
    if s.scalar(is_staff.limit(1)) is not None:
        return STAFF
    live = select(Flag.id).where(Flag.patient_id == person_id, Flag.state != "closed")
    return FLAG if s.scalar(live.limit(1)) is not None else ""


def own_keeping(s: Session, viewer: access.Viewer) -> list[Keeping]:
    """The viewer's own clinics, of now and before, and what each keeps after an erasing."""
    ever = select(Membership.clinic_id).where(
        Membership.person_id == viewer.me, Membership.role == Role.PATIENT
    )
    live = set(s.scalars(ever.where(Membership.ended_at.is_(None))).all())
    given = (
        select(Infusion.clinic_id, func.count())
        .where(Infusion.patient_id == viewer.me, Infusion.status == "done")
        .group_by(Infusion.clinic_id)
    )
    counts = {row[0]: row[1] for row in s.execute(given)}
    clinics = s.scalars(select(Clinic).where(Clinic.id.in_(ever)).order_by(Clinic.name)).all()
    return [
        Keeping(one.name, one.phone, counts.get(one.id, 0), one.retention_months, one.id in live)
        for one in clinics
    ]


def clinics_of(s: Session, person_id: int) -> list[int]:
    """The clinics that somebody belongs to now."""
    wanted = select(Membership.clinic_id).where(
        Membership.person_id == person_id, Membership.ended_at.is_(None)
    )
    return sorted(set(s.scalars(wanted).all()))


def carers_of(s: Session, person_id: int) -> Sequence[tuple[int, int]]:
    """(member of staff, clinic) of everybody who cares for a patient now."""
    wanted = select(CareLink.staff_id, CareLink.clinic_id).where(
        CareLink.patient_id == person_id, access.cares()
    )
    return [(row[0], row[1]) for row in s.execute(wanted).all()]


def admins_of(s: Session, clinic_id: int) -> Sequence[int]:
    wanted = select(Membership.person_id).where(
        Membership.clinic_id == clinic_id, Membership.role == Role.ADMIN, Membership.ended_at.is_(None)
    )
    return s.scalars(wanted).all()


def erased(s: Session) -> set[UUID]:
    """Everybody whom this database knows as erased."""
    return set(s.scalars(select(Person.uuid).where(Person.erased_at.is_not(None))).all())


def is_erased(s: Session, person_id: int) -> bool:
    return s.scalar(select(Person.erased_at).where(Person.id == person_id)) is not None


def to_sweep(s: Session) -> Sequence[int]:
    """Who was erased so lately that something may still come in."""
    return s.scalars(select(Person.id).where(Person.erased_at.is_not(None), Person.swept_at.is_(None))).all()


def has_rows(s: Session, person_id: int) -> bool:
    """Whether anything of somebody stands in a table that erasing empties."""
    tables = SQLModel.metadata.tables
    return any(
        s.execute(select(literal(1)).where(is_of(tables[name], way, person_id)).limit(1)).first()
        for name, way in OWNED.items()
    )


def is_of(table: Table, way: str, person_id: int) -> ColumnElement[bool]:
    """Whether a row is the person's: by a column of its own, or by one of the row that it belongs to."""
    if "." not in way:
        return table.c[way] == person_id
    parent_name, column = way.split(".")
    parent = SQLModel.metadata.tables[parent_name]
    (link,) = [one for one in table.foreign_keys if one.column.table is parent]
    return link.parent.in_(select(link.column).where(parent.c[column] == person_id))


def leavers(s: Session, today: date, only: int | None = None) -> list[Leaver]:
    """Whose clinics' time of keeping is over: no clinic has them now, and they never were staff.

    Time runs in each clinic from the last infusion, or from when they left, whichever came later. Whoever is invited
    again stays for as long as the invitation is open.
    """
    if s.scalar(select(Clinic.id).where(Clinic.retention_months.is_not(None)).limit(1)) is None:
        return []
    staying = select(Membership.person_id).where(
        Membership.ended_at.is_(None) | Membership.role.in_(list(STAFF_ROLES))
    )
    invited = select(Invitation.person_id).where(
        Invitation.used_at.is_(None), Invitation.expires_at > clock.now()
    )
    stands = (Person.id, Person.goes_at, Person.told_at, Clinic.id, Clinic.retention_months)
    wanted = (
        select(*stands, func.max(Membership.ended_at))
        .join(Membership, Membership.person_id == Person.id)
        .join(Clinic, Clinic.id == Membership.clinic_id)
        .where(Person.erased_at.is_(None), Person.id.not_in(staying), Person.id.not_in(invited))
        .group_by(*stands)
    )
    rows = s.execute(wanted if only is None else wanted.where(Person.id == only)).all()
    given = (
        select(Infusion.patient_id, func.max(Infusion.day))
        .where(Infusion.patient_id.in_({row[0] for row in rows}), Infusion.status == "done")
        .group_by(Infusion.patient_id)
    )
    last = {row[0]: row[1] for row in s.execute(given)}
    stays: dict[int, list[tuple[date, int | None]]] = {}
    told: dict[int, tuple[datetime | None, datetime | None]] = {}
    for person, goes_at, told_at, _clinic, months, left in rows:
        day = max(left.date(), last.get(person, left.date()))
        stays.setdefault(person, []).append((day, months))
        told[person] = goes_at, told_at
    found = []
    for person, of_clinics in stays.items():
        due = kept_until(of_clinics)
        if due is not None and due <= today:
            found.append(Leaver(person, due, *told[person]))
    return found


def fate_of_letter(s: Session, person_id: int, kind: str) -> tuple[str, datetime | None]:
    """(state, when it left) of the latest mail of this kind to somebody; ("", None) where none is known."""
    wanted = (
        select(AccountMail.state, AccountMail.sent_at)
        .where(AccountMail.person_id == person_id, AccountMail.kind == kind)
        .order_by(AccountMail.id.desc())
        .limit(1)
    )
    row = s.execute(wanted).first()
    return (row[0], row[1]) if row else ("", None)


def told_who_stay(s: Session, going: set[int]) -> list[int]:
    """Who was told that their record goes, and who is not among those that go any more."""
    wanted = select(Person.id).where(Person.goes_at.is_not(None), Person.erased_at.is_(None))
    return [one for one in s.scalars(wanted).all() if one not in going]


def no_longer_kept(s: Session, today: date) -> list[int]:
    """The infusions that stayed of somebody erased, and whose clinic's time is over."""
    rows = s.execute(
        select(Infusion.id, Infusion.day, Clinic.retention_months)
        .join(Person, Person.id == Infusion.patient_id)
        .join(Clinic, Clinic.id == Infusion.clinic_id)
        .where(
            Person.erased_at.is_not(None),
            Clinic.retention_months.is_not(None),
            Infusion.day < today - timedelta(days=28),
        )
    ).all()
    return [one for one, day, months in rows if months_after(day, months) <= today]
