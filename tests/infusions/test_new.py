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


def said(page):
    """What the page says was done."""
    return page.words(page.one("p", role="status"))


def recorded(cast):
    with db.read() as s:
        return stored(s, Infusion, patient_id=cast.alice.id)


def test_bob_records_one(client_as, cast):
    client = client_as("bob")
    answer = client.post(url(cast.alice), GOOD)
    (infusion,) = recorded(cast)
    assert (answer.status, answer.location.partition("?")[0]) == (303, f"/patients/{cast.alice.uuid}")
    assert said(client.get(answer.location)) == "Infusion 1 is recorded."
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
    page = client.post(url(cast.alice), GOOD, follow=True)
    assert page.status == 200 and said(page).startswith("The infusion is recorded.")
    assert len(recorded(cast)) == 2


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"dose_mg": "0"}, "dose_mg", "more than 0"),
        ({"minutes": "-5"}, "minutes", "above 0"),
        ({"date": "2026-11-25"}, "date", "future"),
        ({"time": "late"}, "time", "09:40"),
        ({"note": "a\x00b"}, "note", "can't be shown"),
        ({"dose_mg": "4\x0042\ufffe"}, "dose_mg", "like 42.5"),
        ({"odd\x00name": "1", "route": "x"}, "route", "IV"),
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
    assert values == [("instead", "dose_mg=55"), ("confirm", "dose_mg=550")]
    assert len(recorded(cast)) == 1
    assert client.post(url(cast.alice), {**GOOD, "dose_mg": "550", "confirm": "dose_mg=550"}).status == 303


def test_a_confirmation_counts_for_its_own_value_only(client_as, cast):
    page = client_as("bob").post(url(cast.alice), {**GOOD, "dose_mg": "900", "confirm": "dose_mg=550"})
    assert page.status == 422
    assert recorded(cast) == []


def test_the_button_with_the_last_dose_takes_it(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55")
    answer = client_as("bob").post(url(cast.alice), {**GOOD, "dose_mg": "550", "instead": "dose_mg=55"})
    assert answer.status == 303
    assert {i.dose_mg for i in recorded(cast)} == {55}


@pytest.mark.parametrize("instead", ["note=x", "csrf_token=x", "dose_mg", "=", "dose_mg=abc"])
def test_that_button_fills_its_own_field_only(client_as, cast, instead):
    client_as("bob").post(url(cast.alice), {**GOOD, "instead": instead})
    assert [(i.dose_mg, i.note) for i in recorded(cast)] in ([(50, None)], [])


def test_enter_presses_no_answer(client_as, cast):
    """A browser presses a form's first button on Enter: it is a plain one, out of sight, that nobody tabs to."""
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), dose_mg="55")
    page = client_as("bob").post(url(cast.alice), {**GOOD, "dose_mg": "550"})
    form = page.one("form", class_="infusion-form")
    first = next(b for b in form.iter("button") if b.get("type") in (None, "submit"))
    assert (first.get("name"), first.get("tabindex"), page.words(first)) == (None, "-1", "Save")
    assert "visually-hidden" in first.get("class")


def test_dose_and_length_are_confirmed_one_after_the_other(client_as, cast):
    client = client_as("bob")
    odd = {**GOOD, "dose_mg": "550", "minutes": "900"}
    page = client.post(url(cast.alice), odd)
    assert len(page.all("div", class_="ask")) == 2
    page = client.post(url(cast.alice), {**odd, "confirm": "dose_mg=550"})
    (ask,) = page.all("div", class_="ask")
    assert "900 minutes" in page.words(ask)
    kept = [i.get("value") for i in page.all("input", name="confirm", type="hidden")]
    assert kept == ["dose_mg=550"]
    assert client.post(url(cast.alice), {**odd, "confirm": [*kept, "minutes=900"]}).status == 303
    assert [(i.dose_mg, i.minutes) for i in recorded(cast)] == [(550, 900)]


def test_an_error_elsewhere_keeps_what_was_confirmed(client_as, cast):
    client = client_as("bob")
    odd = {**GOOD, "dose_mg": "550,50", "minutes": "900", "confirm": ["dose_mg=550.5", "minutes=900"]}
    page = client.post(url(cast.alice), {**odd, "time": "late"})
    kept = [i.get("value") for i in page.all("input", name="confirm", type="hidden")]
    assert kept == ["dose_mg=550.5", "minutes=900"]
    assert client.post(url(cast.alice), {**odd, "confirm": kept}).status == 303


