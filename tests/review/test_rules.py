"""Reasons, adherence and what changed most, as tables."""

from datetime import date, timedelta

import pytest

from diary.review.rules import KEYS, DayState, adherence, adherence_words, changed_most, reasons, state_of

TODAY = date(2026, 4, 20)


def day(back, late=(), unwell=False, **scores):
    return DayState(
        TODAY - timedelta(days=back), {key: scores.get(key) for key in KEYS}, frozenset(late), unwell
    )


def pains(texts):
    return [day(len(texts) - place, pain=score) for place, score in enumerate(texts) if score is not None]


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (None, "missing"),
        (day(1), "missing"),
        (day(1, unwell=True), "unwell"),
        (day(1, pain=3), "partly"),
        (day(1, pain=3, mood=2, fatigue=1), "partly"),
        (day(1, **dict.fromkeys(KEYS, 4)), "logged"),
        (day(1, pain=3, mood=2, late=("pain", "mood")), "late"),
        (day(1, pain=3, unwell=True), "partly"),
    ],
)
def test_squares(given, state):
    assert state_of(given) == state


def test_adherence_in_words():
    days = {d.on: d for d in (day(1, pain=3), day(2, unwell=True), day(3, pain=2, late=("pain",)))}
    states = adherence(days, TODAY - timedelta(days=1), 4)
    assert states == ["missing", "late", "unwell", "partly"]
    assert adherence_words(states) == "2 of 4 days logged, 1 late, 1 too unwell"


@pytest.mark.parametrize(
    ("texts", "fires"),
    [
        ([4] * 14 + [6] * 5 + [4, 4], True),
        ([4] * 14 + [6] * 4 + [4] * 3, False),
        ([4] * 14 + [5.9] * 7, False),
        ([9] * 7, True),  # 9-10 needs no level before
        ([8] * 7, False),
        ([9] * 6, False),
    ],
)
def test_above_the_usual(texts, fires):
    assert bool(reasons(pains(texts), TODAY, [])) == fires


def test_an_old_bad_week_is_no_reason_today():
    assert reasons([day(back, pain=10) for back in range(40, 30, -1)], TODAY, []) == []


@pytest.mark.parametrize(
    ("last", "in_course", "fires"), [(4, True, False), (5, True, True), (5, False, False)]
)
def test_silence(last, in_course, fires):
    found = reasons([day(last, pain=3)], TODAY, [], in_course=in_course)
    assert bool(found) == fires


def test_too_unwell_twice():
    (reason,) = reasons([day(2, unwell=True), day(1, unwell=True)], TODAY, [])
    assert (reason.title, reason.words) == ("Too unwell to log, 2 days", "Said so on Sat and Sun.")


def test_what_changed_most():
    days = [day(9 - k, pain=9 - k, mood=5 - k // 2, fatigue=4, sleep=None, cognition=4) for k in range(9)]
    assert changed_most(days) == "mood"
    assert changed_most([day(1, pain=3)]) is None
