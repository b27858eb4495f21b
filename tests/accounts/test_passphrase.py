"""A change of passphrase asks for the present one, ends the other sessions, and refuses common ones."""

import pytest
from sqlmodel import select

from diary import db
from diary.accounts import actions
from diary.accounts.models import Person
from diary.accounts.rules import passphrase_problem
from tests.conftest import PRODUCTION_HASHER
from tests.people import PASSPHRASE

NEW = "eleven herons by the weir"


def change(client, current=PASSPHRASE, passphrase=NEW, again=NEW):
    return client.post("/passphrase", {"current": current, "passphrase": passphrase, "again": again})


def test_the_new_one_works_and_other_devices_are_signed_out(client_as):
    here, elsewhere = client_as("alice"), client_as("alice")
    assert elsewhere.get("/more").status == 200
    assert change(here).status == 303
    assert here.get("/more").status == 200
    assert elsewhere.get("/more").status == 303
    entered = client_as().post("/sign-in", {"email": "alice@example.org", "passphrase": NEW})
    assert entered.status == 303


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"current": "something else"}, "current", "not your present"),
        ({"passphrase": "short", "again": "short"}, "passphrase", "at least 10"),
        ({"passphrase": "password1234", "again": "password1234"}, "passphrase", "guessed first"),
        ({"again": "eleven herons"}, "again", "not the same"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client_as, typed, field, words):
    answer = change(client_as("alice"), **typed)
    assert answer.status == 422
    assert words in answer.error_of(field)


@pytest.mark.parametrize(
    "passphrase", ["1234567890", "aaaaaaaaaaaa", "abcdefghijkl", "qwertyuiop", "iloveyou123"]
)
def test_common_passphrases_are_refused(passphrase):
    assert passphrase_problem(passphrase)


@pytest.mark.parametrize(
    "passphrase", ["seven quiet waves", "ünïcödé überall", "correct horse battery", "0a1b2c3d4e5f"]
)
def test_no_rules_of_composition(passphrase):
    assert passphrase_problem(passphrase) is None


def test_nobody_signed_out_gets_there(client_as):
    assert client_as().get("/passphrase").status == 303
    assert client_as().post("/passphrase", {}).status == 303


def test_the_product_hashes_at_the_cost_that_rfc_9106_recommends(client_as, cast, monkeypatch):
    """The other tests hash cheaply: here is what the product starts with."""
    monkeypatch.setattr(actions, "hasher", PRODUCTION_HASHER)
    assert change(client_as("alice")).status == 303
    with db.read() as s:
        kept = s.exec(select(Person.passphrase_hash).where(Person.id == cast.alice.id)).one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    monkeypatch.undo()
    entered = client_as().post("/sign-in", {"email": "alice@example.org", "passphrase": NEW})
    assert entered.status == 303, "a hash says its own cost"
