"""What erasing does to each table, and when the clinics' time of keeping is over."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

WORD = "erase"  # what has to be typed
BACKUP_DAYS = 35
NOBODY = "Erased person"  # how they are named where their number stands beside what somebody did
LATE = timedelta(
    hours=1
)  # a write that began before the erasing may come in after it, hardly later than this
NOTICE = timedelta(days=30)
ON_ITS_WAY = timedelta(days=3)  # a mail is tried for so long
A_ROUND = 5  # people erased in one round: each takes its turn among those who write

# The rows of these tables go; a row is the person's by this column, or by that of the row it belongs to. A table that
# is neither here nor below fails the tests.
OWNED = {
    "account_mail": "person_id", "audit_reason": "audit_event.patient_id", "authenticator": "person_id",
    "break_glass": "patient_id", "calendar_feed": "person_id", "care_link": "patient_id", "care_session": "patient_id",
    "care_session_revision": "care_session.patient_id", "checkin": "person_id", "checkin_revision": "checkin.person_id",
    "commitment": "patient_id", "commitment_tick": "commitment.patient_id", "consent": "patient_id", "copy": "person_id", "delivery": "person_id",
    "dose_taken": "patient_id", "entry": "person_id", "entry_revision": "entry.person_id", "goal": "patient_id",
    "good_day_word": "person_id", "infusion_draft": "patient_id", "infusion_revision": "infusion.patient_id",
    "invitation": "person_id", "known_device": "person_id", "mailed_link": "person_id", "medication": "patient_id",
    "medication_revision": "medication.patient_id", "notice": "person_id", "nudge": "person_id", "own_symptom": "person_id",
    "passkey": "person_id", "planned_gap": "patient_id", "push_subscription": "person_id", "recovery_code": "person_id",
    "reminder_settings": "person_id", "report_made": "patient_id", "sign_in_code": "person_id", "sync_write": "person_id",
    "tick_revision": "commitment.patient_id",
}  # fmt: skip
# Here a row stays, or part of the rows, with the person's number and without words, name or address.
EMPTIED = ("flag", "flag_event", "infusion", "login_session", "membership", "person", "sign_in_budget")
# These hold nothing of a person, or opaque numbers only.
KEPT = (
    "audit_chain", "audit_event", "clinic", "clinic_factor", "erasing", "passkey_challenge", "sync_epoch", "tick",
)  # fmt: skip


def is_word(typed: str) -> bool:
    """Whether somebody typed what has to be typed; capitals and spaces around it don't matter."""
    return typed.strip().casefold() == WORD


def months_after(day: date, months: int) -> date:
    """The same day of a later month; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_after = date(year + 1, 1, 1) if month == 11 else date(year, month + 2, 1)
    last = first_after - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def kept_until(stays: Iterable[tuple[date, int | None]]) -> date | None:
    """The day from which nobody keeps a record any more, of (last day there, months kept) of each clinic.

    None while a clinic does not say how long it keeps; the longest of several counts.
    """
    ends = []
    for last, months in stays:
        if months is None:
            return None
        ends.append(months_after(last, months))
    return max(ends, default=None)


def goes_at(asked_at: datetime) -> datetime:
    """When a record goes whose time is over: a month after the mail about it has left, however long that takes."""
    return asked_at + ON_ITS_WAY + NOTICE


def may_go(goes_at: datetime | None, told_at: datetime | None, now: datetime) -> bool:
    """Whether the day has come that the person was told of, a month ago at least."""
    return goes_at is not None and told_at is not None and goes_at <= now and told_at + NOTICE <= now
