"""/reminders: what is shown, what is kept, and what is refused at its field."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from diary import db
from diary.reminders.models import PushSubscription, ReminderSettings
from tests.conftest import stored
from tests.reminders.phones import NOW, put

USUAL = {
    "daily": "on",
    "time": "20:30",
    "checkins": "on",
    "ahead": "on",
    "commitments": "on",
    "by_email": "on",
}


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def kept(person) -> ReminderSettings | None:
    with db.read() as s:
        return s.get(ReminderSettings, person.id)


def is_on(page, name) -> bool:
    return page.one("input", name=name, type="checkbox").get("checked") is not None


def test_at_first_it_shows_the_usual_choices(client_as, cast):
    page = client_as("alice").get("/reminders")
    assert page.one("input", name="time").get("value") == "20:30"
    assert is_on(page, "daily") and not is_on(page, "by_email")
    assert "Questionnaires" not in page.text
    assert "alice@example.org" in page.words()
    assert kept(cast.alice) is None
    assert "/reminders" in client_as("alice").get("/more").text


def test_what_is_chosen_is_kept_and_shown(client_as, cast):
    alice = client_as("alice")
    chosen = {
        **USUAL,
        "time": "7.05",
        "ahead": "",
        "quiet": "on",
        "quiet_from": "21:00",
        "quiet_until": "6:30",
    }
    assert alice.post("/reminders", chosen).status == 303
    row = kept(cast.alice)
    assert row.daily == ",".join(["07:05"] * 7) and (row.by_email, row.ahead) == (True, False)
    page = alice.get("/reminders")
    assert page.one("input", name="time").get("value") == "07:05"
    assert page.one("input", name="quiet_until").get("value") == "06:30"
    assert is_on(page, "by_email") and not is_on(page, "ahead")


def test_by_weekday(client_as, cast):
    alice = client_as("alice")
    alice.post("/reminders", {**USUAL, "by_weekday": "on", "time_mon": "08:00", "time_sun": "10:15"})
    assert kept(cast.alice).daily == "08:00,,,,,,10:15"
    page = alice.get("/reminders")
    assert page.one("details", class_="byday").get("open") is not None
    assert page.one("input", name="time_sun").get("value") == "10:15"


def test_htmx_is_told_in_a_word(client_as):
    page = client_as("alice").post("/reminders", USUAL, htmx=True)
    assert (page.status, page.text) == (200, "Saved")


def test_a_phone_that_is_on_stays_on_when_something_else_is_changed(client_as, cast):
    alice = client_as("alice")
    put(alice, cast.alice)
    page = alice.get("/reminders")
    assert page.one("input", name="by_push", type="hidden").get("value") == "on"
    assert "Test browser" in page.words()
    alice.post("/reminders", {**USUAL, "by_push": "on"})
    assert kept(cast.alice).by_push


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"time": "25:00"}, "time"),
        ({"time": "half nine"}, "time"),
        ({"time": ""}, "time"),
        ({"by_weekday": "on", "time_wed": "20:60"}, "time_wed"),
        ({"quiet": "on", "quiet_from": "22:00", "quiet_until": "late"}, "quiet_until"),
    ],
)
def test_a_bad_time_is_said_at_its_field(client_as, cast, typed, field, htmx):
    page = client_as("alice").post("/reminders", {**USUAL, **typed}, htmx=htmx)
    assert page.status == 422
    assert page.error_of(field)
    assert page.one("input", name=field).get("value") == typed[field]
    assert (page.headers.get("HX-Retarget") == "#wishes") == htmx
    assert kept(cast.alice) is None


def test_an_unknown_field_is_said(client_as):
    page = client_as("alice").post("/reminders", {**USUAL, "colour": "blue"})
    assert page.status == 422 and "colour" in page.words()


# A pause ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "until"), [("1", 2), ("3", 4), ("7", 8), ("14", 15)])
def test_a_pause_in_the_evening_spares_as_many_evenings(client_as, cast, days, until):
    """It is 20:41: today's reminder was due eleven minutes ago."""
    alice = client_as("alice")
    assert alice.post("/reminders/pause", {"days": days}).status == 303
    assert kept(cast.alice).paused_until == NOW.date() + timedelta(days=until)
    page = alice.get("/reminders")
    assert "Everything is silent" in page.words()
    assert "Reminders are paused" in alice.get("/today").words()
    assert alice.post("/reminders/pause/end").status == 303
    assert kept(cast.alice).paused_until is None
    assert "paused" not in alice.get("/today").words()


