"""Reads for the phone: the database's epoch, and days with the writes that their values come from."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from diary.careteam import access
from diary.checkins.queries import for_phone, plan_for_phone
from diary.entries.queries import days_with_writes, factors_for_phone, own_for_phone
from diary.entries.rules import described, project
from diary.goodday.queries import for_phone as word_for_phone
from diary.goodday.queries import line_for_phone
from diary.sync.models import SyncEpoch

_epoch = select(SyncEpoch.epoch).where(SyncEpoch.id == 1)


def epoch(s: Session) -> str:
    """Which life of the database this is."""
    return s.connection().execute(_epoch).scalar_one()


def days(s: Session, viewer: access.Viewer, since: date, until: date) -> dict[str, Any]:
    """The viewer's own days from `since` to `until`, as their phone keeps them."""
    found = {}
    for day, revision, writes in days_with_writes(s, viewer, viewer.me, since, until):
        found[day.isoformat()] = described(project(writes, day), revision)
    return found


def around(
    s: Session, viewer: access.Viewer, since: date, until: date, today: date, now: datetime
) -> dict[str, Any]:
    """What stands beside the days: the viewer's own check-ins, intentions and word, and what is due when.

    The word stands among the check-ins, so that a phone with an older Neap keeps it too.
    """
    return {
        "checkins": for_phone(s, viewer, viewer.me, since, until) | word_for_phone(s, viewer, viewer.me),
        "plan": plan_for_phone(s, viewer, viewer.me, today, now)
        | {
            "line": line_for_phone(s, viewer, viewer.me, today),
            "own": own_for_phone(s, viewer, viewer.me),
            "factors": factors_for_phone(s, viewer, viewer.me),
        },
    }
