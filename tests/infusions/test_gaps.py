"""POST /patients/<uuid>/infusions/<uuid>/gap and /gaps/<uuid>/end: one longer interval, marked ahead."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from diary import db
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.infusions.forms import parse_gap
from diary.infusions.models import Infusion, InfusionRevision, PlannedGap
from diary.infusions.queries import gaps_of
from diary.infusions.rules import usual_interval, why_no_gap
from tests import factories
from tests.conftest import stored

pytestmark = pytest.mark.both
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


@pytest.fixture
def course(app, cast):
    """Twice given, twice planned, a week apart; their ids, the last one given second."""
    with db.write() as s:
        return [
            factories.infusion(s, cast.alice, TODAY + step * DAY, status=status, time="10:00").uuid
            for step, status in ((-10, "done"), (-3, "done"), (4, "planned"), (11, "planned"))
        ]


def path(cast, infusion, what="/gap"):
    return f"/patients/{cast.alice.uuid}/infusions/{infusion}{what}"


def gaps(cast, **kwargs):
    with db.read() as s:
        return gaps_of(s, access.OPERATOR, cast.alice.id, **kwargs)


def days_of_all(cast):
    with db.read() as s:
        return {row.number: row.day for row in stored(s, Infusion, patient_id=cast.alice.id)}


def test_marked_shown_to_both_and_taken_back(client_as, cast, course):
    bob = client_as("bob")
    assert "A longer gap after it" in bob.get(path(cast, course[3], "")).words()
    told = bob.post(
        path(cast, course[3]), {"gap_days": "21", "gap_reason": "to see how long it lasts"}, follow=True
    )
    assert "The longer gap is marked." in told.words()
    assert "21 days after infusion 4" in told.words()
    assert "about 7 were usual: 5 December 2026 to 26 December 2026" in told.words()
    assert "to see how long it lasts" in told.words()
    words = client_as("alice").get("/infusions").words()
    assert "A longer gap is planned." in words and "21 days instead of about 7" in words
    assert "21 days" in client_as("cora").get(f"/patients/{cast.alice.uuid}/infusions").words()
    [gap] = gaps(cast)
    assert (gap.until_on, gap.usual_days, gap.came_after) == (date(2026, 12, 26), 7, None)
    told = bob.post(f"/patients/{cast.alice.uuid}/gaps/{gap.uuid}/end", follow=True)
    assert "taken back" in told.words() and "21 days after" not in told.words()
    assert gaps(cast) == [] and gaps(cast, with_history=True)[0].taken_back_at == NOW
    assert "longer gap" not in client_as("alice").get("/infusions").words()
    assert bob.post(f"/patients/{cast.alice.uuid}/gaps/{gap.uuid}/end").status == 303, "again changes nothing"


def test_what_is_planned_within_moves_when_that_is_confirmed(client_as, cast, course):
    bob = client_as("bob")
    asked = bob.post(path(cast, course[1]), {"gap_days": "20"})
    assert asked.status == 422 and "Move the plan?" in asked.words()
    assert "Infusion 3 is planned for Saturday 28 November" in asked.words() and gaps(cast) == []
    assert bob.post(path(cast, course[1]), {"gap_days": "20", "confirm": "move=21"}).status == 422, (
        "of another gap"
    )
    assert bob.post(path(cast, course[1]), {"gap_days": "20", "confirm": "move=20"}).status == 303
    assert days_of_all(cast) == {
        1: TODAY - 10 * DAY, 2: TODAY - 3 * DAY, 3: TODAY + 17 * DAY, 4: TODAY + 24 * DAY,
    }  # fmt: skip
    [gap] = gaps(cast)
    assert (gap.number, gap.until_on) == (2, TODAY + 17 * DAY)


def test_a_day_can_be_said_instead(client_as, cast, course):
    assert client_as("bob").post(path(cast, course[3]), {"until": "2026-12-20"}).status == 303
    assert gaps(cast)[0].days == 15


@pytest.mark.parametrize(
    ("place", "sent", "why"),
    [
        (3, {"gap_days": "7"}, "no longer than usual: 7 days"),
        (3, {"gap_days": "71"}, "a whole number from 1 to 70"),
        (3, {"gap_days": "many"}, "a whole number from 1 to 70"),
        (3, {}, "a whole number from 1 to 70"),
        (3, {"gap_days": "20", "until": "2026-12-20"}, "not both"),
        (3, {"until": "2026-12-01"}, "1 to 70 days after this one"),
        (3, {"until": "soon"}, "not a date"),
        (3, {"gap_days": "20", "gap_reason": "x" * 501}, "at most 500 fit"),
        (0, {"gap_days": "20"}, "past: a longer gap is marked ahead"),
    ],
)
def test_bad_gaps(client_as, cast, course, place, sent, why):
    told = client_as("bob").post(path(cast, course[place]), sent)
    assert told.status == 422 and why in told.words() and gaps(cast) == []
    if "gap_days" in sent and place:
        assert told.one("input", name="gap_days").get("value") == sent["gap_days"], "what was typed stays"


def test_not_after_a_cancelled_one_nor_one_that_should_have_been(client_as, cast, course, clock_at):
    bob = client_as("bob")
    bob.post(path(cast, course[3], "/cancellation"))
    assert "is cancelled, so nothing follows" in bob.post(path(cast, course[3]), {"gap_days": "20"}).words()
    clock_at(NOW + 6 * DAY)
    bob = client_as("bob")
    assert "This infusion is past" in bob.post(path(cast, course[2]), {"gap_days": "20"}).words()
    assert gaps(cast) == []


def test_one_at_a_time(client_as, cast, course):
    bob = client_as("bob")
    bob.post(path(cast, course[3]), {"gap_days": "21"})
    told = bob.post(path(cast, course[2]), {"gap_days": "30", "confirm": "move=30"})
    assert told.status == 422 and "marked already, after infusion 4" in told.words()
    assert len(gaps(cast)) == 1 and days_of_all(cast)[4] == TODAY + 11 * DAY, "nothing has moved"
    bob.post(path(cast, course[3], "/cancellation"))
    assert gaps(cast) == [], "a cancelled infusion has no gap after it"
    assert bob.post(path(cast, course[2]), {"gap_days": "30"}).status == 303


def test_what_came_of_it(client_as, cast, course, clock_at):
    client_as("bob").post(path(cast, course[1]), {"gap_days": "20", "confirm": "move=20"})
    with db.write() as s:
        factories.infusion(s, cast.alice, TODAY + 12 * DAY)
    clock_at(NOW + 13 * DAY)
    [gap] = gaps(cast)
    assert gap.came_after == 15 and not gap.is_ahead(TODAY + 13 * DAY)
    words = client_as("bob").get(f"/patients/{cast.alice.uuid}/infusions").words()
    assert "The next infusion came after 15 days" in words and "Take it back" not in words


def test_strangers_and_consent(client_as, cast, course):
    with db.write() as s:
        gap = PlannedGap(
            patient_id=cast.alice.id,
            infusion_id=stored(s, Infusion, uuid=course[3])[0].id,
            days=20,
            marked_at=NOW,
        )
        s.add(gap)
        s.flush()
        end = f"/patients/{cast.alice.uuid}/gaps/{gap.uuid}/end"
    for name in ("charlie", "erin", "cora", "dana", "alice"):
        assert client_as(name).post(path(cast, course[3]), {"gap_days": "20"}).status == 404
        assert client_as(name).post(end).status == 404
    assert client_as("bob").post(f"/patients/{cast.alice.uuid}/gaps/{uuid4()}/end").status == 404
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.INFUSIONS], NOW)
    assert client_as("bob").post(path(cast, course[3]), {"gap_days": "20"}).status == 404
    assert client_as("bob").post(end).status == 404
    assert [one.taken_back_at for one in gaps(cast, with_history=True)] == [None]


@pytest.mark.parametrize("sql", ["UPDATE infusion_revision SET source = 'x'", "DELETE FROM infusion_revision", "DELETE FROM planned_gap"])  # fmt: skip
def test_what_was_said_stays(client_as, cast, course, sql):
    client_as("bob").post(path(cast, course[3]), {"gap_days": "21"})
    with pytest.raises(DBAPIError), db.write() as s:
        s.connection().exec_driver_sql(sql)
    with db.read() as s:
        assert len(stored(s, InfusionRevision)) == 4 and len(stored(s, PlannedGap)) == 1


@pytest.mark.parametrize(
    ("steps", "at", "usual"),
    [
        ([0, 7, 14], 14, 7), ([0, 3, 7, 10], 10, 3), ([0], 0, None), ([], 0, None), ([0, 7, 100, 114], 114, 14),
        ([0, 7, 100, 114], 7, 7), ([0, 0, 7], 7, 7), ([0, 2, 6], 6, 3),
        ((0, 2, 4, 7, 9, 11, 39, 67, 95, 123), 123, 28),  # six in two weeks, then monthly: monthly now
    ],
)  # fmt: skip
def test_the_usual_interval(steps, at, usual):
    assert usual_interval([TODAY + step * DAY for step in steps], TODAY + at * DAY) == usual


@given(st.lists(st.integers(0, 400), min_size=1), st.data())
def test_the_usual_interval_is_one_of_a_course(steps, data):
    at = data.draw(st.sampled_from(steps))
    found = usual_interval([TODAY + step * DAY for step in steps], TODAY + at * DAY)
    assert found is None or 1 <= found <= 70
    assert found == usual_interval([TODAY + step * DAY for step in reversed(steps)], TODAY + at * DAY)


def test_a_gap_after_the_one_just_given_and_of_unknown_usual():
    assert why_no_gap("done", TODAY, TODAY, True, 8, 7) is None
    assert why_no_gap("done", TODAY, TODAY, True, 3, None) is None
    assert why_no_gap("done", TODAY - 9 * DAY, TODAY, True, 9, 7) is not None, "it would end today"
    assert why_no_gap("done", TODAY - 9 * DAY, TODAY, False, 30, 7) is not None


def test_what_is_typed():
    assert parse_gap({"gap_days": " 21 ", "gap_reason": " "}, TODAY).value.reason is None
    assert set(parse_gap({"gap_days": "0"}, TODAY).errors) == {"gap_days"}
