"""The patient says what she takes; what she stops or halves outside the plan is told at once, once."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary import db
from diary.careteam.access import OPERATOR
from diary.medications.models import Medication
from diary.safety.models import Flag, FlagEvent
from tests import factories
from tests.conftest import stored

STOP = {
    "until": "2026-11-23",
    "until_reason": "made me sick",
    "write_id": "11111111-1111-4111-8111-111111111111",
}
CALL = "Please call the clinic before you change this"


def flags(cast):
    with db.read() as s:
        return [
            flag for flag in stored(s, Flag, patient_id=cast.alice.id) if flag.rule == "medication_stopped"
        ]


def typed(**changes):
    return {
        "dose": "10",
        "dose_unit": "mg",
        "times_per_day": "2",
        "as_needed": "no",
        "from": "2026-11-24",
        "reason": "",
    } | changes


def test_she_sees_what_she_takes_in_plain_words(client_as, oxycodone):
    words = client_as("alice").get("/medications").words()
    # The reason too, as the clinic's form promises.
    assert "Oxycodone MR 20 mg twice a day since 1 March 2026 “for her back”" in words
    assert "not confirmed yet" not in words.split("“Not confirmed yet”")[0] and CALL not in words


def test_the_last_day_and_the_next_dose_are_said(client_as, cast, oxycodone, written):
    with written() as s:
        factories.medication(s, cast.alice, "Oxycodone MR", date(2026, 12, 1), dose="15", times_per_day="2")
    words = client_as("alice").get("/medications").words()
    assert "since 1 March 2026, last day 30 November 2026" in words
    assert "Planned Oxycodone MR 15 mg twice a day from 1 December 2026" in words


def test_an_empty_list_has_its_one_next_step(client_as):
    page = client_as("alice").get("/medications")
    assert "Nothing is written down yet" in page.words()
    assert [a.get("href") for a in page.all("a", class_="primary")] == ["/medications/new"]


def test_more_leads_there(client_as):
    assert [a for a in client_as("alice").get("/more").all("a") if a.get("href") == "/medications"]
    assert not [a for a in client_as("bob").get("/more").all("a") if a.get("href") == "/medications"]


def test_a_new_one_waits_until_a_clinician_confirms_it(client_as, cast, taken):
    alice, bob = client_as("alice"), client_as("bob")
    assert alice.get("/medications/new").status == 200
    page = alice.post("/medications/new", typed(name="Lyrica", dose="75"), follow=True)
    assert "Saved" in page.words(page.one("p", role="status")) and "not confirmed yet" in page.words()
    (row,) = taken()
    assert (row.said_by, row.is_waiting) == ("patient", True)
    listed = bob.get(f"/patients/{cast.alice.uuid}/medications")
    assert "Alice says, not confirmed yet" in listed.words()
    assert (
        bob.post(f"/patients/{cast.alice.uuid}/medications/{row.uuid}/confirmation", {"revision": "1"}).status
        == 303
    )
    (row,) = taken()
    assert (row.said_by, row.is_waiting) == ("patient", False)
    assert "Alice, confirmed" in bob.get(f"/patients/{cast.alice.uuid}/medications").words()
    assert flags(cast) == []


@pytest.mark.both
def test_stopped_outside_the_plan_is_said_at_once_and_flagged_once(client_as, cast, oxycodone, taken):
    alice = client_as("alice")
    assert alice.get(f"/medications/{oxycodone.uuid}/end").status == 200
    page = alice.post(f"/medications/{oxycodone.uuid}/end", STOP, follow=True)
    assert page.words(page.one("h2", id="call-first")) == CALL
    alice.post(f"/medications/{oxycodone.uuid}/end", STOP)
    (flag,) = flags(cast)
    with db.read() as s:
        (event,) = stored(s, FlagEvent, flag_id=flag.id)
    assert event.words == "Oxycodone MR, planned 20 mg twice a day: stopped, last taken 23 November 2026"
    (row,) = taken()
    assert (row.is_outside_plan, row.is_waiting, str(row.until_on)) == (True, True, "2026-11-23")


@pytest.mark.parametrize(
    ("opening", "words", "has_more"),
    [
        ("", "Harbour Pain Clinic", False),
        ("tue 08:00-17:00", "Your clinic is open until 17:00", False),
        ("mon 08:00-17:00", "Your clinic opens Monday", True),
    ],
)
def test_whom_to_call_and_when_the_clinic_is_there(
    client_as, cast, oxycodone, written, opening, words, has_more
):
    from diary.careteam.models import Clinic

    with written() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        clinic.phone, clinic.opening = "+44 1632 960001", opening
        s.add(clinic)
    page = client_as("alice").post(f"/medications/{oxycodone.uuid}/end", STOP, follow=True)
    box = page.one("section", class_="callfirst")
    assert words in page.words(box)
    links = [a.get("href") for a in box.iter("a")]
    assert links == ["tel:+441632960001", *(["/help"] if has_more else [])]


def test_halved_is_flagged_and_a_smaller_step_is_not(client_as, cast, oxycodone):
    alice = client_as("alice")
    page = alice.post(f"/medications/{oxycodone.uuid}/change", typed(dose="15"), follow=True)
    assert CALL not in page.words() and flags(cast) == []
    with db.read() as s:
        newest = max(stored(s, Medication, patient_id=cast.alice.id), key=lambda row: row.from_on)
    # Step by step it is measured against the plan, not against her last word.
    page = alice.post(
        f"/medications/{newest.uuid}/change", typed(dose="10", **{"from": "2026-11-25"}), follow=True
    )
    assert page.status == 200 and len(flags(cast)) == 1
    assert CALL in page.words()


def test_what_the_clinic_planned_is_not_outside_the_plan(client_as, cast, oxycodone, written):
    with written() as s:
        factories.medication(s, cast.alice, "Oxycodone MR", date(2026, 11, 20), dose="10", times_per_day="2")
    row = next(row for row in _rows(cast) if row.from_on == date(2026, 11, 20))
    page = client_as("alice").post(f"/medications/{row.uuid}/change", typed(dose="8"), follow=True)
    assert CALL not in page.words() and flags(cast) == []


def _rows(cast):
    with db.read() as s:
        return stored(s, Medication, patient_id=cast.alice.id)


def test_a_second_form_of_the_medicine_that_goes_on_counts(client_as, cast, oxycodone, written):
    with written() as s:
        fast = factories.medication(
            s, cast.alice, "Oxycodone IR", date(2026, 3, 1), dose="5", times_per_day="2"
        )
    client_as("alice").post(f"/medications/{fast.uuid}/end", STOP)
    assert flags(cast) == []  # 50 to 40 mg


@pytest.mark.parametrize("name", ["Ibuprofen", "Vitamin D"])
def test_others_may_be_stopped_without_a_call(client_as, cast, written, name):
    with written() as s:
        row = factories.medication(
            s, cast.alice, name, date(2026, 3, 1), dose="400", dose_unit="mg", times_per_day="1"
        )
    page = client_as("alice").post(f"/medications/{row.uuid}/end", STOP, follow=True)
    assert CALL not in page.words() and flags(cast) == []


def test_what_she_started_herself_and_stops_is_told_too(client_as, cast, taken):
    alice = client_as("alice")
    alice.post(
        "/medications/new", typed(name="Diazepam", dose="2", times_per_day="1", **{"from": "2026-11-01"})
    )
    page = alice.post(f"/medications/{taken()[0].uuid}/end", STOP, follow=True)
    assert CALL in page.words() and len(flags(cast)) == 1


def test_the_call_goes_when_a_clinician_has_confirmed(client_as, cast, oxycodone):
    client_as("alice").post(f"/medications/{oxycodone.uuid}/end", STOP)
    client_as("bob").post(
        f"/patients/{cast.alice.uuid}/medications/{oxycodone.uuid}/confirmation", {"revision": "2"}
    )
    assert CALL not in client_as("alice").get("/medications").words()
    assert len(flags(cast)) == 1  # it stays until somebody closes it


def test_a_clinician_confirms_only_what_they_saw(client_as, cast, oxycodone, taken):
    alice, bob = client_as("alice"), client_as("bob")
    alice.post(f"/medications/{oxycodone.uuid}/end", STOP)
    seen = bob.get(f"/patients/{cast.alice.uuid}/medications").one("input", name="revision").get("value")
    alice.post(f"/medications/{oxycodone.uuid}/end", STOP | {"until": "2026-11-20"})
    page = bob.post(
        f"/patients/{cast.alice.uuid}/medications/{oxycodone.uuid}/confirmation",
        {"revision": seen},
        follow=True,
    )
    assert "something else was said meanwhile" in page.words(page.one("p", role="status"))
    assert taken()[0].is_waiting


def test_what_was_stopped_by_a_slip_is_taken_again(client_as, cast, oxycodone, taken):
    alice = client_as("alice")
    alice.post(f"/medications/{oxycodone.uuid}/end", STOP)
    (link,) = [a.get("href") for a in alice.get("/medications").all("a") if "again" in (a.get("href") or "")]
    form = alice.get(link)
    assert form.one("input", name="dose").get("value") == "20"
    page = alice.post(link.split("?")[0], typed(dose="20"), follow=True)
    assert CALL not in page.words() and "You took before" not in page.words()
    assert len(flags(cast)) == 1  # what was told stays told, until somebody closes it


def test_a_brand_instead_at_half_the_dose_is_outside_the_plan(client_as, cast, oxycodone):
    brand = typed(name="OxyContin", dose="10", beside="instead", **{"from": "2026-11-24"})
    page = client_as("alice").post("/medications/new", brand, follow=True)
    assert CALL in page.words() and len(flags(cast)) == 1
    other = typed(name="Longtec", dose="20", beside="instead", **{"from": "2026-11-25"})
    assert client_as("alice").post("/medications/new", other).status == 303
    assert len(flags(cast)) == 1


def test_no_stop_is_stored_without_its_flag(client_as, cast, oxycodone, taken, monkeypatch):
    """One transaction: where the flag can't be opened, nothing she said is kept either."""
    from diary.medications import actions

    def broken(*_args, **_more):
        raise RuntimeError("no flag")

    monkeypatch.setattr(actions, "open_flag", broken)
    assert client_as("alice").post(f"/medications/{oxycodone.uuid}/end", STOP).status == 500
    (row,) = taken()
    assert (row.until_on, row.revisions, flags(cast)) == (None, 1, [])


