"""Somebody who has an account already joins one more clinic as themselves; nobody else can by their link."""

import re

import pytest

from diary import db
from diary.accounts.models import LoginSession, Person
from diary.careteam.models import Consent, Invitation, Membership
from tests.conftest import stored

CHARLIE = {"email": "charlie@example.org", "name": "C. Boone", "role": "patient", "born_on": ""}
ERIN = {"email": "erin@example.org", "name": "Erin V.", "role": "coach", "born_on": ""}
ACCEPTED = {"name": "Mallory", "zone": "Europe/Paris", "passphrase": "eleven herons by the weir"}


def invited(client, typed) -> str:
    page = client.post("/clinic/invitations", typed)
    assert page.status == 200, page.words()
    (url,) = set(re.findall(r"/invitations/[\w-]{43}", page.text))
    return url


def roles(person) -> set:
    with db.read() as s:
        return {
            (m.clinic_id, m.role) for m in stored(s, Membership, person_id=person.id) if m.ended_at is None
        }


def test_they_become_one_by_accepting(client_as, cast):
    url = invited(client_as("dana"), CHARLIE)
    assert roles(cast.charlie) == {(cast.charlie.clinic_id, "patient")}, "not before they accept"
    charlie, elsewhere = client_as("charlie"), client_as("charlie")
    page = charlie.get(url)
    assert "You are signed in as Charlie Boone" in page.words()
    answer = charlie.post(f"{url}/joining")
    assert (answer.status, answer.location) == (303, "/sharing")
    assert roles(cast.charlie) == {(cast.charlie.clinic_id, "patient"), (cast.dana.clinic_id, "patient")}
    assert charlie.get("/sharing").status == 200, "signed in anew"
    assert elsewhere.get("/today").status == 303, "and out elsewhere"
    with db.read() as s:
        assert not stored(s, Consent, patient_id=cast.charlie.id, staff_id=cast.bob.id)
        assert s.get_one(Person, cast.charlie.id).name == "Charlie Boone"
    assert charlie.post(f"{url}/joining").status == 404, "once only"


def test_what_they_wrote_before_stays_theirs_to_read(client_as, cast):
    """Only a new account has to be confirmed: this one proved who they are by signing in."""
    url, charlie = invited(client_as("dana"), CHARLIE), client_as("charlie")
    charlie.post("/today", {"pain": "4", "base": ""})
    charlie.post(f"{url}/joining")
    assert "is it them?" not in client_as("dana").get("/clinic").words()
    assert charlie.get("/story?table=1").status == 200


def test_the_page_tells_nobody_elses_name_or_team(client_as, cast):
    url = invited(client_as("dana"), CHARLIE)
    for who in (None, "alice", "bob"):
        words = client_as(who).get(url).words()
        assert "Charlie" not in words and "Boone" not in words and "charlie@" not in words


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "dana", "erin"])
def test_nobody_else_accepts(client_as, cast, who):
    url = invited(client_as("dana"), CHARLIE)
    before = roles(getattr(cast, who))
    assert client_as(who).post(f"{url}/joining").status == 404
    assert roles(getattr(cast, who)) == before
    assert client_as("charlie").post(f"{url}/joining").status == 303, "and the link still works"


def test_the_link_sets_no_passphrase(client_as, cast):
    """Whoever holds the link of somebody with an account can't take the account over."""
    url = invited(client_as("dana"), ERIN)
    with db.read() as s:
        before = s.get_one(Person, cast.erin.id).passphrase_hash
    assert client_as().post(url, ACCEPTED).status == 404
    assert client_as("erin").get(url).status == 200, "and it was not used up"
    with db.read() as s:
        person = s.get_one(Person, cast.erin.id)
        assert (person.passphrase_hash, person.name) == (before, "Dr Erin Vale")
        assert not stored(s, LoginSession, person_id=cast.erin.id, device="")


def test_signed_out_they_are_led_to_sign_in(client_as):
    url = invited(client_as("dana"), CHARLIE)
    page = client_as().get(url)
    assert page.one("a", class_="primary").get("href") == f"/sign-in?next={url}"
    assert client_as().post(f"{url}/joining").status == 303


def test_an_invitation_that_another_clinic_made_is_untouched(client_as, cast):
    first = invited(client_as("dana"), CHARLIE)
    with db.write() as s:
        from diary.careteam import access, actions
        from diary.careteam.models import Clinic
        from diary.lib import clock

        other = s.get_one(Clinic, cast.erin.clinic_id)
        actions.invite(s, access.OPERATOR, other, "charlie@example.org", "coach", clock.now())
    assert client_as("charlie").post(f"{first}/joining").status == 303


def test_whoever_has_the_role_already_is_not_invited_again(client_as):
    typed = {"email": "alice@example.org", "name": "Alice", "role": "patient", "born_on": ""}
    page = client_as("dana").post("/clinic/invitations", typed)
    assert page.status == 422 and "a patient of this clinic already" in page.error_of("email")


def test_the_same_person_in_another_role(client_as, cast):
    typed = {"email": "bob@example.org", "name": "Bob", "role": "patient", "born_on": ""}
    url, bob = invited(client_as("dana"), typed), client_as("bob")
    assert bob.post(f"{url}/joining").location == "/sharing"
    assert roles(cast.bob) == {(cast.bob.clinic_id, "clinician"), (cast.bob.clinic_id, "patient")}
    assert bob.get("/patients").status == 200 and bob.get("/today").status == 200


def test_waiting_shows_what_the_admin_typed_and_not_who_it_is(client_as):
    dana = client_as("dana")
    invited(dana, CHARLIE)
    words = dana.get("/clinic").words()
    assert "C. Boone" in words and "Charlie" not in words


def test_a_used_link_of_an_ended_invitation(client_as, cast):
    dana = client_as("dana")
    url = invited(dana, CHARLIE)
    with db.read() as s:
        (row,) = stored(s, Invitation, person_id=cast.charlie.id)
    assert dana.post(f"/waiting/{row.uuid}/end").location == "/clinic?saved=uninvited"
    assert client_as("charlie").get(url).status == 404
    assert dana.post(f"/waiting/{row.uuid}/end").status == 404
