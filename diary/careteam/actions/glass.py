"""Break-glass: a clinician opens one patient's record without link or consent, for an hour, with a reason."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.actions.notices import tell, tell_admins
from diary.careteam.actions.refused import Refused
from diary.careteam.forms import GlassForm
from diary.careteam.models import BreakGlass
from diary.careteam.queries import patient_named
from diary.careteam.rules import GLASS_LASTS

NOBODY = "Neap finds no such patient in your clinic, or more than one. Please check the name, and give the birth date too."


def break_glass(s: Session, actor: access.Viewer, form: GlassForm, now: datetime) -> UUID:
    """The record is open to this clinician for an hour: whose it is. The reason is kept, patient and admins are told."""
    if not actor.is_clinician:
        raise access.Hidden
    found = patient_named(s, actor, form.who, form.born_on)
    if found is None or found.person_id == actor.me:
        raise Refused(NOBODY)
    opened = BreakGlass(
        clinic_id=found.clinic_id, patient_id=found.person_id, staff_id=actor.me, event_id=0, began_at=now,
        ends_at=now + GLASS_LASTS,
    )  # fmt: skip
    opened.event_id = audit.record(
        s, actor, "break_glass.open", found.person_id, thing=str(opened.uuid), clinic_id=found.clinic_id
    )
    audit.explain(s, opened.event_id, form.reason)
    s.add(opened)
    tell(s, found.person_id, "glass", actor, now, found.clinic_id, is_mailed=True)
    tell_admins(s, "glass_admin", actor, now, found.clinic_id, found.person_id, is_mailed=True)
    return found.uuid
