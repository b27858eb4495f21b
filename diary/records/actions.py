"""Erasing a person: every row that names them goes or is left with their number alone, in one transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, insert, null, select, text, update
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
from diary.records.rules import NOBODY, OWNED, SWEPT_FOR
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
    clinics: list[int | None] = [*queries.clinics_of(s, person_id)]
    for clinic_id in clinics or [None]:
        audit.record(s, actor, "person.erase", person_id, clinic_id=clinic_id)
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
        audit.record(s, actor, "person.erase", person.id)
        _erase(s, person, now)
    return len(found)


def sweep(s: Session, now: datetime) -> int:
    """What came in for somebody just erased, by a request that had begun before; of how many people there was some."""
    found = s.scalars(
        select(Person).where(Person.erased_at > now - SWEPT_FOR)  # type: ignore[operator]
    ).all()
    return sum(_erase(s, person, person.erased_at or now) > 0 for person in found)


def end_keeping(s: Session, infusions: Iterable[int]) -> int:
    """Remove what a clinic kept of somebody erased, once its time is over."""
    return s.execute(delete(Infusion).where(Infusion.id.in_(list(infusions)))).rowcount


def note_leaving(s: Session, person_id: int, at: datetime | None) -> None:
    """When a record goes, once the person was told; None when it stays after all."""
    s.execute(update(Person).where(Person.id == person_id).values(goes_at=at))


def _taken_hold_of(s: Session, person_id: int) -> Person:
    """The person's row, for this transaction alone: on PostgreSQL a write for them waits, or we for it."""
    found = s.scalars(select(Person).where(Person.id == person_id).with_for_update()).first()
    if found is None:
        raise access.Hidden
    return found


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
    if s.connection().dialect.name == "sqlite":
        s.execute(text("PRAGMA secure_delete = ON"))  # else what was deleted stays readable in free pages
    emails = [person.email] if person.erased_at is None else []
    s.execute(insert(Erasing).values(id=1, never_id=2))
    told_of = tables["notice"].c.about_id == person.id
    s.execute(tables["notice"].delete().where(told_of, tables["notice"].c.kind != "erased"))
    if unknown := OWNED.keys() - tables.keys():
        raise KeyError(*unknown)  # a part of the program was not loaded: nothing is erased by halves
    gone = 0
    for table in reversed(SQLModel.metadata.sorted_tables):
        if table.name in OWNED:
            gone += s.execute(table.delete().where(_is_of(table, OWNED[table.name], person.id))).rowcount
    flags = select(Flag.id).where(Flag.patient_id == person.id)
    s.execute(update(FlagEvent).where(FlagEvent.flag_id.in_(flags)).values(words_sealed=null()))
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
    person.goes_at = None
    s.add(person)
    s.flush()
    s.execute(delete(Erasing))
    return gone


def _keep_what_was_given(s: Session, person_id: int) -> None:
    """The clinic's own record of treatment: that, when and how much was given; no words, no weight, nothing planned."""
    of_theirs = Infusion.patient_id == person_id
    s.execute(delete(Infusion).where(of_theirs, Infusion.status != "done"))
    s.execute(
        update(Infusion)
        .where(of_theirs)
        .values(note_sealed=null(), given_words_sealed=null(), given="{}", weight_kg=null(), zone="UTC")
    )


def _is_of(table: Table, way: str, person_id: int) -> ColumnElement[bool]:
    """Whether a row is the person's: by a column of its own, or by one of the row that it belongs to."""
    if "." not in way:
        return table.c[way] == person_id
    parent_name, column = way.split(".")
    parent = SQLModel.metadata.tables[parent_name]
    (link,) = [one for one in table.foreign_keys if one.column.table is parent]
    return link.parent.in_(select(link.column).where(parent.c[column] == person_id))
