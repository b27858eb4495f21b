"""A word from a good day through the outbox: the same protocol as a day, for its own writer only."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.audit.models import SyncWrite
from diary.goodday.models import GoodDayWord
from tests import factories
from tests.sync.phones import NOW, TODAY, a_body, days, put

pytestmark = pytest.mark.both
SOUP = "The soup is in the freezer."


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def body(who, text=SOUP, **changed):
    fields = changed.pop("fields", {"word": text})
    return a_body(who, fields, **({"kind": "word", "target": str(who.uuid)} | changed))


def count(model) -> int:
    with db.read() as s:
        return len(s.exec(select(model)).all())


def test_it_is_kept_once_and_answered_the_same(client_as, cast):
    alice, write_id = client_as("alice"), uuid4()
    status, said, _ = put(alice, body(cast.alice), write_id)
    assert (status, said["outcome"], said["revision"]) == (200, {"word": "applied"}, 1)
    assert put(alice, body(cast.alice), write_id)[:2] == (200, said)
    assert put(alice, body(cast.alice, "Rest."), write_id)[0] == 409
    assert (count(GoodDayWord), count(SyncWrite)) == (1, 1)


def test_the_phone_gets_it_back_with_its_day_and_the_line(client_as, cast):
    alice, write_id = client_as("alice"), uuid4()
    today = date.fromisoformat(TODAY)
    with db.write() as s:
        factories.days(today - timedelta(days=20), [8] * 14 + [4, 4, 4, 4, 4, 8], s, cast.alice)
        factories.infusion(s, cast.alice, today - timedelta(days=6))
        factories.entry(s, cast.alice, today, unwell="yes")
    _, said, _ = days(alice, cast.alice)
    assert said["checkins"]["word"] == {"revision": 0, "values": {}, "conflicts": {}}
    assert said["plan"]["line"]["most"] == 5
    assert [*said["plan"]["line"]["pain"].values()][-3:] == [4, 8, None]
    put(alice, body(cast.alice), write_id)
    found = days(alice, cast.alice)[1]["checkins"]["word"]
    assert found["values"]["word"] == {"value": {"text": SOUP, "on": TODAY}, "ids": [str(write_id)]}


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_every_order_of_arrival_ends_in_the_same(client_as, cast, order):
    alice = client_as("alice")
    at = [(NOW - timedelta(minutes=9 - n)).isoformat() for n in range(3)]
    first, second, third = UUID(int=1), UUID(int=2), UUID(int=3)
    writes = [
        (first, body(cast.alice, "Rest.", recorded_at=at[0])),
        (second, body(cast.alice, "", recorded_at=at[1], device="Tablet")),
        (third, body(cast.alice, SOUP, recorded_at=at[2], base={"word": [str(first)]})),
    ]
    for n in order:
        assert put(alice, writes[n][1], writes[n][0])[0] == 200
    found = days(alice, cast.alice)[1]["checkins"]["word"]
    assert found["values"]["word"]["value"]["text"] == SOUP
    assert [one["value"] for one in found["conflicts"]["word"]] == [None]


@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"target": str(uuid4())}, 404, "target"),
        ({"target": None}, 422, "target"),
        ({"day": "2026-11-01"}, 422, "day"),
        ({"day": "2026-11-24"}, 422, "day"),
        ({"fields": {}}, 422, "fields"),
        ({"fields": {"note": "x"}}, 422, "note"),
        ({"fields": {"word": "x" * 2001}}, 422, "word"),
        ({"base": {"pain": []}}, 422, "base"),
    ],
)
def test_what_is_refused_stores_nothing(client_as, cast, changed, status, named):
    got, said, _ = put(client_as("alice"), body(cast.alice, **changed))
    assert (got, count(GoodDayWord), count(SyncWrite)) == (status, 0, 0)
    assert named in said["fields"]


def test_another_patient_gets_nothing_of_it(client_as, cast):
    put(client_as("alice"), body(cast.alice))
    charlie = client_as("charlie")
    assert put(charlie, body(cast.charlie, target=str(cast.alice.uuid)))[0] == 404
    assert put(charlie, body(cast.alice))[0] == 403
    assert SOUP not in days(charlie, cast.charlie)[2].text
