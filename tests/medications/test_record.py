"""The clinician records, changes, ends, mends and confirms; bad input loses nothing."""

from datetime import date

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.lib import clock
from diary.medications.models import MedicationRevision
from tests import factories
from tests.conftest import stored

GOOD = {
    "name": "Duloxetine", "from": "2026-11-01", "dose": "30", "dose_unit": "mg", "times_per_day": "1", "as_needed": "no",
    "route": "", "class": "", "until": "", "reason": "for pain and sleep",
}  # fmt: skip


@pytest.fixture
def url(cast):
    return f"/patients/{cast.alice.uuid}/medications"


@pytest.mark.both
def test_bob_records_one(client_as, cast, url, taken):
    client = client_as("bob")
    assert client.get(f"{url}/new").status == 200
    page = client.post(f"{url}/new", GOOD, follow=True)
    assert page.words(page.one("p", role="status")) == "It is recorded."
    (row,) = taken()
    assert (row.name, row.from_on, row.dose, row.times_per_day, row.route) == (
        "Duloxetine",
        date(2026, 11, 1),
        30,
        1,
        "oral",
    )
    assert (row.said_by, row.is_waiting, row.reason) == ("clinic", False, "for pain and sleep")
    with db.read() as s:
        (event,) = stored(s, AuditEvent, action="medication.create")
        assert len(stored(s, MedicationRevision, medication_id=row.id)) == 1
    assert (event.actor_id, event.patient_id) == (cast.bob.id, cast.alice.id)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "name", "needed"),
        ({"name": "a\x07b"}, "name", "can't be shown"),
        ({"name": "x" * 121}, "name", "at most 120"),
        ({"dose": "0"}, "dose", "more than 0"),
        ({"dose": "-5"}, "dose", "above 0"),
        ({"dose": "5 + x"}, "dose", "above 0"),
        ({"dose": "10 + 5", "times_per_day": "3"}, "times_per_day", "leave this empty"),
        ({"times_per_day": "0"}, "times_per_day", "more than 0"),
        ({"times_per_day": "twice"}, "times_per_day", "a number"),
        ({"times_per_day": "25"}, "times_per_day", "can't be right"),
        ({"from": "2026-13-01"}, "from", "not a date"),
        ({"from": "1899-12-31"}, "from", "before 1900"),
        ({"from": "2028-11-25"}, "from", "two years ahead"),
        ({"until": "2026-10-31"}, "until", "before the first one"),
        ({"until": "2029-01-01"}, "until", "two years ahead"),
        ({"dose_unit": "g"}, "dose_unit", "mg, mcg or mcg/h"),
        ({"dose_unit": "mcg/h", "dose": "10 + 5", "times_per_day": ""}, "dose", "one rate"),
        ({"reason": "x" * 501}, "reason", "at most 500"),
    ],
)
def test_bad_input_loses_nothing(client_as, url, taken, typed, field, words):
    page = client_as("bob").post(f"{url}/new", GOOD | typed)
    assert page.status == 422 and words in page.error_of(field)
    assert taken() == []
    assert page.one("input", name="reason").get("value") == (GOOD | typed)["reason"]


def test_an_unknown_field_is_named(client_as, url, taken):
    page = client_as("bob").post(f"{url}/new", GOOD | {"colour": "blue"})
    assert page.status == 422 and "does not know this field: colour" in page.words() and taken() == []


def test_an_unknown_opioid_is_taken_and_not_counted(client_as, url, taken):
    client = client_as("bob")
    client.post(f"{url}/new", GOOD | {"name": "Newopioidone", "class": "Opioids"})
    assert taken()[0].klass == "opioid"
    words = client.get(url).words()
    assert "not counted" in words and "too low by Newopioidone" in words


def test_micrograms_where_mg_is_meant_ask_with_two_equal_buttons(client_as, url, taken):
    client, odd = client_as("bob"), GOOD | {"name": "Oxycodone", "dose": "10", "dose_unit": "mcg"}
    page = client.post(f"{url}/new", odd)
    ask = page.one("div", class_="ask")
    assert page.status == 422 and "Is 10 micrograms right?" in page.words(ask) and taken() == []
    buttons = [(b.get("name"), b.get("value"), b.get("class"), page.words(b)) for b in ask.iter("button")]
    assert buttons == [
        ("instead", "dose_unit=mg", "btn", "It is 10 mg"), ("confirm", "10 mcg", "btn", "It is 10 micrograms"),
    ]  # fmt: skip
    assert client.post(f"{url}/new", odd | {"instead": "dose_unit=mg"}).status == 303
    assert client.post(f"{url}/new", odd | {"name": "Oramorph", "confirm": "10 mcg"}).status == 303
    assert client.post(f"{url}/new", odd | {"name": "Zydol", "confirm": "20 mcg"}).status == 422
    assert [(row.name, row.dose_unit) for row in taken()] == [("Oramorph", "mcg"), ("Oxycodone", "mg")]


