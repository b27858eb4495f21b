"""A passkey made of plain code, which answers as a phone would, and as an attacker's might."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """One passkey; `counter` is None for those that do not count, as most phones' do."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    holder: bytes = b""
    counter: int | None = None

    def make(self, options: dict, origin: str = ORIGIN, **wrong: str) -> str:
        """What `navigator.credentials.create` gives, in the JSON that the page sends."""
        self.holder = unb64(options["user"]["id"])
        point = self.private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(wrong.get("site", options["rp"]["id"]), PRESENT | VERIFIED | ATTESTED) + attested
        said = {
            "clientDataJSON": b64(
                _client("webauthn.create", wrong.get("challenge", options["challenge"]), origin)
            ),
            "attestationObject": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._written(said)

    def answer(
        self, options: dict, origin: str = ORIGIN, flags: int = PRESENT | VERIFIED, **wrong: str
    ) -> str:
        """What `navigator.credentials.get` gives; the counter goes on by one where there is one."""
        if self.counter is not None:
            self.counter += 1
        client = _client(
            wrong.get("type", "webauthn.get"), wrong.get("challenge", options["challenge"]), origin
        )
        data = self._data(wrong.get("site", options["rpId"]), flags)
        signed = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signed),
            "userHandle": b64(self.holder),
        }  # fmt: skip
        return self._written(said)

    def _data(self, site: str, flags: int) -> bytes:
        count = (self.counter or 0).to_bytes(4, "big")
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + count

    def _written(self, said: dict) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": said})


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


def enrol(client, key: Key | None = None, name: str = "My phone") -> Key:
    """A passkey of whoever the client is signed in as."""
    key = key or Key()
    options = client.post("/passkeys/challenge").response.get_json()
    answer = client.post("/passkeys", {"name": name, "answer": key.make(options)})
    assert answer.status in (200, 303), answer.text
    return key


def sign_in(client, key: Key, **wrong):
    """Nobody types an address: the passkey says whose it is."""
    options = client.post("/sign-in/challenge").response.get_json()
    return client.post("/sign-in/passkey", {"answer": key.answer(options, **wrong)})
