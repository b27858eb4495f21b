"""Budgets: guesses at once get no more than guesses one after another, on both databases."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from diary import db
from diary.accounts.actions import factors, guesses
from diary.accounts.models import SignInBudget
from diary.accounts.rules import WINDOW
from diary.lib import clock
from tests.accounts.ways import app_of, code_at
from tests.accounts.ways import by_passphrase as _by_passphrase
from tests.conftest import stored

KEY = b"k" * 32


def at_once(app, work, times=6):
    found, start = [], threading.Barrier(times)

    def run() -> None:
        with app.app_context():
            start.wait()
            found.append(work())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.both
def test_guesses_at_once_draw_one_each(app):
    now = clock.now()

    def guess():
        with db.write() as s:
            return guesses.take(s, {KEY: 2}, now) == 0

    assert sorted(at_once(app, guess)) == [False] * 4 + [True] * 2


@pytest.mark.both
def test_a_window_that_is_over_begins_anew_and_a_right_guess_is_given_back(app):
    now = clock.now()
    with db.write() as s:
        assert [guesses.take(s, {KEY: 1}, now) for _ in range(2)] == [0, int(WINDOW.total_seconds())]
        assert guesses.take(s, {KEY: 1}, now + WINDOW) == 0
        guesses.give_back(s, [KEY])
        assert guesses.take(s, {KEY: 1}, now + WINDOW + timedelta(seconds=1)) == 0


@pytest.mark.both
def test_a_guess_given_back_beside_one_that_is_taken_waits_for_no_one_that_waits(app, store):
    """Two phones of one person sign in at once: each of the two transactions holds rows that the other wants."""
    if store[0].startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    now, first, last = clock.now(), b"a" * 32, b"z" * 32
    with db.write() as s:
        for key in (last, first):  # as they lie in the table, not as they are sorted
            guesses.take(s, {key: 5}, now)
    held, failures = threading.Event(), []

    def give_back() -> None:
        held.wait()
        try:
            with app.app_context(), db.write() as s:
                guesses.give_back(s, [last, first])
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=give_back)
    thread.start()
    with db.write() as s:
        guesses.take(s, {first: 5}, now)
        held.set()
        waits_for_a_lock(app)
        guesses.take(s, {last: 5}, now)
    thread.join()
    assert not failures
    with db.read() as s:
        assert [row.failures for row in stored(s, SignInBudget)] == [1, 1]


@pytest.mark.both
def test_old_budgets_that_somebody_else_draws_on_are_left(app, store):
    if store[0].startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    then, now = clock.now() - 5 * WINDOW, clock.now()
    with db.write() as s:
        guesses.take(s, {b"a" * 32: 5}, then)
    done = threading.Event()

    def other() -> None:
        with app.app_context(), db.write() as s:
            guesses.take(s, {b"b" * 32: 5}, now)
        done.set()

    with db.write() as s:
        s.execute(text("SELECT 1 FROM sign_in_budget FOR UPDATE"))
        thread = threading.Thread(target=other)
        thread.start()
        assert done.wait(20), "it waited for the row that this one holds"
    thread.join()


def waits_for_a_lock(app) -> None:
    for _ in range(1000):
        with app.app_context(), db.database().reading() as s:
            if s.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")


@pytest.mark.both
def test_of_one_code_used_at_once_one_counts(app, cast, clock_at):
    clock_at(clock.now())
    code = code_at(app_of(cast.bob))

    def use():
        with db.write() as s:
            return factors.use_code(s, cast.bob.id, code, clock.now())

    assert sorted(at_once(app, use, 4)) == [False, False, False, True]


@pytest.mark.both
def test_of_one_recovery_code_used_at_once_one_counts(app, cast):
    with db.write() as s:
        code = factors.make_codes(s, cast.bob.id, clock.now())[0]

    def use():
        with db.write() as s:
            return factors.use_recovery(s, cast.bob.id, code, clock.now())

    assert sorted(at_once(app, use, 4)) == [False, False, False, True]


def test_a_right_sign_in_costs_nothing(client_as, cast):
    assert [_by_passphrase(client_as(), cast.alice).status for _ in range(12)] == [303] * 12
