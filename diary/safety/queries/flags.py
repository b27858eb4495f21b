"""Flags as staff may see them: whole, by their code only, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import CareLink, Clinic, Membership
from diary.careteam.rules import CARE_ROLES, STAFF_ROLES, Opening, Role, parse_opening
from diary.lib import clock, sealing
from diary.safety.models import Flag, FlagEvent
from diary.safety.queries.data import RULES
from diary.safety.rules import CLOSED_SHOWN, LEVELS, Rule, Timer, is_overdue, rank, state_words, timer


@dataclass(frozen=True)
class FlagRow:
    """A flag in a list. Where `is_whole` is False the viewer gets its code only: no name and no rule."""

    flag: Flag
    is_whole: bool
    is_mine: bool
    title: str
    patient: str
    patient_uuid: UUID | None
    owner: str
    opening: Opening
    zone: str
    timer: Timer | None
    overdue: bool
    has_left: bool

    @property
    def may_close(self) -> bool:
        """Whoever reads it; and its owner when the patient has left, so that it does not wait for ever."""
        return self.is_whole or (self.is_mine and self.has_left)

    @property
    def rank(self) -> int:
        return rank(self.flag.state, self.flag.level, self.overdue)

    @property
    def state_words(self) -> str:
        return state_words(self.flag.state, self.flag.level, self.overdue)


@dataclass(frozen=True)
class Colleague:
    """Somebody of the staff who can take a flag."""

    person_id: int
    uuid: UUID
    name: str
    role: str

    @property
    def label(self) -> str:
        return f"{self.name}, {self.role}"


@dataclass(frozen=True)
class Happening:
    """One line of what happened to a flag, with whoever did it."""

    event: FlagEvent
    actor: str
    owner: str
    is_patient: bool


@dataclass(frozen=True)
class FlagPage:
    """A flag with everything that its page shows."""

    row: FlagRow
    rule: Rule | None
    events: Sequence[Happening]
    email: str
    age_born: Any
    clinic: Clinic
    colleagues: Sequence[Colleague]
    may_read_diary: bool

    @property
    def seen(self) -> int:
        """The number of the last event shown; what somebody does from this page is held against it."""
        return max((one.event.number for one in self.events), default=0)

    @property
    def said(self) -> list[Happening]:
        return [one for one in self.events if one.event.kind in ("opened", "said_again")]

    def last(self, kind: str) -> Happening | None:
        return next((one for one in reversed(self.events) if one.event.kind == kind), None)


_owner = aliased(Person, name="owner")
_live_patient = exists().where(
    Membership.person_id == Flag.patient_id,
    Membership.clinic_id == Flag.clinic_id,
    Membership.role == Role.PATIENT,
    Membership.ended_at.is_(None),
)
_owner_is_here = exists().where(
    Membership.person_id == Flag.owner_id,
    Membership.clinic_id == Flag.clinic_id,
    Membership.role.in_(list(STAFF_ROLES)),
    Membership.ended_at.is_(None),
)


def _cares(viewer: access.Viewer) -> Any:
    return exists().where(
        CareLink.patient_id == Flag.patient_id,
        CareLink.clinic_id == Flag.clinic_id,
        CareLink.staff_id == viewer.person_id,
        access.cares(),
    )


def _whole(viewer: access.Viewer) -> Any:
    """Who reads a flag: of the clinic's coaches and clinicians its owner, whoever cares for the patient, and all of
    them where nobody (or nobody who is still there) has it; as long as the person is the clinic's patient."""
    return and_(
        Flag.clinic_id.in_(sorted(viewer.clinics(*CARE_ROLES))),
        _live_patient,
        or_(Flag.owner_id == viewer.person_id, Flag.owner_id.is_(None), ~_owner_is_here, _cares(viewer)),
    )


def _code_only(viewer: access.Viewer) -> Any:
    """Who knows that a flag is there: the clinic's admins, and its owner when the patient has left."""
    return or_(
        Flag.clinic_id.in_(sorted(viewer.clinics(Role.ADMIN))),
        and_(
            Flag.clinic_id.in_(sorted(viewer.clinics(*STAFF_ROLES))),
            Flag.owner_id == viewer.person_id,
        ),
    )


def _rows(viewer: access.Viewer, *where: Any) -> Any:
    return (
        select(
            Flag, Person.uuid, Person.name_sealed, _owner.uuid.label("owner_uuid"),
            _owner.name_sealed.label("owner_sealed"), Clinic.zone, Clinic.opening,
            _whole(viewer).label("is_whole"), _owner_is_here.label("has_owner"), _live_patient.label("is_patient"),
        )
        .join(Person, Person.id == Flag.patient_id)
        .join(Clinic, Clinic.id == Flag.clinic_id)
        .outerjoin(_owner, _owner.id == Flag.owner_id)
        .where(or_(_whole(viewer), _code_only(viewer)), *where)
    )  # fmt: skip


