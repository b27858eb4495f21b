"""Import of the native CSV: what goes in, what stays, and what is counted."""

from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.careteam.access import OPERATOR
from diary.entries import queries
from tests.conftest import stored
from tests.exchange.commands import DATA, SHIPPED_PAUSE
from tests.factories import entry

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


def days(cast):
    with db.read() as s:
        return {row.day: row for row in queries.all_days(s, OPERATOR, cast.alice.id)}


def notes(cast):
    with db.read() as s:
        found = queries.notes_between(s, OPERATOR, cast.alice.id, date(1900, 1, 1), date(2100, 1, 1))
    return {note.day: (note.text, note.private) for note in found}


@pytest.mark.parametrize(
    ("name", "rows"), [("participant1", 2908), ("participant2", 553), ("participant7", 64)]
)
def test_real_diaries_go_in_once(commands, cast, name, rows):
    file = DATA / f"{name}.csv"
    done = commands.run("import", cast.alice.email, file)
    assert (done.code, done.last) == (0, f"read {rows}, new {rows}, changed 0, unchanged 0, refused 0")
    again = commands.run("import", cast.alice.email, file)
    assert (again.code, again.last) == (0, f"read {rows}, new 0, changed 0, unchanged {rows}, refused 0")
    assert len(days(cast)) == rows


@pytest.mark.both
def test_every_column_arrives(commands, cast):
    header = (
        "date,pain,fatigue,sleep,mood,cognition,worst_pain,interference,sleep_hours,times_awake,"
        "unwell,note,note_private,written_by,recorded_at"
    )
    row = (
        '2026-03-15,5.5,0,10,3,2,8,4,7.5,2,,"Two lines,\nand a ""word""",no,helper,2026-03-15T20:30:00+00:00'
    )
    assert commands.take(f"{header}\r\n{row}\r\n").last == "read 1, new 1, changed 0, unchanged 0, refused 0"
    day = days(cast)[DAY]
    assert dict(day.scores) == {"pain": 5.5, "fatigue": 0, "sleep": 10, "mood": 3, "cognition": 2}
    assert (day.worst_pain, day.interference, day.sleep_hours, day.times_awake) == (8, 4, 7.5, 2)
    assert day.helper and not day.late
    assert notes(cast) == {DAY: ('Two lines,\nand a "word"', False)}
    with db.read() as s:
        (revision,) = stored(s, _revision())
    assert revision.source == "import" and revision.recorded_at == datetime(2026, 3, 15, 20, 30, tzinfo=UTC)


def _revision():
    from diary.entries.models import EntryRevision

    return EntryRevision


def test_any_order_of_columns_and_a_bom(commands, cast):
    assert commands.take(b"\xef\xbb\xbfmood,date\r\n4,2026-03-15\r\n").code == 0
    assert days(cast)[DAY].scores["mood"] == 4


def test_an_absent_column_and_an_empty_cell_leave_what_is_stored(commands, cast, written):
    with written() as s:
        entry(s, cast.alice, DAY, pain=7, mood=3, note="kept", note_private="no")
    done = commands.take("date,pain,mood,unwell,note\n2026-03-15,,4,,\n")
    assert done.last == "read 1, new 0, changed 1, unchanged 0, refused 0"
    day = days(cast)[DAY]
    assert (day.scores["pain"], day.scores["mood"], day.skipped) == (7, 4, frozenset())
    assert notes(cast) == {DAY: ("kept", False)}


def test_a_row_without_any_value_stores_nothing(commands, cast):
    assert (
        commands.take("date,pain\n2026-03-15,\n").last == "read 1, new 0, changed 0, unchanged 1, refused 0"
    )
    assert days(cast) == {}


def test_a_different_value_is_a_new_revision(commands, cast):
    commands.take("date,pain\n2026-03-15,5\n")
    done = commands.take("date,pain\n2026-03-15,6\n")
    assert done.last == "read 1, new 0, changed 1, unchanged 0, refused 0"
    with db.read() as s:
        assert [one.number for one in stored(s, _revision())] == [1, 2]


