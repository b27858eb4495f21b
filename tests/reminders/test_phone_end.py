"""POST /api/v1/reminders/phone/end: no more reminders on this phone."""

import pytest

from diary import db
from diary.reminders.models import PushSubscription, ReminderSettings
from tests.conftest import stored
from tests.reminders.phones import ENDPOINT, NOW, body, put, send

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def wants_push(person) -> bool:
    with db.read() as s:
        return s.get(ReminderSettings, person.id).by_push


def test_the_last_phone_ends_push(client_as, cast):
    alice = client_as("alice")
    put(alice, cast.alice)
    put(alice, cast.alice, ENDPOINT + "2")
    assert send(alice, "phone/end", body(cast.alice)) == (200, {"state": "ended"})
    assert wants_push(cast.alice)
    send(alice, "phone/end", body(cast.alice, ENDPOINT + "2"))
    assert not wants_push(cast.alice)
    assert send(alice, "phone/end", body(cast.alice)) == (200, {"state": "ended"})
    assert send(alice, "phone/end", body(cast.alice, endpoint=None))[0] == 422


def test_a_stranger(client_as, cast):
    put(client_as("alice"), cast.alice)
    assert send(client_as("charlie"), "phone/end", body(cast.charlie)) == (200, {"state": "ended"})
    assert send(client_as("charlie"), "phone/end", body(cast.alice))[0] == 403
    assert send(client_as("bob"), "phone/end", body(cast.bob))[0] == 404
    assert send(client_as(), "phone/end", body(cast.alice))[0] == 401
    with db.read() as s:
        assert stored(s, PushSubscription)[0].ended_at is None
