"""Web push: one encrypted message to one phone's push service (RFC 8030, 8291, 8292)."""

import base64
import hashlib
import ipaddress
import json
import re
import socket
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

from diary.lib import clock
from diary.reminders.rules.message import SAFETY, Message, Outcome, Phone

SECONDS = 10
MOST_READ = 16_384
LONGEST_WAIT = 24 * 3600
LONGEST_LIFE = 28 * 24 * 3600  # push services keep nothing longer
OFF = Outcome("failed", "push_off")
REFUSED = Outcome("failed", "endpoint")
GONE = frozenset({404, 410})
LATER = frozenset({408, 425, 429})
HERE = frozenset({"127.0.0.1", "localhost"})


class Push:
    """Sends to phones as one sender. Safe to share among threads.

    hosts: names of push services, "*." for any name in front. allows_here: the tests' own service on this machine is
    a push service too, in development only.
    """

    def __init__(
        self,
        key: str,
        contact: str,
        hosts: Collection[str],
        allows_here: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self._vapid = Vapid.from_raw(key.encode()) if key else None
        self._contact, self._hosts = contact, tuple(host.lower() for host in hosts)
        self._allows_here, self._seconds = allows_here, seconds
        self._here = threading.local()

    @property
    def is_on(self) -> bool:
        return self._vapid is not None

    @property
    def public_key(self) -> str:
        """What a browser is told of the sender when it subscribes (applicationServerKey); "" where push is off."""
        if self._vapid is None:
            return ""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def is_allowed(self, endpoint: str) -> bool:
        """Whether an endpoint is one of a push service we know; asked when a phone subscribes, and before each try.

        What its name leads to is asked at each try only (`_leads_outside`).
        """
        if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint or "\\" in endpoint:
            return False
        try:
            parts = urlsplit(endpoint)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.password is not None or len(endpoint) > 2000:
            return False
        if self._allows_here and host in HERE:
            return parts.scheme in ("http", "https")
        known = any(
            host == name or (name.startswith("*.") and fnmatchcase(host, name)) for name in self._hosts
        )
        return parts.scheme == "https" and port in (None, 443) and known

    def send(self, phone: Phone, message: Message) -> Outcome:
        """One try. `gone`: this phone's subscription has ended."""
        if self._vapid is None:
            return OFF
        if not self.is_allowed(phone.endpoint):
            return REFUSED
        if not are_keys(phone.keys):
            return Outcome("gone", "keys")
        try:
            if not self._leads_outside(phone.endpoint):
                return REFUSED
            webpush(
                {"endpoint": phone.endpoint, "keys": dict(phone.keys)},
                data=payload(message),
                vapid_private_key=self._vapid,
                vapid_claims={
                    "sub": self._contact
                },  # a fresh one: webpush writes this call's service into it
                ttl=max(0, min(message.seconds, LONGEST_LIFE)),
                timeout=self._seconds,
                headers={
                    "Topic": topic(message.tag),
                    "Urgency": "high" if message.kind in SAFETY else "normal",
                },
                requests_session=self._session(),
            )
        except WebPushException as error:
            return _answered(error)
        except requests.Timeout:
            return Outcome("retry", "timeout")
        except (requests.RequestException, OSError):
            return Outcome("retry", "unreachable")
        return Outcome("sent")

    def _session(self) -> requests.Session:
        """Each thread keeps its own connections."""
        if not hasattr(self._here, "session"):
            self._here.session = _Session()
        return self._here.session

    def _leads_outside(self, endpoint: str) -> bool:
        """Whether the name leads to the outside world, not to a machine of ours; raises OSError where it leads nowhere."""
        host = urlsplit(endpoint).hostname or ""
        if self._allows_here and host in HERE:
            return True
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        return all(ipaddress.ip_address(str(address[0]).split("%")[0]).is_global for *_, address in found)


class _Session(requests.Session):
    """Follows no redirect, asks no proxy or .netrc of the environment, and reads little of what a service says."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def post(self, url, data=None, json=None, **more):  # type: ignore[no-untyped-def, override]
        response = super().post(url, data=data, json=json, allow_redirects=False, stream=True, **more)
        with suppress(urllib3.exceptions.HTTPError, OSError):
            response.raw.read(MOST_READ)  # a body read to its end lets the connection be used again
        response.close()
        response._content = b""  # its words concern nobody, and may be of any size
        return response


def are_keys(keys: Mapping[str, str]) -> bool:
    """Whether these are a browser's keys: a point of P-256 and 16 bytes, in base64url. Without them nothing is sealed."""
    try:
        point, secret = (base64.urlsafe_b64decode(keys[name] + "==") for name in ("p256dh", "auth"))
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except (KeyError, TypeError, ValueError):
        return False
    return len(point) == 65 and len(secret) == 16


def payload(message: Message) -> str:
    """What the phone's worker gets: no word of health, and small enough for every service (4 kB less what encrypts it)."""
    told = {
        "title": message.title,
        "body": message.body,
        "path": message.address,
        "tag": message.tag,
        "day": message.day.isoformat(),
        "id": str(message.id),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def topic(tag: str) -> str:
    """The tag as a header may hold it: at most 32 letters of base64url (RFC 8030, 5.4); services see no word of it."""
    return base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()[:24]).decode()


def _answered(error: WebPushException) -> Outcome:
    """What a push service's no means for the phone and for this message."""
    code = error.status_code
    if code is None or code < 200:
        return Outcome("retry", "garbage")
    if code < 300:
        return Outcome("sent")
    if code in GONE:
        return Outcome("gone", str(code))
    if code in LATER or code >= 500:
        return Outcome("retry", str(code), _seconds_of(error.retry_after))
    return Outcome("failed", str(code))


def _seconds_of(retry_after: str | None) -> int | None:
    """Retry-After in seconds, of a number or of a date; None where it says nothing that can be read."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return min(int(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if at.tzinfo is None:
        return None
    return max(0, min(int((at - clock.now()).total_seconds()), LONGEST_WAIT))
