"""The command that looks an install over before people rely on it: what is wrong, one line each, in plain words."""

import ipaddress
import os
import re
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.config import LOOPBACK, SECRETS, Config
from diary.lib import clock, rekey, sealing
from diary.lib.types import from_ms

REFUSED = 1
NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "glusterfs", "ceph"}
NO_REAL_HOST = re.compile(r"(^|\.)(localhost|test|example|invalid|local|internal|example\.(com|org|net))$")
OFF_BY = timedelta(seconds=60)
NO_TICK_SINCE = timedelta(minutes=3)


class Found:
    """What was found: `wrong` must not be, `mind` may be with a reason."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.mind: list[str] = []


def register(app: Flask) -> None:
    app.cli.add_command(check_production)


@click.command("check-production")
def check_production() -> None:
    """Look over keys, addresses, files and database; exit 1 where people must not rely on it yet."""
    found = look(current_app.config["SETTINGS"], os.environ)
    for words in found.wrong:
        click.echo(f"no: {words}", err=True)
    for words in found.mind:
        click.echo(f"mind: {words}")
    if found.wrong:
        click.echo(f"Not ready for production: {len(found.wrong)} to be put right.", err=True)
        raise SystemExit(REFUSED)
    click.echo("Ready for production, as far as can be seen from here.")


def look(settings: Config, environ: Mapping[str, str]) -> Found:
    """What is wrong with the settings, the files and the database of this install."""
    found = Found()
    found.wrong += [*_settings(settings, environ), *_files(settings, environ)]
    found.mind += _settings_to_mind(settings, environ)
    try:
        with db.database().engine.connect() as c:
            _database(c, settings, found)
    except SQLAlchemyError:
        found.wrong.append(
            "The database does not answer, or lacks its tables: see DATABASE_URL, and run migrate."
        )
    return found


# Settings -----------------------------------------------------------------------------------------


def _settings(settings: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """Weak and missing keys, and plain http off this machine, already keep the app from starting."""
    if not settings.production:
        yield "NEAP_ENV is not production: keys are made here, and demo people may be."
    if not settings.https:
        yield "PUBLIC_URL is not https: nobody but this machine can open it, and cookies are not Secure."
    elif settings.trusted_proxies == 0:
        yield "TRUSTED_PROXIES is 0: behind a proxy every visitor seems to come from it, and all share one budget of guesses."
    if settings.smtp is None:
        yield "SMTP_URL is not set: nobody is mailed about a safety flag, and nobody can set a new passphrase."
    for host in settings.push_hosts:
        if _is_made_up(host):
            yield f"PUSH_HOSTS names {host}, which is no push service of a browser."
    recipient = environ.get("BACKUP_RECIPIENT", "")
    if not recipient:
        yield "BACKUP_RECIPIENT is not set: without it no backup is encrypted."
    elif not recipient.startswith("age1"):
        yield "BACKUP_RECIPIENT is the public part of an age key; it begins with age1."
    if settings.database_url.startswith("sqlite") and _workers(environ) > 1:
        yield "SQLite has one writer: one web process only. Take the number of workers out of WEB_CONCURRENCY and GUNICORN_CMD_ARGS."
    if settings.log_level == "debug":
        yield "LOG_LEVEL is debug, which is not looked over for what people wrote."


def _settings_to_mind(settings: Config, environ: Mapping[str, str]) -> Iterator[str]:
    if not environ.get("AUDIT_KEY") and not environ.get("AUDIT_KEY_FILE"):
        yield "AUDIT_KEY is not set: the audit trail is bound by DATA_KEY, which must then never be dropped from AUDIT_KEY_FALLBACKS."
    if not settings.audit_anchor_url:
        yield "AUDIT_ANCHOR_URL is not set: nobody outside keeps the audit trail's head."
    if not settings.vapid_key:
        yield "VAPID_PRIVATE_KEY is not set: reminders come by mail only."
    if settings.secret_key_fallbacks or settings.data_key_fallbacks:
        yield "Older keys are still accepted: see `keys status`, and drop them in time."
    if settings.smtp and not settings.smtp.is_tls and settings.smtp.host not in LOOPBACK:
        yield "SMTP_URL is smtp://: mail is encrypted on the way only if that server offers it. smtps:// always is."
    if environ.get("BIND") and environ["BIND"].rsplit(":", 1)[0].strip("[]") not in LOOPBACK:
        yield "BIND is not loopback: see that only the proxy can reach it."
    if not settings.heartbeat_url:
        yield "HEARTBEAT_URL is not set: see that something asks /readyz every few minutes and wakes somebody."


def _is_made_up(host: str) -> bool:
    bare = host.removeprefix("*.").rsplit(":", 1)[0].strip("[]").lower()
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return "." not in bare or ":" in host or bool(NO_REAL_HOST.search(bare))
    return True


def _workers(environ: Mapping[str, str]) -> int:
    asked = re.findall(r"(?:-w|--workers)[ =]*(\d+)", environ.get("GUNICORN_CMD_ARGS", ""))
    asked += re.findall(r"^\d+$", environ.get("WEB_CONCURRENCY", ""))
    return max((int(number) for number in asked), default=1)


# Files --------------------------------------------------------------------------------------------


def _files(settings: Config, environ: Mapping[str, str]) -> Iterator[str]:
    places = [("DATA_DIR", settings.data_dir)]
    places += [(f"{name}_FILE", Path(file)) for name in SECRETS if (file := environ.get(f"{name}_FILE", ""))]
    is_sqlite = settings.database_url.startswith("sqlite:///")
    if is_sqlite:
        places.append(("The database", Path(settings.database_url.removeprefix("sqlite:///"))))
    for name, path in places:
        if path.exists() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH):
            if name == "The database" and not settings.data_dir.stat().st_mode & stat.S_IXOTH:
                continue  # nobody else gets as far as the file
            yield f"{name} is open to other users of this machine: chmod {'700' if path.is_dir() else '600'} {path}"
    if not os.access(settings.data_dir, os.W_OK):
        yield f"DATA_DIR can't be written to: {settings.data_dir}"
    if is_sqlite and (kind := _disk_of(places[-1][1])) in NETWORK_DISKS:
        yield f"The database lies on a network share ({kind}), where SQLite is not safe."


def _disk_of(path: Path) -> str:
    """The kind of file system that a path lies on, empty where that can't be told."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    over = [(len(at), kind) for at, kind in mounts if path.resolve().is_relative_to(at)]
    return max(over)[1] if over else ""


