"""The command that runs the scheduler process."""

import click
from flask import Flask, current_app

from diary import jobs as work


def register(app: Flask) -> None:
    app.cli.add_command(jobs)


@click.command("jobs")
@click.option("--once", is_flag=True, help="One tick, then stop.")
def jobs(once: bool) -> None:
    """Do what is due, every minute."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if not once:
        work.run(app)
        return
    for name, number in (work.tick(app) | work.tick_waited_for(app)).items():
        click.echo(f"{name.replace('_', ' ')}: {number}")
