"""The jobs process makes copies: whole, once, whatever dies, and gone after a day."""

import threading
from collections import Counter
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import event

from diary import db, jobs
from diary.accounts.models import Person
from diary.careteam import access
from diary.copies import actions, worker
from diary.copies.rules import KEPT, LEASE, MOST_TRIES
from diary.exchange.queries import export
from diary.records.actions import erase
from tests import factories
from tests.conftest import stored
from tests.copies.asked import NOW, ask, copies, make, own

LATER = NOW + LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """As sudden as a process's end: nothing that catches errors catches it."""


def kill_at(window: str, nth: int = 1):
    """Dies when the window is passed for the nth time."""
    passed = Counter()

    def at(name: str) -> None:
        passed[name] += 1
        if (name, passed[name]) == (window, nth):
            raise Killed

    return at


def zip_of(row) -> bytes:
    from base64 import b64decode

    return b64decode(row.zip)


@pytest.fixture
def diary(cast, written):
    with written() as s:
        factories.days(NOW.date() - timedelta(days=20), [7.3] * 14, s, cast.alice)
        factories.entry(s, cast.alice, NOW.date() - timedelta(days=3), note="mine alone", note_private="yes")
        factories.infusion(s, cast.alice, NOW.date() - timedelta(days=14), note="of the clinic")
        factories.session(
            s, cast.alice, NOW.date() - timedelta(days=2), private_note="staff only canary", note="for you"
        )


@pytest.mark.both
def test_it_is_what_the_export_gives(cast, diary):
    ask(cast)
    assert make() == {"made": 1}
    (row,) = copies(cast.alice)
    assert (row.parts_done, row.parts, row.made_at, row.gone_at) == (16, 16, NOW, NOW + KEPT)
    out = BytesIO()
    with db.read_anew() as s:
        export(s, access.OPERATOR, access.load_patient(s, access.OPERATOR, cast.alice.uuid), out)
    made = zip_of(row)
    assert made == out.getvalue() and len(made) == row.size
    with ZipFile(BytesIO(made)) as bundle:
        whole = "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert "mine alone" in whole and "for you" in whole and "staff only canary" not in whole


def test_the_zip_is_sealed_in_the_row(cast, diary):
    ask(cast)
    make()
    (row,) = copies()
    assert b"PK" not in row.zip_sealed[:40] and zip_of(row)[:2] == b"PK"


def test_nothing_to_do_is_one_statement(app):
    asked = []
    counted = event.listens_for(app.extensions["database"].reader, "before_cursor_execute")
    counted(lambda _c, _cursor, statement, *_more: asked.append(statement))
    assert make() == {} and len(asked) == 2, asked  # with its BEGIN


@pytest.mark.parametrize(("window", "nth"), [("claimed", 1), ("part", 1), ("part", 9), ("made", 1)])
def test_killed_midway_it_is_made_when_the_lease_has_run_out(cast, diary, window, nth):
    ask(cast)
    with pytest.raises(Killed):
        make(window=kill_at(window, nth))
    assert make() == {}, "another may still be at it"
    assert make(LATER) == {"made": 1}
    (row,) = copies()
    assert row.made_at == LATER and row.tries == 2 and zip_of(row)[:2] == b"PK"


def test_killed_after_it_is_kept_nothing_is_done_again(cast, diary):
    ask(cast)
    with pytest.raises(Killed):
        make(window=kill_at("kept"))
    assert make(LATER) == {} and copies()[0].made_at == NOW


def test_after_three_deaths_it_has_failed(cast):
    ask(cast)
    at = NOW
    for _ in range(MOST_TRIES):
        with pytest.raises(Killed):
            make(at, kill_at("made"))
        at += LEASE
    assert make(at) == {"failed": 1} and make(at + LEASE) == {}
    (row,) = copies()
    assert row.failed_at == at and row.gone_at == at + KEPT and row.zip_sealed is None


