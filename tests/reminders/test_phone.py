"""PUT /api/v1/reminders/phone: whose phone it is, a repeat, a move, another address, and what is refused."""

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.reminders.actions.phones import MOST_PHONES
from diary.reminders.models import PushSubscription, ReminderSettings
from tests.conftest import stored
from tests.reminders.phones import ENDPOINT, FOREIGN, KEYS, NOW, body, put, send

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def rows(**where):
    with db.read() as s:
        return stored(s, PushSubscription, **where)


def done() -> list[str]:
    with db.read() as s:
        return [event.action for event in stored(s, AuditEvent) if "phone" in event.action]


def test_a_phone_is_reminded_from_now_on(app, client_as, cast):
    alice = client_as("alice")
    status, said = put(alice, cast.alice)
    (row,) = rows()
    assert (status, said["state"], said["id"]) == (200, "live", str(row.uuid))
    assert said["key"] == app.extensions["push"].public_key
    assert (row.person_id, row.endpoint, row.device) == (cast.alice.id, ENDPOINT, "Test browser")
    assert b"googleapis" not in row.endpoint_sealed and KEYS["auth"].encode() not in row.keys_sealed
    with db.read() as s:
        assert s.get(ReminderSettings, cast.alice.id).by_push
    assert done() == ["reminder_phone.add"]


def test_a_repeat_changes_nothing(client_as, cast):
    alice = client_as("alice")
    assert put(alice, cast.alice) == put(alice, cast.alice)
    assert len(rows()) == 1 and done() == ["reminder_phone.add"]


def test_registering_moves_it_from_another_person(client_as, cast):
    put(client_as("alice"), cast.alice)
    put(client_as("charlie"), cast.charlie)
    (row,) = rows()
    assert row.person_id == cast.charlie.id
    assert done() == ["reminder_phone.add", "reminder_phone.move", "reminder_phone.add"]


def test_two_addresses_that_differ_in_a_letters_case_are_two(client_as, cast):
    put(client_as("alice"), cast.alice)
    put(client_as("charlie"), cast.charlie, ENDPOINT.replace("Aa1", "aA1"))
    assert {row.person_id for row in rows()} == {cast.alice.id, cast.charlie.id}


def test_a_new_address_ends_the_former_one(client_as, cast):
    alice = client_as("alice")
    put(alice, cast.alice)
    put(alice, cast.alice, ENDPOINT + "new", former=ENDPOINT)
    ended = {row.endpoint: row.ended_why for row in rows()}
    assert ended == {ENDPOINT: "replaced", ENDPOINT + "new": ""}


def test_another_persons_phone_is_not_ended_by_naming_it(client_as, cast):
    put(client_as("alice"), cast.alice)
    put(client_as("charlie"), cast.charlie, ENDPOINT + "c", former=ENDPOINT)
    assert [row.ended_at for row in rows(person_id=cast.alice.id)] == [None]


def test_an_ended_one_comes_back(client_as, cast):
    alice = client_as("alice")
    put(alice, cast.alice)
    send(alice, "phone/end", body(cast.alice))
    assert put(alice, cast.alice)[1]["state"] == "live"
    (row,) = rows()
    assert row.ended_at is None and row.ended_why == ""


def test_old_phones_make_room(client_as, cast):
    alice = client_as("alice")
    for n in range(MOST_PHONES + 2):
        put(alice, cast.alice, f"{ENDPOINT}{n}")
    assert sum(row.ended_at is None for row in rows()) == MOST_PHONES


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"endpoint": "https://push.example.org/x"}, "endpoint"),
        ({"endpoint": "http://fcm.googleapis.com/x"}, "endpoint"),
        ({"endpoint": "https://fcm.googleapis.com@10.0.0.1/x"}, "endpoint"),
        ({"endpoint": "https://192.168.0.7/x"}, "endpoint"),
        ({"endpoint": "https://[::1]/x"}, "endpoint"),
        ({"endpoint": "https://fcm.googleapis.com:8443/x"}, "endpoint"),
        ({"endpoint": "https://fcm.googleapis.com/\nx"}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"endpoint": "https://fcm.googleapis.com/" + "x" * 2000}, "endpoint"),
        ({"keys": None}, "keys"),
        ({"keys": {"p256dh": KEYS["p256dh"]}}, "keys"),
        ({"keys": {**KEYS, "auth": "AAAA"}}, "keys"),
        ({"keys": {**KEYS, "p256dh": "not base64!"}}, "keys"),
        ({"former": "ftp://x"}, "former"),
        ({"person": None}, "person"),
        ({"person": "nobody"}, "person"),
    ],
)
def test_what_is_none_is_refused_at_its_key(client_as, cast, changed, field):
    status, said = send(
        client_as("alice"), "phone", body(cast.alice, **({"endpoint": ENDPOINT} | changed)), "put"
    )
    assert (status, [*said["fields"]]) == (422, [field])
    assert not rows()


@pytest.mark.parametrize("data", ["", "[]", "{", '"x"', "9" * 9000])
def test_a_body_that_is_no_object(client_as, data):
    assert send(client_as("alice"), "phone", None, "put", data=data)[0] in (413, 422)


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_another_sites_page_is_refused(client_as, cast, headers, status):
    assert send(client_as("alice"), "phone", body(cast.alice), "put", headers)[0] == status
    assert not rows()


def test_push_switched_off_takes_no_phone(app, client_as, cast, monkeypatch):
    monkeypatch.setattr(app.extensions["push"], "_vapid", None)
    assert put(client_as("alice"), cast.alice)[0] == 422


def test_a_stranger(client_as, cast):
    """Nobody else can add a phone for her: neither another patient in her name, nor staff, nor nobody."""
    assert put(client_as("charlie"), cast.alice) == (403, {"error": "other_person"})
    assert put(client_as("bob"), cast.alice)[0] == 404
    assert put(client_as(), cast.alice)[0] == 401
    assert not rows()