def _row(viewer: access.Viewer, row: Any, now: datetime) -> FlagRow:
    flag: Flag = row[0]
    opening = parse_opening(row.opening)
    waits = timer(flag.level, flag.waits_since, opening, row.zone)
    whole = bool(row.is_whole)
    found = RULES.by_key.get(flag.rule)
    return FlagRow(
        flag=flag,
        is_whole=whole,
        is_mine=flag.owner_id == viewer.person_id,
        title=(found.title if found else flag.rule) if whole else "",
        patient=sealing.unseal("person", row.uuid.hex, "name", row.name_sealed) if whole else "",
        patient_uuid=row.uuid if whole else None,
        owner=_name(row.owner_uuid, row.owner_sealed) if row.has_owner else "",
        opening=opening,
        zone=row.zone,
        timer=waits,
        overdue=is_overdue(flag.state, waits, now),
        has_left=not row.is_patient,
    )


def _name(uuid: UUID | None, blob: bytes | None) -> str:
    return sealing.unseal("person", uuid.hex, "name", blob) if uuid and blob else ""


@lru_cache(512)
def _open_rows(viewer: access.Viewer) -> Any:
    """The statement alone, for a viewer with the roles they have now."""
    return _rows(viewer, Flag.state != "closed")


@lru_cache(512)
def _waiting_rows(viewer: access.Viewer) -> Any:
    return (
        select(Flag.level, Flag.state, Flag.waits_since, Clinic.opening, Clinic.zone)
        .join(Clinic, Clinic.id == Flag.clinic_id)
        .where(Flag.state != "closed", or_(_whole(viewer), _code_only(viewer)))
    )


def open_flags(s: Session, viewer: access.Viewer, now: datetime) -> list[FlagRow]:
    """Every flag that is not closed, as far as the viewer may know of it, most pressing first."""
    found = [_row(viewer, row, now) for row in s.execute(_open_rows(viewer))]
    return sorted(found, key=_pressing)


def _pressing(row: FlagRow) -> tuple[int, bool, datetime, int]:
    """What nobody has stands first in its rank, then the oldest."""
    return row.rank, bool(row.owner), row.flag.opened_at, row.flag.id


def closed_flags(s: Session, viewer: access.Viewer, now: datetime) -> list[FlagRow]:
    """Flags that were closed within the last 30 days, latest first."""
    closed = (
        select(func.max(FlagEvent.at))
        .where(FlagEvent.flag_id == Flag.id, FlagEvent.kind == "closed")
        .scalar_subquery()
    )
    wanted = _rows(viewer, Flag.state == "closed", closed >= now - CLOSED_SHOWN).order_by(closed.desc())
    return [_row(viewer, row, now) for row in s.execute(wanted)]


def flags_of(s: Session, viewer: access.Viewer, ref: access.PatientRef, now: datetime) -> list[FlagRow]:
    """Every flag of one patient that the viewer may read, closed ones too, oldest first; consent is not asked."""
    access.require_concerned(s, viewer, ref.id)
    wanted = _rows(viewer, Flag.patient_id == ref.id).order_by(Flag.answered_at, Flag.id)
    return [row for row in (_row(viewer, row, now) for row in s.execute(wanted)) if row.is_whole]


@dataclass(frozen=True)
class Waiting:
    """How many flags are not closed, and how many of them nobody acknowledged in time."""

    open: int
    overdue: int


def waiting(s: Session, viewer: access.Viewer, now: datetime) -> Waiting:
    """The flags that the viewer may know of, counted for the side column; one statement that unseals nothing."""
    rows = s.execute(_waiting_rows(viewer)).all()
    overdue = sum(
        is_overdue(row.state, timer(row.level, row.waits_since, parse_opening(row.opening), row.zone), now)
        for row in rows
        if row.state == "open"
    )
    return Waiting(len(rows), overdue)


@dataclass(frozen=True, slots=True)
class Matter:
    """An open flag of one patient for a page about them: the patient's day of it, who has it and since when."""

    title: str
    level: str
    on: date
    owner: str
    since: date | None
    changed_at: datetime


def matters_of(s: Session, viewer: access.Viewer, patient_id: int) -> list[Matter]:
    """The flags of a patient that are not closed, as far as the viewer reads them, most pressing first.

    The operator reads all of them; a patient none, whose own words they are.
    """
    wanted = (
        select(Flag, _owner.uuid, _owner.name_sealed, _owner_is_here.label("has_owner"))
        .outerjoin(_owner, _owner.id == Flag.owner_id)
        .where(Flag.patient_id == patient_id, Flag.state != "closed")
    )
    rows = s.execute(wanted if viewer.operator else wanted.where(_whole(viewer))).all()
    events: dict[int, list[Any]] = {}
    for event in s.execute(
        select(FlagEvent.flag_id, FlagEvent.owner_id, FlagEvent.at)
        .where(FlagEvent.flag_id.in_([row[0].id for row in rows]))
        .order_by(FlagEvent.number)
    ):
        events.setdefault(event.flag_id, []).append(event)
    found = [_matter(row, events.get(row[0].id, [])) for row in rows]
    return sorted(found, key=lambda one: (LEVELS.index(one.level), one.on, one.title))


