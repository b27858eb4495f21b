"""The record beyond the dose: what the form takes and refuses, what it asks, why and what was changed."""

import json
from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.infusions.forms import parse_infusion
from diary.infusions.models import Infusion, InfusionRevision
from diary.infusions.rules import LABELS, MEASURES, Change, changes, unusual_vitals
from tests import factories
from tests.conftest import stored

TODAY = date(2026, 11, 24)
DOSE = {
    "date": "2026-11-24",
    "time": "09:40",
    "dose_mg": "50",
    "minutes": "40",
    "weight_kg": "70",
    "status": "done",
}
WHOLE = DOSE | {
    "pre_systolic": "138", "pre_diastolic": "82", "pre_pulse": "71", "pre_spo2": "98",
    "peak_systolic": "154", "peak_diastolic": "90", "peak_pulse": "83", "peak_spo2": "97",
    "midazolam_mg": "1,5", "clonidine_mcg": "75", "magnesium_g": "2", "other_adjuncts": "Saline & glucose",
    "pain_before": "7", "pain_after": "4", "dissociation": "4", "dissociation_minutes": "35", "nausea": "0",
    "ended": "interrupted", "ended_why": "The line came out", "discharged_at": "9:05",
    "event_1": "Sick once", "event_1_severity": "moderate", "event_1_done": "Ondansetron, rest",
    "ordered_by": "Dr Bob Ansah", "given_by": "Nurse Tilda Roe",
}  # fmt: skip


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def new(cast):
    return f"/patients/{cast.alice.uuid}/infusions/new"


def rows(cast):
    with db.read() as s:
        return stored(s, Infusion, patient_id=cast.alice.id)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"pre_spo2": "101"}, "pre_spo2", "from 1 to 100"),
        ({"pre_systolic": "-1"}, "pre_systolic", "whole number"),
        ({"peak_pulse": "71.5"}, "peak_pulse", "whole number"),
        ({"post_diastolic": "٨٠"}, "post_diastolic", "whole number"),
        ({"midazolam_mg": "-1"}, "midazolam_mg", "from 0 to"),
        ({"lidocaine_mg": "much"}, "lidocaine_mg", "from 0 to"),
        ({"pain_before": "11"}, "pain_before", "0 to 10"),
        ({"nausea": "4.5"}, "nausea", "0 to 10"),
        ({"dissociation_minutes": "9999"}, "dissociation_minutes", "1440"),
        ({"ended": "halfway"}, "ended", "completed"),
        ({"ended_why": "Sick"}, "ended_why", "interrupted"),
        ({"ended": "completed", "ended_why": "Sick"}, "ended_why", "interrupted"),
        ({"event_2_severity": "mild"}, "event_2", "what happened"),
        ({"event_1_done": "Rest"}, "event_1", "what happened"),
        ({"event_1": "Sick", "event_1_severity": "dire"}, "event_1_severity", "moderate"),
        ({"discharged_at": "25:00"}, "discharged_at", "09:40"),
        ({"given_by": "a\x00b"}, "given_by", "can't be shown"),
        ({"ordered_by": "x" * 501}, "ordered_by", "at most 500"),
    ],
)
def test_what_can_not_be_is_refused_at_its_field(client_as, cast, new, typed, field, words):
    page = client_as("bob").post(new, DOSE | typed)
    assert page.status == 422 and words in page.error_of(field)
    assert page.one("input", id="weight_kg").get("value") == "70"
    assert rows(cast) == []


def test_nothing_more_than_a_dose_is_needed():
    value = parse_infusion(DOSE, TODAY).value
    assert (value.given, value.given_words) == ({}, {})


def test_zero_is_an_answer_and_empty_is_none():
    value = parse_infusion(DOSE | {"nausea": "0", "pain_before": " "}, TODAY).value
    assert value.given == {"nausea": 0}


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"pre_systolic": 260}, []),
        ({"pre_systolic": 261}, ["pre_systolic"]),
        ({"peak_systolic": 120, "peak_diastolic": 120}, []),
        ({"peak_systolic": 120, "peak_diastolic": 121}, ["peak_diastolic"]),
        ({"pre_systolic": 80, "post_diastolic": 121}, []),
        ({"post_diastolic": 121}, []),
        ({"post_spo2": 70}, []),
        ({"post_spo2": 69}, ["post_spo2"]),
        (
            {"pre_systolic": 300, "pre_diastolic": 310, "pre_spo2": 9},
            ["pre_systolic", "pre_diastolic", "pre_spo2"],
        ),
    ],
)
def test_unusual_vital_signs(given, asked):
    assert [ask.field for ask in unusual_vitals(given)] == asked


