"""What people are told on their own pages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from diary.accounts.actions import mails
from diary.accounts.rules.letters import GLASS
from diary.careteam import access
from diary.careteam.models import Membership, Notice
from diary.careteam.rules import Role


def tell(
    s: Session,
    person_id: int,
    kind: str,
    actor: access.Viewer,
    now: datetime,
    clinic_id: int | None = None,
    about_id: int | None = None,
    is_mailed: bool = False,
) -> None:
    """Something that stands on this person's pages until they say that they have seen it; a mail says only that it does."""
    if is_mailed:
        mails.put(s, person_id, GLASS, now)
    s.add(
        Notice(
            person_id=person_id, kind=kind, clinic_id=clinic_id, actor_id=actor.person_id, about_id=about_id, at=now
        )
    )  # fmt: skip


def tell_admins(
    s: Session, kind: str, actor: access.Viewer, now: datetime, clinic_id: int, about_id: int | None = None,
    is_mailed: bool = False,
) -> None:  # fmt: skip
    """Every admin of the clinic is told, but for whoever did it."""
    admins = select(Membership.person_id).where(
        Membership.clinic_id == clinic_id, Membership.role == Role.ADMIN, Membership.ended_at.is_(None)
    )
    for person_id in s.scalars(admins).all():
        if person_id != actor.person_id:
            tell(s, person_id, kind, actor, now, clinic_id, about_id, is_mailed)


def see_notice(s: Session, actor: access.Viewer, uuid: UUID, now: datetime) -> None:
    """The person says that they have seen it; once is enough. Hidden for everybody else."""
    mine = Notice.person_id == actor.me
    if s.scalar(select(Notice.id).where(Notice.uuid == uuid, mine)) is None:
        raise access.Hidden
    s.execute(update(Notice).where(Notice.uuid == uuid, mine, Notice.seen_at.is_(None)).values(seen_at=now))