def _matter(row: Any, events: Sequence[Any]) -> Matter:
    flag: Flag = row[0]
    known = RULES.by_key.get(flag.rule)
    since = None
    for event in reversed(events):
        if event.owner_id != flag.owner_id:
            break
        since = event.at
    there = clock.local(since, flag.zone).date() if since and row.has_owner else None
    return Matter(
        known.title if known else flag.rule, flag.level, clock.local(flag.answered_at, flag.zone).date(),
        _name(row[1], row[2]) if row.has_owner else "", there, max((one.at for one in events), default=flag.opened_at),
    )  # fmt: skip


def by_patient(rows: Sequence[FlagRow]) -> Mapping[int, list[FlagRow]]:
    """Flags that may be read, by patient, in the order given."""
    found: dict[int, list[FlagRow]] = {}
    for row in rows:
        if row.is_whole:
            found.setdefault(row.flag.patient_id, []).append(row)
    return found


def flag_row(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> FlagRow:
    """One flag as far as the viewer may open it; Hidden for everybody who is not told of it.

    Its code only: an admin whose it is, because nobody else was there, and its owner when the patient has left.
    """
    row = s.execute(_rows(viewer, Flag.uuid == uuid)).first()
    if row is None:
        raise access.Hidden
    found = _row(viewer, row, now)
    if not found.is_whole and not found.is_mine:
        raise access.Hidden
    return found


def may_open(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> bool:
    """Whether the viewer may open a flag now: handing it over may have ended that."""
    try:
        flag_row(s, viewer, uuid, now)
    except access.Hidden:
        return False
    return True


def has_seen(s: Session, viewer: access.Viewer, flag_id: int) -> bool:
    """Whether it is kept already that the viewer opened this flag."""
    wanted = select(FlagEvent.id).where(
        FlagEvent.flag_id == flag_id, FlagEvent.kind == "seen", FlagEvent.actor_id == viewer.person_id
    )
    return s.execute(wanted.limit(1)).first() is not None


def flag_page(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> FlagPage:
    """A flag with its events and whom it can be handed to; Hidden as above."""
    row = flag_row(s, viewer, uuid, now)
    flag = row.flag
    clinic = s.get_one(Clinic, flag.clinic_id)
    patient = s.get_one(Person, flag.patient_id)
    return FlagPage(
        row=row,
        rule=RULES.by_key.get(flag.rule) if row.is_whole else None,
        events=_events(s, flag, row.is_whole),
        email=patient.email if row.is_whole else "",
        age_born=patient.born_on if row.is_whole else None,
        clinic=clinic,
        colleagues=colleagues(s, viewer, flag),
        may_read_diary=bool(access.kinds(s, viewer, flag.patient_id)) if row.is_whole else False,
    )


def _events(s: Session, flag: Flag, whole: bool) -> list[Happening]:
    doer, had = aliased(Person), aliased(Person)
    rows = s.execute(
        select(FlagEvent, doer.uuid, doer.name_sealed, had.uuid, had.name_sealed)
        .outerjoin(doer, doer.id == FlagEvent.actor_id)
        .outerjoin(had, had.id == FlagEvent.owner_id)
        .where(FlagEvent.flag_id == flag.id)
        .order_by(FlagEvent.number)
    ).all()
    said = ("opened", "said_again")
    return [
        Happening(row[0], _name(row[1], row[2]), _name(row[3], row[4]), row[0].actor_id == flag.patient_id)
        for row in rows
        if whole or row[0].kind not in said
    ]


def colleagues(s: Session, viewer: access.Viewer, flag: Flag) -> list[Colleague]:
    """The clinic's coaches and clinicians who can sign in, but for whoever has the flag, by name.

    The flag is one that the viewer was given by a loader above.
    """
    rows = s.execute(
        select(Person.id, Person.uuid, Person.name_sealed, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.clinic_id == flag.clinic_id,
            Membership.role.in_(list(CARE_ROLES)),
            Membership.ended_at.is_(None),
            Person.ended_at.is_(None),
            Person.passphrase_hash.is_not(None),
            Person.id.not_in([flag.patient_id, flag.owner_id or viewer.me]),
        )
        .order_by(Membership.id)
    ).all()
    roles: dict[int, list[str]] = {}
    for row in rows:
        roles.setdefault(row.id, []).append(row.role)
    named = {
        row.id: Colleague(row.id, row.uuid, _name(row.uuid, row.name_sealed), ", ".join(roles[row.id]))
        for row in rows
    }
    return sorted(named.values(), key=lambda one: one.name.casefold())
