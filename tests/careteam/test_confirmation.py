"""A forwarded invitation: what was recorded before stays hidden until the clinic says who it is."""

import re
from datetime import date, timedelta

import pytest

from diary import db
from diary.accounts.models import Person
from diary.accounts.queries import person_by_email
from diary.careteam import access, actions
from diary.careteam.models import Clinic
from diary.careteam.rules import Role
from diary.lib import clock
from diary.lib.words import date_full
from tests import factories
from tests.people import Someone

ACCEPTED = {"name": "Noor Haddad", "zone": "Europe/Paris", "passphrase": "eleven herons by the weir"}
BEFORE, NOTE = timedelta(days=3), "written before anybody accepted"


@pytest.fixture
def noor(app, cast):
    """(token of her invitation, her row): two days ago somebody recorded a day and an infusion for her."""
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        token = actions.invite(
            s, access.OPERATOR, clinic, "noor@example.org", Role.PATIENT, clock.now(), name="Noor Known"
        )
        person = person_by_email(s, "noor@example.org")
        someone = Someone(person.id, person.uuid, "noor@example.org", "Noor Known", "patient", clinic.id)
    with db.write() as s:
        factories.entry(s, someone, a_day_before(), pain=7, note=NOTE, note_private="no")
        factories.infusion(s, someone, a_day_before(), dose_mg=41)
    return token, someone


def a_day_before() -> date:
    return clock.diary_day(clock.now(), "Europe/London") - BEFORE


def test_the_link_itself_shows_nothing(client_as, noor):
    page = client_as().get(f"/invitations/{noor[0]}")
    assert "Noor Known" not in page.text and NOTE not in page.text


def test_what_was_there_before_opens_with_the_confirmation(client_as, noor, clock_at):
    token, person = noor
    clock_at(clock.now() + timedelta(minutes=1))
    stranger = client_as()
    assert stranger.post(f"/invitations/{token}", ACCEPTED).status == 303
    day = f"/days/{a_day_before()}"
    assert stranger.get(day).status == 404
    for path in ("/story", "/story?span=all&table=1", "/infusions", "/today"):
        page = stranger.get(path)
        assert page.status == 200 and NOTE not in page.text, path
        assert date_full(a_day_before()) not in page.text, path
    refused = stranger.post(day, {"pain": "2", "base": ""})
    assert refused.status in (404, 422)
    assert stranger.post("/today", {"pain": "2", "base": ""}).status == 303, "her own days she writes at once"
    assert "2" in stranger.get("/story?table=1").text

    dana = client_as("dana")
    assert "is it them?" in dana.get("/clinic").text
    assert dana.post(f"/clinic/people/{person.uuid}/confirmation").status == 303
    assert "is it them?" not in dana.get("/clinic").text
    assert NOTE in stranger.get(day).text
    assert date_full(a_day_before()) in stranger.get("/infusions").text


def test_who_was_confirmed_before_the_link_was_used_is_not_confirmed(client_as, noor, cast, clock_at):
    """It says nothing of whoever holds a forwarded link."""
    token, person = noor
    with db.write() as s:
        actions.confirm_person(s, viewer_of_dana(s, cast), person.clinic_id, person.uuid, clock.now())
    clock_at(clock.now() + timedelta(minutes=1))
    stranger = client_as()
    assert stranger.post(f"/invitations/{token}", ACCEPTED).status == 303
    assert stranger.get(f"/days/{a_day_before()}").status == 404


def viewer_of_dana(s, cast):
    return access.viewer_of(s, s.get_one(Person, cast.dana.id))


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie"])
def test_strangers_confirm_nobody(client_as, noor, who):
    assert client_as(who).post(f"/clinic/people/{noor[1].uuid}/confirmation").status == 404


def test_an_admin_confirms_nobody_of_another_clinic(client_as, cast):
    assert client_as("dana").post(f"/clinic/people/{cast.charlie.uuid}/confirmation").status == 404


def test_an_admin_does_not_take_over_another_clinics_invitation(client_as, cast):
    """Whoever holds a link of the clinic that came first sets the passphrase; a later clinic's link only joins."""
    with db.write() as s:
        clinic = s.get(Clinic, cast.charlie.clinic_id)
        token = actions.invite(s, access.OPERATOR, clinic, "doc@example.org", Role.CLINICIAN, clock.now())
    typed = {"email": "doc@example.org", "name": "Doc", "role": "clinician", "born_on": ""}
    page = client_as("dana").post("/clinic/invitations", typed)
    (url,) = set(re.findall(r"/invitations/[\w-]{43}", page.text))
    assert client_as().post(url, ACCEPTED).status == 404
    assert "Use that link first" in client_as().get(url).words()
    assert client_as().post(f"/invitations/{token}", ACCEPTED).status == 303