def test_a_differing_recorded_at_alone_is_unchanged(commands, cast):
    commands.take("date,pain,recorded_at\n2026-03-15,5,2026-03-15T20:00:00+00:00\n")
    done = commands.take("date,pain,recorded_at\n2026-03-15,5,2026-03-15T21:00:00+00:00\n")
    assert done.last == "read 1, new 0, changed 0, unchanged 1, refused 0"


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_differing_writer_alone_is_changed(commands, cast, options):
    commands.take("date,pain,mood,written_by\n2026-03-15,5,3,self\n")
    helped = "date,pain,written_by\n2026-03-15,5,helper\n"
    assert commands.take(helped, *options).last == "read 1, new 0, changed 1, unchanged 0, refused 0"
    if options:
        return
    assert days(cast)[DAY].helper and days(cast)[DAY].scores["mood"] == 3
    assert commands.take(helped).last == "read 1, new 0, changed 0, unchanged 1, refused 0"
    assert (
        commands.take("date,pain\n2026-03-15,5\n").last == "read 1, new 0, changed 0, unchanged 1, refused 0"
    )


def test_lateness_is_known_from_recorded_at_and_only_from_it(commands, cast):
    text = "date,pain,recorded_at\n2026-03-15,5,2026-03-17T20:00:00+00:00\n2026-03-16,5,\n"
    commands.take(text)
    assert days(cast)[DAY].late == {"pain"}
    assert days(cast)[date(2026, 3, 16)].late == frozenset()


@pytest.mark.parametrize(("cell", "private"), [("", True), ("yes", True), ("no", False)])
def test_a_new_note_is_private_unless_the_file_says_no(commands, cast, cell, private):
    commands.take(f"date,note,note_private\n2026-03-15,my words,{cell}\n")
    assert notes(cast) == {DAY: ("my words", private)}


def test_a_stored_notes_privacy_stays_when_only_its_words_change(commands, cast, written):
    with written() as s:
        entry(s, cast.alice, DAY, note="before", note_private="no")
    commands.take("date,note\n2026-03-15,after\n")
    assert notes(cast) == {DAY: ("after", False)}


def test_exactly_one_quote_is_taken_away(commands, cast):
    commands.take("date,note\n2026-03-15,'=1+1\n2026-03-16,''quoted'\n2026-03-17,=2+2\n")
    assert [text for text, _ in notes(cast).values()] == ["=1+1", "'quoted'", "=2+2"]


def test_the_same_date_twice(commands, cast):
    done = commands.take("date,pain\n2026-03-15,5\n2026-03-15,5.0\n2026-03-15,6\n")
    assert (done.code, done.last) == (1, "read 3, new 1, changed 0, unchanged 1, refused 1")
    assert "line 4, date, “2026-03-15”: Line 2 of this file" in done.err
    assert days(cast)[DAY].scores["pain"] == 5


def test_the_same_date_by_another_writer_is_not_the_same(commands, cast):
    done = commands.take("date,pain,written_by\n2026-03-15,5,self\n2026-03-15,5,helper\n")
    assert (done.code, done.last) == (1, "read 2, new 1, changed 0, unchanged 0, refused 1")
    assert "line 3, date, “2026-03-15”: Line 2 of this file" in done.err


def test_a_refused_row_does_not_claim_its_date(commands, cast):
    done = commands.take("date,pain\n2026-03-15,50\n2026-03-15,6\n")
    assert done.last == "read 2, new 1, changed 0, unchanged 0, refused 1"


def test_a_row_goes_in_whole_or_not(commands, cast):
    done = commands.take("date,pain,mood\n2026-03-15,5,eleven\n2026-03-16,5,4\n")
    assert (done.code, done.last) == (1, "read 2, new 1, changed 0, unchanged 0, refused 1")
    assert list(days(cast)) == [date(2026, 3, 16)]


def test_a_dry_run_says_the_same_and_writes_nothing(commands, cast):
    text = "date,pain\n2026-03-15,5\n2026-03-16,11\n2026-03-17,4\n"
    done = commands.take(text, "--dry-run")
    assert (done.code, done.last) == (1, "read 3, new 2, changed 0, unchanged 0, refused 1")
    assert days(cast) == {}
    with db.read() as s:
        from diary.audit.models import AuditEvent

        assert not [event for event in stored(s, AuditEvent) if event.action in ("import", "entry.create")]


