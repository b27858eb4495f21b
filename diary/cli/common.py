"""What all commands share: finding a person, reading a date, and how to fail."""

from datetime import date
from typing import NoReturn

import click
from sqlmodel import Session

from diary.accounts.models import Person
from diary.accounts.queries import person_by_email

BAD = 2


def fail(words: str) -> NoReturn:
    """Say why on stderr and stop with exit status 2."""
    click.echo(words, err=True)
    raise SystemExit(BAD)


def person_or_fail(s: Session, email: str) -> Person:
    person = person_by_email(s, email)
    if person is None:
        fail(f"Nobody here has the e-mail address {email}.")
    return person


def day_or_fail(text: str, option: str) -> date:
    try:
        if len(text) != len("2026-03-15"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{option} is {text!r}; it is a date like 2026-03-15.")
