"""The commands about the key that texts in the database are sealed with."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.audit import actions as audit
from diary.careteam.access import OPERATOR
from diary.cli.common import fail
from diary.lib import rekey, sealing

NOT_DONE = 1
KEPT = {
    "flag": "{:,} open flags, each of which would be opened a second time if its matter came again",
    "recovery_code": "{:,} unused recovery codes, which would no longer sign anybody in",
}

keys = AppGroup("keys", help="The key that texts in the database are sealed with.")


def register(app: Flask) -> None:
    app.cli.add_command(keys)


@keys.command("rotate")
def rotate() -> None:
    """Seal everything anew with DATA_KEY; the ones before it are in DATA_KEY_FALLBACKS.

    Runs beside web and jobs, which know both keys already. Can be stopped, and begun again.
    """
    _ready()
    if len(set(sealing.marks())) < len(sealing.marks()):
        fail("Two of the keys bear the same mark, which one in 65,536 does. Please make another DATA_KEY.")
    try:
        done = rekey.rotate(click.echo)
    except db.Busy:
        click.echo("The database was too busy. What was sealed anew stays so: please run it again.", err=True)
        raise SystemExit(NOT_DONE) from None
    with db.write() as s:
        audit.record(s, OPERATOR, "keys.rotate")
    for place, number in sorted(done.unreadable.items()):
        click.echo(f"No key of this install opens {number:,} of {place}.", err=True)
    click.echo(
        f"sealed anew {done.sealed:,}, indexed anew {done.indexed:,}, in {done.turns:,} turns of at most"
        f" {done.longest * 1000:.0f} ms, unreadable {done.unreadable.total():,}"
    )
    if done.unreadable or any(one.sealed or one.indexed for one in _older()):
        click.echo(
            "Something is still sealed by an older key: does a web or jobs process run with it? Restart them, "
            "then run this again.",
            err=True,
        )
        raise SystemExit(NOT_DONE)


@keys.command("status")
def status() -> None:
    """Which keys are still needed, by their marks; exit 1 while something has to be sealed anew."""
    _ready()
    known = sealing.marks()
    found = rekey.used()
    for mark, used in found.items():
        click.echo(f"{mark.hex()}  {_name(known, mark)}: {used.sealed:,} sealed, {used.indexed:,} indexes")
        for table, number in sorted(used.kept.items()):
            if mark != known[0]:
                click.echo(f"      and {KEPT[table].format(number)}")
    unknown = [mark for mark in found if mark not in known]
    if unknown:
        click.echo("What was sealed by a key that is not given here can't be read.", err=True)
    if unknown or any(used.sealed or used.indexed for used in _older()):
        click.echo("Not everything is sealed by DATA_KEY: run `keys rotate`.")
        raise SystemExit(NOT_DONE)
    settings = current_app.config["SETTINGS"]
    if len(known) > 1:
        click.echo(
            "The older keys open nothing in the database. Keep them in DATA_KEY_FALLBACKS for 35 days,"
        )
        click.echo("for links in mails and receipts on phones; then they may go.")
        if settings.data_key in settings.audit_keys or set(settings.data_key_fallbacks) & set(
            settings.audit_keys
        ):
            click.echo("The audit trail is bound by them too: put them in AUDIT_KEY_FALLBACKS for good.")
    else:
        click.echo("Everything is sealed by DATA_KEY.")


def _name(known: list[bytes], mark: bytes) -> str:
    if mark not in known:
        return "a key that is not given here"
    number = known.index(mark)
    return "DATA_KEY" if number == 0 else f"number {number} of DATA_KEY_FALLBACKS"


def _older() -> list[rekey.Used]:
    return [used for mark, used in rekey.used().items() if mark != sealing.marks()[0]]


def _ready() -> None:
    try:
        if db.is_ready():
            return
    except SQLAlchemyError:
        pass
    fail("The database can't be read, or is not at the newest version. Please run migrate first.")
