"""Signing in: the right people get in, guessing is slowed down, and nothing tells who has an account."""

from datetime import timedelta

import pytest

from diary import db
from diary.accounts import actions, rules
from diary.accounts.models import KnownDevice, LoginSession, Person
from diary.audit.models import AuditEvent
from diary.lib import clock
from tests.conftest import stored
from tests.people import PASSPHRASE


def sign_in(client, email, passphrase=PASSPHRASE, **more):
    return client.post("/sign-in", {"email": email, "passphrase": passphrase, **more})


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("alice", "/today"),
        ("bob", "/patients"),
        ("cora", "/patients"),
        ("dana", "/clinic"),
        ("charlie", "/today"),
    ],
)
def test_everybody_lands_where_their_work_is(client_as, cast, who, page):
    answer = sign_in(client_as(), getattr(cast, who).email)
    assert (answer.status, answer.location) == (303, page)


def test_an_address_in_capitals_is_the_same(client_as):
    assert sign_in(client_as(), " ALICE@Example.org ").status == 303


def test_wrong_passphrase_and_unknown_address_get_the_same_answer(client_as):
    answers = [
        sign_in(client_as(), "alice@example.org", "not her passphrase"),
        sign_in(client_as(), "nobody@example.org", "not her passphrase"),
    ]
    for answer in answers:
        assert answer.status == 422
        assert "do not belong together" in answer.error_of("passphrase")
    texts = [a.text.replace("alice@", "x@").replace("nobody@", "x@") for a in answers]
    strip = lambda t: "".join(line for line in t.splitlines() if "csrf" not in line)  # noqa: E731
    assert strip(texts[0]) == strip(texts[1])


def hash_calls(client_as, monkeypatch, email) -> list[str]:
    """The cost of each hash that one wrong sign-in computed."""
    calls = []
    hasher = actions.hasher

    class Counting:
        hash = hasher.hash

        def verify(self, kept, typed):
            calls.append(kept.split("$")[3])
            return hasher.verify(kept, typed)

    with monkeypatch.context() as patch:
        patch.setattr(actions, "hasher", Counting())
        sign_in(client_as(), email, "not her passphrase")
    return calls


def is_work_the_same(client_as, monkeypatch) -> bool:
    known, unknown = (
        hash_calls(client_as, monkeypatch, email) for email in ("alice@example.org", "nobody@example.org")
    )
    return known == unknown and len(known) == 1


def test_the_work_is_the_same_for_known_and_unknown(client_as, monkeypatch):
    assert is_work_the_same(client_as, monkeypatch)


def test_the_variant_without_the_dummy_hash_is_found(client_as, monkeypatch):
    really = actions.is_passphrase_of
    lazy = lambda person, typed: person is not None and really(person, typed)  # noqa: E731
    monkeypatch.setattr(actions, "is_passphrase_of", lazy)
    assert not is_work_the_same(client_as, monkeypatch)


def test_what_was_typed_is_kept_but_for_the_passphrase(client_as):
    answer = sign_in(client_as(), "alice@example.org", "not her passphrase")
    assert answer.one("input", name="email").get("value") == "alice@example.org"
    assert "not her passphrase" not in answer.text


@pytest.mark.parametrize("email", ["", "alice", "alice@", "a b@example.org", "alice@example.org\x00"])
def test_an_address_that_is_none(client_as, email):
    answer = sign_in(client_as(), email)
    assert answer.status == 422
    assert "e-mail address" in answer.error_of("email")


@pytest.mark.parametrize(
    ("after", "to"),
    [
        ("/story?span=30", "/story?span=30"),
        ("https://evil.example/", "/today"),
        ("//evil.example/", "/today"),
        ("/\\evil.example", "/today"),
        ("javascript:alert(1)", "/today"),
        ("/today\r\nSet-Cookie: a=b", "/today"),
    ],
)
def test_goes_on_to_our_own_pages_only(client_as, after, to):
    assert sign_in(client_as(), "alice@example.org", next=after).location == to