def test_a_patch_in_mg_asks_and_becomes_a_rate(client_as, url, taken):
    odd = GOOD | {"name": "Fentanyl", "dose": "25", "times_per_day": "", "route": "transdermal"}
    client = client_as("bob")
    assert "It is 25 micrograms an hour" in client.post(f"{url}/new", odd).words()
    client.post(f"{url}/new", odd | {"instead": "dose_unit=mcg/h"})
    (row,) = taken()
    assert (row.dose, row.dose_unit, row.route) == (25, "mcg/h", "transdermal")
    assert "60" in client.get(url).words()


def test_the_same_form_twice_is_one_row_and_another_is_refused(client_as, url, taken):
    client = client_as("bob")
    client.post(f"{url}/new", GOOD)
    page = client.post(f"{url}/new", GOOD, follow=True)
    assert "nothing was changed" in page.words(page.one("p", role="status"))
    again = client.post(f"{url}/new", GOOD | {"name": " duloxetine", "dose": "60"})
    assert again.status == 422 and "in the list from that day already" in again.error_of("name")
    assert [row.dose for row in taken()] == [30]


def test_a_change_is_a_new_row_and_ends_the_former(client_as, url, oxycodone, taken):
    client = client_as("bob")
    assert "20 mg twice a day" in client.get(f"{url}/{oxycodone.uuid}/change").words()
    typed = {
        "dose": "10 + 5",
        "dose_unit": "mg",
        "times_per_day": "",
        "as_needed": "no",
        "from": "2026-11-20",
        "reason": "taper",
    }
    assert client.post(f"{url}/{oxycodone.uuid}/change", typed).status == 303
    assert [(row.name, row.dose, row.parts, str(row.from_on)) for row in taken()] == [
        ("Oxycodone MR", 20, (), "2026-03-01"), ("Oxycodone MR", 7.5, (10, 5), "2026-11-20"),
    ]  # fmt: skip
    page = client.post(f"{url}/{oxycodone.uuid}/change", typed | {"from": "2026-03-01"})
    assert page.status == 422 and "not after the day" in page.error_of("from")


def test_an_end_has_a_last_day_and_a_reason(client_as, url, oxycodone, taken):
    client = client_as("bob")
    page = client.post(f"{url}/{oxycodone.uuid}/end", {"until": "2026-02-01", "until_reason": "x"})
    assert page.status == 422 and "before the first one" in page.error_of("until")
    assert client.post(f"{url}/{oxycodone.uuid}/end", {"until": ""}).status == 422
    assert (
        client.post(f"{url}/{oxycodone.uuid}/end", {"until": "2026-11-22", "until_reason": "no need"}).status
        == 303
    )
    (row,) = taken()
    assert (str(row.until_on), row.until_reason, row.revisions) == ("2026-11-22", "no need", 2)
    assert "ended last taken 22 Nov" in client.get(url).words()


def test_a_mend_is_a_revision_and_a_stale_page_mends_nothing(client_as, url, oxycodone, taken):
    client = client_as("bob")
    page = client.get(f"{url}/{oxycodone.uuid}/edit")
    assert page.one("input", name="revision").get("value") == "1"
    typed = GOOD | {"name": "Oxycodone MR", "from": "2026-03-01", "dose": "15", "revision": "1"}
    assert client.post(f"{url}/{oxycodone.uuid}/edit", typed).status == 303
    page = client.post(f"{url}/{oxycodone.uuid}/edit", typed | {"dose": "25"})
    assert page.status == 422 and "Somebody else changed this entry" in page.words()
    assert [(row.dose, row.revisions) for row in taken()] == [(15, 2)]


@pytest.mark.both
def test_a_mistake_is_taken_out_and_its_history_kept(client_as, url, oxycodone, taken):
    client = client_as("bob")
    assert client.post(f"{url}/{oxycodone.uuid}/removal").status == 303
    assert taken() == []
    with db.read() as s:
        assert len(stored(s, MedicationRevision, medication_id=oxycodone.id)) == 2
    assert client.get(f"{url}/{oxycodone.uuid}/edit").status == 404
    again = GOOD | {"name": "Oxycodone MR", "from": "2026-03-01"}
    assert client.post(f"{url}/new", again).status == 303
    assert len(taken()) == 1


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie", "erin"])
@pytest.mark.parametrize("tail", ["new", "{}/change", "{}/end", "{}/edit", "{}/confirmation", "{}/removal"])
def test_strangers_get_404(client_as, url, oxycodone, taken, who, tail):
    typed = GOOD | {"revision": "1", "until": "2026-11-22"}
    path = f"{url}/{tail.format(oxycodone.uuid)}"
    assert client_as(who).post(path, typed).status == 404
    if not tail.endswith(("confirmation", "removal")):
        assert client_as(who).get(path).status == 404
    assert [row.revisions for row in taken()] == [1]


