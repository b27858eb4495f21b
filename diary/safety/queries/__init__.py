"""Reads of the safety slice: the numbers to call, the rules, and flags as staff may see them."""

from diary.safety.queries.data import COUNTRIES, RULES, phone_words, rule
from diary.safety.queries.flags import (
    Colleague,
    FlagPage,
    FlagRow,
    Happening,
    Matter,
    Waiting,
    by_patient,
    closed_flags,
    colleagues,
    flag_page,
    flag_row,
    flags_of,
    has_seen,
    matters_of,
    may_open,
    open_flags,
    waiting,
)
from diary.safety.queries.line import line_of, standing
from diary.safety.queries.unanswered import overdue_flags, unanswered, waiting_among

__all__ = [
    "COUNTRIES",
    "RULES",
    "Colleague",
    "FlagPage",
    "FlagRow",
    "Happening",
    "Matter",
    "Waiting",
    "by_patient",
    "closed_flags",
    "colleagues",
    "flag_page",
    "flag_row",
    "flags_of",
    "has_seen",
    "line_of",
    "matters_of",
    "may_open",
    "open_flags",
    "overdue_flags",
    "phone_words",
    "rule",
    "standing",
    "unanswered",
    "waiting",
    "waiting_among",
]