def test_a_page_asks_to_sign_in_and_comes_back(client_as):
    answer = client_as().get("/story?span=30")
    assert answer.status == 303
    assert answer.location == "/sign-in?next=/story?span%3D30" or "next=" in answer.location


def test_the_session_is_new_after_signing_in(client_as):
    client = client_as()
    client.get("/sign-in")
    with client.http.session_transaction() as session:
        before = session.get("csrf_token")
    sign_in(client, "alice@example.org")
    with client.http.session_transaction() as session:
        assert session.get("csrf_token") != before
        assert len(session["_user_id"]) >= 43


def test_only_the_hash_of_the_token_is_kept(client_as, app):
    client = client_as()
    sign_in(client, "alice@example.org")
    with client.http.session_transaction() as session:
        token = session["_user_id"]
    with db.read() as s:
        kept = stored(s, LoginSession)
    assert [row.token_hash for row in kept] == [rules.token_hash(token)]


def test_guessing_is_slowed_down_at_once_and_ends(client_as, clock_at):
    clock_at(clock.now())
    for _ in range(rules.BUDGET.account):
        assert sign_in(client_as(), "alice@example.org", "a wrong guess").status == 422
    answer = sign_in(client_as(), "alice@example.org")
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    clock_at(clock.now() + timedelta(minutes=16))
    assert sign_in(client_as(), "alice@example.org").status == 303


def test_a_device_that_signed_in_before_can_not_be_locked_out(client_as, clock_at):
    clock_at(clock.now())
    hers = client_as()
    sign_in(hers, "alice@example.org")
    hers.post("/sign-out")
    for _ in range(rules.BUDGET.account + 1):
        sign_in(client_as(), "alice@example.org", "a wrong guess")
    assert sign_in(client_as(), "alice@example.org").status == 429
    assert sign_in(hers, "alice@example.org").status == 303
    with db.read() as s:
        assert len(stored(s, KnownDevice)) == 1


def test_sign_in_and_failures_are_audited_without_words(client_as):
    sign_in(client_as(), "alice@example.org", "a wrong guess")
    sign_in(client_as(), "alice@example.org")
    with db.read() as s:
        events = [e for e in stored(s, AuditEvent) if e.action.startswith("sign_in")]
    assert [e.action for e in events] == ["sign_in.failed", "sign_in"]
    assert events[1].address == "127.0.0.0/24"
    assert "alice" not in "".join(str(e.model_dump()) for e in events).lower()


def test_signing_out_ends_the_session_at_the_server(client_as):
    client = client_as("alice")
    with client.http.session_transaction() as session:
        cookie = dict(session)
    assert client.post("/sign-out").location == "/sign-in"
    with client.http.session_transaction() as session:
        session.update(cookie)
    assert client.get("/more").status == 303


@pytest.mark.parametrize(
    ("who", "idle", "alive"),
    [
        ("alice", timedelta(days=89), True),
        ("alice", timedelta(days=91), False),
        ("bob", timedelta(minutes=29), True),
        ("bob", timedelta(minutes=31), False),
    ],
)
def test_how_long_a_session_lives(client_as, clock_at, who, idle, alive):
    start = clock.now()
    clock_at(start)
    client = client_as(who)
    clock_at(start + idle)
    assert client.get("/more").status == (200 if alive else 303)


def test_staff_sign_in_again_after_twelve_hours(client_as, clock_at):
    start = clock.now()
    clock_at(start)
    client = client_as("bob")
    for step in range(1, 30):
        clock_at(start + step * timedelta(minutes=25))
        status = client.get("/more").status
        assert status == (200 if step * 25 < 12 * 60 else 303)
        if status == 303:
            return
    raise AssertionError("the session never ended")


def test_foreign_origin_and_null_are_refused(client_as):
    client = client_as()
    for origin in ("https://evil.example", "null"):
        answer = client.post(
            "/sign-in", {"email": "alice@example.org", "passphrase": PASSPHRASE}, headers={"Origin": origin}
        )
        assert answer.status == 403
        assert "alice@example.org" in answer.text
    own = client.post(
        "/sign-in",
        {"email": "alice@example.org", "passphrase": PASSPHRASE},
        headers={"Origin": "http://localhost"},
    )
    assert own.status == 303


