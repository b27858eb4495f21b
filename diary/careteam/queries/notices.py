"""What a person has been told and not yet said to have seen."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import Clinic, Notice

MOST = 20


@dataclass(frozen=True)
class Told:
    """One thing that somebody is told: what, by whom, about whom, in which clinic, and when."""

    uuid: UUID
    kind: str
    actor: str
    about: str
    clinic: str
    at: datetime


def told(s: Session, viewer: access.Viewer) -> list[Told]:
    """What stands on the viewer's own pages until they have seen it, the latest first."""
    if viewer.person_id is None:
        return []
    actor, about = aliased(Person), aliased(Person)
    rows = s.execute(
        select(Notice, actor, about, Clinic.name)
        .outerjoin(actor, actor.id == Notice.actor_id)
        .outerjoin(about, about.id == Notice.about_id)
        .outerjoin(Clinic, Clinic.id == Notice.clinic_id)
        .where(Notice.person_id == viewer.person_id, Notice.seen_at.is_(None))
        .order_by(Notice.at.desc(), Notice.id.desc())
        .limit(MOST)
    ).all()
    return [
        Told(
            notice.uuid,
            notice.kind,
            doer.name if doer else "",
            one.name if one else "",
            clinic or "",
            notice.at,
        )
        for notice, doer, one, clinic in rows
    ]
