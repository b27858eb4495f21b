"""/erase: what goes and stays is said, a word and a fresh proof are asked, and then nobody is signed in any more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from diary import db
from diary.accounts.models import LoginSession, Person
from diary.careteam.models import Clinic, Membership, Notice
from diary.entries.models import Entry
from diary.records import worker
from diary.safety.actions import open_flag
from tests import factories

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def is_erased(one) -> bool:
    with db.read_anew() as s:
        return s.get_one(Person, one.id).erased_at is not None


def test_the_page_says_what_goes_and_what_stays(client_as, cast, written):
    with written() as s:
        for day in (1, 4):
            factories.infusion(s, cast.alice, date(2026, 3, day))
    page = client_as("alice").get("/erase")
    assert page.status == 200
    words = page.words()
    assert "2 infusions" in words and "Harbour Pain Clinic" in words and "35 days" in words
    assert page.one("input", name="word") is not None


def test_it_goes_at_once_and_for_good(client_as, cast, written):
    with written() as s:
        factories.entry(s, cast.alice, date(2026, 3, 10), pain=4, note="Herons")
    alice, elsewhere = client_as("alice"), client_as("alice")
    answer = alice.post("/erase", {"word": " Erase "})
    assert (answer.status, answer.location) == (303, "/erased")
    assert answer.headers["Clear-Site-Data"] == '"cookies", "storage"'
    assert alice.get("/erased").status == 200
    for client in (alice, elsewhere):
        assert client.get("/today").location.startswith("/sign-in")
    with db.read_anew() as s:
        assert s.scalars(select(Entry).where(Entry.person_id == cast.alice.id)).all() == []
        assert all(s.scalars(select(LoginSession.revoked).where(LoginSession.person_id == cast.alice.id)))
    assert worker.listed(worker.list_path()) == {cast.alice.uuid}


def test_another_phone_is_told_to_forget_what_waits_too(client_as, cast):
    phone = client_as("alice")
    client_as("alice").post("/erase", {"word": "erase"})
    answer = phone.http.get("/api/v1/sync/days", headers={"Neap-Client": "1"})
    assert (answer.status_code, answer.json) == (401, {"error": "signed_out", "wipe": True, "erased": True})


def test_who_cared_and_the_admin_are_told_without_a_name(client_as, cast):
    client_as("alice").post("/erase", {"word": "erase"})
    with db.read_anew() as s:
        told = s.scalars(select(Notice.person_id).where(Notice.kind == "erased")).all()
    assert sorted(told) == sorted([cast.bob.id, cast.cora.id, cast.dana.id])
    page = client_as("bob").get("/patients").text
    assert "A patient of Harbour Pain Clinic was erased" in page
    assert "Alice" not in page
    assert client_as("bob").get(f"/patients/{cast.alice.uuid}").status == 404


@pytest.mark.parametrize("word", ["", "no", "erase everything", "delete"])
def test_another_word_changes_nothing_and_stands_there_again(client_as, cast, word):
    page = client_as("alice").post("/erase", {"word": word})
    assert page.status == 422
    assert page.one("input", name="word").get("value") == word
    assert "Please type the word erase" in page.words()
    assert not is_erased(cast.alice)


def test_who_did_not_prove_it_lately_is_asked_first(client_as, cast, clock_at):
    alice = client_as("alice")
    clock_at(datetime.now(UTC) + timedelta(minutes=11))
    assert alice.post("/erase", {"word": "erase"}).location.startswith("/prove")
    assert not is_erased(cast.alice)


def test_a_live_flag_comes_first_with_the_number_to_call(client_as, cast, written):
    with written() as s:
        open_flag(s, factories.access.OPERATOR, cast.alice.id, "fall", "a fall", NOW, NOW)
        s.get_one(Clinic, cast.alice.clinic_id).phone = "020 7946 0321"
    page = client_as("alice").post("/erase", {"word": "erase"})
    assert page.status == 422
    assert page.one("a", href="tel:02079460321") is not None
    assert not page.all("input", name="word")
    assert not is_erased(cast.alice)


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_are_sent_to_their_admin(client_as, cast, who):
    page = client_as(who).post("/erase", {"word": "erase"})
    assert page.status == 422 and "You work at a clinic here" in page.words()
    assert not is_erased(getattr(cast, who))


def test_who_was_not_confirmed_waits(client_as, cast, written):
    with written() as s:
        row = s.scalars(select(Membership).where(Membership.person_id == cast.alice.id)).one()
        row.accepted_at, row.confirmed_at = NOW, None
        s.add(row)
        factories.infusion(s, cast.alice, date(2026, 3, 4))
    assert "1 infusion" not in client_as("alice").get("/erase").words()
    page = client_as("alice").post("/erase", {"word": "erase"})
    assert page.status == 422 and "has not confirmed yet" in page.words()
    assert not is_erased(cast.alice)


def test_nor_does_it_help_that_the_membership_ended(client_as, cast, written):
    with written() as s:
        row = s.scalars(select(Membership).where(Membership.person_id == cast.alice.id)).one()
        row.accepted_at, row.confirmed_at, row.ended_at = NOW, None, NOW
        s.add(row)
    page = client_as("alice").post("/erase", {"word": "erase"})
    assert page.status == 422 and "has not confirmed yet" in page.words()
    assert not is_erased(cast.alice)


def test_a_stranger_erases_nobody_else(client_as, cast):
    assert (
        client_as("charlie").post("/erase", {"word": "erase", "person": str(cast.alice.uuid)}).status == 422
    )
    assert client_as("charlie").post("/erase", {"word": "erase"}).status == 303
    assert is_erased(cast.charlie) and not is_erased(cast.alice)


def test_signed_out(client_as, cast):
    assert client_as().get("/erase").status == 303
    assert client_as().post("/erase", {"word": "erase"}).status == 303


def test_who_has_left_can_still_erase(client_as, cast, written):
    with written() as s:
        row = s.scalars(select(Membership).where(Membership.person_id == cast.alice.id)).one()
        row.ended_at = NOW
        s.add(row)
    alice = client_as("alice")
    assert alice.get("/more").one("a", href="/erase") is not None
    assert alice.post("/erase", {"word": "erase"}).location == "/erased"
    assert is_erased(cast.alice)


def test_a_list_that_can_not_be_written_is_made_whole_later(client_as, cast, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(worker, "put_list", full)
        assert client_as("alice").post("/erase", {"word": "erase"}).location == "/erased"
    assert is_erased(cast.alice) and worker.listed(worker.list_path()) == set()
    assert worker.sweep(datetime.now(UTC))["erased_listed"] == 1
    assert worker.listed(worker.list_path()) == {cast.alice.uuid}


def full(*_args):
    raise OSError(28, "No space left on device")


def gone(*_args):
    raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))


def test_a_store_that_fails_right_after_it_still_empties_this_phone(client_as, cast, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(worker, "finish", gone)
        answer = client_as("alice").post("/erase", {"word": "erase"})
    assert (answer.status, answer.headers["Clear-Site-Data"]) == (303, '"cookies", "storage"')
    assert is_erased(cast.alice)
