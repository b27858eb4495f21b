"""The Kaplan-Meier values agree with lifelines."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.response.rules.survival import curve, median_with_interval

times = st.lists(st.tuples(st.integers(1, 56), st.booleans()), min_size=1, max_size=40)


@given(times)
@settings(max_examples=60, deadline=None)
def test_agrees_with_lifelines(observed):
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter.fit([t for t, _ in observed], [loss for _, loss in observed])
    limits = fitter.confidence_interval_
    for t, surviving, low, high in curve(observed):
        assert surviving == pytest.approx(float(fitter.survival_function_.loc[t].iloc[0]), abs=1e-9)
        if surviving > 1e-9:
            assert low == pytest.approx(float(limits.loc[t].iloc[0]), abs=1e-6)
            assert high == pytest.approx(float(limits.loc[t].iloc[1]), abs=1e-6)


def test_known_cases():
    assert median_with_interval([]) == (None, None)
    assert median_with_interval([(5, True)]) == (5, (5, 5))
    assert median_with_interval([(5, False)]) == (None, (None, None))
    assert median_with_interval([(5, True), (9, True)])[0] == 5  # S is exactly 0.5
    assert (
        median_with_interval([(5, True), (5, False), (9, True)])[0] == 9
    )  # censored at a loss is still at risk
