"""The planned longer gap: how far relief held, by the rule of onset and loss, and the usual intervals beside it."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diary.response.rules import courses_of, gap
from diary.response.rules.drawn import Line, lines_of
from tests.response.test_properties import build, day_texts

DAY = date(2026, 3, 15)
TIGHT = [DAY + timedelta(days=step) for step in (0, 3, 7, 10, 14)]
LAST = TIGHT[-1]


def told(within, before=4, days=14, ago=0, next_on=None, level=8):
    """(held, gap, today) where the days before the gap's infusion score `before` and those in it `within`."""
    texts = [level] * 14 + [before] * 14 + [before, *within]
    scores, unwell = {}, set()
    for step, text in enumerate(texts):
        day = DAY + timedelta(days=step - 14)
        if text == "u":
            unwell.add(day)
        elif text != "x":
            scores[day] = float(text)
    infused = [*TIGHT, *([next_on] if next_on else [])]
    course = courses_of(scores, unwell, infused)[0]
    mine = gap.Gap("5", LAST, days, next_on)
    today = LAST + timedelta(days=len(within) + ago)
    return gap.held(course, mine, scores, unwell, today), mine, today


@pytest.mark.parametrize(
    ("within", "more", "fact", "small"),
    [
        # the picture's gap: 5, 4, 3, ... then 5 and 6, which are over the 4 or less that counts there
        ([4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 7], {}, "relief held to day 7", "day 11 of 14 today; 11 of 11 days logged"),
        ([4, 4, 4], {}, "relief has held to day 3", "day 3 of 14 today; 3 of 3 days logged"),
        ([4, 4, 8, 4], {}, "relief has held to day 4", "day 4 of 14 today; 4 of 4 days logged"),
        ([4, 4, "u", "u", 4], {}, "relief held to day 2", "day 5 of 14 today; 3 of 5 days logged"),
        ([8, 8, 8], {}, "no relief on two days running", "day 3 of 14 today; 3 of 3 days logged"),
        ([4, 4, "x", "x", 8, 8], {}, "relief held to between day 2 and day 4", "day 6 of 14 today; 4 of 6 days logged"),
        ([8, 8, 4, 4, 4], {"before": 8}, "relief has held from day 3 to day 5", "day 5 of 14 today; 5 of 5 days logged"),
        ([8, 8, 8], {"before": 8}, "no relief on two days running", "day 3 of 14 today; 3 of 3 days logged"),
        (["x", "x"], {}, "no day logged yet", "day 2 of 14 today; 0 of 1 day logged"),
        ([4] * 13, {"ago": 5}, "relief held to day 13", "14 days planned, day 18 today; 13 of 13 days logged"),
        ([4] * 12, {"next_on": LAST + timedelta(days=10)}, "relief held to day 9", "it lasted 10 days of 14 planned; 9 of 9 days logged"),
    ],
)  # fmt: skip
def test_how_far_relief_held(within, more, fact, small):
    found, mine, today = told(within, **more)
    assert gap.held_words(found, mine, today) == fact
    assert gap.small_words(found, mine, today) == small.replace(
        "0 of 1 day logged", f"0 of {found.over} day logged"
    )


def test_the_sentence():
    found, mine, today = told([4] * 7 + [6] * 4)
    assert gap.sentence(found, mine, today, True) == (
        "In the planned longer gap relief held to day 7, then two days running without it; 11 of 11 days logged."
    )
    found, mine, today = told([8, 8], before=8)
    assert gap.sentence(found, mine, today, True) == (
        "In the planned longer gap there was no relief on two days running; 2 of 2 days logged."
    )
    assert gap.sentence(found, mine, today, False) == "The planned longer gap: 2 of 2 days logged."


def test_today_is_over_only_once_it_is_logged():
    found, _, _ = told([4, 4, "x"])
    assert (found.logged, found.over) == (2, 2)


def test_without_a_level_nothing_is_held():
    found, *_ = told([1, 1], before=1, level=2)
    assert (found.last, found.has_ended, found.logged) == (None, False, 2)


def test_the_usual_are_at_most_eight_before_it_from_their_own_day_on():
    infused = [DAY + timedelta(days=3 * step) for step in range(12)]
    scores = {DAY + timedelta(days=step): 4.0 for step in range(-5, 60)}
    mine = gap.Gap("11", infused[10], 14)
    found = gap.usual(lines_of(scores, (), infused), mine)
    assert [line.on for line in found] == infused[2:10]
    assert all(line.scores == ((0, 4.0), (1, 4.0), (2, 4.0)) for line in found)
    assert gap.usual([Line(DAY, ())], gap.Gap("1", DAY, 14)) == []


@given(day_texts, st.integers(1, 70), st.integers(0, 80))
@example(
    [0, 0, 2, 10, None, None, None, 0, None, None, None, None, None, 0], 1, 0
)  # no day of it is there yet
@settings(max_examples=200, deadline=None)
def test_what_is_held_lies_in_the_gap(texts, days, ago):
    scores, unwell = build(texts)
    on = date(2025, 1, 1) + timedelta(days=len(texts) // 2)
    infused = [on - timedelta(days=3), on]
    course = courses_of(scores, unwell, infused)[-1]
    mine, today = gap.Gap("2", on, days), on + timedelta(days=ago)
    found = gap.held(course, mine, scores, unwell, today)
    assert 0 <= found.logged <= days and found.logged <= found.over + int(today in scores)
    if found.last is not None:
        assert 1 <= found.last <= found.latest <= (mine.end(today) - on).days
        assert found.onset is None or 1 <= found.onset <= found.last
    assert gap.held_words(found, mine, today) and "None" not in gap.sentence(found, mine, today, True)
