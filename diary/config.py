"""What the environment says, checked before anything starts."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
WEAKEST_KEY = 32
# What may come from a file instead, named by the variable with _FILE behind: what a process's environment shows to
# whoever may look at the process.
SECRETS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DATA_KEY",
    "DATA_KEY_FALLBACKS",
    "AUDIT_KEY",
    "AUDIT_KEY_FALLBACKS",
    "VAPID_PRIVATE_KEY",
    "SMTP_URL",
    "DATABASE_URL",
)
# Where browsers have their push services: Chromium's, Mozilla's, Apple's and Microsoft's. A "*." stands for one name
# or more in front.
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
SMTP_PORTS = {"smtp": 587, "smtps": 465}


class Misconfigured(SystemExit):
    """The environment can't be served safely; the message names what to set."""


@dataclass(frozen=True)
class Smtp:
    """The server that takes mail; `is_tls`: from the first byte, else by STARTTLS where it is offered."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False


@dataclass(frozen=True)
class Config:
    """One install's settings; keys are text of at least 32 characters."""

    production: bool
    data_dir: Path
    database_url: str
    public_url: str | None
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    data_key: str
    data_key_fallbacks: tuple[str, ...]
    audit_keys: tuple[str, ...]  # the present one first
    audit_anchor_url: str  # "" is nowhere
    heartbeat_url: str  # "" is nobody
    trusted_proxies: int
    log_level: str
    worker: bool
    smtp: Smtp | None
    mail_from: Address
    push_hosts: tuple[str, ...]
    vapid_key: str  # 32 bytes in base64url; "" is push switched off
    port: int

    @property
    def https(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https://"))

    @property
    def home(self) -> str:
        """Where links in mails begin: PUBLIC_URL, or without one what `make run` prints."""
        return self.public_url or f"http://localhost:{self.port}"


def load(env: Mapping[str, str] | None = None) -> Config:
    """Settings from the environment; raises Misconfigured in plain words."""
    env = _with_files(os.environ if env is None else env)
    production = _environment(env) == "production"
    data_dir = Path(env.get("DATA_DIR") or ROOT / "var").resolve()
    url = _public_url(env.get("PUBLIC_URL", ""))
    if production:
        missing = [name for name in ("SECRET_KEY", "DATA_KEY", "PUBLIC_URL") if not env.get(name)]
        if missing:
            raise Misconfigured(f"Neap does not start in production without {', '.join(missing)}.")
    found = Config(
        production=production,
        data_dir=data_dir,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'neap.db'}",
        public_url=url,
        secret_key=_key(env, "SECRET_KEY", data_dir),
        secret_key_fallbacks=_several(env, "SECRET_KEY_FALLBACKS"),
        data_key=_key(env, "DATA_KEY", data_dir),
        data_key_fallbacks=_several(env, "DATA_KEY_FALLBACKS"),
        audit_keys=_audit_keys(env, data_dir, production),
        audit_anchor_url=_elsewhere(env, "AUDIT_ANCHOR_URL", production),
        heartbeat_url=_elsewhere(env, "HEARTBEAT_URL", production),
        trusted_proxies=_whole(env, "TRUSTED_PROXIES", 0),
        log_level=env.get("LOG_LEVEL", "info"),
        worker=_switch(env, "WORKER"),
        smtp=_smtp(env.get("SMTP_URL", "")),
        mail_from=_mail_from(env.get("MAIL_FROM", ""), url),
        push_hosts=_several(env, "PUSH_HOSTS") or PUSH_HOSTS,
        vapid_key=_vapid_key(env, data_dir, production),
        port=_whole(env, "PORT", 8000),
    )
    if production:
        _check_keys(found)
    return found


