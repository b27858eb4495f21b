"""Medicines in and out: keys by name and first day, merging, refusals by name, a round trip, odd files."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.medications.queries import medications_of
from tests import factories

HEADER = "name,from,class,dose,dose_unit,route,times_per_day,as_needed,until,reason"


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


def of(person):
    with db.read() as s:
        return medications_of(s, access.OPERATOR, person.id)


def same(person):
    """What is on the list, without what every list has of its own."""
    return [
        replace(row, id=0, uuid=None, said_by_id=None, confirmed_at=None, revisions=0) for row in of(person)
    ], [row.is_waiting for row in of(person)]


@pytest.mark.both
def test_every_column_arrives(commands, cast):
    text = f'{HEADER}\nOxycodone MR,2026-03-01,opioid,20,mg,oral,2,no,2026-06-30,"\'=1+1, planned"\nFentanyl,2026-07-01,,25,mcg/h,,,,,\n'
    done = commands.take(text)
    assert (done.code, done.last) == (0, "read 2, new 2, changed 0, unchanged 0, refused 0")
    first, patch = of(cast.alice)
    assert (first.name, first.klass, first.dose, first.dose_unit, first.route, first.times_per_day) == (
        "Oxycodone MR", "opioid", 20, "mg", "oral", 2,
    )  # fmt: skip
    assert (first.until_on, first.reason, first.as_needed) == (date(2026, 6, 30), "=1+1, planned", False)
    assert (patch.route, patch.times_per_day, patch.is_waiting) == ("transdermal", None, False)
    again = commands.take(text)
    assert again.last == "read 2, new 0, changed 0, unchanged 2, refused 0"


@pytest.mark.parametrize("header", ["name,from", "from,name,dose,dose_unit", "name,from,until"])
def test_recognised_by_the_header(commands, header):
    cells = {"name": "Lyrica", "from": "2026-03-01", "dose": "75", "dose_unit": "mg", "until": ""}
    row = ",".join(cells[name] for name in header.split(","))
    assert commands.take(f"{header}\n{row}\n").last == "read 1, new 1, changed 0, unchanged 0, refused 0"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("name", "“from” is missing"),
        ("from,dose", "“name” is missing"),
        ("name,from,colour", "“colour” of a medications file"),
    ],
)
def test_a_header_that_is_not_whole_is_refused_by_name(commands, header, words):
    done = commands.take(f"{header}\n")
    assert (done.code, words in done.err) == (2, True)


def test_empty_cells_leave_what_is_stored(commands, cast):
    commands.take(f"{HEADER}\nLyrica,2026-03-01,,75,mg,,2,no,,first\n")
    done = commands.take("name,from,dose,until\nlyrica,2026-03-01,150,2026-09-01\n")
    assert done.last == "read 1, new 0, changed 1, unchanged 0, refused 0"
    (row,) = of(cast.alice)
    assert (row.name, row.dose, row.times_per_day, row.reason, str(row.until_on)) == (
        "Lyrica",
        150,
        2,
        "first",
        "2026-09-01",
    )


def test_the_same_key_twice(commands, cast):
    done = commands.take(
        "name,from,dose,dose_unit\nLyrica,2026-03-01,75,mg\nLyrica,2026-03-01,75,mg\nLYRICA,2026-03-01,150,mg\n"
    )
    assert (done.code, done.last) == (1, "read 3, new 1, changed 0, unchanged 1, refused 1")
    assert "line 4" in done.err and "Line 2 of this file" in done.err


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",2026-03-01,,,,,,,,", "name"),
        ("Lyrica,,,,,,,,,", "from"),
        ("Lyrica,1 March,,,,,,,,", "from"),
        ("Lyrica,2028-11-25,,,,,,,,", "from"),
        ("Lyrica,2026-03-01,,,,,,,2026-02-28,", "until"),
        ("Lyrica,2026-03-01,,0,mg,,2,,,", "dose"),
        ("Lyrica,2026-03-01,,75,g,,2,,,", "dose_unit"),
        ("Nobody knows,2026-03-01,,75,,,2,,,", "dose_unit"),
        ("Fentanyl,2026-03-01,,25,,,,,,", "dose_unit"),
        ("Oxycodone,2026-03-01,,10,mcg,,2,,,", "dose_unit"),
        ("Lyrica,2026-03-01,,75,mg,nasal,2,,,", "route"),
        ("Fentanyl,2026-03-01,,25,mcg/h,oral,,,,", "route"),
        ("Lyrica,2026-03-01,,75,mg,,0,,,", "times_per_day"),
        ("Lyrica,2026-03-01,,75,mg,,2,perhaps,,", "as_needed"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--all-or-nothing",)])
def test_a_bad_row_is_refused_with_its_reason(commands, cast, row, column, options):
    done = commands.take(f"{HEADER}\n{row}\n", *options)
    assert (done.code, done.last) == (1, "read 1, new 0, changed 0, unchanged 0, refused 1")
    assert done.err.startswith(f"line 2, {column}")
    assert of(cast.alice) == []


def test_a_dry_run_foretells_and_writes_nothing(commands, cast):
    commands.take("name,from,dose,dose_unit,times_per_day\nLyrica,2026-03-01,75,mg,2\n")
    text = (
        "name,from,dose,dose_unit\nLyrica,2026-03-01,150,mg\nlyrica,2026-05-01,75,mg\nLyrica,2026-06-01,75,\n"
    )
    assert commands.take(text, "--dry-run").last == "read 3, new 2, changed 1, unchanged 0, refused 0"
    assert len(of(cast.alice)) == 1
    assert commands.take(text).last == "read 3, new 2, changed 1, unchanged 0, refused 0"


def test_a_round_trip_gives_the_same(commands, cast, written):
    with written() as s:
        for name, since, fields in (
            ("Oxycodone MR", date(2026, 3, 1), {"dose": "20", "times_per_day": "2", "reason": "=1+1"}),
            (
                "Oxycodone MR",
                date(2026, 7, 6),
                {"dose": "10 + 5", "until": "2026-10-01", "until_reason": "-no need"},
            ),
            ("'Butrans", date(2026, 3, 1), {"dose": "5", "dose_unit": "mcg/h"}),
            (
                "Tramadol",
                date(2027, 3, 1),
                {"dose": "50", "times_per_day": "2", "as_needed": "yes", "class": "opioid"},
            ),
            ("Vitamin D", date(2026, 3, 1), {}),
        ):
            factories.medication(s, cast.alice, name, since, **fields)
        factories.medication(
            s, cast.alice, "Diazepam", date(2026, 4, 1), dose="2", times_per_day="0.5", confirmed="no"
        )
        new = create_person(
            s, "new@example.org", "New Person", "Europe/London", datetime(2026, 1, 1, tzinfo=UTC), None
        )
        careteam.add_member(s, cast.alice.clinic_id, new.id, "patient", datetime(2026, 1, 1, tzinfo=UTC))
    assert commands.run("export", cast.alice.email, "--out", commands.folder / "out.zip").code == 0
    with ZipFile(commands.folder / "out.zip") as bundle:
        text, revisions = bundle.read("medications.csv").decode(), bundle.read("revisions.csv").decode()
    assert (
        commands.take(text, who="new@example.org").last == "read 6, new 6, changed 0, unchanged 0, refused 0"
    )
    assert same(new) == same(cast.alice)
    assert commands.take(text).last == "read 6, new 0, changed 0, unchanged 6, refused 0"
    kinds = [row["what"] for row in csv.DictReader(io.StringIO(revisions, newline=""))]
    assert kinds == ["medication"] * 6


def test_the_command_is_as_the_contract_says(app, commands, cast):
    commands.take(
        f"{HEADER}\noxycodone,2026-03-01,,7.5,mg,,2,,,\nbuprenorphine,2026-03-01,,5,mcg/h,,,,,\n"
        "tramadol,2026-03-01,,50,mg,,2,yes,,\nduloxetine,2026-03-01,,60,mg,,1,,,\nmorphine,2026-06-01,,10,mg,,2,,,\n"
    )
    result = app.test_cli_runner().invoke(
        args=["medications", cast.alice.email, "--on", "2026-03-15", "--json"]
    )
    found = json.loads(result.stdout)
    assert (found["on"], found["mme"], found["table"]) == ("2026-03-15", 22.5, "CDC 2022")
    assert (found["not_counted"], found["as_needed_max"]) == (["buprenorphine"], 20)
    items = {item["name"]: item for item in found["items"]}
    assert set(items) == {"oxycodone", "buprenorphine", "tramadol", "duloxetine"}
    assert {name: item["mme"] for name, item in items.items()} == {
        "oxycodone": 22.5, "buprenorphine": None, "tramadol": None, "duloxetine": None,
    }  # fmt: skip
    assert items["tramadol"]["as_needed"] is True and items["duloxetine"]["class"] == "SNRI"
    assert (
        items["oxycodone"].items()
        >= {"dose": 7.5, "dose_unit": "mg", "times_per_day": 2, "class": "opioid"}.items()
    )


@pytest.mark.parametrize(
    ("email", "on"), [("nobody@example.org", "2026-03-15"), ("alice@example.org", "soon")]
)
def test_the_command_fails_with_2(app, email, on):
    result = app.test_cli_runner().invoke(args=["medications", email, "--on", on, "--json"])
    assert (result.exit_code, result.stdout) == (2, "")


cells = st.text(max_size=12) | st.sampled_from(
    [
        "Oxycodone",
        "2026-03-01",
        "2026-04-01",
        "20",
        "10 + 5",
        "mg",
        "mcg/h",
        "yes",
        "no",
        "transdermal",
        "2",
        "0",
        "1e9",
        "٣",
        "nan",
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=10, max_size=10), max_size=4))
def test_an_odd_file_never_breaks(commands, table):
    out = io.StringIO(newline="")
    csv.writer(out).writerow(HEADER.split(","))
    csv.writer(out).writerows(table)
    content = out.getvalue().encode("utf-8", "surrogatepass")
    foretold, done = commands.take(content, "--dry-run"), commands.take(content)
    assert done.code in (0, 1, 2) and done.last.startswith("read ") and foretold.last == done.last
