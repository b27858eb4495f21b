"""Budgets: guesses at once get no more than guesses one after another, on both databases."""

import threading
from datetime import timedelta

import pytest

from diary import db
from diary.accounts.actions import factors, guesses
from diary.accounts.rules import WINDOW
from diary.lib import clock
from tests.accounts.ways import app_of, code_at
from tests.accounts.ways import by_passphrase as _by_passphrase

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
