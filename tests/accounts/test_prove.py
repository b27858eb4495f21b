"""/prove: some things ask once more who it is; what was typed waits, and the session gets a new id."""

from datetime import timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.lib import clock
from tests.accounts.keys import PRESENT, Key, enrol
from tests.accounts.ways import app_of, code_at, is_in
from tests.conftest import stored
from tests.people import PASSPHRASE

LATER = timedelta(minutes=11)


@pytest.fixture(autouse=True)
def _still(clock_at):
    clock_at(clock.now())


def wait(clock_at):
    clock_at(clock.now() + LATER)


def prove(client, **typed):
    return client.post("/prove", {"passphrase": PASSPHRASE, **typed})


def test_what_asks_for_it_is_listed(the_app):
    asked = {
        f"{method} {rule.rule}"
        for rule in the_app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST"}
        if getattr(the_app.view_functions[rule.endpoint], "is_fresh", False)
    }
    assert asked >= {
        "GET /authenticator", "GET /email", "POST /authenticator", "POST /authenticator/new",
        "POST /authenticator/removal", "POST /email", "POST /passkeys", "POST /passkeys/<uuid:passkey_id>/removal",
        "POST /recovery-codes", "POST /reminders/calendar", "POST /copy", "GET /copy/<uuid:copy_id>",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/email"),
        ("get", "/authenticator"),
        ("post", "/email"),
        ("post", "/passkeys"),
        ("post", "/authenticator/new"),
        ("post", "/authenticator/removal"),
        ("post", "/recovery-codes"),
        ("post", "/reminders/calendar"),
    ],
)
def test_after_ten_minutes_it_is_asked(client_as, clock_at, method, path):
    client = client_as("alice")
    wait(clock_at)
    assert getattr(client, method)(path).location.startswith("/prove?next=")
    assert getattr(client, method)(path, htmx=True).headers["HX-Redirect"].startswith("/prove")


def test_the_passphrase_opens_it_for_ten_minutes(client_as, clock_at):
    client = client_as("alice")
    wait(clock_at)
    assert prove(client, next="/email").location == "/email"
    clock_at(clock.now() + timedelta(minutes=9))
    assert client.get("/email").status == 200
    clock_at(clock.now() + timedelta(minutes=1))
    assert client.get("/email").status == 303


def test_a_fresh_sign_in_needs_no_more(client_as):
    assert client_as("alice").get("/email").status == 200


def test_what_was_typed_waits_and_is_sent_with_one_tap(client_as, clock_at):
    client = client_as("alice")
    wait(clock_at)
    assert client.post("/email", {"email": "alice@new.example"}).location == "/prove?next=/email"
    assert "What you typed is kept" in client.get("/prove?next=/email").text
    page = prove(client, next="/email")
    assert page.one("form", action="/email") is not None
    assert page.one("input", name="email").get("value") == "alice@new.example"
    assert client.post("/email", {"email": "alice@new.example"}).status == 303
    assert prove(client, next="/email").location == "/email", "it waited once"


def test_what_is_secret_or_large_does_not_wait(client_as, clock_at):
    client = client_as("alice")
    wait(clock_at)
    client.post("/passkeys", {"name": "x", "answer": "the-answer"})
    assert "the-answer" not in prove(client).text
    wait(clock_at)
    client.post("/email", {"email": "a" * 5000})
    assert prove(client, next="/email").location == "/email"


def test_what_waits_is_this_sessions(client_as, clock_at):
    hers, his = client_as("alice"), client_as("charlie")
    wait(clock_at)
    hers.post("/email", {"email": "alice@new.example"})
    with hers.http.session_transaction() as session:
        kept = session["typed"]
    assert "new.example" not in kept
    with his.http.session_transaction() as session:
        session["typed"] = kept
    assert prove(his, next="/email").location == "/email"


def test_a_wrong_one_opens_nothing_and_is_slowed_down(client_as, clock_at):
    client = client_as("alice")
    wait(clock_at)
    for _ in range(10):
        answer = prove(client, passphrase="not her passphrase")
        assert answer.status == 422 and answer.error_of("passphrase")
    late = prove(client)
    assert late.status == 429 and int(late.headers["Retry-After"]) > 0
    assert client.get("/email").status == 303
    with db.read() as s:
        assert len(stored(s, AuditEvent, action="prove.failed")) == 10


def test_a_code_proves_it_once(client_as, cast, clock_at):
    app, client = app_of(cast.bob), client_as("bob")
    wait(clock_at)
    code = code_at(app)
    assert client.post("/prove", {"code": code}).status == 303
    assert client.post("/prove", {"code": code}).status == 422


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 303),
        ({"flags": PRESENT}, 422),
        ({"origin": "http://evil.example"}, 422),
        ({"challenge": "A" * 43}, 422),
    ],
    ids=str,
)
def test_a_passkey_proves_it(client_as, clock_at, wrong, status):
    client = client_as("alice")
    key = enrol(client)
    wait(clock_at)
    options = client.post("/prove/challenge").response.get_json()
    assert client.post("/prove/passkey", {"answer": key.answer(options, **wrong)}).status == status
    assert (client.get("/email").status == 200) == (status == 303)


def test_somebody_elses_passkey_does_not(client_as, clock_at):
    key, client = enrol(client_as("charlie")), client_as("alice")
    wait(clock_at)
    for one in (key, Key()):
        options = client.post("/prove/challenge").response.get_json()
        assert client.post("/prove/passkey", {"answer": one.answer(options)}).status == 422
    assert client.get("/email").status == 303


def test_the_session_has_a_new_id_and_the_old_one_opens_nothing(client_as, clock_at):
    client, thief = client_as("alice"), client_as()
    with client.http.session_transaction() as session:
        before = dict(session)
    wait(clock_at)
    prove(client)
    with thief.http.session_transaction() as session:
        session.update(before)
    assert is_in(client) and not is_in(thief)


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_goes_on_to_our_own_pages_only(client_as, after):
    assert prove(client_as("alice"), next=after).location == "/today"


def test_nobody_gets_there(client_as):
    assert client_as().get("/prove").location.startswith("/sign-in")
    assert client_as().post("/prove", {"passphrase": PASSPHRASE}).location.startswith("/sign-in")