def test_a_pause_until_a_date(client_as, cast):
    alice = client_as("alice")
    for typed in ("2026-11-23", "soon", "", "2029-01-01"):
        page = alice.post("/reminders/pause", {"until": typed})
        assert page.status == 422 and page.error_of("until"), typed
    alice.post("/reminders/pause", {"until": "2026-12-24"})
    assert kept(cast.alice).paused_until == date(2026, 12, 24)


def test_days_that_are_none_of_those_offered(client_as, cast):
    assert client_as("alice").post("/reminders/pause", {"days": "400"}).status == 422
    assert kept(cast.alice) is None


def test_a_mail_that_was_stopped_is_said_on_today(client_as, cast, written):
    with written() as s:
        s.add(
            ReminderSettings(
                person_id=cast.alice.id, paused_until=NOW.date() + timedelta(days=7), unsubscribed_at=NOW, changed_at=NOW
            )
        )  # fmt: skip
    words = client_as("alice").get("/today").words()
    assert "You stopped the mails until 30 Nov." in words


# Phones -----------------------------------------------------------------------------------------------


def test_a_phone_is_switched_off_from_the_list(client_as, cast):
    alice = client_as("alice")
    uuid = put(alice, cast.alice)[1]["id"]
    assert client_as("charlie").post(f"/reminders/phones/{uuid}/end").status == 404
    assert alice.post(f"/reminders/phones/{uuid}/end").status == 303
    with db.read() as s:
        assert stored(s, PushSubscription)[0].ended_why == "switched_off"
    assert not kept(cast.alice).by_push


@pytest.mark.parametrize(
    ("agent", "first"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "home screen"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 7)", "App info"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "left of the address"),
    ],
)
def test_what_to_do_begins_with_the_phone_that_asks(client_as, agent, first):
    page = client_as("alice").get("/reminders/phone?denied=1", headers={"User-Agent": agent})
    assert first in page.words(page.all("ol", class_="steps")[0])
    assert "User-Agent" in page.headers["Vary"]


# Who ---------------------------------------------------------------------------------------------------

PATHS = ("/reminders", "/reminders/test", "/reminders/phone", "/reminders/zone")
SENT = ("/reminders", "/reminders/pause", "/reminders/pause/end", "/reminders/test", "/reminders/zone")


@pytest.mark.parametrize("name", ["bob", "dana"])
def test_they_are_a_patients_own(client_as, name):
    client = client_as(name)
    assert {client.get(path).status for path in PATHS} == {404}
    assert {client.post(path).status for path in SENT} == {404}


def test_a_stranger(client_as, cast):
    """Another patient has a page of their own, with nothing of hers; nobody is sent to sign in."""
    put(client_as("alice"), cast.alice)
    client_as("alice").post("/reminders", {**USUAL, "time": "06:11"})
    page = client_as("charlie").get("/reminders")
    assert "Test browser" not in page.words() and "06:11" not in page.text
    client_as("charlie").post("/reminders", {"time": "05:05", "daily": "on"})
    assert kept(cast.alice).daily.startswith("06:11")
    assert {client_as().get(path).location.split("?")[0] for path in PATHS} == {"/sign-in"}


def test_without_a_token_nothing_is_changed(client_as, cast):
    for path in SENT:
        assert client_as("alice").post(path, {"days": "1", "zone": "Asia/Tokyo"}, csrf=False).status == 403
    assert kept(cast.alice) is None


def test_the_pause_begins_where_the_day_does():

    from diary.reminders.rules.pausing import pause_until

    def until(hour, daily=time(20, 30), days=1):  # on the wall clock
        return pause_until(datetime(2026, 11, 23, hour, tzinfo=UTC), days, daily).day

    assert (until(9), until(21)) == (24, 25)
    assert until(2) == 24  # still the 22nd, whose reminder has been
    assert until(9, time(1)) == 24 and until(2, time(1)) == 24
