"""A session of somebody who has proved who they are."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from diary.accounts.actions import begin_session, mails, remember_device
from diary.accounts.models import Person
from diary.accounts.queries import device_owner, factors_of, has_device
from diary.audit import actions as audit
from diary.careteam import access


def sign_in(
    s: Session,
    person: Person,
    device: str,
    known: str | None,
    now: datetime,
    second_at: datetime | None = None,
) -> tuple[access.SignedIn, str | None]:
    """Begin a session of somebody who has proved who they are: the user for the cookie, and the device's token.

    Where a second factor is still to come (second_at: when it was given) the session is half, and so no device yet.
    """
    viewer = access.viewer_of(s, person)
    factors = factors_of(s, person.id)
    is_staff = viewer.is_staff or viewer.is_admin
    has_factor = factors.has_app or (is_staff and bool(factors.passkeys))
    if second_at is None and (has_factor or access.wants_factor(s, viewer)):
        token = begin_session(s, person.id, device, is_staff, now, is_half=True)
        audit.record(s, viewer, "sign_in.half", person.id)
        return access.SignedIn(token, replace(viewer, is_half=True)), None
    is_new = known is None or device_owner(s, known) != person.id
    if known is None or is_new:
        if has_device(s, person.id):
            mails.put_new_device(s, person.id, now, device)
        known = remember_device(s, person.id, now)
    token = begin_session(s, person.id, device, is_staff, now, is_new=is_new, second_at=second_at)
    audit.record(s, viewer, "sign_in", person.id)
    return access.SignedIn(token, viewer), known
