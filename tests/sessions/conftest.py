"""A stopped clock, and a session as Cora would type it."""

from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.careteam import access
from diary.sessions import actions
from diary.sessions.forms import parse_session

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = date(2026, 11, 26)
GOOD = {
    "kind": "integration", "status": "held", "date": "2026-11-26", "start": "11:00", "end": "11:50",
    "note": "We looked at the good week.", "private_note": "Wakes at four.", "share": "yes",
    "commitment_1": "Ten quiet minutes", "until_1": "2026-12-10", "counted_1": "yes",
    "commitment_2": "Nobody visits on Tuesday", "until_2": "", "counted_2": "no",
}  # fmt: skip


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


@pytest.fixture
def recorded(app, cast):
    """A function that records a session with Alice through the action."""

    def record(is_shared=True, at=NOW, **changes):
        texts = {name: text for name, text in (GOOD | changes).items() if name != "share"}
        form = parse_session(texts, TODAY, "Europe/London")
        assert not form.errors, form.errors
        with db.write() as s:
            viewer = access.OPERATOR
            ref = access.load_patient(s, viewer, cast.alice.uuid)
            return actions.record_session(s, viewer, ref, form.value, at, is_shared).session.uuid

    return record
