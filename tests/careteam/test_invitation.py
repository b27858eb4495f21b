"""Invitations: single use, seven days, hashed; accepting one gives consent to the care team there is."""

from datetime import timedelta

import pytest

from diary import db
from diary.accounts.queries import person_by_email
from diary.careteam import access, actions
from diary.careteam.models import Clinic, Consent, Invitation
from diary.careteam.rules import Role
from diary.lib import clock
from tests.conftest import stored

ACCEPTED = {"name": "Noor Haddad", "zone": "Europe/Paris", "passphrase": "eleven herons by the weir"}


@pytest.fixture
def token(app, cast):
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        token = actions.invite(
            s, access.OPERATOR, clinic, "noor@example.org", Role.PATIENT, clock.now(), name="Noor"
        )
        person = person_by_email(s, "noor@example.org")
        actions.link(s, access.OPERATOR, clinic.id, person.id, cast.bob.id, clock.now())
    return token


def test_the_page_says_who_will_see_what(client_as, token):
    page = client_as().get(f"/invitations/{token}")
    assert page.status == 200
    assert "Dr Bob Ansah" in page.text
    assert len(page.all("input", name="consent", type="checkbox")) == 5
    assert not [box for box in page.all("input", name="consent") if box.get("checked") is not None]


def test_accepting_signs_in_and_gives_the_chosen_consent(client_as, token, cast):
    client = client_as()
    answer = client.post(f"/invitations/{token}", {**ACCEPTED, "consent": ["scores", "infusions"]})
    assert (answer.status, answer.location) == (303, "/today")
    with db.read() as s:
        person = person_by_email(s, "noor@example.org")
        assert (person.name, person.zone) == ("Noor Haddad", "Europe/Paris")
        given = {(c.staff_id, c.kind) for c in stored(s, Consent, patient_id=person.id)}
    assert given == {(cast.bob.id, "scores"), (cast.bob.id, "infusions")}


def test_a_link_works_once(client_as, token):
    assert client_as().post(f"/invitations/{token}", ACCEPTED).status == 303
    assert client_as().get(f"/invitations/{token}").status == 404
    assert client_as().post(f"/invitations/{token}", ACCEPTED).status == 404


def test_a_link_ends_after_seven_days(client_as, token, clock_at):
    clock_at(clock.now() + timedelta(days=7, seconds=1))
    assert client_as().get(f"/invitations/{token}").status == 404


def test_a_made_up_link_is_not_there(client_as):
    assert client_as().get("/invitations/" + "x" * 43).status == 404


@pytest.mark.parametrize("spoil", ["last letter", "first letter", "case", "shorter", "longer", "newline"])
def test_an_altered_link_is_not_there_and_uses_nothing_up(client_as, token, spoil):
    other = {
        "last letter": token[:-1] + ("A" if token[-1] != "A" else "E"),
        "first letter": ("A" if token[0] != "A" else "E") + token[1:],
        "case": token.swapcase(),
        "shorter": token[:-1],
        "longer": token + "A",
        "newline": token + "%0D%0A",
    }[spoil]
    assert client_as().get(f"/invitations/{other}").status == 404
    assert client_as().post(f"/invitations/{other}", ACCEPTED).status == 404
    assert client_as().post(f"/invitations/{other}/challenge", ACCEPTED).status == 404
    assert client_as().post(f"/invitations/{token}", ACCEPTED).status == 303


def test_only_the_hash_is_kept(app, token):
    with db.read() as s:
        (row,) = stored(s, Invitation)
    assert token.encode() not in row.token_hash


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"zone": "Atlantis/Sunk"}, "zone"),
        ({"passphrase": "short"}, "passphrase"),
    ],
)
def test_bad_input_is_said_at_its_field_and_nothing_typed_is_lost(client_as, token, typed, field):
    answer = client_as().post(f"/invitations/{token}", {**ACCEPTED, "consent": ["notes"], **typed})
    assert answer.status == 422
    assert answer.error_of(field)
    (box,) = answer.all("input", name="consent", value="notes")
    assert box.get("checked") is not None
    assert client_as().get(f"/invitations/{token}").status == 200


def test_an_unknown_kind_and_an_unknown_field_are_refused(client_as, token):
    assert client_as().post(f"/invitations/{token}", {**ACCEPTED, "consent": ["all"]}).status == 422
    assert client_as().post(f"/invitations/{token}", {**ACCEPTED, "role": "admin"}).status == 422
