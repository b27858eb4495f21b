"""/invitations/<token> by passkey: the invited patient needs no passphrase, then or later."""

from datetime import timedelta

import pytest

from diary import db
from diary.accounts.actions import is_passphrase_of
from diary.accounts.models import Passkey
from diary.accounts.queries import person_by_email
from diary.accounts.rules import BY_PASSKEY
from diary.careteam import access, actions
from diary.careteam.models import Clinic, Consent
from diary.careteam.rules import Role
from diary.lib import clock
from tests.accounts.keys import Key, sign_in
from tests.conftest import stored

FORM = {"name": "Noor Haddad", "zone": "Europe/Paris", "consent": ["scores"]}


def invited(cast, role=Role.PATIENT, email="noor@example.org"):
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        token = actions.invite(s, access.OPERATOR, clinic, email, role, clock.now(), name="Noor")
        if role == Role.PATIENT:
            person = person_by_email(s, email)
            actions.link(s, access.OPERATOR, clinic.id, person.id, cast.bob.id, clock.now())
    return token


def accept(client, token, key, **wrong):
    options = client.post(f"/invitations/{token}/challenge", FORM).response.get_json()
    answer = key.make(options, **wrong)
    return client.post(
        f"/invitations/{token}", {**FORM, "passphrase": "", "way": "passkey", "answer": answer}
    )


def noor():
    with db.read() as s:
        return person_by_email(s, "noor@example.org")


@pytest.fixture
def hers(client_as, cast):
    client, key = client_as(), Key()
    answer = accept(client, invited(cast), key)
    assert (answer.status, answer.location) == (303, "/today")
    return client, key


@pytest.mark.both
def test_she_comes_in_with_it_alone_and_no_passphrase_opens(client_as, cast, hers):
    _, key = hers
    with db.read() as s:
        assert {(c.staff_id, c.kind) for c in stored(s, Consent, patient_id=noor().id)} == {
            (cast.bob.id, "scores")
        }
    assert sign_in(client_as(), key).location == "/today"
    for typed in (BY_PASSKEY, "eleven herons by the weir"):
        assert not is_passphrase_of(noor(), typed)
        assert client_as().post("/sign-in", {"email": "noor@example.org", "passphrase": typed}).status == 422


def test_the_work_for_her_is_that_of_any_sign_in(hers, monkeypatch):
    from diary.accounts import actions as accounts

    done = []
    real = accounts.hasher.verify
    monkeypatch.setattr(
        type(accounts.hasher), "verify", lambda self, kept, typed: done.append(kept) or real(kept, typed)
    )
    is_passphrase_of(noor(), "eleven herons by the weir")
    assert len(done) == 1 and done[0].startswith("$argon2id$")


def test_the_phone_is_asked_for_a_key_that_signs_in_by_itself(client_as, cast):
    options = client_as().post(f"/invitations/{invited(cast)}/challenge", FORM).response.get_json()
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["user"]["displayName"] == "Noor Haddad"


def test_nothing_is_asked_of_the_phone_before_the_rest_is_right(client_as, cast):
    client, token = client_as(), invited(cast)
    assert client.post(f"/invitations/{token}/challenge", {**FORM, "name": ""}).status == 422
    answer = client.post(f"/invitations/{token}", {**FORM, "name": "", "way": "passkey"})
    assert answer.status == 422 and answer.error_of("name")
    assert "No passkey was made" not in answer.text, "none was asked for"
    answer = client.post(f"/invitations/{token}", {**FORM, "way": "passkey"})
    assert "choose a passphrase" in answer.error_of("passphrase")


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example"}, {"site": "evil.example"}, {"challenge": "AAAA"}]
)
def test_an_answer_of_elsewhere_uses_nothing_up(client_as, cast, wrong):
    client, token = client_as(), invited(cast)
    answer = accept(client, token, Key(), **wrong)
    assert answer.status == 422 and "No passkey" in answer.error_of("passphrase")
    assert not noor().passphrase_hash
    assert accept(client, token, Key()).status == 303


def test_a_phone_that_did_not_check_its_holder_is_refused(client_as, cast, monkeypatch):
    monkeypatch.setattr("tests.accounts.keys.VERIFIED", 0)
    assert accept(client_as(), invited(cast), Key()).status == 422


def test_a_challenge_is_for_one_browser_one_invitation_and_once(client_as, cast, hers):
    client, key = client_as(), Key()
    first, second = invited(cast, email="ola@example.org"), invited(cast, email="pia@example.org")
    options = client.post(f"/invitations/{first}/challenge", FORM).response.get_json()
    sent = {**FORM, "way": "passkey", "answer": key.make(options)}
    assert client_as().post(f"/invitations/{first}", sent).status == 422  # another browser
    assert client.post(f"/invitations/{second}", sent).status == 422  # another invitation
    assert client.post(f"/invitations/{first}", sent).status == 422  # used up by that
    _, kept = hers  # a key that is here already: neither of the two is changed
    options = client.post(f"/invitations/{first}/challenge", FORM).response.get_json()
    assert client.post(f"/invitations/{first}", {**sent, "answer": kept.make(options)}).status == 422
    with db.read() as s:
        assert len(stored(s, Passkey)) == 1


def test_staff_used_dead_and_made_up_links_get_no_challenge(client_as, cast, hers):
    coach = invited(cast, Role.COACH, "cato@example.org")
    assert client_as().post(f"/invitations/{coach}/challenge", FORM).status == 404
    assert "webkey" not in client_as().get(f"/invitations/{coach}").text
    assert client_as().post(f"/invitations/{'x' * 43}/challenge", FORM).status == 404
    with db.write() as s:  # of somebody who has an account: they join, signed in as themselves
        clinic = s.get(Clinic, cast.charlie.clinic_id)
        joins = actions.invite(s, access.OPERATOR, clinic, cast.alice.email, Role.PATIENT, clock.now())
    assert client_as().post(f"/invitations/{joins}/challenge", FORM).status == 404


def test_a_missing_passphrase_is_no_passphrase(client_as, cast):
    answer = client_as().post(f"/invitations/{invited(cast)}", FORM)
    assert answer.status == 422 and "at least 10" in answer.error_of("passphrase")


def test_her_only_way_in_is_not_removed(client_as, hers):
    client, _ = hers
    with db.read() as s:
        (kept,) = stored(s, Passkey)
    answer = client.post(f"/passkeys/{kept.uuid}/removal")
    assert answer.status == 422 and "only way" in answer.text
    assert "Set a passphrase" in client.get("/passphrase").text
    new = {"passphrase": "eleven herons by the weir", "again": "eleven herons by the weir"}
    assert client.post("/passphrase", new).status == 303
    assert (
        client_as().post("/sign-in", {"email": "noor@example.org", "passphrase": new["passphrase"]}).status
        == 303
    )
    assert client.post(f"/passkeys/{kept.uuid}/removal").status == 303


def test_a_first_passphrase_asks_for_a_fresh_proof(client_as, hers, clock_at):
    client, _ = hers
    clock_at(clock.now() + timedelta(minutes=11))
    new = {"passphrase": "eleven herons by the weir", "again": "eleven herons by the weir"}
    assert client.post("/passphrase", new).location.startswith("/prove")
    assert not noor().has_passphrase
    asked = client.get("/prove")
    assert not asked.all("input", name="passphrase") and "Your passkey is not here?" in asked.text
