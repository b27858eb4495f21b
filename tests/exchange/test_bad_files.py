"""Files that can't be taken, whole or in part: a clear reason, nothing half-written, no traceback."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary import db
from diary.careteam.access import OPERATOR
from diary.entries import queries
from diary.exchange import actions, forms, rules
from diary.exchange.rules import MAX_BYTES
from tests.imports import imported

ZEROS = "read 0, new 0, changed 0, unchanged 0, refused 0"


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


def stored_days(cast):
    with db.read() as s:
        return [row.day for row in queries.all_days(s, OPERATOR, cast.alice.id)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"2026-03-15,5\n2026-03-16,4\n", "first line must name the columns"),
        (b"date;pain\n2026-03-15;5\n", "separated by semicolons"),
        (b"date\tpain\n2026-03-15\t5\n", "separated by tabs"),
        ("date,pain\n2026-03-15,5\n".encode("utf-16"), "not UTF-8"),
        ("date,pain\n2026-03-15,5\n".encode("utf-16-le"), "not UTF-8"),
        ("date,note\n2026-03-15,schön\n".encode("latin-1"), "not UTF-8"),
        (b"date,pain\n2026-03-15,5\n" + b"\xff\xfe" * 3000, "not UTF-8"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "This is a PDF, not CSV."),
        (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "This is a zip file or a workbook, not CSV."),
        (b"\x1f\x8b\x08\x00\x00\x00", "This is a zip file or a workbook, not CSV."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "This is a picture, not CSV."),
        (b'{"date": "2026-03-15", "pain": 5}', "This is JSON, not CSV."),
        (b"just some words\nand more\n", "first line must name the columns"),
        (b"<html><body>Sign in</body></html>", "This is a web page or XML, not CSV."),
        (b"date,pain,weather\n2026-03-15,5,sun\n", "“weather”"),
        (b"pain,mood\n5,4\n", "“date” is missing"),
        (b"date,sleep_hours\n2026-03-15,7\n", "At least one"),
        (b'date,"pain\n2026-03-15,5\n', "first line can't be read"),
    ],
)
def test_a_file_that_is_none_writes_nothing(commands, cast, content, words):
    done = commands.take(content)
    assert (done.code, done.last) == (2, ZEROS)
    assert words in done.err and done.err.strip() and "Traceback" not in done.err
    assert stored_days(cast) == []


def bomb() -> bytes:
    """Twenty million zeros, zipped twice, under the name of a diary."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as bundle, bundle.open("diary.csv", "w") as file:
        for _ in range(20):
            file.write(bytes(1_000_000))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../diary.csv", inner.getvalue())
    return outer.getvalue()


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE diary [<!ENTITY a "ha"><!ENTITY own SYSTEM "file:///etc/passwd">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><diary><pain>&j;&own;</pain></diary>"
)


def test_a_zip_bomb_and_xml_with_entities_are_not_opened(commands, cast):
    """Neither is ever read: nothing that unpacks or follows is at hand where files come in."""
    for part in (forms, rules, actions):
        roots = {name.split(".")[0] for name in imported(Path(part.__file__).read_text())}
        assert not roots & {
            "zipfile",
            "gzip",
            "zlib",
            "bz2",
            "lzma",
            "tarfile",
            "shutil",
            "xml",
            "lxml",
            "json",
            "pickle",
        }
    for content, words in ((bomb(), "a zip file or a workbook"), (LAUGHS, "a web page or XML")):
        done = commands.take(content)
        assert (done.code, done.last) == (2, ZEROS)
        assert done.err == f"This is {words}, not CSV. Save the table as “CSV UTF-8” and try again.\n"
    assert stored_days(cast) == []


def test_bytes_that_are_no_utf8_far_down_still_write_nothing(commands, cast):
    rows = "".join(f"2020-01-{day:02},5\n" for day in range(1, 29))
    filler = "date,pain,note\n" + "".join(
        f"2021-{m:02}-{d:02},5,{'x' * 200}\n" for m in range(1, 13) for d in range(1, 29)
    )
    done = commands.take((filler + rows.replace(",5", ",5,")).encode() + b"2022-01-01,5,\xff\n")
    assert (done.code, done.last) == (2, ZEROS)
    assert stored_days(cast) == []


def test_too_many_rows(commands, cast):
    done = commands.take(b"date,pain\n" + b"2026-03-15,5\n" * 200_000)
    assert (done.code, done.last) == (2, ZEROS)
    assert "100,000 rows" in done.err
    assert stored_days(cast) == []


