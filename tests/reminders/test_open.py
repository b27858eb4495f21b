"""/open/<uuid>: a reminder's link without a word in it leads to its page, for the person it was sent to."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from diary.reminders.models import Delivery
from diary.reminders.rules.message import CHECKIN, DAILY, INFUSION, INTENTION, SESSION

NOW = datetime(2026, 3, 28, 18, 5, tzinfo=UTC)
DAY = date(2026, 3, 28)


@pytest.fixture
def sent(cast, written, clock_at):
    clock_at(NOW)

    def made(kind: str) -> str:
        with written() as s:
            row = Delivery(
                person_id=cast.alice.id, kind=kind, thing=str(uuid4()), day=DAY, due_at=NOW, channel="email",
                state="sent", expires_at=NOW + timedelta(hours=6), claimed_at=NOW,
            )  # fmt: skip
            s.add(row)
            return f"/open/{row.uuid}"

    return made


@pytest.mark.parametrize(
    ("kind", "page"),
    [(INFUSION, "/infusions"), (SESSION, "/sessions"), (CHECKIN, "/check-in"), (INTENTION, "/intention"), (DAILY, "/today")],
)  # fmt: skip
def test_it_leads_to_its_page(kind, page, sent, client_as):
    answer = client_as("alice").get(sent(kind))
    assert (answer.status, answer.location) == (303, page)


def test_an_old_one_leads_to_what_is_there_now(sent, client_as, clock_at):
    path = sent(CHECKIN)
    clock_at(NOW + timedelta(days=2))
    assert client_as("alice").get(path).location == "/today"


@pytest.mark.parametrize("who", ["charlie", "bob", "cora", "dana"])
def test_a_stranger_is_told_that_there_is_none(who, sent, client_as):
    assert client_as(who).get(sent(INFUSION)).status == 404


def test_there_is_no_such_reminder(client_as):
    assert client_as("alice").get(f"/open/{uuid4()}").status == 404


def test_nobody_signs_in_first_and_goes_on_there(sent, client_as):
    path = sent(SESSION)
    assert client_as().get(path).location == f"/sign-in?next={path}"
