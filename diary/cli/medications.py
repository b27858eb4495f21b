"""The command that prints what somebody takes on a day as JSON."""

import json

import click
from flask import Flask

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.cli.common import day_or_fail, patient_or_fail
from diary.medications.queries import TABLE, day_of
from diary.medications.rules import as_json


def register(app: Flask) -> None:
    app.cli.add_command(medications)


@click.command("medications")
@click.argument("email")
@click.option("--on", "on", required=True, help="The day, like 2026-03-15.")
@click.option("--json", "as_text", is_flag=True, required=True, help="The contract's JSON document.")
def medications(email: str, on: str, as_text: bool) -> None:
    """What somebody takes on a day, opioids as MME."""
    day = day_or_fail(on, "--on")
    with db.read() as s:
        patient = patient_or_fail(s, email)
        found = day_of(s, access.OPERATOR, patient.id, day)
    with db.write() as s:
        audit.record(s, access.OPERATOR, "medications.show", patient.id, clinic_id=patient.clinic_id)
    click.echo(json.dumps(as_json(found, TABLE), indent=1))
