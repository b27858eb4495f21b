"""Push to a real service on this machine, which reads the message and checks the signature; what each answer means."""

import socket
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from cryptography.exceptions import InvalidSignature

from diary.config import PUSH_HOSTS
from diary.reminders.rules.message import FLAG_WAITS, Outcome, Phone
from diary.reminders.transports.push import Push, are_keys, payload, topic
from tests.page_client import HEALTH_WORDS
from tests.reminders.servers import DAY, Handset, PushService, Talker, a_message, claims_of
from tests.serving import free_port

KEY = "x" * 42 + "A"  # 32 bytes in base64url
CONTACT = "mailto:neap@example.org"
NOW = datetime(2026, 3, 29, 19, 30, tzinfo=UTC)
GONE, SENT = Outcome("gone", "410"), Outcome("sent")


@pytest.fixture
def push():
    return Push(KEY, CONTACT, PUSH_HOSTS, allows_here=True, seconds=60)  # the machine may be busy


@pytest.fixture
def service():
    with PushService() as running:
        yield running


def test_the_phone_reads_what_was_sent(push, service):
    handset = Handset()
    assert push.send(handset.phone(service.endpoint), a_message()) == SENT
    (got,) = service.got
    told = handset.read(got.body)
    assert told == {
        "title": "Neap", "body": "Neap has a question.", "path": "/today", "tag": "daily", "day": DAY.isoformat(),
        "id": "00000000-0000-0000-0000-000000000007",
    }  # fmt: skip
    assert (got.path, got.headers["Content-Encoding"]) == ("/push/one", "aes128gcm")
    assert (got.headers["TTL"], got.headers["Urgency"]) == ("3600", "normal")
    assert got.headers["Topic"] == topic("daily") and len(topic("daily")) == 32
    assert b"Neap" not in got.body and b"today" not in got.body
    with pytest.raises(Exception, match="Decryption"):
        Handset().read(got.body)


def test_each_service_gets_a_signature_for_itself(push, service):
    """webpush writes the service into the claims it is given: shared claims would be for the first one only."""
    with PushService() as other:
        for one in (service, other, service):
            assert push.send(Handset().phone(one.endpoint), a_message()) == SENT
        for one in (service, other):
            claims, key = claims_of(one.got[-1].headers["Authorization"])
            assert claims["aud"] == f"http://127.0.0.1:{one.port}" and claims["sub"] == CONTACT
            assert key == push.public_key
            assert 0 < claims["exp"] - datetime.now(UTC).timestamp() <= 24 * 3600
    with pytest.raises(InvalidSignature):
        other_key = Push("y" * 42 + "A", CONTACT, (), True).public_key
        claims_of(service.got[0].headers["Authorization"].replace(push.public_key, other_key))


def test_what_waits_is_replaced_and_what_is_of_safety_is_urgent(push, service):
    push.send(
        Handset().phone(service.endpoint),
        a_message(FLAG_WAITS, "Something waits.", tag="flag", seconds=10**9),
    )
    push.send(Handset().phone(service.endpoint), a_message(seconds=-5))
    urgent, late = service.got
    assert urgent.headers["Urgency"] == "high" and urgent.headers["Topic"] != late.headers["Topic"]
    assert (urgent.headers["TTL"], late.headers["TTL"]) == (str(28 * 24 * 3600), "0")


