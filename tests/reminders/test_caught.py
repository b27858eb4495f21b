"""/dev/mail: in development mails are kept and shown, as text and as HTML that can do nothing; in production there is no such page."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from diary import create_app, jobs
from diary.reminders.rules.message import Outcome
from diary.reminders.transports.caught import MOST, CaughtMail
from diary.reminders.transports.email import Mail, Nowhere
from tests.page_client import PageClient
from tests.reminders.servers import a_message
from tests.test_config import GOOD

NOW = datetime(2026, 3, 29, 19, 30, tzinfo=UTC)
STOP = "/unsubscribe/" + "x" * 64
SPICY = 'Neap & <script>alert(1)</script> "quotes"'


@pytest.fixture
def fresh(tmp_path):
    """An application with a folder of its own, which no other test's mails are in."""

    def made(**environ):
        return create_app({"DATA_DIR": str(tmp_path), "LOG_LEVEL": "critical", **environ})

    return made


def shown(app, path) -> object:
    return PageClient(app).get(path)


def test_a_mail_is_kept_and_shown_the_newest_first(fresh, clock_at):
    app = fresh()
    assert "Nothing yet" in shown(app, "/dev/mail").text
    mail = app.extensions["mail"]
    for minutes, words in enumerate(("The first.", "The second.")):
        clock_at(NOW + timedelta(minutes=minutes))
        assert mail.send("alice@example.org", a_message(body=words, id=UUID(int=minutes)), STOP) == Outcome(
            "sent"
        )
    page = shown(app, "/dev/mail")
    links = [a.get("href") for a in page.all("a", class_="r")]
    assert len(links) == 2 and page.text.index("the second") < page.text.index("the first")
    one = shown(app, links[0])
    assert "The second." in one.text and "to alice@example.org" in page.text
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in one.words()
    assert f"http://localhost:8000{STOP}" in one.words()


def test_what_is_in_a_mail_can_do_nothing(fresh, clock_at):
    app = fresh()
    app.extensions["mail"].send("alice@example.org", a_message(body=SPICY), STOP)
    (link,) = (a.get("href") for a in shown(app, "/dev/mail").all("a", class_="r"))
    plain = shown(app, link)  # the page client would find a script
    assert SPICY in plain.words() and "<script>alert" not in plain.text
    html = app.test_client().get(f"{link}/html")
    policy = html.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "sandbox" in policy and "script-src" not in policy
    assert html.content_type.startswith("text/html") and b"<script>alert" not in html.data


def test_an_address_with_a_line_break_is_refused_here_too(fresh):
    app = fresh()
    assert app.extensions["mail"].send("a@b.org\nBcc: c@d.org", a_message(), STOP) == Outcome(
        "failed", "address"
    )
    assert "Nothing yet" in shown(app, "/dev/mail").text


@pytest.mark.parametrize(
    "name", ["x", "..", "../keys/secret_key", "%2e%2e%2fkeys", "20260329T193000000-" + "0" * 32]
)
def test_there_is_no_other_file(name, fresh):
    app = fresh()
    assert shown(app, f"/dev/mail/{name}").status == 404
    assert shown(app, f"/dev/mail/{name}/html").status == 404


def test_the_oldest_make_room(fresh, clock_at, monkeypatch):
    monkeypatch.setattr("diary.reminders.transports.caught.MOST", 3)
    app = fresh()
    for n in range(5):
        clock_at(NOW + timedelta(seconds=n))
        app.extensions["mail"].send("a@example.org", a_message(id=UUID(int=n)), STOP)
    kept = [one.at for one in app.extensions["mail"].newest()]
    assert kept == [NOW + timedelta(seconds=n) for n in (4, 3, 2)] and MOST > 100


def test_a_folder_that_can_not_be_written_is_tried_again(fresh, tmp_path):
    app = fresh()
    (tmp_path / "mail").write_text("in the way")
    assert app.extensions["mail"].send("a@example.org", a_message(), STOP) == Outcome("retry", "disk")


def test_in_production_there_is_no_such_page(fresh):
    app = fresh(**GOOD)
    assert isinstance(app.extensions["mail"], Nowhere)
    assert [shown(app, path).status for path in ("/dev/mail", "/dev/mail/x", "/dev/mail/x/html")] == [404] * 3


def test_with_a_server_nothing_is_kept(fresh, tmp_path):
    app = fresh(SMTP_URL="smtp://127.0.0.1:9")
    assert isinstance(app.extensions["mail"], Mail) and "goes to the server" in shown(app, "/dev/mail").text
    assert app.extensions["mail"].send("a@example.org", a_message(), STOP).state == "retry"
    assert not (tmp_path / "mail").exists()


def test_it_is_for_whoever_builds_neap_signed_in_or_not(client_as):
    """The stranger's test: on a developer's machine everybody sees it, and it holds invented people's mails."""
    assert [client_as(who).get("/dev/mail").status for who in (None, "alice", "charlie", "bob")] == [200] * 4


def test_the_catcher_says_that_it_is_on(tmp_path, fresh):
    assert isinstance(fresh().extensions["mail"], CaughtMail) and fresh().extensions["mail"].is_on
    assert not fresh(**GOOD).extensions["mail"].is_on


def test_what_is_off_in_production_is_said_at_the_start(fresh, capfd):
    def said(**environ) -> list[str]:
        app = fresh(**{**GOOD, "LOG_LEVEL": "warning", **environ})
        jobs.say_what_is_off(app)
        return [json.loads(line)["until_set"] for line in capfd.readouterr().err.splitlines()]

    key = base64.urlsafe_b64encode(bytes(31) + b"x").decode()
    assert said() == ["SMTP_URL", "VAPID_PRIVATE_KEY"]
    assert said(SMTP_URL="smtp://mail.example.org", VAPID_PRIVATE_KEY=key) == []
