"""The kinds of data, the roles, and what an invitation allows."""

from datetime import datetime, timedelta
from enum import StrEnum

INVITATION_LIVES = timedelta(days=7)
CONSENT_WORDING = "2026-11"


class Kind(StrEnum):
    """The five kinds of data that a patient shares one by one."""

    SCORES = "scores"
    NOTES = "notes"
    INFUSIONS = "infusions"
    QUESTIONNAIRES = "questionnaires"
    SESSIONS = "sessions"


class Role(StrEnum):
    """What somebody is in one clinic."""

    PATIENT = "patient"
    COACH = "coach"
    CLINICIAN = "clinician"
    ADMIN = "admin"


CARE_ROLES = frozenset({Role.COACH, Role.CLINICIAN})
STAFF_ROLES = CARE_ROLES | {Role.ADMIN}

KIND_WORDS = {
    Kind.SCORES: "Scores",
    Kind.NOTES: "Notes, but never private ones",
    Kind.INFUSIONS: "Infusions and medications",
    Kind.QUESTIONNAIRES: "Questionnaires",
    Kind.SESSIONS: "Sessions",
}


def is_open(expires_at: datetime, used_at: datetime | None, now: datetime) -> bool:
    """Whether an invitation may still be used: once, and for seven days."""
    return used_at is None and now < expires_at
