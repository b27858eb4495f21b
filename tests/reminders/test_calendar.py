"""/reminders/calendar: a link for her own calendar, made by who proved it lately, shown once, ended by a button."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from diary import db
from diary.accounts.rules import token_hash
from diary.audit.models import AuditEvent
from diary.reminders.models import CalendarFeed
from tests.conftest import stored
from tests.people import PASSPHRASE

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
LINK = re.compile(r"http://localhost(/calendar/([\w-]{43})\.ics)")


@pytest.fixture(autouse=True)
def _now(clock_at):
    clock_at(NOW)


def feeds(**where):
    with db.read() as s:
        return stored(s, CalendarFeed, **where)


def made(client) -> str:
    """The path of a link that was just made."""
    page = client.post("/reminders/calendar")
    assert page.status == 200
    return LINK.search(page.text)[1]


def test_the_page_says_what_it_is(client_as):
    page = client_as("alice").get("/reminders/calendar")
    assert page.status == 200 and "nothing about health" in page.text and not LINK.search(page.text)
    assert len(page.all("form", action="/reminders/calendar")) == 1


def test_a_link_is_made_and_shown_once(client_as, cast):
    alice = client_as("alice")
    page = alice.post("/reminders/calendar")
    path, token = LINK.search(page.text).groups()
    assert page.headers["Cache-Control"] == "no-store"
    (feed,) = feeds(person_id=cast.alice.id)
    assert feed.token_hash == token_hash(token) and feed.made_at == NOW and feed.ended_at is None
    again = alice.get("/reminders/calendar")
    assert token not in again.text and "no calendar has read it yet" in again.text
    assert client_as().http.get(path).status_code == 200
    with db.read() as s:
        assert [event.patient_id for event in stored(s, AuditEvent, action="calendar.link")] == [
            cast.alice.id
        ]


def test_it_shows_when_a_calendar_was_here_last(client_as, clock_at):
    alice = client_as("alice")
    path = made(alice)
    clock_at(NOW + timedelta(hours=3))
    client_as().http.get(path)
    assert "last read 28 March 2026, 15:00" in alice.get("/reminders/calendar").text


def test_who_did_not_prove_it_lately_is_asked_first(client_as, cast, clock_at):
    alice = client_as("alice")
    clock_at(NOW + timedelta(minutes=11))
    answer = alice.post("/reminders/calendar")
    assert answer.status == 303 and answer.location == "/prove?next=/reminders/calendar"
    assert feeds(person_id=cast.alice.id) == []
    kept = alice.post("/prove", {"passphrase": PASSPHRASE, "next": "/reminders/calendar"})
    assert kept.one("form", action="/reminders/calendar") is not None
    assert LINK.search(alice.post("/reminders/calendar").text)


def test_a_new_link_ends_the_old_one(client_as, cast):
    alice, nobody = client_as("alice"), client_as()
    old, new = made(alice), made(alice)
    assert nobody.get(old).status == 404 and nobody.http.get(new).status_code == 200
    assert [feed.ended_at is None for feed in feeds(person_id=cast.alice.id)] == [False, True]


def test_a_link_is_ended(client_as, cast):
    alice = client_as("alice")
    path = made(alice)
    assert alice.post("/reminders/calendar/end").status == 303
    assert client_as().get(path).status == 404
    assert "Make a link" in alice.get("/reminders/calendar").text
    assert alice.post("/reminders/calendar/end").status == 303  # twice does no harm
    with db.read() as s:
        assert len(stored(s, AuditEvent, action="calendar.end")) == 1


def test_a_link_that_is_unread_for_90_days_has_ended_and_says_so(client_as, clock_at):
    alice = client_as("alice")
    path = made(alice)
    clock_at(NOW + timedelta(days=89, hours=23))
    assert client_as().http.get(path).status_code == 200  # which begins the 90 days anew
    clock_at(NOW + timedelta(days=178))
    assert client_as().http.get(path).status_code == 200
    clock_at(NOW + timedelta(days=268))
    assert client_as().get(path).status == 404
    page = client_as("alice").get("/reminders/calendar")
    assert "had read it for 90 days" in page.text and "Make a new link" in page.text


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "erin"])
def test_staff_have_no_such_page(who, client_as):
    staff = client_as(who)
    assert staff.get("/reminders/calendar").status == 404
    assert staff.post("/reminders/calendar").status == 404
    assert staff.post("/reminders/calendar/end").status == 404


def test_a_stranger_makes_and_ends_only_their_own(client_as, cast):
    alices = made(client_as("alice"))
    charlie = client_as("charlie")
    assert "Your link is on" not in charlie.get("/reminders/calendar").text
    made(charlie)
    charlie.post("/reminders/calendar/end")
    assert client_as().http.get(alices).status_code == 200
    assert [feed.ended_at for feed in feeds(person_id=cast.alice.id)] == [None]


def test_nobody_is_sent_to_sign_in(client_as):
    assert client_as().get("/reminders/calendar").location == "/sign-in?next=/reminders/calendar"