def test_what_was_confirmed_of_another_value_is_not_carried_along(client_as, cast):
    typed = {**GOOD, "dose_mg": "600", "minutes": "900", "confirm": "dose_mg=550"}
    page = client_as("bob").post(url(cast.alice), typed)
    assert len(page.all("div", class_="ask")) == 2
    assert page.all("input", name="confirm") == []


def test_a_weight_in_pounds(client_as, cast):
    client = client_as("bob")
    page = client.post(url(cast.alice), {**GOOD, "weight_kg": "heavy", "weight_unit": "lb"})
    assert "number of lb" in page.error_of("weight_kg")
    chosen = [
        o for o in page.one("select", name="weight_unit").iter("option") if o.get("selected") is not None
    ]
    assert [page.words(o) for o in chosen] == ["lb"]
    assert client.post(url(cast.alice), {**GOOD, "weight_kg": "150", "weight_unit": "lb"}).status == 303
    assert [i.weight_kg for i in recorded(cast)] == [68.04]


def test_the_next_number_is_named(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, NOW.date().replace(day=10), number="7", status="cancelled")
    assert "empty: 8" in client_as("bob").get(url(cast.alice)).words()


@pytest.mark.parametrize(("day", "is_offered"), [(24, True), (30, True), (18, True), (10, False)])
def test_a_planned_infusion_near_today_is_offered(client_as, cast, day, is_offered):
    with db.write() as s:
        on = NOW.date().replace(day=day)
        planned = factories.infusion(s, cast.alice, on, status="planned", dose_mg="58")
    client = client_as("bob")
    page = client.get(url(cast.alice))
    assert ("Is this infusion 1, planned for" in page.words()) == is_offered
    if not is_offered:
        return
    (link,) = (a for a in page.all("a") if a.get("href").endswith("?given=1"))
    form = client.get(link.get("href"))
    assert "mend what was otherwise, and save it as given" in form.words()
    assert form.one("input", name="date").get("value") == "2026-11-24"
    assert form.one("input", name="dose_mg").get("value") == "58"
    chosen = [
        o.get("value")
        for o in form.one("select", name="status").iter("option")
        if o.get("selected") is not None
    ]
    assert chosen == ["done"]
    sent = {**GOOD, "dose_mg": "58", "revision": "1"}
    page = client.post(link.get("href"), sent, follow=True)
    assert said(page) == "Infusion 1 is recorded."
    assert [(i.id, i.status) for i in recorded(cast)] == [(planned.id, "done")]


@pytest.mark.parametrize("number", ["9" * 5000, "000001" + "9" * 30, "100000", "٣"])
def test_a_number_of_many_digits_is_refused_at_its_field(client_as, cast, number):
    page = client_as("bob").post(url(cast.alice), {**GOOD, "number": number})
    assert page.status == 422
    assert "whole number from 1 to 99,999" in page.error_of("number")
    assert recorded(cast) == []


def test_a_planned_one_is_said_to_be_planned(client_as, cast):
    page = client_as("bob").post(
        url(cast.alice), {**GOOD, "date": "2026-12-01", "status": "planned"}, follow=True
    )
    assert said(page) == "Infusion 1 is planned."


def test_two_infusions_at_one_moment_are_refused_by_name(client_as, cast):
    client = client_as("bob")
    client.post(url(cast.alice), GOOD)
    page = client.post(url(cast.alice), GOOD)
    assert page.status == 422
    assert "Infusion 1 is recorded at this moment" in page.error_of("time")
    assert client.post(url(cast.alice), {**GOOD, "time": "15:00", "confirm": "day=2026-11-24"}).status == 303


def test_a_number_that_is_taken_is_refused(client_as, cast):
    client = client_as("bob")
    client.post(url(cast.alice), {**GOOD, "number": "4"})
    page = client.post(url(cast.alice), {**GOOD, "time": "15:00", "number": "4", "confirm": "day=2026-11-24"})
    assert page.status == 422 and "numbers never change" in page.error_of("number")
    assert client.post(url(cast.alice), {**GOOD, "time": "15:00", "confirm": "day=2026-11-24"}).status == 303
    assert sorted(i.number for i in recorded(cast)) == [4, 5]
