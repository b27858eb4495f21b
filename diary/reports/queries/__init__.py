"""Gathering one person's facts, for the report of a period and for the sheet before a session."""

from diary.reports.queries.made import MadeRow, reports_made
from diary.reports.queries.prep import MOST_WORDS, PrepPage, as_pdf, prep_page
from diary.reports.queries.summary import (
    SHEET,
    courses,
    facts,
    last_change,
    last_session,
    report,
    without_open_day,
)

__all__ = [
    "MOST_WORDS",
    "SHEET",
    "MadeRow",
    "PrepPage",
    "as_pdf",
    "courses",
    "facts",
    "last_change",
    "last_session",
    "prep_page",
    "report",
    "reports_made",
    "without_open_day",
]
