"""The command that checks the audit trail."""

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.audit import worker
from diary.audit.rules.chain import Head
from diary.careteam.access import OPERATOR
from diary.cli.common import fail

NOT_WHOLE = 1
MOST_NAMED = 50


def register(app: Flask) -> None:
    app.cli.add_command(verify)


@click.command("verify")
@click.option("--known", metavar="COUNT:MAC", help="A head that was put away elsewhere must be in the chain.")
@click.option(
    "--set-head", is_flag=True, help="Put the head away anew as the chain stands; look into it first."
)
def verify(known: str | None, set_head: bool) -> None:
    """Check that no event of the audit trail was changed, removed or moved."""
    if not _is_ready():
        fail("The database can't be read, or is not at the newest version. Please run migrate first.")
    if set_head:
        head = worker.put_head(OPERATOR)
        click.echo(f"The head is put away anew, at line {head.count:,}. Please run verify.")
        return
    found = worker.verify(OPERATOR, _head(known) if known else None)
    for fault in found.faults[:MOST_NAMED]:
        click.echo(fault, err=True)
    if len(found.faults) > MOST_NAMED:
        click.echo(f"And {len(found.faults) - MOST_NAMED:,} more.", err=True)
    counts = f"{found.events:,} events, {found.lines:,} lines in the chain, {found.appended:,} appended now"
    if found.faults:
        click.echo(f"The audit trail is not whole ({len(found.faults):,} found): {counts}.")
        raise SystemExit(NOT_WHOLE)
    click.echo(f"The audit trail is whole: {counts}; its head is {found.lines}:{found.mac.hex()}.")


def _is_ready() -> bool:
    try:
        return db.is_ready()
    except SQLAlchemyError:
        return False


def _head(text: str) -> Head:
    count, _, mac = text.partition(":")
    try:
        if count.isdecimal() and len(mac) == 64:
            return Head(int(count), bytes.fromhex(mac))
    except ValueError:
        pass
    fail(f"--known is {text!r}; it is a count and a mac, as verify prints them.")