def test_a_message_is_small_and_without_health():
    longest = a_message(body="x" * 200, path="/" + "p" * 200)
    assert len(payload(longest).encode()) < 1000
    assert not HEALTH_WORDS.search(payload(a_message(path="/infusions")))
    assert '"path":"/open/00000000-0000-0000-0000-000000000007"' in payload(a_message(path="/infusions"))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (200, SENT),
        (201, SENT),
        (202, SENT),
        (204, SENT),
        ((201, {}, b"x" * 200_000), SENT),
        (400, Outcome("failed", "400")),
        (403, Outcome("failed", "403")),
        (404, Outcome("gone", "404")),
        (410, GONE),
        (413, Outcome("failed", "413")),
        (429, Outcome("retry", "429")),
        ((429, {"Retry-After": "120"}), Outcome("retry", "429", 120)),
        ((429, {"Retry-After": " 0 "}), Outcome("retry", "429", 0)),
        (
            (429, {"Retry-After": format_datetime(NOW.replace(minute=40), usegmt=True)}),
            Outcome("retry", "429", 600),
        ),
        (
            (429, {"Retry-After": format_datetime(NOW.replace(year=2025), usegmt=True)}),
            Outcome("retry", "429", 0),
        ),
        ((429, {"Retry-After": "99999999"}), Outcome("retry", "429", 24 * 3600)),
        ((429, {"Retry-After": "-5"}), Outcome("retry", "429")),
        ((429, {"Retry-After": "soon"}), Outcome("retry", "429")),
        ((429, {"Retry-After": "1" * 5000}), Outcome("retry", "429")),
        (500, Outcome("retry", "500")),
        ((503, {"Retry-After": "30"}), Outcome("retry", "503", 30)),
    ],
    ids=lambda value: "" if isinstance(value, Outcome) else str(value)[:40],
)
def test_each_answer(answer, outcome, push, service, clock_at):
    clock_at(NOW)
    service.answers = [answer]
    handset = Handset()
    assert push.send(handset.phone(service.endpoint), a_message()) == outcome
    assert (
        push.send(handset.phone(service.endpoint), a_message()) == SENT
    )  # on whatever became of the connection


def test_a_service_that_does_not_answer_is_not_waited_for(push, service):
    service.answers = ["hang"]
    hasty = Push(KEY, CONTACT, PUSH_HOSTS, allows_here=True, seconds=0.3)
    assert hasty.send(Handset().phone(service.endpoint), a_message()) == Outcome("retry", "timeout")
    assert push.send(Handset().phone(service.endpoint), a_message()) == SENT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status, push, service):
    with PushService() as other:
        service.answers = [(status, {"Location": other.endpoint})]
        assert push.send(Handset().phone(service.endpoint), a_message()) == Outcome("failed", str(status))
        assert other.got == []


@pytest.mark.parametrize(
    "says", [b"", b"garbage\r\n\r\n", b"\x00" * 100, b"HTTP/1.1 2\xff1\r\n\r\n", b"SSH-2.0-x\r\n"]
)
def test_garbage(says, push):
    with Talker(says) as talker:
        outcome = push.send(Handset().phone(f"http://127.0.0.1:{talker.port}/x"), a_message())
    assert outcome == Outcome("retry", "unreachable")


def test_nobody_there(push):
    outcome = push.send(Handset().phone(f"http://127.0.0.1:{free_port()}/x"), a_message())
    assert outcome == Outcome("retry", "unreachable")


def test_no_log_says_where_it_went_or_what(push, service, caplog, capfd):
    service.answers = [201, 410, 500, (301, {"Location": service.endpoint})]
    with caplog.at_level("INFO"):
        for _ in range(4):
            push.send(Handset().phone(service.endpoint), a_message(body="herons by the weir"))
        push.send(
            Handset().phone(f"http://127.0.0.1:{free_port()}/push/one"), a_message(body="herons by the weir")
        )
    written = caplog.text + "".join(capfd.readouterr())
    assert "/push/one" not in written and "herons" not in written