def test_without_the_token_of_the_page_nothing_happens(client_as):
    answer = client_as("alice").post("/sign-out", csrf=False)
    assert answer.status == 403
    assert "nothing is lost" in answer.text


def test_somebody_elses_token_does_not_count(client_as):
    hers, his = client_as("alice"), client_as("charlie")
    assert his.post("/sign-out", {"csrf_token": hers.csrf()}).status == 403


def test_a_session_set_before_signing_in_is_worth_nothing_after(client_as):
    """Fixation: whoever planted a cookie beforehand does not hold the session that begins."""
    victim, attacker = client_as(), client_as()
    attacker.get("/sign-in")
    with attacker.http.session_transaction() as session:
        session["_user_id"] = "planted"
        planted = dict(session)
    with victim.http.session_transaction() as session:
        session.update(planted)
    assert sign_in(victim, "alice@example.org").status == 303
    with victim.http.session_transaction() as session:
        assert session["_user_id"] != "planted"
    assert attacker.get("/more").status == 303


def test_signing_in_again_ends_this_browsers_session_of_before(client_as, cast):
    browser, kept = client_as("alice"), client_as()
    with browser.http.session_transaction() as session:
        before = dict(session)
    assert sign_in(browser, "charlie@example.org").status == 303
    with kept.http.session_transaction() as session:
        session.update(before)
    assert kept.get("/more").status == 303 and browser.get("/more").status == 200


def test_the_cookie_of_somebody_who_was_removed(client_as, cast):
    client = client_as("alice")
    with db.write() as s:
        s.get_one(Person, cast.alice.id).ended_at = clock.now()
    assert client.get("/today").status == 303
    assert client.post("/sign-out").status == 303
    assert sign_in(client_as(), "alice@example.org").status == 422


def test_the_token_of_a_session_of_before_does_not_count(client_as):
    client = client_as("alice")
    old = client.csrf()
    sign_in(client, "alice@example.org")
    assert client.post("/sessions/end-all", {"csrf_token": old}).status == 403
    assert client.post("/sessions/end-all").status == 303


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00", "W10.aaaaaa.bbbbbb"])
def test_what_is_no_token(client_as, token):
    assert client_as("alice").post("/sign-out", {"csrf_token": token}).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/prove",
        "/passkeys",
        "/second-factor",
        "/forgotten",
        "/reset/x",
        "/new-email/x",
        "/devices/0/end",
        "/sign-in/passkey",
        "/sign-in/challenge",
        "/code",
        "/codes/x",
        "/invitations/x",
        "/invitations/x/challenge",
        "/invitations/x/joining",
        "/recovery-codes",
        "/authenticator",
    ],
)
@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://localhost.evil.example"])
def test_no_form_of_signing_in_is_taken_from_another_site(client_as, path, origin):
    path = path.replace("/0/", "/00000000-0000-4000-8000-000000000000/")
    assert client_as("alice").post(path, {}, headers={"Origin": origin}).status == 403
    assert client_as("alice").post(path, {}, csrf=False).status == 403


@pytest.mark.parametrize("header", ["User-Agent", "Referer", "X-Forwarded-For", "Accept-Language"])
def test_a_header_that_would_add_one(client_as, header):
    with pytest.raises(ValueError, match="newline"):
        client_as().post("/sign-in", {"email": "alice@example.org"}, headers={header: "a\r\nSet-Cookie: b=c"})
    odd = client_as().post(
        "/sign-in", {"email": "a@b.example", "passphrase": "x"}, headers={header: "\xff\x00<b>"}
    )
    assert odd.status == 422 and "<b>" not in odd.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("field", ["email", "passphrase", "next", "answer"])
def test_a_form_of_ten_megabytes(client_as, field):
    path = "/sign-in/passkey" if field == "answer" else "/sign-in"
    answer = client_as().post(path, {field: "a" * 10_000_000})
    assert answer.status == 413
