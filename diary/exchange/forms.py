"""Reading a native CSV file, as a stream of rows with their lines; nothing of it is believed."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from diary.exchange.rules import MAX_BYTES, MAX_ROWS, Format, Unreadable, columns_of, other_kind, unquoted
from diary.lib.words import plural

CELL_CHARACTERS = 131_072
NOT_UTF8 = "This is not UTF-8 text. Save it as “CSV UTF-8” and try again."
csv.field_size_limit(CELL_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, its cells that are not empty by column, or what is wrong with it as a whole."""

    line: int
    cells: dict[str, str]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that can be read: its format, its columns in order, how many rows."""

    path: Path
    format: Format
    columns: tuple[str, ...]
    rows: int

    def __iter__(self) -> Iterator[Row]:
        with self.path.open("rb") as raw:
            records = _records(raw)
            next(records)
            for line, cells, wrong in records:
                yield self._row(line, cells, wrong)

    def _row(self, line: int, cells: list[str], wrong: str) -> Row:
        if not wrong and len(cells) != len(self.columns):
            wrong = f"This line has {plural(len(cells), 'cell')}, the header has {len(self.columns)}."
        if wrong:
            return Row(line, {}, wrong)
        text = self.format.text
        pairs = zip(self.columns, cells, strict=True)
        given = {name: unquoted(cell) if name in text else cell.strip() for name, cell in pairs}
        return Row(line, {name: value for name, value in given.items() if value.strip()})


def _records(raw: BinaryIO) -> Iterator[tuple[int, list[str], str]]:
    """(first line, cells, what is wrong) of every record that is not an empty line.

    A record that can't be parsed is reported and the next line begins a new one.
    """
    reader = csv.reader(TextIOWrapper(raw, "utf-8-sig", newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise Unreadable(NOT_UTF8) from error
        except csv.Error as error:
            yield line, [], _broken(str(error))
            continue
        if cells:
            yield line, cells, ""


def _broken(error: str) -> str:
    if "unexpected end" in error:
        return "The file ends in the middle of this line: a quotation mark is not closed."
    if "field larger" in error:
        return "A cell is too long."
    return "The quotation marks of this line don't match."


def read_sheet(path: Path, wanted: str | None = None) -> Sheet:
    """A first pass over the file: whether it can be read at all. Raises Unreadable, with nothing done."""
    try:
        size = path.stat().st_size
        with path.open("rb") as raw:
            return _checked(path, raw, size, wanted)
    except OSError as error:
        raise Unreadable(f"{path.name} can't be read: {error.strerror}.") from error


def _checked(path: Path, raw: BinaryIO, size: int, wanted: str | None) -> Sheet:
    if size > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB; please divide it.")
    beginning = raw.read(4096)
    raw.seek(0)
    if not beginning.strip():
        raise Unreadable("The file is empty.")
    if other := other_kind(beginning):
        raise Unreadable(f"This is {other}, not CSV. Save the table as “CSV UTF-8” and try again.")
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in beginning.splitlines()[0]:
        raise Unreadable(NOT_UTF8)
    records = _records(raw)
    _, header, wrong = next(records, (1, [], "The file is empty."))
    if wrong:
        raise Unreadable(f"The first line can't be read. {wrong}")
    kind, columns = columns_of(header, wanted)
    rows = 0
    for _ in records:
        rows += 1
        if rows > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows; please divide it.")
    return Sheet(path, kind, columns, rows)