@pytest.mark.parametrize(
    ("changes", "field"), [({"dose": "0"}, "dose"), ({"from": "x"}, "from"), ({"from": "2026-02-01"}, "from")]
)
def test_bad_input_loses_nothing(client_as, oxycodone, taken, changes, field):
    page = client_as("alice").post(f"/medications/{oxycodone.uuid}/change", typed(reason="because") | changes)
    assert page.status == 422 and page.error_of(field)
    assert page.one("input", name="reason").get("value") == "because"
    assert len(taken()) == 1


def test_a_unit_that_can_hardly_be_meant_asks_her_too(client_as, taken):
    alice, odd = client_as("alice"), typed(name="Oxycodone", dose_unit="mcg")
    page = alice.post("/medications/new", odd)
    assert page.status == 422 and "Is 10 micrograms right?" in page.words()
    assert alice.post("/medications/new", odd | {"instead": "dose_unit=mg"}).status == 303
    assert taken()[0].dose_unit == "mg"


def test_she_can_say_only_what_she_is_asked(client_as, taken):
    client_as("alice").post(
        "/medications/new",
        typed(name="Diazepam", **{"class": "other", "route": "injected", "confirmed": "yes"}),
    )
    (row,) = taken()
    assert (row.klass, row.route, row.is_waiting) == ("", "oral", True)


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "erin"])
@pytest.mark.parametrize("path", ["", "/new", "/{}/change", "/{}/end"])
def test_staff_have_no_such_page(client_as, oxycodone, who, path):
    client, url = client_as(who), f"/medications{path.format(oxycodone.uuid)}"
    assert client.get(url).status == 404
    if path:
        assert client.post(url, typed(name="x") | STOP).status == 404