def test_what_changed_in_the_order_of_the_record():
    before = {"day": "2026-11-24", "dose_mg": 50.0, "nausea": 0, "note": "a", "extra": 1}
    now = {"day": "2026-11-23", "dose_mg": 50, "pain_before": 7.0, "note": "a", "extra": 2}
    assert changes(before, now) == [
        Change("Day", "24 November 2026", "23 November 2026"),
        Change("Pain before", "nothing", "7 of 10"),
        Change("Nausea at its peak", "0 of 10", "nothing"),
    ]
    assert changes(now, now) == []


def test_every_field_of_the_record_has_a_name_of_its_own():
    assert set(MEASURES) < set(LABELS) and len(set(LABELS.values())) == len(LABELS)


def test_the_whole_record_is_kept_shown_and_printed(client_as, cast, new):
    client = client_as("bob")
    assert client.post(new, WHOLE).status == 303
    (infusion,) = rows(cast)
    given = json.loads(infusion.given)
    assert (given["midazolam_mg"], given["discharged_at"], given["pre_spo2"]) == (1.5, "09:05", 98)
    for words in ("Sick once", "Tilda", "Saline"):
        assert words not in infusion.given and words.encode() not in infusion.given_words_sealed
    base = f"/patients/{cast.alice.uuid}/infusions/{infusion.uuid}"
    page = client.get(base)
    for words in ("1.5 mg", "75 mcg", "154 mmHg", "97", "7 of 10", "The line came out", "Sick once", "moderate",
                  "Ondansetron, rest", "Nurse Tilda Roe", "Saline & glucose"):  # fmt: skip
        assert words in page.words(), words
    text = client.get(f"{base}/text").text
    assert "Midazolam: 1.5 mg\n" in text and "Also given: Saline & glucose\n" in text
    form = client.get(f"{base}/edit")
    for name, typed in WHOLE.items():
        if name in MEASURES or name in ("event_1", "given_by", "ended_why"):
            assert form.one("input", id=name).get("value") == typed.replace(",", ".")


def test_saving_the_form_as_it_stands_changes_nothing(client_as, cast, new):
    client = client_as("bob")
    client.post(new, WHOLE)
    (infusion,) = rows(cast)
    form = client.get(f"/patients/{cast.alice.uuid}/infusions/{infusion.uuid}/edit").one(
        "form", class_="infusion-form"
    )
    sent = {i.get("name"): i.get("value") or "" for i in form.iter("input") if i.get("name")}
    for select in form.iter("select"):
        chosen = [o for o in select.iter("option") if o.get("selected") is not None]
        if chosen:
            sent[select.get("name")] = chosen[0].get("value") or "".join(chosen[0].itertext())
    assert client.post(f"/patients/{cast.alice.uuid}/infusions/{infusion.uuid}/edit", sent).status == 303
    assert [i.revisions for i in rows(cast)] == [1]


def test_an_unusual_vital_sign_asks_under_its_row(client_as, cast, new):
    client = client_as("bob")
    odd = DOSE | {"peak_systolic": "270", "peak_diastolic": "90", "post_spo2": "60"}
    page = client.post(new, odd)
    asks = page.all("div", class_="ask")
    assert (
        page.status == 422
        and "Is 270 mmHg right?" in page.words(asks[0])
        and "Is 60 % right?" in page.words(asks[1])
    )
    assert [len(list(b.iter("button"))) + len(list(b.iter("a"))) for b in asks] == [2, 2]
    page = client.post(new, odd | {"confirm": "peak_systolic=270"})
    assert len(page.all("div", class_="ask")) == 1 and rows(cast) == []
    assert client.post(new, odd | {"confirm": ["peak_systolic=270", "post_spo2=60"]}).status == 303


def test_the_next_form_offers_what_went_with_the_last(client_as, cast, new):
    client = client_as("bob")
    client.post(new, WHOLE)
    offered = {
        b.get("data-copy"): b.get("data-value") for b in client.get(new).all("button") if b.get("data-copy")
    }
    assert (offered["midazolam_mg"], offered["clonidine_mcg"], "ondansetron_mg" in offered) == (
        "1.5",
        "75",
        False,
    )


@pytest.fixture
def done(cast):
    with db.write() as s:
        return factories.infusion(
            s, cast.alice, date(2026, 11, 10), dose_mg="50", time="10:00", pain_before="7"
        )


@pytest.fixture
def base(cast, done):
    return f"/patients/{cast.alice.uuid}/infusions/{done.uuid}"


def sent(**changes):
    typed = {
        "date": "2026-11-10",
        "time": "10:00",
        "dose_mg": "50",
        "minutes": "40",
        "weight_kg": "70",
        "route": "IV",
    }
    return typed | {"status": "done", "pain_before": "7", "revision": "1"} | changes


