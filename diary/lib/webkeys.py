"""Passkeys as browsers speak of them: what is asked of one, and whether its answer holds (WebAuthn level 3)."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)

ALGORITHMS = (-8, -7, -257)
MILLISECONDS = 5 * 60 * 1000
LONGEST = 20_000  # characters of an answer; a real one has about 1,000


class Wrong(Exception):
    """The answer does not hold: of another site, another challenge, another key, or no answer at all."""


@dataclass(frozen=True)
class Made:
    """A new passkey's public half."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Who answers, before it is looked at whether they may: the key's name, and whose it says it is."""

    credential_id: bytes
    holder: bytes | None
    text: str


def new_challenge() -> str:
    return secrets.token_urlsafe(32)


def origin() -> str:
    """The scheme and host that people open: PUBLIC_URL, or in development the request's own."""
    return current_app.config["ORIGIN"] or request.host_url.rstrip("/")


def site() -> str:
    """The host that passkeys belong to."""
    return urlsplit(origin()).hostname or "localhost"


def to_make(
    challenge: str, holder: bytes, name: str, display: str, known: Iterable[bytes], alone: bool = False
) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked for, bytes in base64url; `known` ones are not made twice.

    alone: no passphrase stands beside it, so it has to be one that signs in by itself.
    """
    return {
        "rp": {"id": site(), "name": "Neap"},
        "user": {"id": bytes_to_base64url(holder), "name": name, "displayName": display},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
        "timeout": MILLISECONDS,
        "excludeCredentials": [_named(one) for one in known],
        # To sign in without an e-mail address the phone keeps the key itself; a stick without room for it is a
        # second factor all the same.
        "authenticatorSelection": {
            "residentKey": "required" if alone else "preferred", "requireResidentKey": alone,
            "userVerification": "required" if alone else "preferred",
        },
        "attestation": "none",
        "extensions": {"credProps": True},
    }  # fmt: skip


def to_use(challenge: str, known: Iterable[bytes] = (), must_verify: bool = True) -> dict[str, Any]:
    """What `navigator.credentials.get` is asked for; without `known` ones the phone offers those it keeps."""
    return {
        "rpId": site(),
        "challenge": challenge,
        "timeout": MILLISECONDS,
        "allowCredentials": [_named(one) for one in known],
        "userVerification": "required" if must_verify else "preferred",
    }


def _named(credential_id: bytes) -> dict[str, Any]:
    return {"type": "public-key", "id": bytes_to_base64url(credential_id)}


def made(text: str, challenge: str, must_verify: bool = False) -> Made:
    """The passkey that a browser made for this challenge; raises Wrong."""
    try:
        answer = parse_registration_credential_json(_short(text))
        found = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(),
            expected_origin=origin(),
            require_user_verification=must_verify,
        )
        transports = tuple(str(one.value) for one in answer.response.transports or ())
    except Exception as error:  # whatever a stranger's bytes do to a parser
        raise Wrong(type(error).__name__) from error
    return Made(found.credential_id, found.credential_public_key, found.sign_count, transports)


def answer(text: str) -> Answer:
    """Who says that they answer; raises Wrong for what is no answer."""
    try:
        found = parse_authentication_credential_json(_short(text))
        return Answer(found.raw_id, found.response.user_handle, text)
    except Exception as error:
        raise Wrong(type(error).__name__) from error


def check(given: Answer, challenge: str, public_key: bytes, sign_count: int, must_verify: bool) -> int:
    """The counter of a passkey whose answer to this challenge holds; raises Wrong.

    must_verify: whether the key has to say that it knew its holder, by finger, face or code.
    """
    try:
        found = verify_authentication_response(
            credential=given.text,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(),
            expected_origin=origin(),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=must_verify,
        )
    except Exception as error:
        raise Wrong(type(error).__name__) from error
    return found.new_sign_count


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise Wrong("too_long")
    return text