def test_one_that_was_taken_for_dead_finds_it_taken_over(cast):
    ask(cast)

    def slow(name: str) -> None:
        if name == "made":
            assert make(LATER) == {"made": 1}

    assert make(window=slow) == {"lost": 1}
    (row,) = copies()
    assert row.made_at == LATER and row.tries == 2


@pytest.mark.both
def test_two_schedulers_make_it_once(app, cast, diary):
    ask(cast)
    ask(cast, "charlie")
    both, made = threading.Barrier(2), []

    def together(name: str) -> None:
        if name == "found":
            both.wait(30)

    def scheduler() -> None:
        with app.app_context():
            made.append(Counter(make(window=together)))

    threads = [threading.Thread(target=scheduler) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    total = sum(made, Counter())
    assert len(made) == 2 and total["made"] == 2 and total["lost"] == 2
    assert [row.tries for row in copies()] == [1, 1]


def test_an_error_is_said_and_does_not_stop_the_next(cast, monkeypatch):
    ask(cast)
    ask(cast, "charlie")
    alice = own(cast).id

    def broken(s, viewer, patient, out, tell):
        if patient.id == alice:
            raise RuntimeError("no more room")
        export(s, viewer, patient, out, tell)

    monkeypatch.setattr(worker, "export", broken)
    assert make() == {"failed": 1, "made": 1}
    assert copies(cast.alice)[0].failed_at == NOW and copies(cast.charlie)[0].made_at == NOW


def test_the_store_is_busy_for_a_while(cast, monkeypatch):
    """Progress is told with the next part; what is made waits for its turn."""
    ask(cast)
    keep, note, busy = actions.keep, actions.note_parts, Counter()

    def at_second(name, action):
        def tried(*arguments):
            busy[name] += 1
            if busy[name] == 1:
                raise db.Busy
            return action(*arguments)

        return tried

    monkeypatch.setattr(actions, "keep", at_second("keep", keep))
    monkeypatch.setattr(actions, "note_parts", at_second("note", note))
    assert make() == {"made": 1} and busy["keep"] == 2 and busy["note"] == 16


@pytest.mark.parametrize("window", ["claimed", "part", "made"])
def test_erased_meanwhile_it_ends_quietly_and_leaves_nothing(cast, diary, window):
    ask(cast)
    ask(cast, "charlie")
    erased = []

    def erased_at(name: str) -> None:
        if name == window and not erased:
            erased.append(name)
            with db.write() as s:
                erase(s, access.OPERATOR, cast.alice.id, NOW)

    assert make(window=erased_at) in ({"lost": 1, "made": 1}, {"dropped": 1, "made": 1})
    assert copies(cast.alice) == [] and len(copies(cast.charlie)) == 1


def test_a_row_that_came_after_the_erasing_goes(cast):
    ask(cast)
    with db.write() as s:
        s.get_one(Person, cast.alice.id).ended_at = NOW
    assert make() == {"dropped": 1} and copies() == []


def test_gone_after_a_day(cast):
    ask(cast)
    make()
    assert make(NOW + KEPT - timedelta(milliseconds=1)) == {} and len(copies()) == 1
    assert make(NOW + KEPT) == {"gone": 1} and copies() == []


def test_the_jobs_process_does_it(app, cast):
    ask(cast)
    assert jobs.tick_waited_for(app) == {"copies_made": 1} and copies()[0].made_at == NOW
    assert jobs.tick_waited_for(app) == {}


def test_erasing_takes_one_persons_alone(cast):
    ask(cast)
    ask(cast, "charlie")
    make()
    with db.write() as s:
        erase(s, access.OPERATOR, cast.alice.id, NOW)
    assert [row.person_id for row in copies()] == [cast.charlie.id]


def test_only_what_is_asked_twice_is_made_once(cast):
    ask(cast)
    ask(cast)
    with db.read_anew() as s:
        assert len(stored(s, worker.queries.Copy)) == 1
