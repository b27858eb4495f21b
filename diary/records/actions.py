"""Erasing a person: every row that names them goes or is left with their number alone, in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, null, select, update
from sqlmodel import Session, SQLModel

from diary.accounts import queries as accounts
from diary.accounts.models import LoginSession, Person, SignInBudget
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions import notices
from diary.careteam.models import Membership
from diary.infusions.models import Infusion
from diary.lib import sealing
from diary.records import queries
from diary.records.models import Erasing
from diary.records.rules import LATE, NOBODY, OWNED, may_go
from diary.safety.models import Flag, FlagEvent


class Refused(Exception):
    """Nothing was erased; carries the code of why, of `queries.why_not`."""


def erase(s: Session, actor: access.Viewer, person_id: int, now: datetime) -> None:
    """Erase a person for good. Raises Refused where something has to be done before; erasing twice changes nothing.

    The caller makes the list of the erased whole once this is committed (`worker.finish`).
    """
    if actor.person_id is not None and actor.person_id != person_id:
        raise access.Hidden
    person = _taken_hold_of(s, person_id)
    if person.erased_at is not None:
        return
    if why := queries.why_not(s, actor, person_id):
        raise Refused(why)
    _record(s, actor, person_id)
    _tell(s, actor, person_id, now)
    _erase(s, person, now)


def erase_again(s: Session, actor: audit.Actor, gone: Iterable[UUID], now: datetime) -> int:
    """In a copy that was put back: erase whoever was erased since it was made, whatever stands there; how many."""
    found = s.scalars(select(Person).where(Person.uuid.in_(list(gone)), Person.erased_at.is_(None))).all()
    for person in found:
        live = s.scalars(select(Flag).where(Flag.patient_id == person.id, Flag.state != "closed")).all()
        for flag in live:
            flag.state = "closed"
            s.add(flag)
        _record(s, actor, person.id)
        _erase(s, person, now)
    return len(found)


def sweep(s: Session, person_id: int, now: datetime) -> int:
    """What came in for somebody erased, by a request that had begun before; how many rows there were."""
    person = _taken_hold_of(s, person_id)
    erased_at = person.erased_at
    if erased_at is None:
        return 0
    gone = _erase(s, person, erased_at) if queries.has_rows(s, person_id) else 0
    if now >= erased_at + LATE:
        person.swept_at = now
        s.add(person)
    return gone


def erase_leaver(s: Session, actor: access.Viewer, person_id: int, now: datetime) -> bool:
    """Erase somebody whose time is over, if that still holds once nobody else can change it."""
    _taken_hold_of(s, person_id)
    still = queries.leavers(s, now.date(), only=person_id)
    if not still or not may_go(still[0].goes_at, still[0].told_at, now):
        return False
    erase(s, actor, person_id, now)
    return True


def end_keeping(s: Session, infusions: Iterable[int]) -> int:
    """Remove what a clinic kept of somebody erased, once its time is over."""
    return s.execute(delete(Infusion).where(Infusion.id.in_(list(infusions)))).rowcount


def note_leaving(
    s: Session, person_id: int, goes_at: datetime | None, told_at: datetime | None = None
) -> None:
    """When a record goes, and when the person was told; None for both when it stays after all."""
    s.execute(update(Person).where(Person.id == person_id).values(goes_at=goes_at, told_at=told_at))


def _taken_hold_of(s: Session, person_id: int) -> Person:
    """The person's row, for this transaction alone: on PostgreSQL a write for them waits, or we for it."""
    found = s.scalars(select(Person).where(Person.id == person_id).with_for_update()).first()
    if found is None:
        raise access.Hidden
    return found


def _record(s: Session, actor: audit.Actor, person_id: int) -> None:
    clinics: list[int | None] = [*queries.clinics_of(s, person_id)]
    for clinic_id in clinics or [None]:
        audit.record(s, actor, "person.erase", person_id, clinic_id=clinic_id)


def _tell(s: Session, actor: access.Viewer, person_id: int, now: datetime) -> None:
    """Whoever cares for the person, and each admin, reads that a record is gone; by number, since no name is left."""
    told = set(queries.carers_of(s, person_id))
    for clinic_id in queries.clinics_of(s, person_id):
        told |= {(one, clinic_id) for one in queries.admins_of(s, clinic_id)}
    for staff_id, clinic_id in sorted(told):
        notices.tell(s, staff_id, "erased", access.OPERATOR, now, clinic_id, person_id)


def _erase(s: Session, person: Person, now: datetime) -> int:
    """How many rows went."""
    tables = SQLModel.metadata.tables
    emails = [person.email] if person.erased_at is None else []
    s.execute(insert(Erasing).values(id=1, never_id=2))
    told_of = tables["notice"].c.about_id == person.id
    s.execute(tables["notice"].delete().where(told_of, tables["notice"].c.kind != "erased"))
    if unknown := OWNED.keys() - tables.keys():
        raise KeyError(*unknown)  # a part of the program was not loaded: nothing is erased by halves
    gone = 0
    for table in reversed(SQLModel.metadata.sorted_tables):
        if table.name in OWNED:
            gone += s.execute(
                table.delete().where(queries.is_of(table, OWNED[table.name], person.id))
            ).rowcount
    flags = select(Flag.id).where(Flag.patient_id == person.id)
    s.execute(
        update(FlagEvent).where(FlagEvent.flag_id.in_(flags)).values(words_sealed=null(), write_id=null())
    )
    s.execute(update(Flag).where(Flag.patient_id == person.id).values(zone="UTC"))
    _keep_what_was_given(s, person.id)
    for email in emails:
        keys = [*accounts.budgets_of(email, "", None), *accounts.mail_budgets(email, "")]
        s.execute(delete(SignInBudget).where(SignInBudget.key.in_(keys)))
    s.execute(
        update(Membership)
        .where(Membership.person_id == person.id, Membership.ended_at.is_(None))
        .values(ended_at=now)
    )
    # Rows of sessions stay, emptied: by them a phone that was elsewhere learns that it has to forget.
    of_theirs = update(LoginSession).where(LoginSession.person_id == person.id)
    s.execute(of_theirs.where(LoginSession.ended_at.is_(None)).values(ended_at=now))
    s.execute(of_theirs.values(device="", revoked=True))
    person.email, person.name = f"erased {person.uuid.hex}", NOBODY  # one of each, for the index
    person.email_index = sealing.email_index(person.email)
    person.born, person.zone, person.passphrase_hash = None, "UTC", None
    person.ended_at = person.erased_at = now
    person.goes_at = person.told_at = None
    s.add(person)
    s.flush()
    s.execute(delete(Erasing))
    return gone


def _keep_what_was_given(s: Session, person_id: int) -> None:
    """The clinic's own record of treatment: that, when and how much was given; no words, no weight, nothing planned."""
    of_theirs = Infusion.patient_id == person_id
    s.execute(delete(Infusion).where(of_theirs, (Infusion.status != "done") | Infusion.clinic_id.is_(None)))
    s.execute(
        update(Infusion)
        .where(of_theirs)
        .values(note_sealed=null(), given_words_sealed=null(), given="{}", weight_kg=null(), zone="UTC")
    )
