"""A mail server and a push service on this machine, which answer as they are told and keep what they got."""

import base64
import json
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from uuid import UUID

import http_ece
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diary.reminders.rules.message import DAILY, Message, Phone
from tests.serving import free_port

DAY = date(2026, 3, 29)


def a_message(kind: str = DAILY, body: str = "Neap has a question.", **more) -> Message:
    usual = {
        "id": UUID(int=7),
        "title": "Neap",
        "path": "/today",
        "day": DAY,
        "tag": "daily",
        "seconds": 3600,
    }
    return Message(kind=kind, body=body, **{**usual, **more})


# Mail ---------------------------------------------------------------------------------------------


@dataclass
class Box:
    """What the server got, and what it says at each step; `say` maps a command to its answers, one a time."""

    mails: list[SimpleNamespace] = field(default_factory=list)
    say: dict[str, list[str]] = field(default_factory=dict)
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    was_tls: list[bool] = field(default_factory=list)

    def _answer(self, command: str, usual: str) -> str:
        waiting = self.say.get(command)
        return waiting.pop(0) if waiting else usual

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        self.was_tls.append(session.ssl is not None)
        return self._answer("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self._answer("RCPT", "250 OK")
        if answer.startswith("25"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self._answer("DATA", "250 OK")
        if answer == "cut off":
            server.transport.abort()
            return "250 OK"
        if answer.startswith("250"):
            self.mails.append(
                SimpleNamespace(
                    sender=envelope.mail_from, to=envelope.rcpt_tos[:], raw=envelope.original_content
                )
            )
        return answer

    def authenticate(self, server, session, envelope, mechanism, data):
        pair = (data.login.decode(), data.password.decode())
        self.signed_in.append(pair)
        return AuthResult(success=pair[1] == "open sesame", handled=False)


class MailServer:
    """aiosmtpd in a thread of its own."""

    def __init__(self, **options):
        self.box, self.port = Box(), free_port()
        tls = options.get("tls_context")
        asks = (
            {"authenticator": self.box.authenticate, "auth_require_tls": False}
            if options.pop("asks", 0)
            else {}
        )

        class Here(Controller):
            def factory(self):
                return SMTP(self.handler, **asks, **({"tls_context": tls} if tls else {}), decode_data=False)

        self._controller = Here(self.box, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_error) -> None:
        self._controller.stop()


class Talker:
    """A server of bytes: says one thing to whoever comes, and then nothing."""

    def __init__(self, says: bytes, closes: bool = True):
        self._says, self._closes = says, closes
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                there, _ = self._socket.accept()
            except OSError:
                return
            if self._says:
                there.sendall(self._says)
            if self._closes:
                there.close()
            else:
                self._kept.append(there)

    def __enter__(self) -> "Talker":
        return self

    def __exit__(self, *_error) -> None:
        self._socket.close()
        for one in self._kept:
            one.close()


# Push ---------------------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Handset:
    """A browser's side of a subscription: it can read what the push service can't."""

    def __init__(self):
        self._key, self._secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.keys = {"p256dh": b64(point(self._key.public_key())), "auth": b64(self._secret)}

    def phone(self, endpoint: str) -> Phone:
        return Phone(1, endpoint, self.keys)

    def read(self, body: bytes) -> dict:
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        return json.loads(plain)


def claims_of(authorization: str) -> tuple[dict, str]:
    """(the claims that a VAPID header signs, the public key); raises InvalidSignature for another's signature."""
    assert authorization.startswith("vapid ")
    parts = dict(part.strip().split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
    head, claims, signature = parts["t"].split(".")
    raw = unb64(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert json.loads(unb64(head))["alg"] == "ES256"
    return json.loads(unb64(claims)), parts["k"]


class PushService:
    """Answers each message with the next of `answers` (a status, or a status and headers), else 201; bytes are said as
    they are."""

    def __init__(self):
        self.got: list[SimpleNamespace] = []
        self.answers: list = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.got.append(SimpleNamespace(path=self.path, headers=self.headers, body=body))
                status, headers, words = service._next()
                if status == "hang":
                    time.sleep(1.5)
                    return self.close_connection
                if isinstance(status, bytes):
                    self.close_connection = True
                    return self.wfile.write(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(words)))
                self.end_headers()
                self.wfile.write(words)

            do_GET = do_POST

            def log_message(self, *_args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _next(self) -> tuple:
        answer = self.answers.pop(0) if self.answers else 201
        return (*answer, b"")[:3] if isinstance(answer, tuple) else (answer, {}, b"")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/push/one"

    def __enter__(self) -> "PushService":
        return self

    def __exit__(self, *_error) -> None:
        self._server.shutdown()
        self._server.server_close()


__all__ = [
    "DAY",
    "Handset",
    "InvalidSignature",
    "MailServer",
    "PushService",
    "Talker",
    "a_message",
    "claims_of",
]