# Database -----------------------------------------------------------------------------------------


def _database(c: Connection, settings: Config, found: Found) -> None:
    now = clock.now()
    if c.execute(text("SELECT version_num FROM alembic_version")).scalar() != db.newest():
        found.wrong.append("The database is not at the newest version: run migrate.")
        return
    if c.execute(text("SELECT count(*) FROM clinic WHERE is_demo")).scalar():
        found.wrong.append(
            "There are demo clinics, whose passphrase everybody knows. Begin with an empty database."
        )
    if any(mark not in sealing.marks() for mark in rekey.used()):
        found.wrong.append(
            "Something is sealed by a key that is not given here. Was DATA_KEY changed without DATA_KEY_FALLBACKS?"
        )
    if c.dialect.name == "postgresql":
        _postgresql(c, now, found)
    newest = c.execute(text("SELECT max(at) FROM audit_event")).scalar()
    if newest is not None and from_ms(newest) > now + OFF_BY:
        found.wrong.append("The audit trail has events of the future: this machine's clock was wrong, or is.")
    ticked = c.execute(text("SELECT max(ended_at) FROM tick")).scalar()
    if ticked is None or from_ms(ticked) < now - NO_TICK_SINCE:
        found.mind.append("The jobs process has not made a round in the last three minutes.")


def _postgresql(c: Connection, now: datetime, found: Found) -> None:
    told = c.execute(
        text("SELECT rolsuper OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = current_user")
    )
    owned = c.execute(
        text(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(tableowner, 'MEMBER')"
        )
    )
    if told.scalar() or owned.scalar():
        found.wrong.append(
            "DATABASE_URL names a role that owns the tables or may do more than it needs: it could drop the triggers that keep the audit trail. Use the lesser role of docs/deployment.md."
        )
    elif c.execute(
        text("SELECT has_table_privilege('audit_event', 'UPDATE, DELETE, TRUNCATE, TRIGGER')")
    ).scalar():
        found.wrong.append(
            "The role of DATABASE_URL may change the audit trail: see the grants of docs/deployment.md."
        )
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if c.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar() in ("off", "local"):
            found.wrong.append(f"PostgreSQL runs with {name} off: what was acknowledged can be lost.")
    if not c.execute(text("SELECT current_setting('synchronous_standby_names')")).scalar():
        found.mind.append(
            "PostgreSQL has no synchronous standby: with the disk goes what came since the last backup."
        )
    elif c.execute(text("SELECT count(*) FROM pg_stat_replication")).scalar() == 1:
        found.mind.append("PostgreSQL has one standby only: while it is away, nobody can write.")
    theirs = c.execute(text("SELECT clock_timestamp()")).scalar()
    if theirs is not None and abs(theirs - now) > OFF_BY:
        found.wrong.append("This machine's clock and the database's differ by more than a minute.")