def _with_files(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with what stands in files; a secret given in both ways is a mistake, so is an empty file."""
    found = dict(env)
    for name in SECRETS:
        path = env.get(f"{name}_FILE")
        if not path:
            continue
        if env.get(name):
            raise Misconfigured(f"{name} and {name}_FILE are both set; one of them is enough.")
        try:
            found[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{name}_FILE can't be read: {path}.") from error
        if not found[name] and not name.endswith("_FALLBACKS"):
            raise Misconfigured(f"{name}_FILE is empty: {path}.")
    return found


def _environment(env: Mapping[str, str]) -> str:
    name = env.get("NEAP_ENV") or "development"
    if name not in ("development", "production"):
        raise Misconfigured(f"NEAP_ENV is {name!r}; it may be development or production.")
    return name


def _public_url(text: str) -> str | None:
    """Scheme, host and port in the spelling that browsers send as Origin."""
    if not text:
        return None
    parts = urlsplit(text.rstrip("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    more = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in ("http", "https") or not parts.hostname or more or port == -1:
        raise Misconfigured("PUBLIC_URL is the scheme and host people open, like https://neap.example.org.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Misconfigured("PUBLIC_URL must be https, except on this machine itself (localhost).")
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _audit_keys(env: Mapping[str, str], data_dir: Path, production: bool) -> tuple[str, ...]:
    """What the chain's keys derive from: a key of its own, or in production where none is given the data keys.

    Older ones still prove the lines that were made with them, so a key can be changed and the chain goes on.
    """
    older = _several(env, "AUDIT_KEY_FALLBACKS")
    if env.get("AUDIT_KEY") or not production:
        return (_key(env, "AUDIT_KEY", data_dir), *older)
    return (env.get("DATA_KEY", ""), *older, *_several(env, "DATA_KEY_FALLBACKS"))


def _elsewhere(env: Mapping[str, str], name: str, production: bool) -> str:
    """An address that others run: https, or in development this machine."""
    text = env.get(name, "")
    if not text:
        return ""
    parts = urlsplit(text)
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK and not production
    if not parts.hostname or not (parts.scheme == "https" or is_here):
        raise Misconfigured(f"{name} is an https address, like https://elsewhere.example.org/neap.")
    return text


def _smtp(text: str) -> Smtp | None:
    """smtp://host:port, smtps:// for TLS from the first byte, with user:passphrase@ before the host where it asks for them."""
    if not text:
        return None
    parts = urlsplit(text)
    try:
        port = parts.port or SMTP_PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if (
        parts.scheme not in SMTP_PORTS
        or not parts.hostname
        or not port
        or parts.path.strip("/")
        or parts.query
    ):
        raise Misconfigured(
            "SMTP_URL is like smtp://mail.example.org:587 or smtps://user:pass@mail.example.org."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Smtp(parts.hostname, port, user, password, parts.scheme == "smtps")


def _mail_from(text: str, public_url: str | None) -> Address:
    """The sender of every mail: "Neap <neap@example.org>" or an address alone."""
    host = urlsplit(public_url or "").hostname or "localhost"
    name, address = parseaddr(text or f"Neap <neap@{host}>")
    try:
        found = Address(display_name=name or "Neap", addr_spec=address)
        if text.isprintable() and found.username and found.domain:
            return found
    except (ValueError, IndexError, MessageError):
        pass
    raise Misconfigured("MAIL_FROM is an address like neap@example.org, or Neap <neap@example.org>.")


def _vapid_key(env: Mapping[str, str], data_dir: Path, production: bool) -> str:
    """By it push services know who sends. Production without one has no push, and says so."""
    given = env.get("VAPID_PRIVATE_KEY", "").rstrip("=")
    if not given and production:
        return ""
    key = given or _made_once(data_dir / "keys" / "vapid_private_key", 32)
    try:
        is_right = len(base64.urlsafe_b64decode(key + "=")) == 32
    except (ValueError, binascii.Error):
        is_right = False
    if not is_right:
        raise Misconfigured("VAPID_PRIVATE_KEY is 32 bytes in base64url; the README says how to make one.")
    return key


def _check_keys(found: Config) -> None:
    for name, key in (("SECRET_KEY", found.secret_key), ("DATA_KEY", found.data_key)):
        if _is_weak(key):
            raise Misconfigured(f"{name} is too weak: at least {WEAKEST_KEY} random characters.")
    if _is_weak(found.audit_keys[0]):
        raise Misconfigured(f"AUDIT_KEY is too weak: at least {WEAKEST_KEY} random characters.")
    older = (*found.secret_key_fallbacks, *found.data_key_fallbacks, *found.audit_keys[1:])
    if any(_is_weak(key) for key in older):
        raise Misconfigured("A key among the fallbacks is too weak to be accepted still.")
    if found.secret_key == found.data_key:
        raise Misconfigured("SECRET_KEY and DATA_KEY are the same; each needs its own.")
    if found.secret_key in found.audit_keys:
        raise Misconfigured("SECRET_KEY and AUDIT_KEY are the same; each needs its own.")


def _is_weak(key: str) -> bool:
    """Too short, of too few characters, or one piece over and over."""
    return len(key) < WEAKEST_KEY or len(set(key)) < 10 or key in (key + key)[1:-1]


def _key(env: Mapping[str, str], name: str, data_dir: Path) -> str:
    given = env.get(name)
    if given:
        return given
    return _made_once(data_dir / "keys" / name.lower())


def _made_once(path: Path, size: int = 48) -> str:
    """A development key, made on first use; of two starts at once the first one's file wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(size)
        file.write(key)
    return key


def _several(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name) or "on"
    if text not in ("on", "off"):
        raise Misconfigured(f"{name} is {text!r}; it is on or off.")
    return text == "on"


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal():
        raise Misconfigured(f"{name} is {text!r}; it is a whole number.")
    return int(text)
