"""/email: another address counts once its own mail was opened; the old one is told."""

from datetime import timedelta

import pytest

from diary import db
from diary.accounts.models import AccountMail, Person
from diary.accounts.queries import person_by_email
from diary.lib import clock
from tests.accounts.ways import Mails, by_passphrase
from tests.conftest import stored
from tests.people import PASSPHRASE

NEW = "alice@new.example"


@pytest.fixture(autouse=True)
def _still(clock_at):
    clock_at(clock.now())


def asked(client_as, email=NEW) -> Mails:
    assert client_as("alice").post("/email", {"email": email}).location == "/signing-in?saved=mailed"
    return Mails().go()


def test_it_counts_once_the_link_in_its_own_mail_is_opened(client_as, cast):
    box = asked(client_as)
    assert [to for to, _ in box.sent] == [NEW]
    nobody, path = client_as(), box.link()
    assert nobody.get(path).one("form", action=path) is not None
    assert by_passphrase(client_as(), cast.alice).status == 303, "a look changes nothing"
    assert nobody.post(path).status == 303
    assert by_passphrase(client_as(), cast.alice).status == 422
    assert client_as().post("/sign-in", {"email": NEW, "passphrase": PASSPHRASE}).status == 303
    told = Mails().go().sent
    assert (cast.alice.email, "email_changed") in [(to, letter.kind) for to, letter in told]
    with db.read() as s:
        person = s.get_one(Person, cast.alice.id)
        assert person.email == NEW and person_by_email(s, NEW).id == person.id
        assert all(mail.to_sealed is None for mail in stored(s, AccountMail)), (
            "an address is kept until it is used"
        )


def test_a_link_of_before_for_the_passphrase_ends_with_it(client_as, cast):
    client_as().post("/forgotten", {"email": cast.alice.email})
    old = Mails().go().link()
    client_as().post(asked(client_as).link())
    assert client_as().get(old).status == 404


def test_an_address_that_somebody_has_gets_no_mail_and_nobody_is_told(client_as, cast):
    assert asked(client_as, cast.charlie.email).sent == []


def test_one_that_was_taken_meanwhile_is_not_given_twice(client_as, cast):
    path = asked(client_as).link()
    with db.write() as s:
        from diary.accounts.actions import change_email

        change_email(s, s.get_one(Person, cast.charlie.id), NEW, clock.now())
    assert client_as().post(path).status == 404
    assert by_passphrase(client_as(), cast.alice).status == 303


@pytest.mark.parametrize("why", ["used", "expired", "altered", "other_purpose"])
def test_a_link_that_does_not_work(client_as, clock_at, why):
    path = asked(client_as).link()
    if why == "used":
        client_as().post(path)
    elif why == "expired":
        clock_at(clock.now() + timedelta(hours=1))
    else:
        path = path[:-1] + "~" if why == "altered" else path.replace("/new-email/", "/reset/")
    assert client_as().get(path).status == 404
    assert (
        client_as().post(path, {"passphrase": "another good phrase"} if "reset" in path else None).status
        == 404
    )


@pytest.mark.parametrize("email", ["", "x", "a@b.example\nBcc: c@d.example", "alice@example.org"])
def test_what_can_not_be_the_new_one(client_as, email):
    answer = client_as("alice").post("/email", {"email": email})
    assert answer.status == 422 and answer.error_of("email")


def test_nobody_gets_there(client_as):
    assert client_as().get("/email").location.startswith("/sign-in")
    assert client_as().post("/email", {"email": NEW}).location.startswith("/sign-in")
