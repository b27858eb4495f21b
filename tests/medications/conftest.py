from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.careteam.access import OPERATOR
from diary.medications.queries import medications_of
from tests import factories

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


@pytest.fixture
def oxycodone(app, cast):
    """What Alice takes as her clinic recorded it."""
    with db.write() as s:
        return factories.medication(
            s,
            cast.alice,
            "Oxycodone MR",
            date(2026, 3, 1),
            dose="20",
            dose_unit="mg",
            times_per_day="2",
            reason="for her back",
        )


@pytest.fixture
def taken(cast):
    """Everything on Alice's list."""

    def rows():
        with db.read() as s:
            return medications_of(s, OPERATOR, cast.alice.id)

    return rows
