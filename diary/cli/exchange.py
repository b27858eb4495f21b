"""The commands that bring a person's data in and out."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.cli.common import BAD, fail, patient_or_fail
from diary.exchange import actions, forms, queries
from diary.exchange.actions import Importer, Item, Refused
from diary.exchange.rules import BLOCK_ROWS, FORMATS, Counts, Refusal, Unreadable
from diary.lib import clock

SOME_REFUSED = 1
TRIES = 5
BLOCK_SECONDS = 0.15  # a command's transaction stays under 200 ms
PAUSE_SECONDS = 0.11


def register(app: Flask) -> None:
    app.cli.add_command(import_file)
    app.cli.add_command(export)


def _patient(email: str, stop: Callable[[str], NoReturn]) -> access.PatientRef:
    with db.read() as s:
        return patient_or_fail(s, email, stop)


def _unreadable(words: str) -> NoReturn:
    """Nothing was written: why on stderr, zeros as the last line."""
    click.echo(words, err=True)
    click.echo(Counts().line())
    raise SystemExit(BAD)


@click.command("import")
@click.argument("email")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "wanted", type=click.Choice(sorted(FORMATS)), help="Else recognised by the header.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--all-or-nothing", is_flag=True, help="Write nothing when any row is refused.")
def import_file(email: str, file: Path, wanted: str | None, dry_run: bool, all_or_nothing: bool) -> None:
    """Import a native CSV file of a person's diary, infusions or medicines."""
    patient = _patient(email, _unreadable)
    try:
        sheet = forms.read_sheet(file, wanted)
    except Unreadable as error:
        _unreadable(str(error))
    with db.read() as s:
        importer = actions.importer(s, sheet.format, patient, access.OPERATOR, clock.now())
    if dry_run:
        counts = _foretold(importer, sheet)
    elif all_or_nothing:
        counts = _all_or_nothing(importer, sheet, patient)
    else:
        counts = _in_blocks(importer, sheet, patient)
    if dry_run:
        click.echo("A dry run: nothing was written.")
    elif all_or_nothing and counts.refused:
        click.echo("Nothing was written, as some rows were refused.", err=True)
        counts = counts.without_writing()
    click.echo(counts.line())
    raise SystemExit(SOME_REFUSED if counts.refused else 0)


def _read(importer: Importer, rows: Iterable[forms.Row]) -> Iterator[Item | None]:
    """The rows understood; a refused one is told on stderr and is None."""
    for row in rows:
        try:
            yield importer.read(row)
        except Refused as refused:
            _tell(refused.refusals)
            yield None


def _tell(refusals: Iterable[Refusal]) -> None:
    for refusal in refusals:
        click.echo(refusal.words(), err=True)


def _foretold(importer: Importer, sheet: forms.Sheet) -> Counts:
    counts = Counts()
    with db.read() as s:
        for item in _read(importer, sheet):
            counts = counts.plus(_outcome(lambda one: importer.foretell(s, one), item))
    return counts


def _outcome(do: Callable[[Item], str], item: Item | None) -> str:
    """What became of a row; what only the store can know may still refuse it."""
    if item is None:
        return "refused"
    try:
        return do(item)
    except Refused as refused:
        _tell(refused.refusals)
        return "refused"


def _in_blocks(importer: Importer, sheet: forms.Sheet, patient: access.PatientRef) -> Counts:
    """Blocks of rows, each its own short transaction, with a pause in which others can write."""
    counts, items = Counts(), _read(importer, sheet)
    waiting: list[Item | None] = []
    while block := [*waiting, *islice(items, BLOCK_ROWS - len(waiting))]:
        if counts.read:
            _let_others_write()
        outcomes = _with_patience(lambda: _write(importer, block, patient))
        waiting = block[len(outcomes) :]
        for outcome in outcomes:
            counts = counts.plus(outcome)
    return counts


def _write(importer: Importer, block: list[Item | None], patient: access.PatientRef) -> list[str]:
    """What became of the first rows of a block: of as many as there was time for, one at least."""
    outcomes: list[str] = []
    with db.write() as s:
        began = time.monotonic()
        for item in block:
            outcomes.append(_outcome(lambda one: importer.apply(s, access.OPERATOR, one), item))
            if time.monotonic() - began >= BLOCK_SECONDS:
                break
        if set(outcomes) & {"new", "changed"}:
            audit.record(s, access.OPERATOR, "import", patient.id, clinic_id=patient.clinic_id)
    return outcomes


def _let_others_write() -> None:
    """A writer of another process that found SQLite taken looks again every 0.1 s: free for longer, and it gets its turn."""
    if db.database().is_sqlite:
        time.sleep(PAUSE_SECONDS)


def _with_patience(write: Callable[[], list[str]]) -> list[str]:
    """A block that found the store busy wrote nothing, so it may be tried again."""
    for tried in range(TRIES):
        try:
            return write()
        except db.Busy:
            time.sleep(0.2 * 2**tried)
    fail("The store is busy. Rows before this block are in; import the file again, nothing is taken twice.")


class _Undone(Exception):
    """A row was refused by the store after all: the transaction is rolled back."""


def _all_or_nothing(importer: Importer, sheet: forms.Sheet, patient: access.PatientRef) -> Counts:
    """All rows are read and foretold first; only when none is refused are they written, in one transaction."""
    items, counts = list(_read(importer, sheet)), Counts()
    with db.read() as s:
        for item in items:
            counts = counts.plus(_outcome(lambda one: importer.foretell(s, one), item))
    if counts.refused:
        return counts
    written = Counts()
    try:
        with db.write() as s:
            for item in items:
                written = written.plus(_outcome(lambda one: importer.apply(s, access.OPERATOR, one), item))
            if written.refused:
                raise _Undone
            audit.record(s, access.OPERATOR, "import", patient.id, clinic_id=patient.clinic_id)
    except _Undone:
        return written
    except db.Busy:
        fail("The store is busy. Nothing was written; please try again.")
    return written


@click.command("export")
@click.argument("email")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def export(email: str, out: Path) -> None:
    """Write everything of one person to a zip file."""
    patient = _patient(email, fail)
    with db.write() as s:
        audit.record(s, access.OPERATOR, "export", patient.id, clinic_id=patient.clinic_id)
    part = out.with_name(out.name + ".part")
    try:
        with db.read() as s, part.open("wb") as file:
            queries.export(s, access.OPERATOR, patient, file)
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        fail(f"{out} can't be written: {error.strerror}.")
    click.echo(f"{out}: {out.stat().st_size:,} bytes.")
