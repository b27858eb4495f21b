"""POST /api/v1/reminders/phone/check: what the server knows of this phone, asked at each opening."""

from datetime import timedelta

import pytest

from diary import db
from diary.reminders.models import PushSubscription
from tests.conftest import stored
from tests.reminders.phones import ENDPOINT, NOW, body, put, send


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def check(client, who, endpoint=ENDPOINT, **more):
    return send(client, "phone/check", {"person": str(who.uuid), "endpoint": endpoint}, **more)


def test_live_ended_and_unknown(client_as, cast, app):
    alice, key = client_as("alice"), app.extensions["push"].public_key
    assert check(alice, cast.alice) == (200, {"state": "unknown", "key": key})
    known = put(alice, cast.alice)[1]
    assert check(alice, cast.alice) == (200, {"state": "live", "id": known["id"], "key": key})
    send(alice, "phone/end", body(cast.alice))
    assert check(alice, cast.alice)[1]["state"] == "ended"
    assert check(alice, cast.alice, "")[1]["state"] == "unknown"


def test_it_is_noted_once_an_hour(client_as, cast, clock_at):
    alice = client_as("alice")
    put(alice, cast.alice)
    for minutes, checked in ((30, 0), (61, 61), (90, 61)):
        clock_at(NOW + timedelta(minutes=minutes))
        check(alice, cast.alice)
        with db.read() as s:
            assert stored(s, PushSubscription)[0].checked_at == NOW + timedelta(minutes=checked)


def test_a_stranger(client_as, cast):
    put(client_as("alice"), cast.alice)
    assert check(client_as("charlie"), cast.charlie)[1]["state"] == "unknown"
    assert check(client_as("charlie"), cast.alice)[0] == 403
    assert check(client_as("bob"), cast.bob)[0] == 404
    assert check(client_as(), cast.alice)[0] == 401
    assert check(client_as("alice"), cast.alice, headers={"Origin": "https://x.example"})[0] == 403
