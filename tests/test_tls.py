"""Over TLS, as a clinic serves it: cookies, headers and where forms may come from; and which address counts behind proxies."""

import http.client
import shutil
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from diary import create_app
from diary.lib import http as neap
from tests import people
from tests.conftest import ENVIRON
from tests.serving import Client, Server, free_port

DAY = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
FORMS = {
    "a day": (f"/days/{DAY}", {"pain": "4", "base": "", "write_id": ""}),
    "where to go on with": ("/sign-out", {}),
}
OTHERS = (
    "null",
    "https://evil.example",
    "http://localhost:{port}",
    "https://localhost",
    "https://localhost:{port}.evil.example",
)


class TLSClient(Client):
    def _once(self, *what):
        if self.connection is None:
            unknown = ssl._create_unverified_context()  # noqa: S323  the certificate is this test's own
            self.connection = http.client.HTTPSConnection("localhost", self.port, timeout=20, context=unknown)
        return super()._once(*what)


def certificate(folder) -> tuple[str, str]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return str(folder / "cert.pem"), str(folder / "key.pem")


class TLSServer(Server):
    def start(self, seconds: float = 60) -> "TLSServer":
        """The same, but that its health is asked for over TLS."""
        end_at = time.monotonic() + seconds
        self.begin()
        while time.monotonic() < end_at:
            assert self.process.poll() is None, "it did not start"
            try:
                if TLSClient(self.port).get("/healthz").status == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("it did not answer")


@pytest.fixture(scope="module")
def port(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    shutil.copy(sqlite_template[0], folder / "tls.db")
    cert, key = certificate(folder)
    port = free_port()
    environ = {
        **ENVIRON, "DATABASE_URL": f"sqlite:///{folder / 'tls.db'}", "DATA_DIR": str(folder),
        "PUBLIC_URL": f"https://localhost:{port}",
    }  # fmt: skip
    options = ("--config", "gunicorn.conf.py", "--certfile", cert, "--keyfile", key)
    with TLSServer(environ, options=options, port=port).start():
        yield port


@pytest.fixture
def alice(port, sqlite_template):
    return TLSClient(port).sign_in(sqlite_template[1].alice.email, people.PASSPHRASE)


def test_the_cookies_are_bound_to_the_host_and_to_tls(port, sqlite_template):
    client = TLSClient(port)
    client.get("/sign-in")
    typed = {"email": sqlite_template[1].alice.email, "passphrase": people.PASSPHRASE, "next": ""}
    set_ = client.post("/sign-in", typed).headers.get_all("Set-Cookie")
    assert set_ and all(line.startswith("__Host-neap") for line in set_)
    for line in set_:
        parts = {part.strip() for part in line.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts and "Domain" not in line, line


def test_browsers_are_told_to_stay_with_tls(port, alice):
    for path in ("/sign-in", "/today", "/healthz", "/sw.js", "/nothing-there"):
        assert "max-age=63072000" in alice.get(path).headers["Strict-Transport-Security"], path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("origin", OTHERS)
def test_a_form_of_another_site_is_refused(port, alice, form, origin):
    path, fields = FORMS[form]
    answer = alice.post(path, fields, {"Origin": origin.format(port=port)})
    assert answer.status == 403
    assert alice.get("/today").status == 200, "and nobody is signed out"


def test_a_form_without_a_token_and_with_anothers_is_refused(port, alice, sqlite_template):
    mine, own = {"Origin": f"https://localhost:{port}"}, alice.token
    charlie = TLSClient(port).sign_in(sqlite_template[1].charlie.email, people.PASSPHRASE)
    for token in ("", charlie.token, "x" * 60):
        alice.token = token
        assert alice.post(f"/days/{DAY}", FORMS["a day"][1], mine).status == 403, token
    alice.token = own
    assert alice.post(f"/days/{DAY}", FORMS["a day"][1], mine).status == 303


def test_plain_http_at_the_same_port_is_answered_with_nothing(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(b"GET /today HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = plain.recv(4096)
    assert b" 200 " not in answer and b"Set-Cookie" not in answer


# Proxies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "forwarded", "counts"),
    [
        (0, "198.51.100.7", "203.0.113.0/24"),
        (1, "198.51.100.7", "198.51.100.0/24"),
        (1, "192.0.2.66, 198.51.100.7", "198.51.100.0/24"),
        (2, "192.0.2.66, 198.51.100.7", "192.0.2.0/24"),
        (2, "10.0.0.1, 192.0.2.66, 198.51.100.7", "192.0.2.0/24"),
        (1, "2001:db8:1:2::9", "2001:db8:1::/48"),
        (1, "nonsense", ""),
        (1, "", "203.0.113.0/24"),
    ],
)
def test_only_the_configured_hops_say_who_asks(tmp_path, hops, forwarded, counts):
    """What a client puts in front itself is never believed: it would have a budget of guesses for each made-up address."""
    app = create_app({**ENVIRON, "DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": str(hops)})
    found = []
    app.before_request(lambda: found.append(neap.address()))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    app.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert found == [counts]
