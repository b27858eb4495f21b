"""What a person changes about their reminders. Each change makes the engine look at their plan again."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.careteam import access
from diary.entries.actions import one_at_a_time
from diary.lib import clock
from diary.reminders.models import Delivery, Nudge, ReminderSettings
from diary.reminders.rules.message import SAFETY
from diary.reminders.rules.wishes import QUIET, Chosen, hm, later_at

MOST_A_CLOCK_JUMPS = timedelta(hours=26)  # from one zone of the world to another


def change_wishes(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, chosen: Chosen, now: datetime
) -> None:
    """Store the choices as they are now; raises Hidden for anybody else's."""
    row = _row(s, viewer, patient, now)
    if not any(chosen.daily):
        row.daily = ""
    else:
        row.daily = ",".join(hm(at) for at in chosen.daily)
    row.checkins, row.ahead, row.commitments = chosen.checkins, chosen.ahead, chosen.commitments
    row.by_email, row.by_push, row.email_instead = chosen.by_email, chosen.by_push, chosen.email_instead
    row.quiet_from, row.quiet_until = map(hm, chosen.quiet) if chosen.quiet else ("", "")
    row.changed_at = now
    _wake(row, now)
    audit.record(s, viewer, "reminders.change", patient.id, clinic_id=patient.clinic_id)


def pause(s: Session, viewer: access.Viewer, patient: access.PatientRef, until: date, now: datetime) -> None:
    """Nothing comes before that day of the person's own; then it starts again by itself."""
    row = _row(s, viewer, patient, now)
    row.paused_until = until
    _wake(row, now)
    audit.record(s, viewer, "reminders.pause", patient.id, clinic_id=patient.clinic_id)


def resume(s: Session, viewer: access.Viewer, patient: access.PatientRef, now: datetime) -> None:
    """End a pause and a "Not today"."""
    row = _row(s, viewer, patient, now)
    row.paused_until = row.not_today = None
    _wake(row, now)
    audit.record(s, viewer, "reminders.resume", patient.id, clinic_id=patient.clinic_id)


def say_not_today(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, day: date, now: datetime
) -> None:
    """Nothing more comes on that day of the diary, which the notification names; no answer is touched.

    A day that is over changes nothing: the notification was an old one.
    """
    row = _row(s, viewer, patient, now)
    if day < clock.diary_day(now, patient.zone):
        return
    row.not_today = day
    _wake(row, now)
    audit.record(s, viewer, "reminders.not_today", patient.id, clinic_id=patient.clinic_id)


def ask_later(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, about: UUID, choice: str, now: datetime
) -> datetime:
    """The reminder of that delivery once more, at the moment of one of LATER, which is given back.

    A repeat changes nothing. Raises Hidden for a delivery that is not the person's own.
    """
    row = _row(s, viewer, patient, now)
    sent = s.scalars(select(Delivery).where(Delivery.uuid == about, Delivery.person_id == patient.id)).first()
    if sent is None or sent.kind in SAFETY:
        raise access.Hidden
    due_at = later_at(choice, now, patient.zone).replace(second=0, microsecond=0)
    same = (Nudge.person_id == patient.id, Nudge.kind == sent.kind, Nudge.thing == sent.thing)
    if s.scalar(select(Nudge.id).where(*same, Nudge.due_at == due_at)) is None:
        s.add(
            Nudge(
                person_id=patient.id,
                kind=sent.kind,
                thing=sent.thing,
                day=sent.day,
                due_at=due_at,
                made_at=now,
            )
        )
        audit.record(s, viewer, "reminders.later", patient.id, clinic_id=patient.clinic_id)
    _wake(row, now)
    return due_at


def move_to_zone(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, zone: str, now: datetime
) -> None:
    """The person's days and reminders follow another wall clock from now on; raises ValueError for no zone.

    Going east a day's moment may lie behind on the new clock and never have come on the old one: so the last day is
    looked at again, and what was sent of it does not go twice, since its name is the same in every zone.
    """
    if not clock.is_zone(zone):
        raise ValueError("Neap does not know this time zone.")
    row = _row(s, viewer, patient, now)
    person = s.get_one(Person, patient.id)
    if person.zone == zone:
        return
    person.zone = zone
    _wake(row, now)
    row.looked_at = min(row.looked_at or now, max(row.changed_at, now - MOST_A_CLOCK_JUMPS))
    audit.record(s, viewer, "zone.change", patient.id, clinic_id=patient.clinic_id)


def _row(s: Session, viewer: access.Viewer, patient: access.PatientRef, now: datetime) -> ReminderSettings:
    """The person's row, for this transaction alone; made with nothing switched on where there is none."""
    if not viewer.operator and viewer.person_id != patient.id:
        raise access.Hidden
    one_at_a_time(s.connection(), patient.id)
    row = s.get(ReminderSettings, patient.id, with_for_update=True)
    if row is None:
        usual = Chosen()
        row = ReminderSettings(
            person_id=patient.id, daily=",".join(map(hm, usual.daily)), quiet_from=hm(QUIET[0]), quiet_until=hm(QUIET[1]),
            looked_at=now, changed_at=now,
        )  # fmt: skip
        s.add(row)
        s.flush()
    return row


def _wake(row: ReminderSettings, now: datetime) -> None:
    """Have the plan looked at in the next round; what only now would have been due in the past stays there.

    Where something was due already and no round has come yet, it is still to be decided: up to then was looked.
    """
    is_behind = row.wake_at is not None and row.wake_at <= now
    if not is_behind and (row.looked_at is None or row.looked_at < now):
        row.looked_at = now
    if not is_behind:
        row.wake_at = now
