"""Recording an infusion: the clinician's form, unusual values, and who may not."""

from datetime import UTC, datetime

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.infusions.models import Infusion, InfusionRevision
from diary.lib import clock
from tests import factories
from tests.conftest import stored

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOOD = {
    "date": "2026-11-24",
    "time": "09:40",
    "dose_mg": "50",
    "minutes": "40",
    "weight_kg": "70",
    "route": "IV",
    "status": "done",
}


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


def url(person):
    return f"/patients/{person.uuid}/infusions/new"


def recorded(cast):
    with db.read() as s:
        return stored(s, Infusion, patient_id=cast.alice.id)


def test_bob_records_one(client_as, cast):
    answer = client_as("bob").post(url(cast.alice), GOOD)
    assert (answer.status, answer.location) == (303, f"/patients/{cast.alice.uuid}")
    (infusion,) = recorded(cast)
    assert (infusion.number, infusion.dose_mg, infusion.at_time, infusion.status) == (1, 50, "09:40", "done")
    with db.read() as s:
        assert len(stored(s, InfusionRevision, infusion_id=infusion.id)) == 1
        (event,) = stored(s, AuditEvent, action="infusion.create")
    assert (event.actor_id, event.patient_id) == (cast.bob.id, cast.alice.id)


def test_the_form_copies_the_last_plan(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55", minutes="50")
    page = client_as("bob").get(url(cast.alice))
    assert "copied from infusion 1 on 10 November 2026" in page.text
    assert [b.get("data-value") for b in page.all("button") if b.get("data-copy") == "dose_mg"] == ["55"]
    assert page.one("input", name="dose_mg").get("value") == ""


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, cast, who):
    client = client_as(who)
    assert client.get(url(cast.alice)).status == 404
    assert client.post(url(cast.alice), GOOD).status == 404
    assert recorded(cast) == []


def test_signed_out(client_as, cast):
    assert client_as().get(url(cast.alice)).status == 303


def test_a_care_link_alone_is_enough_to_record_but_shows_nothing(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55.5")
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, list(Kind), clock.now())
    client = client_as("bob")
    assert "55.5" not in client.get(url(cast.alice)).text
    assert client.post(url(cast.alice), GOOD, follow=True).status == 200
    assert len(recorded(cast)) == 2


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"dose_mg": "0"}, "dose_mg", "more than 0"),
        ({"minutes": "-5"}, "minutes", "above 0"),
        ({"date": "2026-11-25"}, "date", "future"),
        ({"time": "late"}, "time", "09:40"),
        ({"note": "a\x00b"}, "note", "can't be shown"),
    ],
)
def test_bad_input_loses_nothing(client_as, cast, typed, field, words):
    page = client_as("bob").post(url(cast.alice), {**GOOD, "series": "induction", **typed})
    assert page.status == 422
    assert words in page.error_of(field)
    assert page.one("input", name="weight_kg").get("value") == "70"
    assert recorded(cast) == []


def test_an_unusual_dose_asks_with_two_equal_buttons(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55")
    client = client_as("bob")
    page = client.post(url(cast.alice), {**GOOD, "dose_mg": "550"})
    assert page.status == 422
    ask = page.one("div", class_="ask")
    assert "Is 550 mg right?" in page.words(ask)
    values = [(b.get("name"), b.get("value")) for b in ask.iter("button")]
    assert values == [("dose_mg", "55"), ("confirm", "dose_mg=550")]
    assert len(recorded(cast)) == 1
    assert client.post(url(cast.alice), {**GOOD, "dose_mg": "550", "confirm": "dose_mg=550"}).status == 303


def test_a_confirmation_counts_for_its_own_value_only(client_as, cast):
    page = client_as("bob").post(url(cast.alice), {**GOOD, "dose_mg": "900", "confirm": "dose_mg=550"})
    assert page.status == 422
    assert recorded(cast) == []


def test_the_button_with_the_last_dose_takes_it(client_as, cast):
    """The pressed button's value comes after the field's own."""
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55")
    answer = client_as("bob").post(url(cast.alice), {**GOOD, "dose_mg": ["550", "55"]})
    assert answer.status == 303
    assert {i.dose_mg for i in recorded(cast)} == {55}


def test_two_infusions_at_one_moment_are_refused_by_name(client_as, cast):
    client = client_as("bob")
    client.post(url(cast.alice), GOOD)
    page = client.post(url(cast.alice), GOOD)
    assert page.status == 422
    assert "Infusion 1 is recorded at this moment" in page.error_of("time")
    assert client.post(url(cast.alice), {**GOOD, "time": "15:00"}).status == 303


def test_a_number_that_is_taken_is_refused(client_as, cast):
    client = client_as("bob")
    client.post(url(cast.alice), {**GOOD, "number": "4"})
    page = client.post(url(cast.alice), {**GOOD, "time": "15:00", "number": "4"})
    assert page.status == 422 and "numbers never change" in page.error_of("number")
    assert client.post(url(cast.alice), {**GOOD, "time": "15:00"}).status == 303
    assert sorted(i.number for i in recorded(cast)) == [4, 5]
