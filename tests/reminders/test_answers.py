"""POST /api/v1/reminders/answers: "Later" and "Not today", touched on a notification."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.entries.models import Entry, EntryRevision
from diary.reminders.models import Nudge, ReminderSettings
from tests import factories
from tests.conftest import stored
from tests.reminders.phones import FOREIGN, NOW, TODAY, a_delivery, send

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def answer(client, uuid, said, day=TODAY, **more):
    return send(client, "answers", {"id": str(uuid), "day": str(day), "answer": said}, **more)


def test_later_asks_once_more_in_an_hour(client_as, cast):
    uuid = a_delivery(cast.alice)
    status, said = answer(client_as("alice"), uuid, "later")
    assert (status, said["state"]) == (200, "later")
    answer(client_as("alice"), uuid, "later")
    with db.read() as s:
        (nudge,) = stored(s, Nudge)
    assert (nudge.person_id, nudge.day, nudge.thing) == (cast.alice.id, TODAY, TODAY.isoformat())
    assert nudge.due_at == NOW.replace(second=0) + timedelta(hours=1)


def test_not_today_is_a_pause_and_never_an_answer(client_as, cast):
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, NOW, pain=4)
    assert answer(client_as("alice"), a_delivery(cast.alice), "not_today") == (200, {"state": "paused"})
    with db.read() as s:
        assert s.get(ReminderSettings, cast.alice.id).not_today == TODAY
        assert len(s.exec(select(EntryRevision)).all()) == 1
        assert s.exec(select(Entry)).one().unwell in (None, False)


def test_an_old_notification_speaks_of_its_own_day(client_as, cast, clock_at):
    """Touched on the day after: today's reminders come all the same."""
    uuid = a_delivery(cast.alice)
    clock_at(NOW + timedelta(days=1))
    assert answer(client_as("alice"), uuid, "not_today") == (200, {"state": "paused"})
    with db.read() as s:
        assert s.get(ReminderSettings, cast.alice.id).not_today is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": "x"}, "id"),
        ({"answer": "pain"}, "answer"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": None}, "day"),
    ],
)
def test_what_is_none_is_refused(client_as, cast, changed, field):
    whole = {"id": str(a_delivery(cast.alice)), "day": str(TODAY), "answer": "later", **changed}
    status, said = send(client_as("alice"), "answers", whole)
    assert (status, [*said["fields"]]) == (422, [field])


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_another_sites_page_is_refused(client_as, cast, headers, status):
    assert answer(client_as("alice"), a_delivery(cast.alice), "later", headers=headers)[0] == status


def test_a_stranger(client_as, cast):
    uuid = a_delivery(cast.alice)
    for said in ("later", "not_today"):
        assert answer(client_as("charlie"), uuid, said) == answer(client_as("charlie"), uuid4(), said)
        assert answer(client_as("charlie"), uuid, said)[0] == answer(client_as("bob"), uuid, said)[0] == 404
        assert answer(client_as(), uuid, said)[0] == 401
    with db.read() as s:
        assert not stored(s, Nudge) and not stored(s, ReminderSettings)
