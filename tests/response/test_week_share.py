"""The first week's relief as it is shown: what a reader sees of it agrees with whether it counts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.response.rules.days import RESPONDER, SUBSTANTIAL, TOLERANCE
from diary.response.rules.words import week_share


@pytest.mark.parametrize(
    ("relief", "shown"),
    [
        (0.4141, "41 %"),
        (0.297222, "29.7 %"),
        (0.2949, "29 %"),
        (0.29996, "under 30 %"),
        (0.3, "30 %"),
        (0.3 - 1e-12, "30 %"),
        (0.301587, "30 %"),
        (0.4951, "49.5 %"),
        (0.5, "50 %"),
        (-0.05, "-5 %"),
    ],
)
def test_rounding_lifts_nothing_over_a_bound(relief, shown):
    assert week_share(relief).replace("\u00a0", " ") == shown


@given(st.floats(-2, 1))
def test_what_is_shown_counts_as_it_does(relief):
    shown = week_share(relief)
    figure = float(re.search(r"-?[\d.]+", shown)[0]) - 0.001 * shown.startswith("under")
    for bound in (RESPONDER, SUBSTANTIAL):
        assert (figure >= bound * 100) == (relief >= bound - TOLERANCE)
