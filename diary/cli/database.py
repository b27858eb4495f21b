"""The command that brings the database to the newest schema."""

import logging

import click
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask, current_app

from diary.config import ROOT


def register(app: Flask) -> None:
    app.cli.add_command(migrate)


def alembic_config(url: str) -> AlembicConfig:
    found = AlembicConfig(str(ROOT / "alembic.ini"))
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return found


@click.command("migrate")
def migrate() -> None:
    """Bring the schema to its newest version."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    url = current_app.config["SETTINGS"].database_url
    command.upgrade(alembic_config(url), "head")
    click.echo("The database is at the newest version.")
