"""/reminders/test: a message truly goes to the phone and by mail, and the page says what became of it."""

from datetime import timedelta

import pytest

from diary import db
from diary.reminders.models import Delivery, PushSubscription
from tests.conftest import stored
from tests.reminders.phones import NOW, put, send
from tests.reminders.servers import Handset, PushService

pytestmark = pytest.mark.both
MAIL = {"daily": "on", "time": "20:30", "by_email": "on", "by_push": "on"}


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def service():
    with PushService() as found:
        yield found


@pytest.fixture
def phone(client_as, cast, service):
    handset = Handset()
    assert put(client_as("alice"), cast.alice, service.endpoint, keys=handset.keys)[0] == 200
    return handset


def deliveries() -> dict[str, Delivery]:
    with db.read() as s:
        return {row.channel: row for row in stored(s, Delivery)}


def test_it_goes_by_both_ways_and_the_phone_says_that_it_came(app, client_as, cast, service, phone, clock_at):
    alice = client_as("alice")
    alice.post("/reminders", MAIL)
    mails = len(app.extensions["mail"].newest())
    page = alice.post("/reminders/test", follow=True)
    (got,) = service.got
    message = phone.read(got.body)
    assert (message["tag"], message["path"]) == ("test", "/reminders#tried")
    assert len(app.extensions["mail"].newest()) == mails + 1
    assert {channel: row.state for channel, row in deliveries().items()} == {"push": "sent", "email": "sent"}
    assert message["id"] == str(deliveries()["push"].uuid)
    assert "Waiting for it to say" in page.words() and "A mail was written" in page.words()
    assert page.one("div", id="tried").get("hx-trigger") == "every 2s"

    clock_at(NOW + timedelta(seconds=40))
    late = alice.get("/reminders/test", htmx=True)
    assert "has not said that it came" in late.words() and "hx-trigger" not in late.text

    send(alice, "receipts", {"id": message["id"], "endpoint": service.endpoint})
    there = alice.get("/reminders/test", htmx=True)
    assert "Your phone got it, today, 20:41." in there.words()
    assert "last one: today, 20:41" in alice.get("/reminders").words()


@pytest.mark.parametrize(
    ("answer", "said"),
    [(410, "no longer takes messages"), (500, "did not take it (500)"), (413, "did not take it (413)")],
)
def test_what_the_push_service_says_instead(client_as, service, phone, answer, said):
    service.answers = [answer]
    page = client_as("alice").post("/reminders/test", htmx=True)
    assert page.status == 200 and said in page.words()
    assert deliveries()["push"].state == "failed"
    with db.read() as s:
        ended = stored(s, PushSubscription)[0].ended_why
    assert ended == ("gone" if answer == 410 else "")


def test_nothing_is_switched_on(client_as):
    for htmx in (False, True):
        page = client_as("alice").post("/reminders/test", htmx=htmx)
        assert page.status == 422 and "Nothing is switched on yet" in page.words()
    assert not deliveries()


def test_it_fills_nobodys_mailbox(client_as, service, phone, clock_at):
    alice = client_as("alice")
    for minute in range(5):
        clock_at(NOW + timedelta(minutes=minute))
        assert alice.post("/reminders/test").status == 303
    page = alice.post("/reminders/test")
    assert page.status == 422 and "wait ten minutes" in page.words()
    assert len(service.got) == 5
    clock_at(NOW + timedelta(minutes=15))
    assert alice.post("/reminders/test").status == 303


def test_without_scripts_the_page_is_looked_at_again(client_as):
    assert client_as("alice").get("/reminders/test").location.endswith("/reminders#tried")


def test_a_stranger(client_as, service, phone):
    """Another patient's message goes to their own phones only, of which there are none."""
    assert client_as("charlie").post("/reminders/test").status == 422
    assert client_as("bob").post("/reminders/test").status == 404
    client_as("alice").post("/reminders/test")
    assert "Sent to your phone" not in client_as("charlie").get("/reminders").words()
    assert len(service.got) == 1
