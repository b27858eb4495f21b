"""/copy: what is in it, asking, how far it is, and who may."""

from datetime import timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.careteam.models import Membership
from diary.copies.rules import KEPT
from tests.conftest import stored
from tests.copies.asked import NOW, ask, copies, make
from tests.people import PASSPHRASE

HOUR = timedelta(hours=1)


def confirmed(cast, **values):
    """Alice's membership with these moments."""
    with db.write() as s:
        (held,) = stored(s, Membership, person_id=cast.alice.id)
        for name, value in values.items():
            setattr(held, name, value)


def audited(cast) -> list[str]:
    with db.read_anew() as s:
        return [row.action for row in stored(s, AuditEvent, actor_id=cast.alice.id) if "copy" in row.action]


def test_more_leads_there(client_as):
    assert client_as("alice").get("/more").one("a", href="/copy") is not None


def test_nothing_yet(client_as):
    page = client_as("alice").get("/copy")
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    assert "Make a copy" in page.words() and "24 hours" in page.words() and page.all("progress") == []


def test_asking_making_ready(client_as, cast):
    client = client_as("alice")
    assert client.post("/copy").location == "/copy"
    page = client.get("/copy")
    assert page.one("div", id="copies").get("hx-trigger") == "every 2s"
    assert (
        "It begins in a few seconds" in page.words() and page.one("a", class_="btn", href="/copy") is not None
    )
    assert page.all("form", action="/copy") == []
    make()
    part = client.get("/copy", htmx=True)
    (row,) = copies(cast.alice)
    assert part.one("div", id="copies").get("hx-trigger") is None
    assert part.words(part.one("div", id="announce")) == "Your copy is ready."
    assert part.one("a", href=f"/copy/{row.uuid}") is not None and "Make another copy" in part.words()
    assert audited(cast) == ["copy.ask"]


def test_how_far_it_is(client_as, cast, clock_at):
    client = client_as("alice")
    client.post("/copy")
    seen = []

    def look(name: str) -> None:
        if name == "part":
            seen.append(client.get("/copy", htmx=True))

    make(window=look)
    assert "7 of 16 parts are done" in seen[7].words()
    assert (seen[7].one("progress").get("value"), seen[7].one("progress").get("max")) == ("7", "16")


def test_a_second_request_shows_the_one_that_runs(client_as, cast):
    here, there = client_as("alice"), client_as("alice")
    assert here.post("/copy").status == 303 and there.post("/copy").status == 303
    assert len(copies()) == 1 and audited(cast) == ["copy.ask"]


def test_it_takes_longer_than_it_should(client_as, clock_at):
    client = client_as("alice")
    client.post("/copy")
    assert "longer" not in client.get("/copy").words()
    clock_at(NOW + timedelta(minutes=4))
    assert "longer than it should" in client.get("/copy").words()


def test_it_did_not_work_try_again(client_as, monkeypatch):
    from diary.copies import worker

    def broken(*_arguments):
        raise RuntimeError

    client = client_as("alice")
    client.post("/copy")
    with monkeypatch.context() as m:
        m.setattr(worker, "export", broken)
        make()
    page = client.get("/copy")
    assert "could not be made" in page.words(page.one("p", role="alert")) and "Try again" in page.words()
    client.post("/copy")
    assert make() == {"made": 1}
    page = client.get("/copy")
    assert "could not be made" not in page.words() and "Your copy is ready" in page.words()


def test_five_a_day(client_as, cast, clock_at):
    for step in range(5):
        ask(cast, at=NOW - HOUR * (5 - step))
        make(NOW - HOUR * (5 - step))
    client = client_as("alice")
    page = client.get("/copy")
    assert page.all("form", action="/copy") == [] and "31 March 2026, 08:00" in page.words()
    refused = client.post("/copy")
    assert refused.status == 422 and "5 copies" in refused.words(refused.one("p", role="alert"))
    assert len(copies()) == 5
    clock_at(NOW + HOUR * 19)
    assert client_as("alice").post("/copy").status == 303 and len(copies()) == 6


