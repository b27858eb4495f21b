"""Import of infusions: keys by day and time, numbers that never change, plans ahead."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.careteam.access import OPERATOR
from diary.infusions.queries import infusions_of
from diary.infusions.rules import STATUSES
from tests.data.diaries.lay_infusions import FILES
from tests.exchange.commands import DATA
from tests.factories import infusion

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


def given(cast):
    with db.read() as s:
        return infusions_of(s, OPERATOR, cast.alice.id, STATUSES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_laid_files_are_as_their_rule_makes_them_and_go_in_once(commands, cast, name):
    text = (DATA / name).read_bytes().decode()
    assert FILES[name]() == text
    rows = len(text.splitlines()) - 1
    done = commands.run("import", cast.alice.email, DATA / name)
    assert (done.code, done.last) == (0, f"read {rows}, new {rows}, changed 0, unchanged 0, refused 0")
    again = commands.run("import", cast.alice.email, DATA / name)
    assert (again.code, again.last) == (0, f"read {rows}, new 0, changed 0, unchanged {rows}, refused 0")
    assert [one.number for one in given(cast)] == list(range(1, rows + 1))


@pytest.mark.both
def test_every_column_arrives(commands, cast):
    header = "date,time,number,dose_mg,minutes,weight_kg,route,series,status,note"
    assert commands.take(f"{header}\n2026-03-15,09:30,7,42.5,40,70.5,IM,induction,done,'=1+1\n").code == 0
    (one,) = given(cast)
    assert (one.day, one.at_time, one.number, one.dose_mg, one.minutes) == (DAY, "09:30", 7, 42.5, 40)
    assert (one.weight_kg, one.route, one.series, one.status, one.note) == (
        70.5,
        "IM",
        "induction",
        "done",
        "=1+1",
    )


def test_an_empty_time_is_a_key_of_its_own(commands, cast):
    text = "date,time,dose_mg,minutes\n2026-03-15,,40,40\n2026-03-15,10:00,40,40\n2026-03-15,,40,40\n2026-03-15,,45,40\n"
    done = commands.take(text)
    assert (done.code, done.last) == (1, "read 4, new 2, changed 0, unchanged 1, refused 1")
    assert "line 5, date" in done.err and "Line 2" in done.err


def test_empty_cells_leave_what_is_stored_the_status_too(commands, cast, written):
    with written() as s:
        infusion(s, cast.alice, date(2027, 1, 4), status="planned", note="as agreed", weight_kg="71")
    done = commands.take("date,dose_mg,minutes\n2027-01-04,50,40\n")
    assert done.last == "read 1, new 0, changed 1, unchanged 0, refused 0"
    (one,) = given(cast)
    assert (one.dose_mg, one.status, one.note, one.weight_kg) == (50, "planned", "as agreed", 71)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2026-03-15,,0,40,,", "dose_mg"),
        ("2026-03-15,,-5,40,,", "dose_mg"),
        ("2026-03-15,,40,-40,,", "minutes"),
        ("2026-03-15,,,40,,", "dose_mg"),
        ("2026-03-15,25:00,40,40,,", "time"),
        ("2026-12-24,,40,40,,", "date"),
        ("2030-12-24,,40,40,,planned", "date"),
        ("2026-03-15,,40,40,two,", "number"),
        ("2026-03-15,,40,40,1,", "number"),
        ("2026-03-15,,40,40,,perhaps", "status"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--all-or-nothing",)])
def test_a_bad_row_is_refused_with_its_reason(commands, cast, row, column, options):
    commands.take("date,time,dose_mg,minutes,number,status\n2026-03-01,,40,40,1,\n")
    done = commands.take(f"date,time,dose_mg,minutes,number,status\n{row}\n", *options)
    assert (done.code, done.last) == (1, "read 1, new 0, changed 0, unchanged 0, refused 1")
    assert done.err.startswith(f"line 2, {column}")
    assert len(given(cast)) == 1


def test_a_stored_number_does_not_change(commands, cast):
    commands.take("date,dose_mg,minutes,number\n2026-03-15,40,40,3\n")
    for options in ((), ("--dry-run",)):
        done = commands.take("date,dose_mg,minutes,number\n2026-03-15,40,40,4\n", *options)
        assert (done.code, done.last) == (1, "read 1, new 0, changed 0, unchanged 0, refused 1")
        assert "line 2, number, “4”: This is infusion 3" in done.err


def test_planned_and_cancelled_may_lie_ahead(commands, cast):
    text = "date,dose_mg,minutes,status\n2027-03-15,40,40,planned\n2027-03-16,40,40,cancelled\n"
    assert commands.take(text, "--dry-run").last == "read 2, new 2, changed 0, unchanged 0, refused 0"
    assert commands.take(text).last == "read 2, new 2, changed 0, unchanged 0, refused 0"


@pytest.mark.parametrize("day", range(26, 32))
def test_two_years_ahead_are_two_years_on_any_day_of_the_month(commands, cast, clock_at, day):
    clock_at(datetime(2026, 12, day, 12, tzinfo=UTC))
    text = f"date,dose_mg,minutes,status\n2028-12-{day},40,40,planned\n{date(2028, 12, day) + timedelta(days=1)},40,40,planned\n"
    done = commands.take(text)
    assert done.last == "read 2, new 1, changed 0, unchanged 0, refused 1"
    assert "line 3, date" in done.err and "more than two years ahead" in done.err


def test_two_years_after_a_leap_day(commands, cast, clock_at):
    clock_at(datetime(2028, 2, 29, 12, tzinfo=UTC))
    text = "date,dose_mg,minutes,status\n2030-02-28,40,40,planned\n2030-03-01,40,40,planned\n"
    assert commands.take(text).last == "read 2, new 1, changed 0, unchanged 0, refused 1"
