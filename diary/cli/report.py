"""The command that makes a person's report."""

from pathlib import Path

import click
from flask import Flask

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.cli.common import day_or_fail, fail, patient_or_fail
from diary.exchange.queries import period_data
from diary.lib import clock
from diary.reports import queries


def register(app: Flask) -> None:
    app.cli.add_command(report)


@click.command("report")
@click.argument("email")
@click.option("--since", required=True)
@click.option("--until", required=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--paper", default="a4", type=click.Choice(["a4", "letter"]))
def report(email: str, since: str, until: str, out: Path, paper: str) -> None:
    """Write the two-page summary of a period to a file."""
    first, last = day_or_fail(since, "--since"), day_or_fail(until, "--until")
    if first > last:
        fail("--since lies after --until.")
    with db.read() as s:
        patient = patient_or_fail(s, email)
        today = clock.diary_day(clock.now(), patient.zone)
        made = queries.facts(s, access.OPERATOR, patient, first, last)
        shown = queries.without_open_day(made, today)
        data = period_data(s, access.OPERATOR, patient, shown.since, shown.until, shown.as_of)
    if last > today and (not made.days or made.days[-1].day < last):
        fail(f"--until is {last}; that day has not come yet.")
    with db.write() as s:
        audit.record(
            s, access.OPERATOR, "report.make", patient.id, f"{first}/{last}", clinic_id=patient.clinic_id
        )
    body = queries.report(shown, paper, data)
    try:
        out.write_bytes(body)
    except OSError as error:
        fail(f"{out} can't be written: {error.strerror}.")
    click.echo(f"{out}: {len(body):,} bytes.")
