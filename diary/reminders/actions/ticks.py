"""That the scheduler's round came to its end, and what it did, so that silence is seen."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from diary.reminders.models import Tick


def end(s: Session, name: str, began: datetime, now: datetime, counts: Mapping[str, int]) -> None:
    """One row for each kind of work, written over at each round."""
    row = s.get(Tick, name, with_for_update=True)
    if row is None:
        row = Tick(name=name, began_at=began)
        s.add(row)
    row.began_at, row.ended_at = began, now
    row.counts = json.dumps({key: number for key, number in sorted(counts.items()) if number})
