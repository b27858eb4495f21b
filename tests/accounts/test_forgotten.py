"""/forgotten and /reset: the same answer and work for every address, and a link that works once, for an hour."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event

from diary import db
from diary.accounts.actions import mails
from diary.accounts.models import AccountMail, MailedLink, Person
from diary.accounts.rules import RESET, token_hash
from diary.audit.models import AuditEvent
from diary.lib import clock
from tests.accounts.ways import Mails, app_of, by_passphrase, is_in
from tests.conftest import stored
from tests.page_client import HEALTH_WORDS

NEW = "eleven herons by the weir"


@pytest.fixture(autouse=True)
def _still(clock_at):
    clock_at(clock.now())


def ask(client, email):
    return client.post("/forgotten", {"email": email})


def link_for(client, email) -> str:
    ask(client, email)
    return Mails().go().link()


def test_a_link_is_mailed_and_lets_in(client_as, cast):
    elsewhere, client = client_as("alice"), client_as()
    assert ask(client, " ALICE@example.org").location == "/forgotten?sent=1"
    box = Mails().go()
    ((to, letter),) = box.sent
    assert to == cast.alice.email and not HEALTH_WORDS.search(letter.body)
    path = box.link()
    token = path.removeprefix("/reset/")
    with db.read() as s:
        (kept,) = stored(s, MailedLink)
        (mail,) = stored(s, AccountMail)
    assert kept.token_hash == token_hash(token) and token not in str(mail.model_dump()) and len(token) == 43
    assert client.get(path).one("input", name="passphrase").get("autocomplete") == "new-password"
    assert is_in(elsewhere), "a look changes nothing: mail scanners open links"
    assert client.post(path, {"passphrase": NEW}).location == "/today"
    assert is_in(client) and not is_in(elsewhere)
    assert by_passphrase(client_as(), cast.alice).status == 422
    assert client_as().post("/sign-in", {"email": cast.alice.email, "passphrase": NEW}).status == 303
    assert "changed_here" in Mails().go().kinds()


@pytest.mark.both
def test_on_an_unknown_device_one_mail_says_both(client_as, cast):
    known = client_as()
    by_passphrase(known, cast.alice)
    path = link_for(client_as(), cast.alice.email)
    client_as().post(path, {"passphrase": NEW})
    ((_, letter),) = Mails().go().sent
    assert letter.kind == "changed_here"
    assert "was changed" in letter.words and "did not know: " in letter.words
    client_as().post("/sign-in", {"email": cast.alice.email, "passphrase": NEW})
    assert Mails().go().kinds() == ["new_device"], "what was sent is not written anew"
    path = link_for(known, cast.alice.email)
    known.post(path, {"passphrase": NEW + " again"})
    assert Mails().go().kinds() == ["passphrase_changed"], "a known device is no news"


def test_the_answer_is_the_same_for_an_address_that_nobody_has(client_as):
    client = client_as()
    assert ask(client, "nobody@example.org").location == "/forgotten?sent=1"
    assert Mails().go().sent == []


def counted(app, work) -> list[str]:
    """The kinds of statements that a piece of work sent to the database."""
    seen: list[str] = []

    def note(_conn, _cursor, statement, *_more):
        seen.append(" ".join(statement.split()[:3]))

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def test_and_so_is_the_work(app, client_as, monkeypatch):
    one, other = client_as(), client_as()
    one.csrf(), other.csrf()
    known = counted(app, lambda: ask(one, "alice@example.org"))
    unknown = counted(app, lambda: ask(other, "nobody@example.org"))
    assert known == unknown and len(known) > 3
    really = mails.put
    monkeypatch.setattr(mails, "put", lambda s, who, *more: really(s, who, *more) if who else None)
    assert counted(app, lambda: ask(client_as(), "nobody@example.org")) != known, "the lazy variant is found"


def test_who_was_only_invited_gets_no_link(client_as, cast):
    with db.write() as s:
        s.get_one(Person, cast.alice.id).passphrase_hash = None
    ask(client_as(), cast.alice.email)
    assert Mails().go().sent == []


def test_who_came_in_by_the_clinics_help_and_has_no_passphrase_gets_one(client_as, cast):
    by_passphrase(client_as(), cast.alice)  # which makes a device known
    with db.write() as s:
        s.get_one(Person, cast.alice.id).passphrase_hash = None
    assert client_as().post(link_for(client_as(), cast.alice.email), {"passphrase": NEW}).status == 303


def test_staff_still_give_the_second_step(client_as, cast):
    app_of(cast.bob)
    client = client_as()
    path = link_for(client, cast.bob.email)
    assert client.post(path, {"passphrase": NEW}).location == "/second-factor"
    assert not is_in(client, "/patients")


@pytest.mark.parametrize("why", ["used", "expired", "altered", "newer", "changed", "ended", "other_purpose"])
def test_a_link_that_does_not_work(client_as, cast, clock_at, why):
    client = client_as()
    path = link_for(client, cast.alice.email)
    if why == "used":
        client_as().post(path, {"passphrase": NEW})
    elif why == "expired":
        clock_at(clock.now() + timedelta(minutes=60))
    elif why == "altered":
        path = path[:-1] + ("A" if path[-1] != "A" else "B")
    elif why == "newer":
        link_for(client, cast.alice.email)
    elif why == "changed":
        client_as("alice").post(
            "/passphrase", {"current": "seven quiet waves", "passphrase": NEW, "again": NEW}
        )
    elif why == "ended":
        with db.write() as s:
            s.get_one(Person, cast.alice.id).ended_at = clock.now()
    else:
        path = path.replace("/reset/", "/new-email/")
    if why != "ended":
        assert client.get(path).status == 404
    answer = client.post(path, {"passphrase": "another good phrase"})
    assert answer.status == 404 and "does not work" in answer.text
    assert not is_in(client)
    assert (
        client_as().post("/sign-in", {"email": cast.alice.email, "passphrase": "another good phrase"}).status
        == 422
    )


def test_a_link_opens_its_own_account_only(client_as, cast):
    path = link_for(client_as(), cast.charlie.email)
    hers = client_as("alice")
    assert hers.post(path, {"passphrase": NEW}).status == 303
    assert by_passphrase(client_as(), cast.alice).status == 303
    assert client_as().post("/sign-in", {"email": cast.charlie.email, "passphrase": NEW}).status == 303


def test_a_passphrase_that_is_too_easy_leaves_the_link(client_as, cast):
    client = client_as()
    path = link_for(client, cast.alice.email)
    assert client.post(path, {"passphrase": "short"}).error_of("passphrase")
    assert client.post(path, {"passphrase": NEW}).status == 303


def test_asking_is_slowed_down_alike(client_as):
    for email in ("alice@example.org", "nobody@example.org"):
        assert [ask(client_as(), email).status for _ in range(6)] == [303] * 5 + [429], email
    assert len(Mails().go().sent) == 5


@pytest.mark.parametrize("email", ["", "alice", "a@b\r\nBcc: x@example.org", "alice@example.org\x00"])
def test_what_is_no_address(client_as, email):
    answer = ask(client_as(), email)
    assert answer.status == 422 and answer.error_of("email")


@pytest.mark.both
def test_of_two_uses_at_once_one_counts(app, cast):
    now = clock.now()
    with db.write() as s:
        mails.put(s, cast.alice.id, RESET, now)
    token = Mails().go().link().removeprefix("/reset/")
    found, start = [], threading.Barrier(4)

    def use() -> None:
        with app.app_context():
            start.wait()
            with db.write() as s:
                found.append(mails.use_link(s, RESET, token, now) is not None)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, False, False, True]


def test_it_is_audited_without_the_address(client_as, cast):
    client = client_as()
    client.post(link_for(client, cast.alice.email), {"passphrase": NEW})
    with db.read() as s:
        events = stored(s, AuditEvent)
    assert {"passphrase.forgotten", "passphrase.reset"} <= {one.action for one in events}
    assert "alice" not in str([one.model_dump() for one in events])
