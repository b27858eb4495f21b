"""Invitations that wait: printed with a QR code, made again, ended; coaches and clinicians invite patients."""

import re

import pytest

from diary import db
from diary.accounts.queries import person_by_email
from diary.careteam.models import CareLink, Invitation, Membership
from tests.conftest import stored

NOOR = {"email": "noor@example.org", "name": "Noor Haddad", "born_on": "1980-02-01"}


def link_in(page) -> str:
    (url,) = set(re.findall(r"/invitations/[\w-]{43}", page.text))
    return url


def test_a_clinician_invites_a_patient_and_is_not_linked_by_it(client_as, cast):
    bob = client_as("bob")
    assert bob.get("/patients/new").status == 200
    page = bob.post("/patients/new", NOOR)
    assert page.status == 200
    assert client_as().get(link_in(page)).status == 200
    with db.read() as s:
        person = person_by_email(s, NOOR["email"])
        assert [(m.clinic_id, m.role) for m in stored(s, Membership, person_id=person.id)] == [
            (cast.bob.clinic_id, "patient")
        ]
        assert not stored(s, CareLink, patient_id=person.id)
    waiting = bob.get("/patients").words()
    assert "Waiting" in waiting and "Noor Haddad" in waiting
    assert "Noor Haddad" not in client_as("cora").get("/patients").words(), "each sees their own"
    assert "Noor Haddad" in client_as("dana").get("/clinic").words()


def test_the_sheet_says_nothing_about_health_and_holds_a_code(client_as):
    page = client_as("cora").post("/patients/new", NOOR)
    sheet = page.one("article", class_="letter")
    assert not re.search(r"pain(?! Clinic)|ketamine|symptom|diary", page.words(sheet), re.I)
    assert page.all("svg", class_="qr") and page.headers["Cache-Control"] == "no-store"
    assert link_in(page) in page.words(sheet)


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
def test_strangers_invite_no_patient(client_as, who):
    client = client_as(who)
    assert client.get("/patients/new").status == 404
    assert client.post("/patients/new", NOOR).status == 404


def test_a_role_can_not_be_smuggled_in(client_as):
    page = client_as("bob").post("/patients/new", NOOR | {"role": "admin"})
    with db.read() as s:
        (row,) = stored(s, Invitation)
    assert page.status == 200 and row.role == "patient"


@pytest.mark.parametrize(
    ("typed", "field"), [({"email": "x"}, "email"), ({"name": ""}, "name"), ({"born_on": "x"}, "born_on")]
)
def test_bad_input(client_as, typed, field):
    page = client_as("bob").post("/patients/new", NOOR | typed)
    assert page.status == 422 and page.error_of(field)


def test_made_again_the_old_link_is_dead(client_as):
    bob = client_as("bob")
    first = link_in(bob.post("/patients/new", NOOR))
    with db.read() as s:
        (row,) = stored(s, Invitation)
    second = link_in(bob.post(f"/waiting/{row.uuid}/again"))
    assert [client_as().get(url).status for url in (first, second)] == [404, 200]
    assert "does not work" in client_as().get(first).words()


@pytest.mark.parametrize("who", ["alice", "cora", "charlie", "erin"])
def test_strangers_touch_nobody_elses(client_as, who):
    url = link_in(client_as("bob").post("/patients/new", NOOR))
    with db.read() as s:
        (row,) = stored(s, Invitation)
    for what in ("again", "end"):
        assert client_as(who).post(f"/waiting/{row.uuid}/{what}").status == 404
    assert client_as().get(url).status == 200


def test_the_admin_ends_a_clinicians(client_as):
    url = link_in(client_as("bob").post("/patients/new", NOOR))
    with db.read() as s:
        (row,) = stored(s, Invitation)
    assert client_as("dana").post(f"/waiting/{row.uuid}/end").status == 303
    assert client_as().get(url).status == 404


def test_the_empty_caseload_leads_to_inviting(client_as, cast):
    dana = client_as("dana")
    for form in dana.get("/clinic").all("form"):
        if (form.get("action") or "").startswith("/clinic/care-links/"):
            dana.post(form.get("action"))
    page = client_as("cora").get("/patients")
    assert page.all("a", href="/patients/new")
