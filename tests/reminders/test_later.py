"""/reminders/later/<id>: "Later" on a page, for whoever has no buttons on a notification, and without scripts."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from diary import db
from diary.reminders.models import Nudge, ReminderSettings
from tests.conftest import stored
from tests.reminders.phones import NOW, TODAY, a_delivery


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.mark.parametrize(
    ("when", "hour", "due", "said"),
    [
        ("ten_minutes", 12, datetime(2026, 11, 23, 12, 10, tzinfo=UTC), "12:10"),
        ("an_hour", 12, datetime(2026, 11, 23, 13, 0, tzinfo=UTC), "13:00"),
        ("evening", 12, datetime(2026, 11, 23, 20, 0, tzinfo=UTC), "20:00"),
    ],
)
def test_it_asks_once_more(client_as, cast, clock_at, when, hour, due, said):
    clock_at(NOW.replace(hour=hour, minute=0))
    alice, path = client_as("alice"), f"/reminders/later/{a_delivery(cast.alice)}"
    page = alice.get(path)
    assert {button.get("value") for button in page.all("button", name="when")} >= {when, "not_today"}
    assert said in alice.post(path, {"when": when}).words()
    with db.read() as s:
        assert [nudge.due_at for nudge in stored(s, Nudge)] == [due]


def test_not_today(client_as, cast):
    alice, path = client_as("alice"), f"/reminders/later/{a_delivery(cast.alice)}"
    assert "not an answer" in alice.post(path, {"when": "not_today"}).words()
    with db.read() as s:
        assert s.get(ReminderSettings, cast.alice.id).not_today == TODAY


@pytest.mark.parametrize("when", ["", "never", "NOT_TODAY"])
def test_a_choice_that_is_none(client_as, cast, when):
    page = client_as("alice").post(f"/reminders/later/{a_delivery(cast.alice)}", {"when": when})
    assert page.status == 422 and "Please choose when." in page.words()


def test_one_of_a_day_that_is_over(client_as, cast, clock_at):
    path = f"/reminders/later/{a_delivery(cast.alice)}"
    clock_at(NOW + timedelta(days=1))
    page = client_as("alice").get(path)
    assert "That day is over" in page.words() and not page.all("button", name="when")


def test_a_stranger(client_as, cast):
    path = f"/reminders/later/{a_delivery(cast.alice)}"
    never = f"/reminders/later/{uuid4()}"
    for name in ("charlie", "bob"):
        client = client_as(name)
        assert client.get(path).status == client.get(never).status == 404
        assert client.post(path, {"when": "an_hour"}).status == 404
    assert client_as().get(path).status == 303
    with db.read() as s:
        assert not stored(s, Nudge)
