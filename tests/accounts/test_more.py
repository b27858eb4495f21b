"""More and "Signing in": what is signed in, since when, and ending it."""

import re
from datetime import timedelta

from diary import db
from diary.accounts.models import LoginSession
from diary.lib import clock
from tests.accounts.ways import Mails, by_passphrase, is_in
from tests.conftest import stored
from tests.sync.phones import HEADERS

END = re.compile(r'action="(/devices/[0-9a-f-]{36}/end)"')


def test_more_leads_there(client_as):
    assert client_as("alice").get("/more").one("a", href="/signing-in") is not None


def test_sessions_are_listed_and_ended(client_as):
    here, elsewhere = client_as("alice"), client_as("alice")
    assert here.get("/signing-in").text.count("Test browser") >= 2
    assert here.post("/sessions/end-all").location == "/signing-in?saved=everywhere"
    assert is_in(here) and not is_in(elsewhere)


def test_one_device_is_ended_and_told_to_forget(client_as):
    here, lost, other = client_as("alice"), client_as("alice"), client_as("alice")
    ends = END.findall(here.get("/signing-in").text)
    assert len(ends) == 2
    with db.read() as s:
        rows = {f"/devices/{row.handle}/end": row for row in stored(s, LoginSession)}
    of_lost = next(path for path in ends if rows[path].token_hash == _hash(lost))
    assert here.post(of_lost).status == 303
    assert is_in(here) and is_in(other) and not is_in(lost)
    phone = lost.http.get("/api/v1/sync/days", headers=HEADERS)
    assert phone.status_code == 401 and phone.get_json()["wipe"] is True
    assert here.post(of_lost).status == 404, "it has ended"


def _hash(client) -> bytes:
    from diary.accounts.rules import token_hash

    with client.http.session_transaction() as session:
        return token_hash(session["_user_id"])


def test_somebody_elses_sessions_stay(client_as):
    hers, his = client_as("alice"), client_as("charlie")
    with db.read() as s:
        paths = [f"/devices/{row.handle}/end" for row in stored(s, LoginSession)]
    assert [hers.post(path).status for path in paths] == [404, 404], "hers is this one, his is not there"
    hers.post("/sessions/end-all")
    assert is_in(his)


def test_a_new_device_is_told_by_mail_and_on_the_list(client_as, cast, clock_at):
    clock_at(clock.now())
    first = client_as()
    by_passphrase(first, cast.alice)
    assert Mails().go().sent == [], "somebody's first device is no news"
    second = client_as()
    by_passphrase(second, cast.alice)
    ((to, letter),) = Mails().go().sent
    assert to == cast.alice.email and letter.kind == "new_device" and letter.address == "/signing-in"
    assert "new here" in first.get("/signing-in").text
    clock_at(clock.now() + timedelta(minutes=1))
    second.post("/sign-out")
    by_passphrase(second, cast.alice)
    assert Mails().go().sent == [], "it is known by now"


def test_nobody_signed_out_gets_there(client_as):
    for path in ("/more", "/signing-in"):
        assert client_as().get(path).status == 303
    assert client_as().post("/sessions/end-all").status == 303