def test_past_its_day_it_is_not_shown(client_as, cast, clock_at):
    ask(cast)
    make()
    clock_at(NOW + KEPT)
    page = client_as("alice").get("/copy")
    assert "Download" not in page.words() and "Make a copy" in page.words()


def test_it_asks_whether_it_is_you(client_as, cast, clock_at):
    client = client_as("alice")
    ask(cast)
    make()
    clock_at(NOW + timedelta(minutes=11))
    page = client.get("/copy")
    assert page.one("a", href="/prove?next=/copy") is not None and str(copies()[0].uuid) not in page.text
    assert client.post("/copy").location == "/prove?next=/copy" and len(copies()) == 1
    sent_on = client.post("/prove", {"passphrase": PASSPHRASE, "next": "/copy"})
    assert sent_on.one("form", action="/copy") is not None
    assert client.post("/copy").location == "/copy" and len(copies()) == 2


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_who_are_no_patients(client_as, who):
    client = client_as(who)
    assert client.get("/copy").status == 404 and client.post("/copy").status == 404 and copies() == []
    assert client.get("/more").all("a", href="/copy") == []


def test_a_stranger_sees_their_own_page_alone(client_as, cast):
    ask(cast)
    make()
    assert str(copies()[0].uuid) not in client_as("charlie").get("/copy").text
    assert client_as().get("/copy").location == "/sign-in?next=/copy"


def test_a_former_patient(client_as, cast):
    confirmed(cast, ended_at=NOW - HOUR)
    client = client_as("alice")
    assert client.get("/more").one("a", href="/copy") is not None
    assert client.post("/copy").status == 303 and make() == {"made": 1}
    assert client.get(f"/copy/{copies()[0].uuid}").status == 200


@pytest.mark.parametrize("ended_at", [None, NOW - HOUR])
def test_whom_nobody_has_confirmed(client_as, cast, ended_at):
    """The link of the invitation may have been forwarded: neither asked for, made, nor fetched."""
    ask(cast)
    make()
    ask(cast)
    confirmed(cast, accepted_at=NOW - 2 * HOUR, ended_at=ended_at)
    client = client_as("alice")
    page = client.get("/copy")
    assert page.status == 200 and "not yet said that it is you" in page.words()
    assert page.all("form", action="/copy") == []
    assert client.post("/copy").status == 422
    assert make() == {"dropped": 1}
    (row,) = copies()
    assert client.get(f"/copy/{row.uuid}").status == 404


def member(cast, **moments):
    """Another membership of Alice's as patient, which has ended."""
    with db.write() as s:
        s.add(
            Membership(clinic_id=cast.charlie.clinic_id, person_id=cast.alice.id, role="patient", **moments)
        )


@pytest.mark.parametrize(
    ("first", "second", "is_sure"),
    [
        # (taken up, confirmed) of two memberships that have ended, in hours before now
        ((9, 8), (5, 4), True),
        ((9, 8), (5, None), False),
        ((9, None), (5, 4), True),
        ((None, None), (5, None), False),
        ((9, None), (None, None), True),
    ],
)
def test_former_patients_of_two_clinics(cast, first, second, is_sure):
    def moments(pair, began):
        taken, sure = pair
        return {
            "began_at": NOW - HOUR * began,
            "accepted_at": NOW - HOUR * taken if taken else None,
            "confirmed_at": NOW - HOUR * sure if sure else None,
            "ended_at": NOW - HOUR,
        }

    confirmed(cast, **moments(first, 10))
    member(cast, **moments(second, 6))
    with db.read_anew() as s:
        alice = access.Viewer(cast.alice.id)
        if is_sure:
            assert access.own_ever(s, alice).id == cast.alice.id
        else:
            with pytest.raises(access.Unconfirmed):
                access.own_ever(s, alice)