def test_too_large(commands, cast):
    done = commands.take(b"date,note\n" + b"x" * MAX_BYTES)
    assert (done.code, done.last) == (2, ZEROS)
    assert "20 MiB" in done.err


def test_no_such_file_a_folder_and_an_unknown_person(commands, cast):
    for args in (
        (cast.alice.email, "none.csv"),
        (cast.alice.email, commands.folder),
        ("nobody@example.org", "x.csv"),
    ):
        done = commands.run("import", *args)
        assert (done.code, done.last) == (2, ZEROS)
        assert done.err.strip()


def test_somebody_who_is_no_patient(commands, cast):
    done = commands.take("date,pain\n2026-03-15,5\n", who=cast.bob.email)
    assert (done.code, done.last) == (2, ZEROS)


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("2026-03-15,11,,", "pain", "11"),
        ("2026-03-15,-1,,", "pain", "-1"),
        ("2026-03-15,5.55,,", "pain", "5.55"),
        ('2026-03-15,"5,5",,', "pain", "5,5"),
        ("2026-03-15,abc,,", "pain", "abc"),
        ("2026-03-15,=5,,", "pain", "=5"),
        ("2026-03-15,'5,,", "pain", "'5"),
        ("2026-03-15,1e1,,", "pain", "1e1"),
        ("2026-03-15,nan,,", "pain", "nan"),
        ("2026-03-15,٣,,", "pain", "٣"),
        ("2026-03-15,,maybe,", "unwell", "maybe"),
        ("2026-03-15,,no,", "unwell", "no"),
        (",5,,", "date", ""),
        ("15/03/2026,5,,", "date", "15/03/2026"),
        ("2026-02-30,5,,", "date", "2026-02-30"),
        ("2026-3-5,5,,", "date", "2026-3-5"),
        ("20260315,5,,", "date", "20260315"),
        ("1899-12-31,5,,", "date", "1899-12-31"),
        ("2026-11-25,5,,", "date", "2026-11-25"),
        (f"2026-03-15,5,,{'x' * 10_001}", "note", "xxx"),
        ("2026-03-15,5,,a\0b", "note", "a"),
        ("2026-03-15,5", "", ""),
        ("2026-03-15,5,,,", "", ""),
        ('2026-03-15,5,,"cut off in the mid', "", ""),
        ('2026-03-15,5,,"a"b', "", ""),
    ],
)
def test_a_bad_row_is_refused_by_line_column_and_value(commands, cast, row, column, value):
    done = commands.take(f"date,pain,unwell,note\n2026-03-14,3,,\n{row}\n")
    assert (done.code, done.last) == (1, "read 2, new 1, changed 0, unchanged 0, refused 1")
    assert done.err.startswith(f"line 3, {column}" if column else "line 3:")
    assert value in done.err and len(done.err.splitlines()) == 1
    assert stored_days(cast) == [date(2026, 3, 14)]


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-03-15", "2026-03-15T20:00:00", "2027-01-01T00:00:00Z", "2020-01-01T00:00:00Z"],
)
def test_a_moment_that_can_not_be(commands, cast, moment):
    done = commands.take(f"date,pain,recorded_at\n2026-03-15,5,{moment}\n")
    assert (done.code, done.last) == (1, "read 1, new 0, changed 0, unchanged 0, refused 1")
    assert "line 2, recorded_at" in done.err


def test_everything_wrong_in_a_row_is_said_at_once(commands, cast):
    done = commands.take("date,pain,mood\n2026-02-30,11,x\n")
    assert [line.split(",")[1].strip() for line in done.err.splitlines()] == ["date", "pain", "mood"]
    assert done.last == "read 1, new 0, changed 0, unchanged 0, refused 1"


def test_lines_are_counted_as_an_editor_does(commands, cast):
    done = commands.take('date,pain,note\n2026-03-14,3,"one\ntwo\nthree"\n\n2026-03-15,11,\n')
    assert done.err.startswith("line 6, pain")


@given(
    st.binary(max_size=400)
    | st.text(max_size=400).map(lambda text: f"date,pain,note\n{text}".encode("utf-8", "ignore"))
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_makes_a_traceback(commands, content):
    done = commands.take(content)
    assert done.code in (0, 1, 2) and done.last.startswith("read ")


def test_a_line_of_one_cell_is_told_in_good_english(commands):
    done = commands.take("date,pain\n2026-03-15\n2026-03-16,4,5\n")
    assert "line 2: This line has 1 cell, the header has 2." in done.err
    assert "line 3: This line has 3 cells, the header has 2." in done.err
