"""The response's pictures: aligned lines, steps, points, weeks and runs; every one valid, named, and free of collisions."""

import re
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import example, given, settings
from hypothesis import strategies as st

from diary import charts
from diary.response.rules.survival import curve
from tests.charts.test_charts import START, frame, layer, series

points = st.dictionaries(st.integers(-5, 56), st.integers(0, 10), max_size=40).map(
    lambda found: tuple(sorted(found.items()))
)
LEVELS = charts.Levels(7.3, "level before", 5.0, 5.11)
NAMES = ("infusion 2", "median of all", "infusion 2")


def drawn(chosen, *pale, middle=(), **more):
    return charts.overlay(
        charts.Aligned(chosen, (3,)), [charts.Aligned(line) for line in pale], middle, LEVELS, NAMES, "Pain", **more
    )  # fmt: skip


def valid(svg):
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img" and root[0].text and root[1].text
    assert "nan" not in svg and "style=" not in svg
    return root


@given(points, st.lists(points, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_overlay_draws_every_logged_day_once(chosen, pale):
    middle = [(day, 1, float(score)) for day, score in chosen]
    svg = drawn(chosen, *pale, middle=middle)
    valid(svg)
    assert svg == drawn(chosen, *pale, middle=middle)
    assert layer(svg, "pickdots").count("M") == len(chosen)
    joined = sum(after - day == 1 for line in (chosen,) for (day, _), (after, _) in pairwise(line))
    assert layer(svg, "picked").count("L") == joined
    alone = sum(not {day - 1, day + 1} & {other for other, _ in line} for line in pale for day, _ in line)
    assert layer(svg, "paledots").count("M") == alone


@given(st.integers(1, 56), st.integers(1, 600))
@settings(max_examples=60, deadline=None)
def test_the_row_of_n_never_collides(last, most):
    middle = [(day, most - day % 2, None) for day in range(-5, last + 1) if most - day % 2]
    svg = drawn(((0, 5.0), (last, 5.0)), middle=middle)
    found = re.findall(r'<text x="([\d.]+)" y="380" text-anchor="middle">(\d+)<', svg)
    assert found or not middle
    boxes = [(float(x) - 3.4 * len(words), float(x) + 3.4 * len(words)) for x, words in found]
    assert all(right < left for (_, right), (left, _) in pairwise(boxes))


def test_words_of_two_lines_that_end_together_stand_apart():
    line = tuple((day, 5.0) for day in range(11))
    svg = drawn(line, middle=[(day, 4, 5.0) for day in range(11)])
    places = {
        words: (float(x), float(y))
        for x, y, words in re.findall(
            r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(infusion 2|median of all)<', svg
        )
    }
    assert len(places) == 2
    (x1, y1), (x2, y2) = places.values()
    assert abs(y1 - y2) >= 13 or abs(x1 - x2) >= 60


def test_days_to_come_are_a_dashed_box_and_said():
    svg = drawn(((0, 5.0), (1, 4.0)), ahead=charts.Ahead(2, 14))
    assert layer(svg, "tocome") and ">to come<" in svg
    assert not layer(drawn(((0, 5.0),)), "tocome")


def test_the_description_says_the_line_the_level_and_the_direction():
    words = valid(drawn(((0, 5.0), (1, 4.0)), ((0, 3.0),), middle=[(0, 4, 4.5)]))[1].text
    assert words.startswith("Infusion 2: day 0 5, day 1 4. 1 other infusion pale.")
    assert "Median where 4 or more were logged: day 0 4.5." in words
    assert "Level before 7.3; a day counts as relief at 5 or less." in words and "lower is better" in words


times = st.lists(st.tuples(st.integers(1, 56), st.booleans()), min_size=1, max_size=30)


@given(times)
@settings(max_examples=80, deadline=None)
def test_the_steps_go_down_and_every_cut_is_ticked(observed):
    steps, cuts = curve(observed), tuple(sorted(t for t, loss in observed if not loss))
    svg = charts.durations_chart(steps, cuts, max(t for t, _ in observed), None, "", "pain")
    valid(svg)
    line = layer(svg, "km")
    assert line.count("V") == len(steps)
    heights = [float(y) for y in re.findall(r"V([\d.]+)", line)]
    assert heights == sorted(heights)
    assert layer(svg, "cens").count("v12") == len(set(cuts))
    assert bool(layer(svg, "band")) == bool(steps)
    assert (f"{len(cuts)} cut short" in svg) == bool(cuts)


def test_the_median_is_marked_with_its_words():
    svg = charts.durations_chart(
        curve([(7, True), (8, True), (8, False)]), (8,), 8, 8, "7 to not reached", "pain"
    )
    assert ">8 days<" in svg and "Median 8 days, 95\u00a0% interval 7 to not reached." in svg


doses = st.lists(
    st.builds(charts.Dot, st.integers(1, 99).map(str), st.floats(0.05, 300), st.floats(-1.5, 1), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@given(doses)
@example([charts.Dot("1", 175.0, 0.0), charts.Dot("2", 299.0, 0.0)])  # from mark to mark: had eight of them
@settings(max_examples=100, deadline=None)
def test_every_dose_is_a_point_inside_and_no_line_is_fitted(dots):
    svg = charts.points_chart(dots, "mg", "pain")
    valid(svg)
    places = re.findall(r'<circle class="(inkdot|opendot)" cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert len(places) == len(dots)
    assert sum(cls == "opendot" for cls, *_ in places) == sum(dot.is_open for dot in dots)
    assert all(43.9 <= float(x) <= 376.1 and 11.9 <= float(y) <= 152.1 for _, x, y in places)
    marks = re.findall(r'y="169" text-anchor="\w+">([\d.]+)<', svg)
    assert 2 <= len(marks) <= 7 and len(set(marks)) == len(marks)


def weekly(days=126, runs=(), **more):
    weeks = [charts.WeekCell(START + timedelta(days=7 * k), k + 1, 4.0, 5, 7) for k in range(days // 7)]
    marks = [charts.Mark(START + timedelta(days=k), k, k == days - 3) for k in range(0, days, 3)]
    return charts.weekly_chart(series([5] * days), frame(days), marks, runs, weeks, **more)


def test_weeks_stand_under_their_days_with_mean_and_relief():
    svg = weekly()
    valid(svg)
    assert svg.count(">4.0<") == 18 and svg.count(">5 of 7<") == 18
    assert "Week 1 mean 4, relief on 5 of 7 days" in svg
    assert layer(svg, "inftick").count("v") == 42 and layer(svg, "infdot").count("M") == 2


def test_runs_are_bars_cut_at_the_edge_and_their_words_never_collide():
    def day(step):
        return START + timedelta(days=step)

    runs = [
        charts.RunBar(day(-9), day(3), "13 days", ", 4 infusions"),
        charts.RunBar(day(6), day(7), "2 days", ""),
        charts.RunBar(day(9), day(60), "at least 52 days", ", 20 infusions"),
        charts.RunBar(day(400), day(410), "11 days"),
    ]
    svg = weekly(runs=runs)
    assert layer(svg, "runbar").count("M") == 3
    found = re.findall(r'<text x="([\d.]+)" y="230"[^>]*>([^<]*)<', svg)
    boxes = [(float(x), float(x) + 6.6 * len(words)) for x, words in found]
    assert all(right <= left for (_, right), (left, _) in pairwise(boxes))
    assert "3 runs of relief: 13 days" in svg


def test_a_planned_gap_is_a_band_with_its_words():
    gap = charts.Gap(
        START + timedelta(days=100), START + timedelta(days=140), ("planned longer", "gap, day 11 of 14")
    )
    svg = weekly(gap=gap)
    assert layer(svg, "gapband") and "gap, day 11 of 14" in svg
    assert not layer(weekly(), "gapband")
