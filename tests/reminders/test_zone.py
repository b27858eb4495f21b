"""/reminders/zone: the diary and the reminders follow another clock; what was written keeps its day."""

from datetime import UTC, datetime

import pytest

from diary import db
from diary.accounts.models import Person
from diary.audit.models import AuditEvent
from tests import factories
from tests.conftest import stored
from tests.reminders.phones import NOW, TODAY


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def zone_of(person) -> str:
    with db.read() as s:
        return s.get_one(Person, person.id).zone


def test_it_is_chosen_from_a_list(client_as, cast):
    alice = client_as("alice")
    page = alice.get("/reminders/zone")
    chosen = [option for option in page.all("option") if option.get("selected") is not None]
    assert [page.words(option) for option in chosen] == ["Europe/London"]
    assert alice.post("/reminders/zone", {"zone": "Asia/Tokyo"}).location.endswith("/reminders#zone")
    assert zone_of(cast.alice) == "Asia/Tokyo"
    with db.read() as s:
        assert [e.actor_id for e in stored(s, AuditEvent, action="zone.change")] == [cast.alice.id]


def test_the_days_page_follows_and_what_was_written_stays(client_as, cast, clock_at):
    """23 November, 20:41 in London is the 24th, 05:41 in Tokyo."""
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, NOW, pain=4)
    alice = client_as("alice")
    alice.post("/reminders/zone", {"zone": "Asia/Tokyo", "back": "/today"})
    clock_at(datetime(2026, 11, 23, 20, 42, tzinfo=UTC))
    assert "24 November" in alice.get("/today").words()
    assert "Monday 23 November" in alice.get(f"/days/{TODAY}").words()


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe/London\n", "x" * 300])
def test_a_zone_that_is_none(client_as, cast, zone):
    page = client_as("alice").post("/reminders/zone", {"zone": zone})
    assert page.status == 422 and "does not know this time zone" in page.error_of("zone")
    assert zone_of(cast.alice) == "Europe/London"


@pytest.mark.parametrize(
    ("back", "to"), [("/today", "/today"), ("//evil.example", "/reminders#zone"), ("", "/reminders#zone")]
)
def test_it_goes_back_to_a_page_of_ours(client_as, back, to):
    page = client_as("alice").post("/reminders/zone", {"zone": "Europe/Lisbon", "back": back})
    assert page.location.endswith(to) and "evil" not in page.location


def test_a_stranger(client_as, cast):
    client_as("charlie").post("/reminders/zone", {"zone": "Asia/Tokyo"})
    assert (zone_of(cast.alice), zone_of(cast.charlie)) == ("Europe/London", "Asia/Tokyo")
    assert client_as("bob").post("/reminders/zone", {"zone": "Asia/Tokyo"}).status == 404
    assert zone_of(cast.bob) == "Europe/London"
    assert client_as().post("/reminders/zone", {"zone": "Asia/Tokyo"}).status == 303
