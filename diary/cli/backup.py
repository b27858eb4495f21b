"""The commands that make a copy and put one back."""

import os
from pathlib import Path

import click
import psycopg
from alembic import command
from flask import Flask
from pyrage import EncryptError
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.backup import worker
from diary.careteam.access import OPERATOR
from diary.cli.common import fail
from diary.cli.database import alembic_config

NOT_WHOLE = 1
MOST_NAMED = 10


def register(app: Flask) -> None:
    app.cli.add_command(backup)
    app.cli.add_command(restore)


@click.command("backup")
@click.argument("dest", type=click.Path(path_type=Path))
def backup(dest: Path) -> None:
    """Put a checked, encrypted copy into the folder DEST, and remove those older than 35 days.

    For the public age key in BACKUP_RECIPIENT. Runs beside web and jobs.
    """
    given = os.environ.get("BACKUP_RECIPIENT", "")
    if not given:
        fail(
            "BACKUP_RECIPIENT is not set, and no copy is made unencrypted. Make a key with `age-keygen` on another "
            "machine, keep it there, and set BACKUP_RECIPIENT to its public part (age1...)."
        )
    try:
        made = worker.backup(dest, worker.recipient_of(given), OPERATOR)
    except worker.Refused as error:
        fail(str(error))
    except db.Busy:
        fail("The database was too busy; no copy was made. Please run it again.")
    except (SQLAlchemyError, psycopg.Error):
        fail("The database can't be read; no copy was made.")
    except (OSError, EncryptError) as error:
        fail(f"No copy was made: {_words(error)}.")
    click.echo(f"{made.path}: {made.rows:,} rows, checked; {made.pruned:,} older than 35 days removed.")
    if made.note:
        click.echo(f"mind: {made.note}", err=True)
    _name(made.faults)


@click.command("restore")
@click.argument("src", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Put it over a database that holds people.")
@click.option(
    "--identity",
    type=click.Path(path_type=Path),
    envvar="BACKUP_IDENTITY",
    help="The file with the secret age key (or BACKUP_IDENTITY).",
)
def restore(src: Path, force: bool, identity: Path | None) -> None:
    """Put the copy SRC in the place of the database; stop web and jobs first."""
    if identity is None:
        fail("Which file holds the secret age key? Name it with --identity, or in BACKUP_IDENTITY.")
    try:
        found = worker.restore(
            src,
            worker.identity_of(identity),
            OPERATOR,
            lambda url: command.upgrade(alembic_config(url), "head"),
            force,
        )
    except worker.Refused as error:
        fail(str(error))
    except (SQLAlchemyError, psycopg.Error) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        fail(
            f"The database does not answer as it should ({why}). It is as it was, or is the copy, whole: please restore again."
        )
    except OSError as error:
        fail(f"Nothing was restored: {_words(error)}.")
    click.echo(f"The copy of {found.made_at:%Y-%m-%d %H:%M} UTC is in place: {found.rows:,} rows.")
    click.echo(
        f"Signed out: {found.sessions:,} sessions; {found.links:,} mailed links no longer work. Phones send again "
        "what they sent in the last 35 days once their owners sign in."
    )
    click.echo(
        f"Not sent any more: {found.waited:,} mails and reminders that waited in the copy; safety flags are."
    )
    click.echo(
        f"What pages without scripts wrote since {found.made_at:%Y-%m-%d %H:%M} UTC is lost, and so are changes of "
        "access since then: look through consents, care links and calendar links that were ended."
    )
    _name(found.faults)


def _words(error: Exception) -> str:
    """What the system says of a disk; a library's words come without its number."""
    return getattr(error, "strerror", None) or str(error).split(" (os error")[0]


def _name(faults: tuple[str, ...]) -> None:
    """What is wrong with the audit trail; exit 1 where anything is."""
    if not faults:
        return
    for fault in faults[:MOST_NAMED]:
        click.echo(fault, err=True)
    click.echo("The audit trail is not whole: run verify.", err=True)
    raise SystemExit(NOT_WHOLE)
