"""The command that prints the response to every infusion as JSON."""

import json

import click
from flask import Flask

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.cli.common import patient_or_fail
from diary.response.queries import responses
from diary.response.rules import as_json


def register(app: Flask) -> None:
    app.cli.add_command(response)


@click.command("response")
@click.argument("email")
@click.option("--json", "as_text", is_flag=True, required=True, help="The contract's JSON document.")
def response(email: str, as_text: bool) -> None:
    """What each infusion did, by symptom."""
    with db.read() as s:
        patient = patient_or_fail(s, email)
    with db.write() as s:
        audit.record(s, access.OPERATOR, "response.show", patient.id, clinic_id=patient.clinic_id)
    with db.read() as s:
        found = responses(s, access.OPERATOR, patient.id)
    click.echo(json.dumps(as_json(email, found), indent=1))
