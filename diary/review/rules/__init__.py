"""Who needs somebody today, and why, in words made from the data alone; adherence; what changed most."""

from diary.review.rules.book import Book, Group, Reason, book
from diary.review.rules.days import (
    KEYS,
    SHOWN_DAYS,
    SQUARES,
    DayState,
    adherence,
    adherence_words,
    changed_most,
    state_of,
)
from diary.review.rules.over_days import Found, above_usual, little_sleep, over_days, silence
from diary.review.rules.reasons import (
    of_days,
    of_flag,
    of_gap,
    of_relief,
    of_sessions,
    of_severe,
    placed,
)

__all__ = [
    "KEYS",
    "SHOWN_DAYS",
    "SQUARES",
    "Book",
    "DayState",
    "Found",
    "Group",
    "Reason",
    "above_usual",
    "adherence",
    "adherence_words",
    "book",
    "changed_most",
    "little_sleep",
    "of_days",
    "of_flag",
    "of_gap",
    "of_relief",
    "of_sessions",
    "of_severe",
    "over_days",
    "placed",
    "silence",
    "state_of",
]
