"""What holds for every diary: 1,300 of them, ten times as many in `make faults`."""

import os
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from diary.entries.queries import DayRow
from diary.lib.symptoms import BY_KEY
from diary.reports.queries import courses as report_courses
from diary.response.queries import from_rows
from diary.response.rules import courses_of

START = date(2025, 1, 1)
MANY = 10 if os.environ.get("NEAP_LONG") else 1
day_texts = st.lists(st.sampled_from([None, "u", *range(11)]), min_size=1, max_size=150)
infusion_steps = st.sets(st.integers(0, 160), max_size=12)


def build(texts, shift=0):
    scores, unwell = {}, set()
    for step, text in enumerate(texts):
        day = START + timedelta(days=step + shift)
        if text == "u":
            unwell.add(day)
        elif text is not None:
            scores[day] = float(text)
    return scores, unwell


def infusions(steps, shift=0):
    return [START + timedelta(days=step + shift) for step in steps]


@given(day_texts, infusion_steps)
@settings(max_examples=300 * MANY, deadline=None)
def test_shifting_all_dates_changes_nothing_but_dates(texts, steps):
    def without_dates(courses):
        return [
            (c.number, c.baseline, c.swing, c.reference_mean, c.summary, c.weeks,
             [(i.status, i.onset_day, i.peak_relief, i.peak_day, i.duration, i.week_relief) for i in c.infusions],
             [(r.low, r.high, r.by, r.infusions) for r in c.runs])
            for c in courses
        ]  # fmt: skip

    here = courses_of(*build(texts), infusions(steps))
    there = courses_of(*build(texts, 1000), infusions(steps, 1000))
    assert without_dates(here) == without_dates(there)


@given(day_texts, infusion_steps)
@settings(max_examples=200 * MANY, deadline=None)
def test_low_is_at_most_high_and_inside_the_window(texts, steps):
    for course in courses_of(*build(texts), infusions(steps)):
        for infusion in course.infusions:
            if infusion.duration:
                assert 1 <= infusion.duration.low <= (infusion.duration.high or infusion.window_days)
                assert infusion.onset_day + infusion.duration.low - 1 <= infusion.window_days
            assert infusion.logged_days + infusion.unwell_days <= infusion.window_days
        for run in course.runs:
            assert run.high is None or run.low <= run.high


@given(day_texts, infusion_steps)
@settings(max_examples=200 * MANY, deadline=None)
def test_every_day_lies_in_at_most_one_window_and_one_run(texts, steps):
    seen_windows, seen_runs = set(), set()
    for course in courses_of(*build(texts), infusions(steps)):
        for infusion in course.infusions:
            window = {infusion.on + timedelta(days=n) for n in range(1, infusion.window_days + 1)}
            assert not window & seen_windows
            assert not window & set(infusions(steps))
            seen_windows |= window
        for run in course.runs:
            days = {run.started_on + timedelta(days=n) for n in range(run.low)}
            assert not days & seen_runs
            seen_runs |= days


@given(day_texts, infusion_steps, st.integers(0, 149), st.integers(1, 10))
@settings(max_examples=200 * MANY, deadline=None)
def test_a_worse_day_never_raises_that_windows_relief(texts, steps, place, worse):
    scores, unwell = build(texts)
    day = START + timedelta(days=place)
    before = courses_of(scores, unwell, infusions(steps))
    if day not in scores or any(day < c.started_on and (c.started_on - day).days <= 14 for c in before):
        return
    after = courses_of({**scores, day: min(10.0, scores[day] + worse)}, unwell, infusions(steps))
    for one, other in zip(before, after, strict=True):
        for i, j in zip(one.infusions, other.infusions, strict=True):
            if i.on < day <= i.on + timedelta(days=i.window_days) and None not in (
                i.mean_relief,
                j.mean_relief,
            ):
                assert j.mean_relief <= i.mean_relief + 1e-9
                assert j.peak_relief <= i.peak_relief + 1e-9


@given(day_texts, infusion_steps, st.lists(st.sampled_from([None, "u", *range(11)]), min_size=1, max_size=60))
@settings(max_examples=200 * MANY, deadline=None)
def test_the_level_before_does_not_depend_on_days_after(texts, steps, other):
    if not steps:
        return
    first = min(steps)
    changed = (texts + [None] * first)[:first] + other
    one = courses_of(*build(texts), infusions(steps))[0]
    two = courses_of(*build(changed), infusions(steps))[0]
    assert (one.baseline, one.swing, one.baseline_days) == (two.baseline, two.swing, two.baseline_days)


def stored_days(texts, gaps_are_empty):
    """The diary as the store gives it: a day without an answer is left out, or stands there with nothing in it."""
    rows = []
    for step, text in enumerate(texts):
        if text is None and not gaps_are_empty:
            continue
        scores = dict.fromkeys(BY_KEY, float(text) if isinstance(text, int) else None)
        rows.append(
            DayRow(
                START + timedelta(days=step), scores, frozenset(), frozenset(), text == "u", False,
                None, None, None, None, datetime(2025, 6, 1, tzinfo=UTC), False,
            )
        )  # fmt: skip
    return rows


@given(day_texts, infusion_steps)
@settings(max_examples=200 * MANY, deadline=None)
def test_writing_a_missing_day_as_an_explicit_empty_one_changes_nothing(texts, steps):
    given = [SimpleNamespace(day=day, status="done") for day in infusions(steps)]
    left_out, written = (stored_days(texts, gaps_are_empty) for gaps_are_empty in (False, True))
    assert from_rows(written, given, 70) == from_rows(left_out, given, 70)
    infused = [one.day for one in given]
    assert report_courses(written, infused, 70) == from_rows(left_out, given, 70)
    assert report_courses(left_out, infused, 70) == from_rows(left_out, given, 70)
