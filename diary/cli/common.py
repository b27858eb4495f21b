"""What all commands share: finding a person, reading a date, and how to fail."""

from collections.abc import Callable
from datetime import date
from typing import NoReturn

import click
from sqlmodel import Session

from diary.accounts.queries import person_by_email
from diary.careteam import access
from diary.lib.errors import Hidden

BAD = 2


def fail(words: str) -> NoReturn:
    """Say why on stderr and stop with exit status 2."""
    click.echo(words, err=True)
    raise SystemExit(BAD)


def patient_or_fail(s: Session, email: str, stop: Callable[[str], NoReturn] = fail) -> access.PatientRef:
    """The patient of an e-mail address; `stop` says why there is none."""
    person = person_by_email(s, email)
    if person is None:
        stop(f"Nobody here has the e-mail address {email}.")
    try:
        return access.load_patient(s, access.OPERATOR, person.uuid)
    except Hidden:
        stop(f"{email} is not a patient of a clinic.")


def day_or_fail(text: str, option: str) -> date:
    try:
        if len(text) != len("2026-03-15"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{option} is {text!r}; it is a date like 2026-03-15.")