def test_another_patient_can_not_reach_hers(client_as, oxycodone, taken):
    for tail in ("change", "end"):
        assert client_as("charlie").get(f"/medications/{oxycodone.uuid}/{tail}").status == 404
        assert (
            client_as("charlie").post(f"/medications/{oxycodone.uuid}/{tail}", typed() | STOP).status == 404
        )
    assert [row.revisions for row in taken()] == [1]
    assert "Oxycodone" not in client_as("charlie").get("/medications").text


def test_an_unconfirmed_person_sees_and_stops_nothing_of_before(client_as, cast, oxycodone, written):
    from diary.careteam.models import Membership
    from diary.lib import clock

    with written() as s:
        (member,) = stored(s, Membership, person_id=cast.alice.id)
        member.accepted_at = clock.now()
        s.add(member)
    alice = client_as("alice")
    assert "Oxycodone" not in alice.get("/medications").text
    assert alice.post(f"/medications/{oxycodone.uuid}/end", STOP).status == 404
    assert alice.post("/medications/new", typed(name="Oxycodone MR", **{"from": "2026-03-01"})).status == 422


def test_operator_reads_what_she_said(cast, client_as, app):
    client_as("alice").post("/medications/new", typed(name="Diazepam"))
    from diary.medications.queries import day_of

    with db.read() as s:
        day = day_of(s, OPERATOR, cast.alice.id, date(2026, 11, 24))
    assert [item.regime.name for item in day.items] == ["Diazepam"]


statements = st.lists(st.tuples(st.integers(1, 6), st.none() | st.integers(1, 60)), min_size=1, max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements)
def test_nothing_that_fires_is_stored_without_its_flag(app, cast, client_as, said):
    """Whatever she says of a medicine planned at 40 mg a day: none, or 20 and less, is flagged; the rest is not."""
    name, before = f"Newopioidone {uuid4().hex}", len(flags(cast))  # a name of its own is a matter of its own
    with db.write() as s:
        row = factories.medication(
            s,
            cast.alice,
            name,
            date(2026, 3, 1),
            dose="20",
            dose_unit="mg",
            times_per_day="2",
            **{"class": "opioid"},
        )
    alice, day, uuid, fires = client_as("alice"), date(2026, 11, 1), row.uuid, False
    for step, dose in said:
        day += timedelta(days=step)
        if dose is None:
            answer = alice.post(f"/medications/{uuid}/end", {"until": str(day), "write_id": str(uuid4())})
        else:
            change = typed(dose=str(dose), times_per_day="1", write_id=str(uuid4()), **{"from": str(day)})
            answer = alice.post(f"/medications/{uuid}/change", change)
        assert answer.status == 303
        fires = fires or dose is None or dose <= 20
        assert len(flags(cast)) == before + fires
        with db.read() as s:
            own = [one for one in stored(s, Medication, patient_id=cast.alice.id) if one.name == name]
            uuid = max(own, key=lambda one: one.from_on).uuid
