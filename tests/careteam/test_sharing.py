"""Who sees what: the patient's own page, a switch a kind for each of the team."""

from datetime import UTC, datetime, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam.models import Clinic, Consent
from diary.careteam.rules import CONSENT_WORDING, KIND_MEANS, Kind
from tests.conftest import stored


def switch(page, person, kind):
    return page.one("button", id=f"k-{person.uuid}-{kind}")


def test_a_card_for_each_of_the_team_with_five_switches(client_as, cast):
    page = client_as("alice").get("/sharing")
    assert page.status == 200
    assert len(page.all("button", role="switch")) == 10
    assert {b.get("aria-checked") for b in page.all("button", role="switch")} == {"true"}
    words = page.words()
    assert "Dr Bob Ansah" in words and "your coach, Harbour Pain Clinic" in words
    assert "Erin" not in words and "Dana" not in words
    for means in KIND_MEANS.values():
        assert means in words
    assert "downloaded can’t be called back" in words


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "erin"])
def test_strangers_get_404(client_as, cast, who):
    client = client_as(who)
    assert client.get("/sharing").status == 404
    for path in ("consents", "consents/end"):
        assert client.post(f"/sharing/{cast.bob.uuid}/{path}", {"kind": "scores"}).status == 404


def test_signed_out(client_as, cast):
    assert client_as().get("/sharing").status == 303
    assert client_as().post(f"/sharing/{cast.bob.uuid}/consents", {"kind": "scores"}).status == 303


def test_taken_back_and_given_again_with_wording_and_moment(client_as, cast, clock_at):
    now = datetime(2026, 5, 4, 9, 0, 0, 123000, tzinfo=UTC)
    clock_at(now)
    alice = client_as("alice")
    answer = alice.post(f"/sharing/{cast.bob.uuid}/consents/end", {"kind": "notes"})
    assert (answer.status, answer.location) == (303, f"/sharing#of-{cast.bob.uuid}")
    page = alice.get("/sharing")
    assert switch(page, cast.bob, "notes").get("aria-checked") == "false"
    assert switch(page, cast.cora, "notes").get("aria-checked") == "true"
    clock_at(now + timedelta(minutes=5))
    assert alice.post(f"/sharing/{cast.bob.uuid}/consents", {"kind": "notes"}).status == 303
    with db.read() as s:
        rows = stored(s, Consent, patient_id=cast.alice.id, staff_id=cast.bob.id, kind="notes")
        events = [e.action for e in stored(s, AuditEvent, patient_id=cast.alice.id, actor_id=cast.alice.id)]
    assert [row.withdrawn_at for row in rows] == [now, None]
    assert (rows[1].given_at, rows[1].wording) == (now + timedelta(minutes=5), CONSENT_WORDING)
    assert events[-2:] == ["consent.withdraw.notes", "consent.give.notes"]
    assert "Since 4 May 2026" in alice.get("/sharing").words()


def test_giving_asks_once_more_who_it_is_and_taking_back_does_not(client_as, cast, clock_at):
    clock_at(now := datetime(2026, 5, 4, 9, tzinfo=UTC))
    alice = client_as("alice")
    clock_at(now + timedelta(minutes=11))
    assert alice.post(f"/sharing/{cast.bob.uuid}/consents/end", {"kind": "notes"}).location.startswith(
        "/sharing"
    )
    answer = alice.post(f"/sharing/{cast.bob.uuid}/consents", {"kind": "notes"})
    assert answer.status == 303 and answer.location.startswith("/prove")
    with db.read() as s:
        assert not [
            c for c in stored(s, Consent, staff_id=cast.bob.id, kind="notes") if c.withdrawn_at is None
        ]


def test_giving_twice_is_once(client_as, cast):
    alice = client_as("alice")
    for _ in range(2):
        alice.post(f"/sharing/{cast.bob.uuid}/consents", {"kind": "scores"})
    with db.read() as s:
        assert len(stored(s, Consent, staff_id=cast.bob.id, kind="scores")) == 1


def test_htmx_gets_the_card(client_as, cast):
    page = client_as("alice").post(f"/sharing/{cast.bob.uuid}/consents/end", {"kind": "scores"}, htmx=True)
    assert page.status == 200 and "<html" not in page.text
    assert switch(page, cast.bob, "scores").get("aria-checked") == "false"
    assert "Cora" not in page.text


def test_everything_hidden_at_once(client_as, cast):
    alice, bob = client_as("alice"), client_as("bob")
    assert bob.get(f"/patients/{cast.alice.uuid}").status == 200
    page = alice.post(
        f"/sharing/{cast.bob.uuid}/consents/end", {"kind": [str(kind) for kind in Kind]}, htmx=True
    )
    assert {b.get("aria-checked") for b in page.all("button", role="switch")} == {"false"}
    assert bob.get(f"/patients/{cast.alice.uuid}").status == 404


@pytest.mark.parametrize("kind", ["", "all", "cover", "SCORES"])
def test_a_kind_that_is_none_changes_nothing(client_as, cast, kind):
    alice = client_as("alice")
    for path in ("consents", "consents/end"):
        assert alice.post(f"/sharing/{cast.bob.uuid}/{path}", {"kind": kind}).status == 404
    with db.read() as s:
        assert len([c for c in stored(s, Consent, staff_id=cast.bob.id) if c.withdrawn_at is None]) == 5


def test_somebody_who_is_not_of_the_team_is_not_there(client_as, cast):
    alice = client_as("alice")
    for person in (cast.erin, cast.dana, cast.alice, cast.charlie):
        assert alice.post(f"/sharing/{person.uuid}/consents", {"kind": "scores"}).status == 404
    with db.read() as s:
        assert not stored(s, Consent, patient_id=cast.alice.id, staff_id=cast.erin.id)


def test_without_a_team_it_says_so(client_as, cast):
    dana = client_as("dana")
    for row in dana.get("/clinic").all("form"):
        if (row.get("action") or "").startswith("/clinic/care-links/"):
            assert dana.post(row.get("action")).status == 303
    assert "nobody sees anything" in client_as("alice").get("/sharing").words()


def test_how_long_the_clinic_keeps_it(client_as, cast):
    assert "keeps your record" not in client_as("alice").get("/sharing").words()
    dana = client_as("dana")
    assert dana.post("/clinic/retention", {"months": "96"}).status == 303
    words = client_as("alice").get("/sharing").words()
    assert "Harbour Pain Clinic keeps your record for 96 months" in words and "a month before" in words
    assert "keeps your record" not in client_as("charlie").get("/sharing").words()
    assert dana.post("/clinic/retention", {"months": ""}).status == 303
    with db.read() as s:
        assert s.get_one(Clinic, cast.dana.clinic_id).retention_months is None


@pytest.mark.parametrize("months", ["0", "-3", "601", "eight", "1.5", "99999999999"])
def test_months_that_are_none(client_as, months):
    page = client_as("dana").post("/clinic/retention", {"months": months})
    assert page.status == 422 and page.error_of("months")
    assert page.one("input", id="months").get("value") == months


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie", "erin"])
def test_strangers_set_no_months(client_as, who):
    assert client_as(who).post("/clinic/retention", {"months": "12"}).status == 404


def test_more_leads_there(client_as):
    assert client_as("alice").get("/more").all("a", href="/sharing")
    assert not client_as("bob").get("/more").all("a", href="/sharing")
