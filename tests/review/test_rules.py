"""Reasons, adherence and what changed most, as tables."""

from datetime import date, timedelta

import pytest

from diary.review.queries.data import BOOK
from diary.review.rules import (
    KEYS,
    DayState,
    adherence,
    adherence_words,
    changed_most,
    little_sleep,
    of_days,
    over_days,
    state_of,
)

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
    assert bool(of_days(BOOK, pains(texts), TODAY)) == fires


def test_an_old_bad_week_is_no_reason_today():
    assert of_days(BOOK, [day(back, pain=10) for back in range(40, 30, -1)], TODAY) == []


@pytest.mark.parametrize(
    ("last", "in_course", "fires"), [(4, True, False), (5, True, True), (5, False, False)]
)
def test_silence(last, in_course, fires):
    found = of_days(BOOK, [day(last, pain=3)], TODAY, in_course=in_course)
    assert bool(found) == fires


def test_too_unwell_twice():
    (reason,) = of_days(BOOK, [day(2, unwell=True), day(1, unwell=True)], TODAY)
    assert (reason.title, reason.words) == ("Too unwell to log, 2 days", "Said so on Sat and Sun.")


def test_what_changed_most():
    days = [day(9 - k, pain=9 - k, mood=5 - k // 2, fatigue=4, sleep=None, cognition=4) for k in range(9)]
    assert changed_most(days) == "mood"
    assert changed_most([day(1, pain=3)]) is None


def nights(hours, fatigue):
    """Days that end yesterday, with hours slept and fatigue; None for what was not answered."""
    count = len(hours)
    return [
        DayState(
            TODAY - timedelta(days=count - n), {**dict.fromkeys(KEYS), "fatigue": tired}, sleep_hours=slept
        )
        for n, (slept, tired) in enumerate(zip(hours, fatigue, strict=True))
    ]


@pytest.mark.parametrize(
    ("hours", "fatigue", "fires"),
    [
        ([8] * 14 + [6, 6, 6], [7] * 14 + [3, 3, 3], True),
        ([8] * 14 + [4, 5, 3], [7] * 14 + [1, 0, 2], True),
        ([8] * 14 + [6, 6.5, 6], [7] * 14 + [3, 3, 3], False),  # one night was only 1.5 hours shorter
        ([8] * 14 + [6, 6, 6], [7] * 14 + [3, 4, 3], False),  # one day was only 3 points lower
        ([8] * 14 + [6, 6], [7] * 14 + [3, 3], False),  # two days
        ([8] * 14 + [6, None, 6], [7] * 14 + [3, 3, 3], False),
        ([8] * 14 + [6, 6, 6], [7] * 14 + [3, None, 3], False),
        ([8] * 4 + [6, 6, 6], [7] * 4 + [3, 3, 3], True),
        ([8] * 3 + [6, 6, 6], [7] * 3 + [3, 3, 3], False),  # too little to compare with
        ([None] * 11 + [8] * 3 + [6, 6, 6], [7] * 14 + [3, 3, 3], False),
        (
            [2] * 6 + [8] * 14 + [6, 6, 6],
            [2] * 6 + [7] * 14 + [3, 3, 3],
            True,
        ),  # what lies before is not counted
        ([7.9] * 14 + [5.9] * 3, [6.9] * 14 + [2.9] * 3, True),  # as it is written, not as floats have it
    ],
)
def test_much_less_sleep_without_being_tired(hours, fatigue, fires):
    assert bool(little_sleep(BOOK, nights(hours, fatigue), TODAY - timedelta(days=1))) == fires
    assert [one.rule for one in over_days(BOOK, nights(hours, fatigue), TODAY, False)] == [
        "little_sleep"
    ] * fires


def test_since_when_a_rule_over_days_is_met():
    """The same episode has the same day, however far it has gone on; so that it is raised once."""
    high = pains([4] * 20 + [7] * 9)
    (found,) = over_days(BOOK, high, TODAY, False)
    # Of nine high days the fifth was the first that had five of seven.
    assert (found.rule, found.matter, found.since) == ("above_usual", "days:pain", TODAY - timedelta(days=5))
    (earlier,) = over_days(BOOK, high[:-2], TODAY - timedelta(days=2), False)
    assert earlier.since == found.since
    (sleep,) = over_days(BOOK, nights([8] * 14 + [5] * 5, [7] * 14 + [1] * 5), TODAY, False)
    assert sleep.since == TODAY - timedelta(days=3)


def test_what_has_been_met_for_longer_than_the_days_given_is_one_matter():
    """Each morning the days given begin a day later; the matter is the same."""
    long = pains([9] * 40)
    assert {one.since for back in range(3) for one in over_days(BOOK, long[back:], TODAY, False)} == {None}


def test_pain_and_low_mood_are_two_matters():
    days = [day(21 - n, pain=p, mood=p) for n, p in enumerate([4] * 14 + [9] * 7)]
    assert [one.matter for one in over_days(BOOK, days, TODAY, False)] == ["days:pain", "days:mood"]


@pytest.mark.parametrize(
    ("last", "in_course", "fires"), [(4, True, False), (5, True, True), (9, True, True), (9, False, False)]
)
def test_silence_as_a_rule_over_days(last, in_course, fires):
    found = over_days(BOOK, [day(last, pain=3)], TODAY, in_course, TODAY - timedelta(days=12))
    assert [(one.rule, one.since) for one in found] == [("silence", TODAY - timedelta(days=last))] * fires


@pytest.mark.parametrize(("ago", "fires"), [(0, False), (4, False), (5, True)])
def test_who_never_wrote_is_silent_four_days_after_an_infusion(ago, fires):
    assert bool(over_days(BOOK, [], TODAY, True, TODAY - timedelta(days=ago))) == fires
