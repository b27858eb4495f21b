"""The charts' grammar, as what a person would miss if it broke."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary import charts
from diary.charts.scale import apart

START = date(2026, 3, 1)
scores = st.lists(st.sampled_from([None, "u", *range(11)]), min_size=1, max_size=60)


def series(texts, level=7.3, counts_at=5.0, name="Pain", **marks):
    days = [
        charts.Day(
            START + timedelta(days=k),
            None if t == "u" else t,
            unwell=t == "u",
            late=k in marks.get("late", ()),
        )
        for k, t in enumerate(texts)
        if t is not None
    ]
    return charts.Series("pain", name, "zap", days, level, counts_at)


def frame(days, today=None):
    return charts.Frame(START, START + timedelta(days=days - 1), today)


def layer(svg, name):
    return "".join(re.findall(rf'class="{name}"[^>]* d="([^"]*)"', svg))


def drawings(texts, days):
    one, where = series(texts), frame(days)
    marks = [charts.Mark(START + timedelta(days=3), 1), charts.Mark(START + timedelta(days=9), 2, True)]
    yield charts.story_chart(one, where, marks)
    yield charts.small_chart(one, where, marks)
    yield charts.print_chart([one] * 5, where, marks)
    desk = charts.timeline([one], where, marks)
    yield from (desk.axis, desk.infusions, desk.lanes[0][1])
    yield charts.spark(one, where, marks)


@given(scores, st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_every_drawing_is_valid_and_the_same_each_time(texts, days):
    for svg, again in zip(drawings(texts, days), drawings(texts, days), strict=True):
        root = ElementTree.fromstring(svg)
        assert svg == again
        assert "nan" not in svg and "style=" not in svg
        if root.get("aria-hidden") != "true":
            assert root[0].tag.endswith("title") and root[0].text


@given(scores)
@settings(max_examples=100, deadline=None)
def test_the_line_breaks_at_missing_days_and_a_point_stands_for_each_logged_day(texts):
    svg = charts.story_chart(series(texts), frame(len(texts)), [])
    logged = [t is not None and t != "u" for t in texts]
    points = layer(svg, "dots").count("M") + layer(svg, "dots fine").count("M")
    assert points == sum(logged)
    runs = "".join("1" if x else "0" for x in logged).split("0")
    assert layer(svg, "line").count("M") == sum(len(run) > 1 for run in runs)
    assert layer(svg, "water").count("M") == sum(len(run) > 0 for run in runs)
    assert layer(svg, "unwell").count("M") == sum(t == "u" for t in texts)


def test_missing_days_are_hatched_but_not_before_the_first_nor_today():
    texts = [None, None, 5, None, 5, None]
    today = START + timedelta(days=5)
    over = charts.story_chart(series(texts), frame(6), [])
    still = charts.story_chart(series(texts), frame(6, today), [])
    assert layer(still, "gap").count("M") < layer(over, "gap").count("M")
    alone = charts.story_chart(series([5, 5, 5]), frame(3), [])
    assert layer(alone, "gap") == ""


def test_late_is_hollow_and_higher_is_worse():
    svg = charts.story_chart(series([2, 9], late={1}), frame(2), [])
    assert layer(svg, "late").count("M") == 1
    low, high = (float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", layer(svg, "line")))
    assert low > high


def test_above_ten_infusions_ticks_stand_for_hairlines():
    few = [charts.Mark(START + timedelta(days=k), k + 1, k == 9) for k in range(10)]
    many = [*few, charts.Mark(START + timedelta(days=12), 11, True)]
    one = series([5] * 30)
    assert layer(charts.story_chart(one, frame(30), few), "inf").count("V") == 10
    svg = charts.story_chart(one, frame(30), many)
    assert layer(svg, "inftick").count("v") == 9
    assert layer(svg, "inf").count("V") == 2 and layer(svg, "infdot").count("M") == 2


def test_days_finer_than_pixels_are_bars_and_it_is_said():
    texts = [k % 11 for k in range(3000)]
    svg = charts.story_chart(series(texts), frame(3000), [])
    assert layer(svg, "line") == "" and layer(svg, "bars").count("M") == -(-3000 // 28)
    assert "Each bar is four weeks" in charts.bin_words(frame(3000), 268)
    assert "Each bar is one week" in charts.bin_words(frame(500), 268)
    assert charts.bin_words(frame(180), 268) == ""


@given(st.lists(st.floats(0, 200), min_size=1, max_size=6))
def test_labels_never_stand_closer_than_asked(wanted):
    placed = apart(sorted(wanted), 14, 0, 200)
    assert all(b - a >= 14 - 1e-6 for a, b in pairwise(placed))
    assert placed[-1] <= 200 or len(placed) * 14 > 200 or placed[-1] - 200 < 1e-6


def test_the_levels_are_labelled_with_their_score():
    svg = charts.story_chart(series([5]), frame(30), [])
    assert "before 7.3" in svg and "5 or less" in svg
    assert "before" not in charts.story_chart(series([5], None, None), frame(30), [])


def test_names_are_escaped():
    svg = charts.story_chart(series([5], name="<script>alert(1)</script>"), frame(3), [])
    assert "<script>" not in svg


def test_the_description_says_n_missing_and_direction():
    texts = [7] * 7 + [None, "u"] + [3] * 7
    words = charts.describe(series(texts), frame(16), [charts.Mark(START, 1)])
    assert "14 of 16 days logged" in words and "1 too unwell" in words
    assert "first 7 logged days 7" in words and "last 7 3" in words
    assert "lower is better" in words


def test_the_table_has_every_day_newest_first():
    rows = charts.table_rows([series([5, None, "u"])], frame(3), [charts.Mark(START, 4)])
    assert [(day.day, cells, remark) for day, cells, remark in rows] == [
        (3, [""], "too unwell to log"),
        (2, [""], "not logged"),
        (1, ["5"], "infusion 4"),
    ]


@pytest.mark.parametrize(
    ("states", "looks"),
    [
        (["logged"] * 14, {"sqf": 14}),
        (["missing"] * 14, {"sq": 14}),
        (["late", "partly", "unwell", "logged"], {"sq late": 1, "sq": 2, "sqh": 1, "unwell": 1, "sqf": 1}),
    ],
)
def test_squares(states, looks):
    svg = charts.squares(states, "14 of 14 days logged")
    named = ("sqf", "sq", "sqh", "sq late", "unwell")
    assert {look: count for look in named if (count := layer(svg, look).lower().count("m"))} == looks