def test_the_environments_proxies_are_not_asked(push, service, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert push.send(Handset().phone(service.endpoint), a_message()) == SENT


# Where it may go ----------------------------------------------------------------------------------

OUTSIDE = (
    "https://fcm.googleapis.com/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "https://web.push.apple.com/QAbc",
    "https://wns2-db5p.notify.windows.com/w/?token=abc",
    "https://FCM.googleapis.com:443/fcm/send/abc",
)
NOT_ALLOWED = (
    "http://fcm.googleapis.com/fcm/send/abc",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil.example/fcm.googleapis.com",
    "https://xfcm.googleapis.com/x",
    "https://push.apple.com/x",  # the list has names in front of it only
    "https://evilpush.apple.com/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://user:pass@fcm.googleapis.com/x",
    "https://evil.example\\@fcm.googleapis.com/x",
    "https://fcm.googleapis.com\r\nX: y/",
    "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/é",
    "https://fcm.googleapis.com:port/x",
    "https://" + "fcm.googleapis.com/" + "x" * 2000,
    "https://10.0.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://2130706433/x",
    "file:///etc/passwd",
    "ftp://fcm.googleapis.com/x",
    "//fcm.googleapis.com/x",
    "fcm.googleapis.com",
    "",
)
HERE = ("http://127.0.0.1:9/x", "https://127.0.0.1/x", "http://localhost:9/x", "https://localhost/x")


@pytest.fixture
def in_production():
    return Push(KEY, CONTACT, PUSH_HOSTS, seconds=1)


def test_the_real_services_are_known(in_production):
    assert [one for one in OUTSIDE if not in_production.is_allowed(one)] == []


@pytest.mark.parametrize("endpoint", [*NOT_ALLOWED, *HERE])
def test_others_are_refused_in_production(endpoint, in_production):
    assert not in_production.is_allowed(endpoint)
    assert in_production.send(Handset().phone(endpoint), a_message()) == Outcome("failed", "endpoint")


@pytest.mark.parametrize("endpoint", NOT_ALLOWED)
def test_development_lets_this_machine_in_and_nothing_else(endpoint, push):
    assert not push.is_allowed(endpoint) and all(push.is_allowed(one) for one in HERE)


@pytest.mark.parametrize(
    "leads_to",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
        "::1", "fd00::1", "fe80::1%eth0", "::ffff:10.0.0.1", "::",
    ],
)  # fmt: skip
def test_a_known_name_that_leads_to_a_machine_of_ours_is_refused(leads_to, in_production, monkeypatch):
    """Whoever holds the name server does not hold us."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(0, 0, 0, "", (leads_to, 443))])
    monkeypatch.setattr("requests.Session.send", lambda *_a, **_k: pytest.fail("it was sent"))
    assert in_production.send(Handset().phone(OUTSIDE[0]), a_message()) == Outcome("failed", "endpoint")


def test_a_name_that_leads_nowhere_is_tried_again(in_production, monkeypatch):
    def nowhere(*_a, **_k):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert in_production.send(Handset().phone(OUTSIDE[0]), a_message()) == Outcome("retry", "unreachable")


def test_the_list_can_be_another():
    push = Push(KEY, CONTACT, ("Push.Example.org", "*.wide.example"))
    assert push.is_allowed("https://push.example.org/x") and push.is_allowed("https://a.b.wide.example/x")
    assert not push.is_allowed("https://wide.example/x") and not push.is_allowed(OUTSIDE[0])


# Keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"p256dh": "", "auth": ""},
        {"p256dh": "AAAA", "auth": Handset().keys["auth"]},
        {"p256dh": "B" + "A" * 86, "auth": Handset().keys["auth"]},  # 65 bytes, and no point of the curve
        {"p256dh": Handset().keys["p256dh"], "auth": "AAAA"},
        {"p256dh": "ünsinn", "auth": Handset().keys["auth"]},
        {"p256dh": Handset().keys["p256dh"]},
    ],
)
def test_keys_that_are_none_end_the_phones_subscription(keys, push, service):
    assert not are_keys(keys)
    assert (
        push.send(Phone(1, service.endpoint, keys), a_message()) == Outcome("gone", "keys")
        and not service.got
    )


def test_without_a_key_push_is_off(service):
    off = Push("", CONTACT, PUSH_HOSTS, allows_here=True)
    assert not off.is_on and off.public_key == ""
    assert off.send(Handset().phone(service.endpoint), a_message()) == Outcome("failed", "push_off")
    assert service.got == []


def test_the_public_key_is_a_point(push):
    assert len(push.public_key) == 87 and are_keys(
        {"p256dh": push.public_key, "auth": Handset().keys["auth"]}
    )