def test_without_consent_a_clinician_can_not_write(client_as, cast, url, oxycodone, taken):
    with db.write() as s:
        actions.withdraw_consent(
            s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.INFUSIONS], clock.now()
        )
    client = client_as("bob")
    assert client.post(f"{url}/new", GOOD).status == 404
    assert client.post(f"{url}/{oxycodone.uuid}/end", {"until": "2026-11-22"}).status == 404
    assert len(taken()) == 1


def test_anothers_row_under_this_patient_is_not_there(client_as, cast, url, oxycodone):
    with db.write() as s:
        other = factories.medication(s, cast.charlie, "Tramadol", date(2026, 3, 1))
    assert client_as("bob").post(f"{url}/{other.uuid}/removal").status == 404
    assert (
        client_as("erin").get(f"/patients/{cast.charlie.uuid}/medications/{oxycodone.uuid}/edit").status
        == 404
    )


def test_one_medicine_by_two_names_asks_whether_it_is_both(client_as, url, taken):
    client = client_as("bob")
    client.post(f"{url}/new", GOOD)
    brand = GOOD | {"name": "Cymbalta", "dose": "60", "from": "2026-11-20"}
    page = client.post(f"{url}/new", brand)
    ask = page.one("div", class_="ask")
    assert page.status == 422 and "Duloxetine, 30 mg once a day, is on the list" in page.words(ask)
    buttons = [(b.get("value"), b.get("class"), page.words(b)) for b in ask.iter("button")]
    assert buttons == [("instead", "btn", "Cymbalta instead"), ("both", "btn", "Both are taken")]
    assert len(taken()) == 1
    assert client.post(f"{url}/new", brand | {"beside": "instead"}).status == 303
    assert [(row.name, str(row.until_on), row.until_reason) for row in taken()] == [
        ("Duloxetine", "2026-11-19", "Now Cymbalta"), ("Cymbalta", "None", ""),
    ]  # fmt: skip
    assert client.post(f"{url}/new", brand | {"name": "Duloxetine at night", "beside": "both"}).status == 303
    assert [row.until_on for row in taken()][1:] == [None, None]


def test_a_unit_and_a_second_name_are_asked_one_after_the_other(client_as, url, taken):
    client = client_as("bob")
    client.post(f"{url}/new", GOOD | {"name": "Oxycodone", "dose": "10"})
    odd = GOOD | {"name": "OxyNorm", "dose_unit": "mcg"}
    assert "Is 30 micrograms right?" in client.post(f"{url}/new", odd).words()
    page = client.post(f"{url}/new", odd | {"confirm": "30 mcg"})
    assert "Both, or one instead of the other?" in page.words()
    assert page.one("input", name="confirm").get("value") == "30 mcg"
    assert client.post(f"{url}/new", odd | {"confirm": "30 mcg", "beside": "both"}).status == 303
    assert len(taken()) == 2


def test_one_instead_of_another_that_begins_no_earlier_is_refused_whole(client_as, url, taken):
    client = client_as("bob")
    client.post(f"{url}/new", GOOD)
    page = client.post(f"{url}/new", GOOD | {"name": "Cymbalta", "beside": "instead"})
    assert page.status == 422 and "not after the day on which Duloxetine began" in page.error_of("from")
    assert [row.name for row in taken()] == ["Duloxetine"]


@pytest.mark.both
def test_two_record_the_same_name_and_day_at_once(app, cast, taken):
    """Four with one form make one row; four with other doses make one row too, and the rest hear it at the name."""
    import threading

    from diary.medications import actions as medications
    from diary.medications.forms import parse_medication
    from diary.medications.queries import KNOWN

    became, barrier = [], threading.Barrier(4)

    def record(n: int) -> None:
        form = parse_medication(GOOD | {"dose": str(30 + n)}, date(2026, 11, 24), KNOWN)
        with app.app_context():
            try:
                barrier.wait(10)
                with db.write() as s:
                    ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
                    became.append(
                        medications.record_medication(
                            s, access.OPERATOR, ref, form.value, clock.now()
                        ).outcome
                    )
            except medications.Refused as error:
                became.append(error.field)

    threads = [threading.Thread(target=record, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(became) == ["name", "name", "name", "new"] and len(taken()) == 1