def test_a_done_one_is_changed_with_a_reason_only(client_as, cast, done, base):
    client = client_as("bob")
    page = client.post(f"{base}/edit", sent(dose_mg="55", reason=" "))
    assert page.status == 422 and "why it is changed" in page.error_of("reason")
    assert page.one("input", id="dose_mg").get("value") == "55"
    assert [i.dose_mg for i in rows(cast)] == [50]
    assert (
        client.post(f"{base}/edit", sent(dose_mg="55", pain_before="8", reason="Read wrongly <b>")).status
        == 303
    )
    last = list(client.get(base).one("tbody").iter("tr"))[-1]
    words = " ".join(" ".join(last.itertext()).split())
    assert "Dose: from 50 mg to 55 mg" in words and "Pain before: from 7 of 10 to 8 of 10" in words
    assert cast.bob.name in words and "Read wrongly <b>" in words and "Length" not in words
    with db.read() as s:
        first, second = sorted(stored(s, InfusionRevision, infusion_id=done.id), key=lambda r: r.number)
    assert (first.reason, second.reason) == (None, "Read wrongly <b>")
    assert b"Read wrongly" not in second.reason_sealed


def test_no_reason_is_asked_where_nothing_changes(client_as, cast, base):
    assert client_as("bob").post(f"{base}/edit", sent()).status == 303
    assert [i.revisions for i in rows(cast)] == [1]


def test_cancelling_a_done_one_needs_a_reason(client_as, cast, base):
    client = client_as("bob")
    page = client.post(f"{base}/cancellation")
    assert page.status == 422 and "why" in page.words(page.one("p", id="cancel-error"))
    assert [i.status for i in rows(cast)] == ["done"]
    page = client.post(f"{base}/cancellation", {"reason": "x" * 501})
    assert page.status == 422 and "at most 500" in page.words(page.one("p", id="cancel-error"))
    assert client.post(f"{base}/cancellation", {"reason": "Recorded twice"}).status == 303
    assert "Recorded twice" in client.get(base).words()


def test_a_planned_one_needs_none_and_keeps_its_record(client_as, cast):
    with db.write() as s:
        planned = factories.infusion(
            s, cast.alice, TODAY, status="planned", ondansetron_mg="4", given_by="Jon Vale"
        )
    client, url = client_as("bob"), f"/patients/{cast.alice.uuid}/infusions/{planned.uuid}"
    assert client.post(f"{url}/completion").status == 303
    (row,) = rows(cast)
    assert (row.status, json.loads(row.given), json.loads(row.given_words)) == (
        "done", {"ondansetron_mg": 4}, {"given_by": "Jon Vale"},
    )  # fmt: skip


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie", "erin"])
def test_strangers_change_nothing(client_as, cast, base, who):
    assert client_as(who).post(f"{base}/edit", sent(dose_mg="55", reason="x")).status == 404
    assert client_as(who).post(f"{base}/cancellation", {"reason": "x"}).status == 404
    assert [i.revisions for i in rows(cast)] == [1]


def test_a_day_that_has_one_already_is_asked_about(client_as, cast, new):
    client = client_as("bob")
    assert client.post(new, {**DOSE, "time": "09:30"}).status == 303
    page = client.post(new, {**DOSE, "time": "14:00"})
    assert (
        page.status == 422 and "Two on one day? Infusion 1 is on this day already, at 09:30" in page.words()
    )
    day = DOSE["date"]
    assert client.post(new, {**DOSE, "time": "14:00", "confirm": "day=2026-01-01"}).status == 422, (
        "of another day"
    )
    assert client.post(new, {**DOSE, "time": "14:00", "confirm": f"day={day}"}).status == 303


def test_moved_onto_anothers_day_is_asked_about_once(client_as, cast, new, base):
    with db.write() as s:
        other = factories.infusion(s, cast.alice, date(2026, 11, 9), time="10:00")
    client = client_as("bob")
    sent = {**DOSE, "date": "2026-11-09", "time": "15:00", "reason": "wrong day"}
    page = client.get(f"{base}/edit")
    sent = {**sent, "revision": page.one("input", name="revision").get("value")}
    page = client.post(f"{base}/edit", sent)
    assert page.status == 422 and f"Infusion {other.number} is on this day already" in page.words()
    assert client.post(f"{base}/edit", {**sent, "confirm": "day=2026-11-09"}).status == 303
    page = client.get(f"{base}/edit")
    sent = {**sent, "revision": page.one("input", name="revision").get("value"), "note": "more"}
    assert client.post(f"{base}/edit", sent).status == 303, "its own day is not asked about again"


def test_another_unit_asks_under_its_field(client_as, cast, new):
    client = client_as("bob")
    page = client.post(new, {**DOSE, "clonidine_mcg": "0.15"})
    assert page.status == 422 and "Was it in mg? 0.15 mg are 150 mcg." in page.words()
    assert client.post(new, {**DOSE, "clonidine_mcg": "0.15", "instead": "clonidine_mcg=150"}).status == 303
    page = client.post(new, {**DOSE, "date": "2026-11-10", "weight_kg": "150"})
    assert page.status == 422 and "Is it in kg, not lb?" in page.words()
