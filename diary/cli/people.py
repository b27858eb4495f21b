"""The commands about people."""

import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from diary import db
from diary.accounts import actions as accounts
from diary.accounts.actions import factors, mails
from diary.accounts.forms import checked_email, checked_passphrase
from diary.accounts.queries import person_by_email
from diary.accounts.rules.letters import WAY_REMOVED
from diary.audit import actions as audit
from diary.careteam import access, actions
from diary.careteam.forms import checked_born, checked_name
from diary.careteam.rules import Role
from diary.cli.common import fail
from diary.lib import clock
from diary.lib.log import failure
from diary.records import actions as records
from diary.records import queries as records_queries
from diary.records import worker as records_worker
from diary.records.rules import BACKUP_DAYS

WHY_NOT = {
    records_queries.STAFF: "They work at a clinic here; please end that first.",
    records_queries.FLAG: "A clinic has not finished with an answer of theirs that it was told of; please close that first.",
}

people = AppGroup("people", help="People of the clinics.")


def register(app: Flask) -> None:
    app.cli.add_command(people)


@people.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--clinic", required=True)
@click.option("--zone", default="Europe/London")
@click.option("--name", default="")
@click.option("--born", default="")
@click.option("--passphrase-stdin", is_flag=True)
def add(email: str, role: str, clinic: str, zone: str, name: str, born: str, passphrase_stdin: bool) -> None:
    """Add a person to a clinic: an invitation link, or a passphrase from stdin."""
    try:
        email = checked_email(email)
        name = checked_name(name) if name else email.split("@")[0]
        clinic = checked_name(clinic)
        born = checked_born(born)
        passphrase = checked_passphrase(sys.stdin.readline().rstrip("\r\n")) if passphrase_stdin else None
    except ValueError as error:
        fail(str(error))
    if not clock.is_zone(zone):
        fail(f"There is no time zone {zone!r}; one is Europe/London.")
    if passphrase is None:
        _invite(email, role, clinic, zone, name, born)
    else:
        _add(email, role, clinic, zone, name, born, passphrase)


def _invite(email: str, role: str, clinic: str, zone: str, name: str, born: str) -> None:
    now = clock.now()
    with db.write() as s:
        found = actions.clinic_named(s, clinic, now)
        token = actions.invite(
            s, access.OPERATOR, found, email, role, now, name=name, zone=zone, born=born or None
        )
    host = current_app.config["SETTINGS"].public_url or "http://localhost:8000"
    click.echo(f"{host}/invitations/{token}")


def _add(email: str, role: str, clinic: str, zone: str, name: str, born: str, passphrase: str) -> None:
    now = clock.now()
    with db.write() as s:
        found = actions.clinic_named(s, clinic, now)
        person = person_by_email(s, email) or accounts.create_person(s, email, name, zone, now, born or None)
        accounts.set_passphrase(s, person, passphrase)
        accounts.end_sessions(s, person.id, now)
        actions.add_member(s, found.id, person.id, role, now)
        audit.record(s, access.OPERATOR, "person.add", person.id, clinic_id=found.id)
    article = "an" if role[0] in "aeiou" else "a"
    click.echo(f"{email} is {article} {role} of {found.name}.")


@people.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
def erase(email: str, yes: bool) -> None:
    """Erase a person for good, as they can themselves under More."""
    with db.read() as s:
        person = person_by_email(s, email)
        why = records_queries.why_not(s, access.OPERATOR, person.id) if person is not None else ""
    if person is None:
        fail(f"Nobody here has the e-mail address {email}.")
    if why:
        fail(WHY_NOT[why])
    if not yes:
        fail(f"{email} and everything that they kept here would be gone for good. Add --yes to do it.")
    try:
        with db.write() as s:
            records.erase(s, access.OPERATOR, person.id, clock.now())
    except records.Refused as error:
        fail(WHY_NOT[str(error)])
    click.echo(f"Erased: person {person.id}. Copies made before go within {BACKUP_DAYS} days.")
    try:
        records_worker.finish()
    except Exception as error:
        failure(error)
        fail(
            "The list of the erased in DATA_DIR could not be made whole; the jobs process tries again each minute."
        )


@people.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Take somebody's passkeys, authenticator app and recovery codes away, and sign them out everywhere."""
    now = clock.now()
    with db.write() as s:
        person = person_by_email(s, email)
        if person is not None:
            taken = factors.remove_factors(s, person.id)
            accounts.end_sessions(s, person.id, now)
            audit.record(s, access.OPERATOR, "factors.reset", person.id)
            mails.put(s, person.id, WAY_REMOVED, now, about="all passkeys, apps and codes")
    if person is None:
        fail(f"Nobody here has the e-mail address {email}.")
    click.echo(", ".join(f"{number} {name.replace('_', ' ')}" for name, number in taken.items()) + " removed")
