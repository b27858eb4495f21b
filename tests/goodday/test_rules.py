"""What a good day is, when it has come back, and what a word amounts to."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.entries.rules import Write
from diary.goodday.rules import WORD, Word, is_back, is_good, level, standing
from diary.response.rules import counts_at

TODAY = date(2026, 11, 23)
SCORES = st.lists(st.integers(0, 10), max_size=30)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("before", "lately", "found"),
    [
        ([8, 8, 6, 6], [1] * 20, 7),
        ([8, 8, 6], [1] * 7, 1),
        ([8, 8, 6], [1] * 6, None),
        ([], [], None),
        ([], [5] * 6 + [8], 38 / 7),
    ],
)
def test_the_level_is_the_baseline_or_that_of_late(before, lately, found):
    assert level(before, lately, 4) == (pytest.approx(found) if found is not None else None)


@given(SCORES, SCORES)
def test_a_line_is_never_above_the_level_nor_drawn_from_little(before, lately):
    found = level(before, lately, 4)
    assert (found is None) == (len(before) < 4 and len(lately) < 7)
    line = counts_at(found)
    assert line is None or line <= 0.7 * found + 1e-6


@pytest.mark.parametrize(
    ("pain", "line", "good"), [(5, 5, True), (0, 5, True), (6, 5, False), (None, 5, False), (0, None, False)]
)
def test_a_good_day_is_at_or_below_the_line(pain, line, good):
    assert is_good(pain, line) is good


@pytest.mark.parametrize(
    ("pain", "back"),
    [
        ({0: 7, 1: 8}, True),
        ({0: 7, 1: None}, True),  # too unwell to log counts as above
        ({0: 7, 3: 8}, True),  # missing days are passed over
        ({0: 7, 8: 8}, False),  # but not for longer than a week
        ({0: 7}, False),
        ({0: 7, 1: 5, 2: 9}, False),
        ({0: 5, 1: 8}, False),
        ({1: 8, 2: 8}, False),  # today has no score yet: nothing is said
        ({0: None, 1: 8}, False),
        ({}, False),
    ],
)
def test_it_is_back_on_the_second_known_day_above(pain, back):
    assert is_back(TODAY, {ago(n): score for n, score in pain.items()}, 5) is back
    assert not is_back(TODAY, {ago(n): score for n, score in pain.items()}, None)


def write(n: int, text: str | None, *seen: int) -> Write:
    at = datetime(2026, 11, n, 12, tzinfo=UTC)
    return Write(UUID(int=n), at, {WORD: text}, {WORD: tuple(UUID(int=i) for i in seen)})


DAYS = {UUID(int=n): date(2026, 11, n) for n in range(1, 10)}


@pytest.mark.parametrize(
    ("writes", "found"),
    [
        ([], None),
        ([write(1, "rest")], Word("rest", date(2026, 11, 1))),
        ([write(1, "rest"), write(2, "ring Ida", 1)], Word("ring Ida", date(2026, 11, 2))),
        ([write(2, "ring Ida", 1), write(1, "rest")], Word("ring Ida", date(2026, 11, 2))),
        ([write(1, "rest"), write(2, None, 1)], None),
        ([write(1, "rest"), write(2, "ring Ida")], Word("ring Ida", date(2026, 11, 2), ("rest",))),
        ([write(1, "rest"), write(2, "ring Ida"), write(3, "soup", 1, 2)], Word("soup", date(2026, 11, 3))),
    ],
)
def test_what_stands(writes, found):
    assert standing(writes, DAYS) == found