def test_all_or_nothing_is_nothing_with_one_bad_row(commands, cast):
    rows = "".join(f"2026-{month:02}-{day:02},5\n" for month in range(1, 7) for day in range(1, 29))
    done = commands.take(f"date,pain\n{rows}2026-07-01,11\n", "--all-or-nothing")
    assert (done.code, done.last) == (1, "read 169, new 0, changed 0, unchanged 0, refused 1")
    assert days(cast) == {}
    done = commands.take(f"date,pain\n{rows}", "--all-or-nothing")
    assert (done.code, done.last) == (0, "read 168, new 168, changed 0, unchanged 0, refused 0")


@pytest.fixture
def blocks(monkeypatch):
    """The rows of each block, and what happened between them, of an import on a clock that is told what to say."""
    from diary.cli import exchange

    class Stopped:
        """A clock that each row's look at it puts forward by so much."""

        step, now = 0.0, 0.0

        def monotonic(self):
            self.now += self.step
            return self.now

        def sleep(self, seconds):
            seen.append(f"pause {seconds}")

    seen, clock, write = [], Stopped(), exchange._write

    def counted(*args):
        outcomes = write(*args)
        seen.append(len(outcomes))
        return outcomes

    monkeypatch.setattr(exchange, "_write", counted)
    monkeypatch.setattr(exchange, "time", clock)
    monkeypatch.setattr(exchange, "PAUSE_SECONDS", SHIPPED_PAUSE)
    return seen, clock


def test_blocks_leave_the_writer_free_in_between(commands, cast, blocks):
    done = commands.run("import", cast.alice.email, DATA / "participant1.csv")
    assert done.last == "read 2908, new 2908, changed 0, unchanged 0, refused 0"
    seen, _ = blocks
    assert [one for one in seen if isinstance(one, int)] == [500, 500, 500, 500, 500, 408]
    assert seen[1::2] == ["pause 0.11"] * 5


def test_a_slow_block_ends_after_015_seconds_and_the_next_goes_on_where_it_stopped(commands, cast, blocks):
    seen, clock = blocks
    clock.step = 0.0625
    rows = "".join(f"2026-03-{day:02},{'5' if day != 2 else '11'}\n" for day in range(1, 9))
    done = commands.take(f"date,pain\n{rows}")
    assert done.last == "read 8, new 7, changed 0, unchanged 0, refused 1"
    assert [one for one in seen if isinstance(one, int)] == [3, 3, 2]
    assert len(days(cast)) == 7 and done.err.count("line 3") == 1


def test_one_row_goes_in_however_slow(commands, cast, blocks):
    seen, clock = blocks
    clock.step = 60
    assert commands.take("date,pain\n2026-03-15,5\n2026-03-16,5\n").code == 0
    assert [one for one in seen if isinstance(one, int)] == [1, 1]


def test_a_busy_store_is_tried_again(commands, cast, monkeypatch):
    from diary.cli import exchange

    write, tries = exchange._write, []

    def busy_once(*args):
        tries.append(1)
        if len(tries) == 1:
            raise db.Busy
        return write(*args)

    monkeypatch.setattr(exchange, "_write", busy_once)
    assert (
        commands.take("date,pain\n2026-03-15,5\n").last == "read 1, new 1, changed 0, unchanged 0, refused 0"
    )


def test_days_of_23_and_25_hours_and_a_leap_day(commands, cast):
    text = "date,pain\n2026-03-29,5\n2026-10-25,5\n2024-02-29,5\n"
    assert commands.take(text).last == "read 3, new 3, changed 0, unchanged 0, refused 0"


def test_words_of_any_kind_arrive_as_typed(commands, cast):
    words = "<script>alert(1)</script> \u202eשלום\u202c \U0001f600 " + "x" * 9000
    commands.take(f'date,note\n2026-03-15,"{words}"\n')
    assert notes(cast)[DAY][0] == words
