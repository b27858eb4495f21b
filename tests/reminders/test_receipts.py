"""POST /api/v1/reminders/receipts: the phone's worker says that a message came."""

from datetime import timedelta
from uuid import uuid4

import pytest

from diary import db
from diary.reminders.models import Delivery, PushSubscription
from tests.conftest import stored
from tests.reminders.phones import ENDPOINT, FOREIGN, NOW, a_delivery, put, send

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def received():
    with db.read() as s:
        return stored(s, Delivery)[0].received_at, [one.received_at for one in stored(s, PushSubscription)]


def test_the_first_word_counts(client_as, cast, clock_at):
    alice, uuid = client_as("alice"), a_delivery(cast.alice)
    put(alice, cast.alice)
    assert send(alice, "receipts", {"id": str(uuid), "endpoint": ENDPOINT}) == (200, {"state": "received"})
    assert received() == (NOW, [NOW])
    clock_at(NOW + timedelta(minutes=1))
    assert send(alice, "receipts", {"id": str(uuid), "endpoint": "x"})[0] == 200
    assert received() == (NOW, [NOW])


@pytest.mark.parametrize("value", [None, "x", 7, ["a"]])
def test_an_id_that_is_none(client_as, value):
    assert send(client_as("alice"), "receipts", {"id": value})[0] == 422
    assert send(client_as("alice"), "receipts", [])[0] == 422


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_another_sites_page_is_refused(client_as, cast, headers, status):
    uuid = a_delivery(cast.alice)
    assert send(client_as("alice"), "receipts", {"id": str(uuid)}, headers=headers)[0] == status
    assert received()[0] is None


def test_a_stranger(client_as, cast):
    """Somebody else's message is answered as one that never was."""
    put(client_as("alice"), cast.alice)
    uuid = a_delivery(cast.alice)
    theirs = send(client_as("charlie"), "receipts", {"id": str(uuid), "endpoint": ENDPOINT})
    assert theirs == send(client_as("charlie"), "receipts", {"id": str(uuid4()), "endpoint": ENDPOINT})
    assert theirs[0] == send(client_as("bob"), "receipts", {"id": str(uuid)})[0] == 404
    assert send(client_as(), "receipts", {"id": str(uuid)})[0] == 401
    assert received() == (None, [None])
