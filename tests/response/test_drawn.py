"""What the pictures of a response are drawn from: aligned at day 0, median from four on, steps, doses, weeks."""

from datetime import date, timedelta
from statistics import median
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from diary.response.rules import Duration, courses_of
from diary.response.rules.drawn import (
    LEAD_DAYS,
    Given,
    dose_points,
    durations_of,
    lines_of,
    middles,
    week_days,
)
from tests.response.test_properties import build, day_texts, infusion_steps, infusions

DAY = date(2026, 3, 15)


def scores_of(since, texts):
    return {since + timedelta(days=k): float(text) for k, text in enumerate(texts) if text not in ("x", "u")}


def test_aligned_at_day_0_from_5_days_before_to_the_day_before_the_next_one():
    scores = scores_of(DAY - timedelta(days=7), [8, 8, 8, 7, 7, 7, 7, 6, 5, 4, 4, 3, 3])
    first, second = lines_of(scores, set(), [DAY, DAY + timedelta(days=3)])
    assert first.scores == ((-5, 8), (-4, 7), (-3, 7), (-2, 7), (-1, 7), (0, 6), (1, 5), (2, 4))
    # The day of the infusion before it, and what lies before that, belongs to the first line alone.
    assert second.scores == ((-2, 5), (-1, 4), (0, 4), (1, 3), (2, 3))


def test_an_unwell_day_is_kept_apart_and_a_score_outdoes_it():
    scores = scores_of(DAY, [6, 5])
    (line,) = lines_of(scores, {DAY + timedelta(days=1), DAY + timedelta(days=2)}, [DAY])
    assert line.scores == ((0, 6), (1, 5)) and line.unwell == (2,)
    assert line.logged(1, 9) == 1


def test_a_line_ends_with_its_56_days_or_before_the_next_course():
    scores = scores_of(DAY, [5] * 120)
    assert lines_of(scores, set(), [DAY])[0].scores[-1][0] == 56
    assert lines_of(scores, set(), [DAY], DAY + timedelta(days=20))[0].scores[-1][0] == 19


def test_the_median_needs_four_and_each_day_says_its_n():
    infused = [DAY + timedelta(days=20 * k) for k in range(4)]
    scores = {on + timedelta(days=1): float(k) for k, on in enumerate(infused)}
    scores |= {on + timedelta(days=2): 9.0 for on in infused[:3]}
    found = {one.day: (one.logged, one.median) for one in middles(lines_of(scores, set(), infused))}
    assert found == {1: (4, 1.5), 2: (3, None)}
    assert middles(()) == ()


@given(day_texts, infusion_steps)
@settings(max_examples=150, deadline=None)
def test_no_day_after_an_infusion_stands_in_two_lines_and_all_agree_with_the_response(texts, steps):
    scores, unwell = build(texts)
    courses = courses_of(scores, unwell, infusions(steps))
    seen = set()
    for place, course in enumerate(courses):
        following = courses[place + 1].started_on if place + 1 < len(courses) else None
        lines = lines_of(scores, unwell, [one.on for one in course.infusions], following)
        for line, one in zip(lines, course.infusions, strict=True):
            after = {line.on + timedelta(days=day) for day, _ in line.scores if day >= 0}
            assert not after & seen
            seen |= after
            assert all(-LEAD_DAYS <= day <= 56 for day, _ in line.scores)
            assert all(scores[line.on + timedelta(days=day)] == score for day, score in line.scores)
            assert line.logged(1, 56) == one.logged_days
            assert sum(day > 0 for day in line.unwell) == one.unwell_days
        for one in middles(lines):
            values = [score for line in lines for day, score in line.scores if day == one.day]
            assert one.logged == len(values)
            assert one.median == (median(values) if len(values) >= 4 else None)


@given(day_texts, infusion_steps)
@settings(max_examples=150, deadline=None)
def test_the_steps_of_the_durations_are_those_of_the_summary(texts, steps):
    for course in courses_of(*build(texts), infusions(steps)):
        found, s = durations_of(course), course.summary
        assert found.responses == s.responses
        shares = [share for _, share, _, _ in found.points]
        assert shares == sorted(shares, reverse=True)
        assert next((t for t, share, _, _ in found.points if share <= 0.5 + 1e-12), None) == s.median_duration
        assert len(found.cut_short) <= found.responses and all(t <= found.longest for t in found.cut_short)


def test_the_steps_of_a_case_by_hand():
    """Of five, one ends after 7 days (4 of 5 go on), two after 8 (2 of those 4), two are cut short at 15: 0.8, then 0.4."""
    held = [(7, False), (15, True), (8, False), (15, True), (8, False)]
    one = [
        SimpleNamespace(status="response", duration=Duration(low, None if cut else low, cut, None))
        for low, cut in held
    ]
    found = durations_of(SimpleNamespace(infusions=[*one, SimpleNamespace(status="carried", duration=None)]))
    assert [(t, round(share, 9)) for t, share, _, _ in found.points] == [(7, 0.8), (8, 0.4)]
    assert (found.responses, found.cut_short, found.longest) == (5, (15, 15), 15)


def response_of(relief_day_scores, dose):
    scores = scores_of(DAY - timedelta(days=14), [8] * 15 + relief_day_scores)
    return dose_points(courses_of(scores, set(), [DAY])[0], {DAY: dose})


@pytest.mark.parametrize(
    ("dose", "unit", "shown"), [(Given("1", 40, 0.5), "mg/kg", 0.5), (Given("1", 40, None), "mg", 40)]
)
def test_a_point_is_by_weight_or_else_in_mg(dose, unit, shown):
    found, (point,) = response_of([4] * 8, dose)
    assert (found, point.dose, point.relief, point.is_carried) == (unit, shown, 0.5, False)


def test_one_without_a_weight_puts_all_in_mg_and_a_carried_one_is_open():
    scores = scores_of(DAY - timedelta(days=14), [8] * 15 + [4] * 40)
    later = DAY + timedelta(days=20)
    course = courses_of(scores, set(), [DAY, later])[0]
    unit, points = dose_points(course, {DAY: Given("1", 40, 0.5), later: Given("2", 50, None)})
    assert unit == "mg" and [(p.dose, p.is_carried) for p in points] == [(40, False), (50, True)]


def test_too_short_a_week_is_no_point():
    assert response_of([4] * 6, Given("1", 40, 0.5)) == ("mg/kg", ())


@given(day_texts, infusion_steps)
@settings(max_examples=150, deadline=None)
def test_weeks_in_days_agree_with_their_shares(texts, steps):
    scores, unwell = build(texts)
    for course in courses_of(scores, unwell, infusions(steps)):
        found = week_days(course, scores)
        assert sum(days.infusions for days in found) <= len(course.infusions)
        for week, days in zip(course.weeks, found, strict=True):
            assert days.logged == week.logged_days and days.relief <= days.logged
            if week.responder_share is not None:
                assert days.relief == round(week.responder_share * week.logged_days)
