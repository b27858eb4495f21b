"""Mail through a real server: what is in it, and what each answer of the server means."""

import re
import socket
import ssl
import subprocess
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from uuid import UUID

import html5lib
import pytest

from diary.config import ROOT, Smtp
from diary.reminders import transports
from diary.reminders.rules.message import FLAG_WAITS, Outcome
from diary.reminders.transports.email import Mail, Nowhere
from diary.reminders.transports.letter import BadAddress, Letters, address
from tests.page_client import HEALTH_WORDS
from tests.reminders.servers import MailServer, Talker, a_message
from tests.serving import free_port

STOP = "/unsubscribe/" + "x" * 64
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")
NOW = datetime(2026, 3, 29, 19, 30, tzinfo=UTC)


@pytest.fixture
def letters(the_app):
    return Letters(the_app.jinja_env, Address("Neap", "neap", "example.org"), "https://neap.example.org")


@pytest.fixture
def way(letters):
    """A transport to a server on this machine."""

    def made(port: int, seconds: float = 60, context=None, **more) -> Mail:
        server = Smtp("127.0.0.1", port, **more)
        return Mail(server, letters, context or transports.context(server), seconds)

    return made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A context of a server whose certificate nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "cert"), "-subj", "/CN=localhost"]
    subprocess.run([*made, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


# What is in it ------------------------------------------------------------------------------------


def read(raw: bytes):
    return message_from_bytes(raw, policy=default)


def test_a_mail_arrives_whole(way, clock_at):
    clock_at(NOW)
    with MailServer() as server:
        assert way(server.port).send("alice@example.org", a_message(), STOP) == Outcome("sent")
    (mail,) = server.box.mails
    assert (mail.sender, mail.to) == ("neap@example.org", ["alice@example.org"])
    letter = read(mail.raw)
    assert str(letter["From"]) == "Neap <neap@example.org>" and str(letter["To"]) == "alice@example.org"
    assert letter["Subject"] == "Neap has a question"
    assert letter["Date"].datetime == NOW
    assert letter["Message-ID"] == "<00000000000000000000000000000007@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert b"\r\nList-Unsubscribe: <https://neap.example.org" + STOP.encode() + b">\r\n" in mail.raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in mail.raw
    plain, html = letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()
    for part in (plain, html):
        assert "Neap has a question." in part
        assert "https://neap.example.org/today" in part and f"https://neap.example.org{STOP}" in part
        assert not HEALTH_WORDS.search(part.split("<body", 1)[-1])


@pytest.mark.parametrize("path", ["/infusions", "/sessions", "/check-in", "/intention"])
def test_a_link_whose_path_would_speak_leads_there_by_another(path, letters):
    raw = letters.write("a@example.org", a_message(path=path), STOP, NOW).as_string()
    assert path not in raw.replace("=\n", "") and f"/open/{UUID(int=7)}" in raw.replace("=\n", "")


def test_the_message_id_is_the_same_at_every_try(letters):
    first, again = (letters.write("a@example.org", a_message(), STOP, NOW) for _ in range(2))
    other = letters.write("a@example.org", a_message(id=UUID(int=8)), STOP, NOW)
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


def test_the_html_fetches_nothing_and_can_be_read_in_the_dark(letters):
    html = letters.write("a@example.org", a_message(), STOP, NOW).get_body(("html",)).get_content()
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    tags = [el.tag for el in tree.iter() if isinstance(el.tag, str)]
    assert not {"img", "link", "script", "iframe", "object", "video"} & set(tags)
    assert "url(" not in html and "@import" not in html and "prefers-color-scheme: dark" in html
    links = {el.get("href").split("?")[0] for el in tree.iter() if el.get("href")}
    home = "https://neap.example.org"
    later = f"{home}/reminders/later/{UUID(int=7)}"
    assert links == {
        f"{home}/today",
        f"{home}/reminders",
        later,
        f"{home}{STOP}",
    }  # as they are, through no counter


def test_the_colours_are_the_tokens(letters):
    html = letters.write("a@example.org", a_message(), STOP, NOW).get_body(("html",)).get_content()
    tokens = (ROOT / "static" / "css" / "tokens.css").read_text()
    assert 10 < len(set(COLOUR.findall(html)) & set(COLOUR.findall(tokens))) == len(set(COLOUR.findall(html)))


def test_a_mail_of_safety_can_not_be_stopped(letters):
    letter = letters.write("bob@example.org", a_message(FLAG_WAITS, "Something waits."), "", NOW)
    assert letter["List-Unsubscribe"] is None and letter["List-Unsubscribe-Post"] is None
    assert "unsubscribe" not in letter.as_string().lower()


def test_a_line_that_begins_with_a_dot_arrives(way):
    with MailServer() as server:
        way(server.port).send("a@example.org", a_message(body=".hidden\n.\n..two"), STOP)
    plain = read(server.box.mails[0].raw).get_body(("plain",)).get_content()
    assert plain.splitlines()[:3] == [".hidden", ".", "..two"]


@pytest.mark.parametrize(
    "to",
    [
        "a@example.org\r\nBcc: eve@example.org", "a@example.org\n", "a\r@example.org", "a@example.org\u2028",
        "a@exam\x00ple.org", "a b@example.org", "a@example.org, eve@example.org", "<a@example.org>", "a@@example.org",
        "@example.org", "a@", "", "zoë@example.org", f"{'a' * 250}@example.org", "a@" + "b" * 70 + ".org", "a@.org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_a_server_is_asked(to, way):
    assert way(free_port()).send(to, a_message(), STOP) == Outcome("failed", "address")
    with pytest.raises(BadAddress):
        address(to)


def test_a_host_of_other_letters_is_written_in_its_plain_form():
    assert address("alice@bücher.example").addr_spec == "alice@xn--bcher-kva.example"


# What the server says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("RCPT", "451 4.7.1 Greylisted, please come again", Outcome("retry", "451")),
        ("RCPT", "452 4.2.2 Mailbox full", Outcome("retry", "452")),
        ("RCPT", "550 5.1.1 No such user", Outcome("failed", "550")),
        ("MAIL", "421 4.3.2 Closing", Outcome("retry", "421")),
        ("MAIL", "530 5.7.0 Authentication required", Outcome("retry", "530")),
        ("MAIL", "553 5.1.8 Sender refused", Outcome("failed", "553")),
        ("DATA", "451 4.3.0 Try later", Outcome("retry", "451")),
        ("DATA", "554 5.7.1 Looks like spam", Outcome("failed", "554")),
    ],
)
def test_each_answer(step, answer, outcome, way):
    with MailServer() as server:
        server.box.say[step] = [answer]
        mail = way(server.port)
        assert mail.send("a@example.org", a_message(), STOP) == outcome
        assert server.box.mails == []
        # Greylisted or not, the next try with the same Message-ID goes.
        assert mail.send("a@example.org", a_message(), STOP) == Outcome("sent")
    assert len(server.box.mails) == 1


def test_a_server_that_breaks_off_with_the_mail_in_hand(way):
    """Whether it was taken nobody knows: a usual one is not sent again, one of safety is."""
    with MailServer() as server:
        server.box.say["DATA"] = ["cut off", "cut off"]
        mail = way(server.port)
        assert mail.send("a@example.org", a_message(), STOP) == Outcome("unknown", "cut_off")
        assert mail.send("a@example.org", a_message(FLAG_WAITS)) == Outcome("retry", "cut_off")


@pytest.mark.parametrize(
    ("says", "closes", "reason"),
    [
        (b"", True, "cut_off"),
        (b"", False, "timeout"),
        (b"554 5.7.1 Not for you\r\n", True, "554"),
        (b"421 4.3.2 Busy\r\n", True, "421"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, "garbage"),
        (b"220 hello\r\n", True, "cut_off"),
    ],
)
def test_a_server_that_does_not_come_to_the_mail(says, closes, reason, way):
    with Talker(says, closes) as talker:
        outcome = way(talker.port, seconds=60 if closes else 0.3).send("a@example.org", a_message(), STOP)
    assert outcome.state == "retry"
    assert outcome.reason in ({reason, "unreachable"} if reason == "cut_off" else {reason, "cut_off"})


def test_no_server(way):
    assert way(free_port()).send("a@example.org", a_message(), STOP) == Outcome("retry", "unreachable")


@pytest.mark.parametrize("error", [socket.gaierror, UnicodeError])
def test_a_name_that_leads_nowhere(error, way, monkeypatch):
    def nowhere(*_a, **_k):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert way(25).send("a@example.org", a_message(), STOP) == Outcome("retry", "unreachable")


def test_no_log_says_to_whom_it_went_or_what(way, caplog, capfd):
    with MailServer() as server:
        server.box.say["RCPT"] = ["550 5.1.1 No such user alice@example.org"]
        with caplog.at_level("INFO", logger="neap"):
            for port in (server.port, server.port, free_port()):
                way(port).send("alice@example.org", a_message(body="Herons by the weir."), STOP)
        assert len(server.box.mails) == 1
    ours = [
        record.getMessage() for record in caplog.records if not record.name.startswith("mail")
    ]  # the server's own
    written = " ".join(ours) + "".join(capfd.readouterr())
    assert "alice" not in written and "Herons" not in written and STOP not in written


# TLS and signing in -------------------------------------------------------------------------------


def test_tls_is_used_where_it_is_offered(way, certificate):
    with MailServer(tls_context=certificate) as server:
        assert way(server.port).send("a@example.org", a_message(), STOP) == Outcome("sent")
    assert server.box.was_tls == [True]
    with MailServer() as server:
        assert way(server.port).send("a@example.org", a_message(), STOP) == Outcome("sent")
    assert server.box.was_tls == [False]


def test_a_server_elsewhere_must_prove_who_it_is(way, certificate):
    elsewhere = transports.context(Smtp("mail.example.org", 25))
    with MailServer(tls_context=certificate) as server:
        assert way(server.port, context=elsewhere).send("a@example.org", a_message(), STOP) == Outcome(
            "retry", "tls"
        )
    assert server.box.mails == []


def test_it_signs_in(way):
    with MailServer(asks=True) as server:
        right = way(server.port, user="neap", password="open sesame")
        assert right.send("a@example.org", a_message(), STOP) == Outcome("sent")
        wrong = way(server.port, user="neap", password="barley")
        assert wrong.send("a@example.org", a_message(), STOP) == Outcome(
            "retry", "535"
        )  # the install's fault
    assert ("neap", "open sesame") in server.box.signed_in and len(server.box.mails) == 1


def test_a_passphrase_never_goes_in_the_clear_to_another_machine(letters, monkeypatch):
    # The name leads here for the test only; the transport knows it as another machine.
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *a, **k: real("127.0.0.1" if host == "mail.example.org" else host, *a, **k),
    )
    with MailServer(asks=True) as server:
        there = Smtp("mail.example.org", server.port, "neap", "open sesame")
        outcome = Mail(there, letters, transports.context(there), 60).send("a@example.org", a_message(), STOP)
    assert outcome == Outcome("retry", "538") and server.box.signed_in == [] and server.box.mails == []


def test_without_a_server_production_holds_mail_back():
    assert Nowhere().send("a@example.org", a_message(), STOP) == Outcome("retry", "mail_off")
