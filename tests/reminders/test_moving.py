"""Moving from one zone to another in the middle of a day: no day's reminder comes twice, and none is missed."""

from datetime import timedelta

import pytest

from diary import db
from diary.careteam import access
from diary.reminders.actions import wishes as actions
from tests.reminders.engine import Engine, at, wish


@pytest.fixture
def engine(app, clock_at):
    found = Engine("2026-03-09T12:00")
    clock_at(found.now)
    return found


@pytest.mark.parametrize(
    ("here", "there", "says"),
    [
        (
            "Europe/London",
            "Asia/Tokyo",
            [9, 10],
        ),  # 20:30 of the day lies behind on the new clock, and never came
        ("Asia/Tokyo", "Europe/London", [9, 10]),  # it came already, and comes on the new clock again
        ("Europe/London", "America/New_York", [9, 10]),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", [9, 10]),
        (
            "Pacific/Pago_Pago",
            "Pacific/Kiritimati",
            [8, 10],
        ),  # the rest of the 9th is left out: it is the 10th there
    ],
)
def test_moving_between_zones_in_the_day_neither_doubles_nor_misses(engine, cast, here, there, says):
    """A tick at each half past, and at 18:00; at 18:00 UTC of the 9th she moves."""
    patient = wish(cast.alice, "2026-03-07T12:00")
    with db.write() as s:
        actions.move_to_zone(s, access.OPERATOR, patient, here, at("2026-03-07T12:00"))
    moment = at("2026-03-09T00:30")
    while moment < at("2026-03-11T12:00"):
        if moment == at("2026-03-09T18:00"):
            with db.write() as s:
                actions.move_to_zone(s, access.OPERATOR, patient, there, moment)
        engine.tick(moment)
        moment += timedelta(minutes=30 if moment.day == 9 and moment.hour in (17, 18) else 60)
    days = [int(day[-2:]) for _, _, day in engine.sink.said]
    assert sorted(days) == sorted(set(days)), days
    assert set(says) <= set(days), days
