"""Days are compared only with days that stand as far from the infusion."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.response.rules.bands import BANDS, LEAST_DAYS, Pair, band_of, banded, pairs

DAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("day", "band"),
    [(-1, None), (0, None), (1, 0), (3, 0), (4, 1), (7, 1), (8, 2), (14, 2), (15, 3), (56, 3), (57, None)],
)
def test_bands(day, band):
    assert band_of(day) == band


def test_counted_from_the_latest_infusion_and_its_own_day_is_in_none():
    infused = [DAY, DAY + timedelta(days=5)]
    days = [DAY + timedelta(days=step) for step in range(-1, 8)]
    found = banded(days, infused)
    assert [found.get(day) for day in days] == [None, None, 0, 0, 0, 1, None, 0, 0]


def test_two_means_with_their_days():
    scores = {DAY + timedelta(days=k): float(k) for k in range(1, 8)}
    bands = banded(list(scores), [DAY])
    marked = [DAY + timedelta(days=k) for k in (1, 2, 3, 4, 5, 6)]
    rest = [DAY + timedelta(days=k) for k in (7,)]
    early, late, *_ = pairs(scores, bands, marked, rest)
    assert early == Pair(2.0, 3, None, 0) and not early.is_told
    assert late == Pair(5.0, 3, None, 1) and not late.is_told


def test_a_band_is_told_from_three_days_on_both_sides():
    scores = {DAY + timedelta(days=k): 4.0 for k in range(8, 15)}
    bands = banded(list(scores), [DAY])
    days = list(scores)
    assert pairs(scores, bands, days[:3], days[3:])[2] == Pair(4.0, 3, 4.0, 4)
    assert pairs(scores, bands, days[:3], days[3:])[2].is_told
    assert not pairs(scores, bands, days[:2], days[2:])[2].is_told


@given(
    st.lists(st.integers(0, 120), unique=True),
    st.lists(st.integers(0, 120), unique=True, max_size=12),
    st.integers(0, 1000),
)
@settings(max_examples=200, deadline=None)
def test_every_day_is_in_one_band_at_most_and_no_pair_mixes_them(days, steps, shift):
    def at(step):
        return DAY + timedelta(days=step + shift)

    infused = sorted(at(step) for step in steps)
    scores = {at(day): float(day % 11) for day in days}
    found = banded(list(scores), infused)
    for day, band in found.items():
        since = (day - max(on for on in infused if on <= day)).days
        assert BANDS[band][0] <= since <= BANDS[band][1]
    left = [day for day in scores if day.toordinal() % 2]
    right = [day for day in scores if not day.toordinal() % 2]
    told = pairs(scores, found, left, right)
    assert sum(pair.left_days + pair.right_days for pair in told) == len(found)
    for pair in told:
        assert (pair.left is None) == (pair.left_days < LEAST_DAYS)
        assert pair.left is None or 0 <= pair.left <= 10
