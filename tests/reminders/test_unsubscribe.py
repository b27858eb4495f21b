"""/unsubscribe/<token>: a look shows a button, sending it makes reminders quiet for 7 days; the link is the key."""

import base64
import string
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from diary import db
from diary.accounts.models import Person
from diary.audit.models import AuditEvent
from diary.lib import log, sealing
from diary.reminders.models import ReminderSettings
from diary.reminders.queries.links import settings_of_token, unsubscribe_path
from tests.conftest import stored

NOW = datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def link(cast, written, clock_at):
    """Alice's link, as it stands in her mails."""
    clock_at(NOW)
    with written() as s:
        row = ReminderSettings(
            person_id=cast.alice.id, daily=",".join(["20:30"] * 7), by_email=True, changed_at=NOW
        )
        s.add(row)
        return unsubscribe_path(row.uuid)


def settings(cast) -> ReminderSettings:
    with db.read() as s:
        return s.get_one(ReminderSettings, cast.alice.id)


def test_a_look_changes_nothing(client_as, cast, link):
    page = client_as().get(link)
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    assert page.one("button", class_="primary") is not None and "start again by themselves" in page.text
    assert settings(cast).paused_until is None and "alice" not in page.text.lower()


def test_the_button_makes_it_quiet_for_seven_days(client_as, cast, link):
    client = client_as()
    answer = client.post(link)
    assert (answer.status, answer.location) == (303, link)
    page = client.get(link)
    assert "Saturday 4 April" in page.text and not page.all("form", action=link)
    found = settings(cast)
    assert (found.paused_until, found.unsubscribed_at) == (date(2026, 4, 4), NOW)
    assert found.by_email and found.daily  # what she chose stays chosen
    with db.read() as s:
        (event,) = stored(s, AuditEvent, action="reminders.unsubscribe")
    assert (event.patient_id, event.actor_id) == (cast.alice.id, None)


def test_a_mail_program_sends_one_click(app, cast, link):
    """RFC 8058: no cookie, no token of a form, no redirect; wherever it comes from."""
    client = app.test_client()
    for headers in ({}, {"Origin": "https://mail.example"}, {"Origin": "null"}):
        answer = client.post(link, data=ONE_CLICK, headers=headers)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    boundary = client.post(link, data=ONE_CLICK, content_type="multipart/form-data")
    assert boundary.status_code == 200
    assert settings(cast).paused_until == date(2026, 4, 4)


def test_a_longer_pause_of_her_own_stays(client_as, cast, link, written):
    with written() as s:
        s.get_one(ReminderSettings, cast.alice.id).paused_until = date(2026, 4, 20)
    client_as().post(link)
    assert settings(cast).paused_until == date(2026, 4, 20)


def test_it_never_adds_up(client_as, cast, link, clock_at):
    for hours in (0, 1, 5):
        clock_at(NOW + timedelta(hours=hours))
        client_as().post(link)
    # At 21:30 in London it is the 28th, at 01:30 UTC the 29th: seven days from the last one, not from each.
    assert settings(cast).paused_until == date(2026, 4, 5)


def test_a_link_changed_by_a_character_opens_nothing(app, client_as, cast, link):
    token = link.rsplit("/", 1)[1]
    with app.test_request_context():
        assert settings_of_token(token) is not None
        others = string.ascii_letters + string.digits + "-_"
        tried = 0
        for place, was in enumerate(token):
            for other in others[:: 1 if place in (0, 21, 22, 63) else 9]:
                if other != was:
                    tried += 1
                    assert settings_of_token(token[:place] + other + token[place + 1 :]) is None
        assert tried > 600
    nobody = client_as()
    swapped = link[:-1] + ("A" if link[-1] != "A" else "B")
    for path in (swapped, link[:-1], link + "A", link + "=", link[:-4], "/unsubscribe/é", "/unsubscribe/x"):
        assert nobody.get(path).status == 404, path
        assert nobody.post(path, ONE_CLICK, csrf=False).status == 404, path
    assert settings(cast).paused_until is None


def test_a_link_of_settings_that_are_not_there_or_of_a_person_who_left(app, client_as, cast, link, written):
    assert client_as().get(unsubscribe_path(uuid4())).status == 404
    with written() as s:
        s.get_one(Person, cast.alice.id).ended_at = NOW
    assert client_as().get(link).status == 404
    assert client_as().post(link, ONE_CLICK, csrf=False).status == 404


def test_a_stranger_with_her_link_can_do_just_that(client_as, cast, link):
    """Whoever has the mail has the key; it opens no more than a week of quiet, and tells no name."""
    page = client_as("charlie").get(link)
    assert page.status == 200 and not {"Alice", "Marlow", "alice@"} & set(page.text.split())
    assert client_as("charlie").post(link).status == 303
    assert settings(cast).paused_until == date(2026, 4, 4)
    with db.read() as s:
        assert s.get(ReminderSettings, cast.charlie.id) is None


def test_its_proof_has_one_purpose(app, cast, link):
    """The bytes that name the settings are signed for this only: the same ones signed as a receipt prove nothing."""
    named = base64.urlsafe_b64decode(link.rsplit("/", 1)[1])[:16]
    with app.test_request_context():
        receipt = base64.urlsafe_b64encode(named + bytes.fromhex(sealing.signature(named))).decode()
        assert settings_of_token(receipt) is None


def test_no_log_holds_the_link(client_as, link, capfd):
    log.configure("info")
    try:
        client_as().get(link)
        client_as().post(link)
        client_as().post(link[:-1] + "!", ONE_CLICK, csrf=False)
    finally:
        log.configure("critical")
    written = capfd.readouterr().err
    assert "/unsubscribe/<token>" in written and link.rsplit("/", 1)[1][:40] not in written
