"""Mails about accounts: none is lost while the mail server is away or a sender dies, and none holds a token at rest."""

from datetime import timedelta

import pytest

from diary import db, jobs
from diary.accounts.actions import mails
from diary.accounts.models import AccountMail
from diary.accounts.rules import EMAIL, RESET
from diary.accounts.rules.letters import NEW_DEVICE, WORDS
from diary.lib import clock
from diary.reminders.rules.message import Outcome
from diary.reminders.rules.words import subject
from diary.reminders.transports.letter import Letters
from tests.accounts.ways import Mails
from tests.conftest import stored
from tests.page_client import HEALTH_WORDS


@pytest.fixture(autouse=True)
def _still(clock_at):
    clock_at(clock.now())


def put(cast, kind=NEW_DEVICE, **more):
    with db.write() as s:
        mails.put(s, cast.alice.id, kind, clock.now(), **more)


def the_mail():
    with db.read_anew() as s:
        (mail,) = stored(s, AccountMail)
    return mail


def test_what_is_refused_for_now_goes_later_and_once(app, cast, clock_at):
    put(cast, about="Firefox on Linux")
    for _ in range(3):
        assert len(Mails(Outcome("retry", "unreachable")).go().sent) == 1
        assert Mails().go().sent == [], "not before its time"
        clock_at(clock.now() + timedelta(hours=1))
    assert the_mail().state == "waiting"
    ((to, letter),) = Mails().go().sent
    assert to == cast.alice.email and "Firefox on Linux" in letter.words
    assert the_mail().state == "sent" and Mails().go().sent == []


@pytest.mark.parametrize("outcome", [RuntimeError("no"), Outcome("unknown", "cut_off")])
def test_an_unknown_fate_goes_once_more(app, cast, clock_at, outcome):
    put(cast)

    def way(_to, _letter):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    from diary.accounts.worker import send_mails

    send_mails(way)
    clock_at(clock.now() + timedelta(minutes=10))
    assert len(Mails().go().sent) == 1


def test_a_sender_that_dies_leaves_it_to_the_next_round(app, cast, clock_at):
    put(cast, RESET)
    with db.write() as s:
        (dead,) = mails.take(s, clock.now())
    assert Mails().go().sent == [], "somebody may be at it"
    clock_at(clock.now() + timedelta(minutes=6))
    box = Mails().go()
    assert len(box.sent) == 1 and box.link() != dead.letter.address
    with db.write() as s:
        assert mails.settle(s, dead, "sent", "", clock.now()) == "late", "it came back after all"


def test_a_link_that_nobody_could_be_sent_in_its_hour_is_given_up(app, cast, clock_at):
    put(cast, EMAIL, to="alice@new.example")
    clock_at(clock.now() + timedelta(hours=1))
    assert Mails().go().sent == []
    mail = the_mail()
    assert (mail.state, mail.reason, mail.to_sealed) == ("skipped", "expired", None)


def test_what_can_not_be_sent_for_good_is_given_up(app, cast):
    put(cast)
    Mails(Outcome("failed", "550")).go()
    assert (the_mail().state, the_mail().reason) == ("failed", "550")


def test_it_is_forgotten_after_a_month(app, cast, clock_at):
    put(cast)
    Mails().go()
    clock_at(clock.now() + timedelta(days=31))
    Mails().go()
    with db.read_anew() as s:
        assert stored(s, AccountMail) == []


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_words_are_kind_short_and_say_nothing_of_health(kind):
    heading, words, button = WORDS[kind]
    assert not HEALTH_WORDS.search(f"{heading} {words} {button}")
    assert subject(heading).startswith("Neap: ") and len(words) < 330


def test_the_jobs_process_sends_them_as_any_mail(app, cast, monkeypatch):
    """Through the ways out that reminders use; the mail has the words, the button and its address."""
    put(cast, RESET)
    kept = []
    mail = app.extensions["mail"]
    monkeypatch.setattr(mail, "_keep", lambda _name, letter: kept.append(letter))
    assert jobs.tick(app)["account_mails_sent"] == 1
    (letter,) = kept
    plain = letter.get_body(("plain",)).get_content()
    assert letter["Subject"] == "Neap: your new passphrase" and letter["To"] == cast.alice.email
    assert "Choose a new passphrase: http://localhost:8000/reset/" in plain
    assert "Choose a new passphrase" in letter.get_body(("html",)).get_content()
    assert "List-Unsubscribe" not in letter and isinstance(mail._letters, Letters)
