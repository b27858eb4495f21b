"""The finer rules of the grammar: gaps, labels, soft hairlines, helpers, bars, print, words, table."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary import charts
from tests.charts.test_charts import START, frame, layer, series

told = st.lists(st.sampled_from([None, "u", 0, 5, 10]), min_size=1, max_size=90)


def day(step):
    return START + timedelta(days=step)


def marks(*steps, strong=None):
    return [charts.Mark(day(step), number, step == strong) for number, step in enumerate(steps, 1)]


@given(told, st.integers(0, 100))
def test_gaps_are_the_days_that_say_nothing_and_are_over(texts, until):
    where = charts.Frame(START, day(until), day(until))
    one = series(texts)
    counted = sum((last - first).days + 1 for first, last in charts.gaps(one, where))
    begun = next((step for step, text in enumerate(texts) if text is not None), 0)
    said = {step for step, text in enumerate(texts) if text is not None}
    assert counted == sum(1 for step in range(begun, until) if step not in said)


def test_a_gap_is_as_wide_as_its_days_and_told_in_words():
    one = series([5, 5, None, None, 5, None, 5])
    assert charts.gaps(one, frame(7)) == [(day(2), day(3)), (day(5), day(5))]
    words = charts.describe(one, frame(7), [])
    assert "4 of 7 days logged" in words and "3 not logged" in words


def test_days_missing_at_the_start_count_once_the_diary_had_begun():
    one = series([None, None, 5])
    assert charts.gaps(one, frame(3)) == []
    assert charts.gaps(replace(one, begun=START - timedelta(days=9)), frame(3)) == [(day(0), day(1))]


def test_an_unwell_day_is_a_triangle_and_no_gap():
    svg = charts.story_chart(series([5, "u", 5]), frame(3), [])
    assert layer(svg, "unwell").count("M") == 1 and layer(svg, "gap") == ""
    assert layer(svg, "line") == ""


def test_the_axis_is_fixed_and_says_its_direction():
    for texts in ([1, 2], [9, 10], [None]):
        svg = charts.story_chart(series(texts, None, None), frame(30), [])
        words = re.findall(r"<text[^>]*>([^<]*)<", svg)
        assert words[:3] == ["0", "5", "10"] and "worst" in words and "none" in words


@given(st.floats(0, 10), st.booleans(), st.sampled_from(["before", "first weeks"]))
@settings(max_examples=200, deadline=None)
def test_labels_at_the_right_end_never_collide(level, counts, word):
    one = replace(series([5] * 30, level, level if counts else None), level_word=word)
    for svg in (charts.story_chart(one, frame(30), []), charts.small_chart(one, frame(30), [])):
        ys = sorted(float(y) for y in re.findall(r'<text x="244" y="([\d.]+)"', svg))
        assert all(b - a >= 13.9 for a, b in pairwise(ys)), ys
    lane = charts.timeline([one], frame(30), []).lanes[0][1]
    ys = sorted(float(y) for y in re.findall(r'<text x="782" y="([\d.]+)"', lane))
    assert all(b - a >= 13.9 for a, b in pairwise(ys)), ys


@pytest.mark.parametrize("days", [1, 2, 7, 30, 64, 90, 180, 366, 2908])
def test_dates_under_the_axis_never_collide(days):
    svg = charts.story_chart(series([5] * days), frame(days, day(days - 1)), [])
    found = re.findall(r'<text x="([\d.]+)" y="245"( text-anchor="end")?>([^<]*)<', svg)
    spans = sorted(
        (float(x) - 6.2 * len(w) * bool(end), float(x) + 6.2 * len(w) * (not end)) for x, end, w in found
    )
    assert found[0][2] == "today"
    assert all(right <= left + 0.1 for (_, right), (left, _) in pairwise(spans)), spans


def test_hairlines_are_soft_over_60_days_but_for_the_strong_one():
    svg = charts.story_chart(series([5] * 61), frame(61), marks(3, 20, 50, strong=50))
    assert layer(svg, "inf").count("V") == 1 and layer(svg, "inf soft").count("V") == 2
    svg = charts.story_chart(series([5] * 60), frame(60), marks(3, 20, 50, strong=50))
    assert layer(svg, "inf").count("V") == 3


def test_infusions_outside_the_frame_are_not_drawn():
    svg = charts.story_chart(series([5] * 9), frame(9), marks(20, 40))
    assert "infdot" not in svg and "inflab" not in svg


def test_numbers_that_stand_too_close_share_one_label():
    given = marks(10, 12, 14, 17, 19, 21, 60, 90)
    drawn = charts.timeline([series([5] * 180)], frame(180), given)
    assert re.findall(r'class="numinf"[^>]*>([^<]*)<', drawn.infusions) == ["1 to 6", "7", "8"]


def test_a_helpers_day_is_marked_on_every_chart():
    days = [charts.Day(day(k), 5.0, helper=k == 3) for k in range(9)]
    one = charts.Series("pain", "Pain", "zap", days)
    for svg in (
        charts.story_chart(one, frame(9), []),
        charts.small_chart(one, frame(9), []),
        charts.timeline([one], frame(9), []).lanes[0][1],
        charts.story_chart(one, frame(900), []),
    ):
        assert layer(svg, "helped").count("M") == 1
    assert "h4v3h-4z" in charts.print_chart([one], frame(9), [])
    assert "1 written by somebody else" in charts.describe(one, frame(9), [])


def test_the_chosen_day_is_a_line_with_a_ring_at_its_score():
    svg = charts.story_chart(series([5, None, 5]), frame(3), [], day(0))
    assert layer(svg, "chosen-day") and "chosen-dot" in svg
    missing = charts.story_chart(series([5, None, 5]), frame(3), [], day(1))
    assert layer(missing, "chosen-day") and "chosen-dot" not in missing
    assert "chosen-day" not in charts.story_chart(series([5]), frame(3), [], day(9))


@pytest.mark.parametrize("begun", range(7))
def test_every_week_stands_under_the_axis_and_none_covers_another(begun):
    weeks = [charts.Week(day(7 * k), k, 7) for k in range(7)] + [charts.Week(day(49), 0, 1)][: bool(begun)]
    svg = charts.story_chart(series([5] * 49), frame(49 + begun), [], None, weeks)
    shown = re.findall(r'<text x="([\d.]+)" y="266" class="wk[^>]*>([^<]*)<', svg)
    assert [words for _, words in shown] == [f"{week.relief}/{week.logged}" for week in weeks]
    said = re.search(r'<text x="([\d.]+)" y="266">relief on<', svg)
    ends = [float(x) + 10 for x, _ in shown]
    starts = [*(float(x) - 10 for x, _ in shown[1:]), float(said[1])]
    assert all(end <= start + 0.1 for end, start in zip(ends, starts, strict=True))


def test_a_row_that_would_leave_weeks_out_is_not_drawn():
    weeks = [charts.Week(day(7 * k), 5, 7) for k in range(55)]
    assert not charts.has_weeks_row(frame(385), weeks)
    svg = charts.story_chart(series([5] * 385), frame(385), [], None, weeks)
    assert 'class="wk' not in svg and "relief on" not in svg and "Days with relief" not in svg
    assert charts.has_weeks_row(frame(49), weeks) and not charts.has_weeks_row(frame(49), [])


def test_ticks_that_would_run_together_are_counted_in_words():
    often = marks(*range(20, 400, 3), strong=398)
    svg = charts.story_chart(series([5] * 400), frame(400), often)
    assert layer(svg, "inftick") == "" and ">127 infusions<" in svg
    assert layer(svg, "inf").count("V") == 1 and ">the last<" in svg
    near = charts.story_chart(series([5] * 150), frame(150), marks(*range(20, 100, 2)))
    assert layer(near, "inftick fine") and " infusions<" not in near
    assert ">127 infusions<" in charts.small_chart(series([5] * 400), frame(400), often)


def test_the_key_lists_only_what_is_drawn():
    plain = charts.story_chart(series([5, 5]), frame(2), [])
    assert charts.key_of(plain) == []
    every = charts.story_chart(series([5, None, "u", 5], late={3}), frame(4), [])
    assert charts.key_of(every) == ["gap", "late", "unwell"]
    bars = charts.story_chart(series([5] * 700, late={3}), frame(700), [])
    assert charts.key_of(bars) == []


def test_a_chart_fits_a_phone_of_360():
    """32 px beside the card, 16 px and two edges in it; the scale's 10 lies inside."""
    svg = charts.story_chart(series([5]), frame(30), [])
    width = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    assert width <= 360 - 32 - 16 - 2
    ten = re.search(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="end">10<', svg)
    assert float(ten[1]) - 14 >= 0


def test_the_beginning_says_when_the_infusion_comes():
    where = charts.Frame(START, day(10), START)
    svg = charts.beginning_chart(series([4]), where, charts.Mark(day(6), 1, True), "infusion 1, in 6 days")
    assert ">infusion 1, in 6 days<" in svg and layer(svg, "infdot") and layer(svg, "dots")
    empty = charts.beginning_chart(series([]), where, None, "")
    assert "infdot" not in empty and ">today<" in empty


def test_bars_go_from_lowest_to_highest_with_a_dot_at_the_middle():
    texts = [0, 10, 5, 5, 5, 5, 5] * 100
    svg = charts.story_chart(series(texts), frame(700), [])
    assert layer(svg, "line") == "" and layer(svg, "dots") == ""
    assert set(re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", layer(svg, "bars"))) == {("228.8", "25.2")}
    assert set(re.findall(r"M[\d.]+ ([\d.]+)h0", layer(svg, "mids"))) == {"127"}


def test_only_bars_without_any_entry_are_hatched_and_today_is_none():
    texts = [5] * 600
    for step in range(7, 28):  # three whole bars of a week
        texts[step] = None
    full = charts.story_chart(series([5] * 600), frame(600), [])
    assert layer(full, "gap") == ""
    assert layer(charts.story_chart(series(texts), frame(600), []), "gap") != ""
    texts = [5] * 599 + [None]
    assert layer(charts.story_chart(series(texts), frame(600, day(599)), []), "gap") == ""


def test_unwell_days_stay_visible_in_bars():
    texts = [5] * 700
    texts[300] = "u"
    assert layer(charts.story_chart(series(texts), frame(700), []), "unwell").count("M") == 1


def test_print_needs_no_style_sheet():
    svg = charts.print_chart([series([5, None, "u", 7])] * 5, frame(90), marks(2, 40, strong=40))
    assert "class=" not in svg and "style=" not in svg and "url(" not in svg
    root = ElementTree.fromstring(svg)
    assert [child.tag.rsplit("}")[-1] for child in root[:2]] == ["title", "desc"]


def test_print_is_lean_and_says_what_bars_are():
    svg = charts.print_chart(
        [series([k % 11 for k in range(3000)])] * 5, frame(3000), marks(*range(0, 3000, 6))
    )
    assert svg.count("<path") < 60 and "Each bar is four weeks" in svg
    assert "Each bar" not in charts.print_chart([series([5] * 90)], frame(90), [])


def test_what_xml_forbids_never_reaches_the_drawing():
    one = series([5], name="P\x00a\x0bi\ufffen <b>&\"'")
    for svg in (charts.story_chart(one, frame(3), []), charts.spark(one, frame(3), [])):
        assert "Pain <b>&\"'" in (ElementTree.fromstring(svg)[0].text or "")


def test_titles_name_both_years_where_they_differ():
    where = charts.Frame(date(2019, 5, 2), date(2026, 11, 24))
    assert "2 May 2019 to 24 Nov 2026" in charts.story_chart(series([5]), where, [])


def test_the_table_says_why_a_cell_is_empty():
    pain = series([None, 5, None, "u", 6], late={4})
    mood = replace(series([None, None, None, "u", 3]), key="mood", name="Low mood")
    rows = {on: (cells, remark) for on, cells, remark in charts.table_rows([pain, mood], frame(6, day(5)))}
    assert rows[day(0)] == (["", ""], "before the diary began")
    assert rows[day(1)] == (["5", "not logged"], "")
    assert rows[day(2)] == (["", ""], "not logged")
    assert rows[day(3)] == (["", ""], "too unwell to log")
    assert rows[day(4)] == (["6", "3"], "late")
    assert rows[day(5)] == (["", ""], "not logged yet")


def test_two_infusions_on_one_day_are_both_in_the_table():
    given = [charts.Mark(START, 4), charts.Mark(START, 5)]
    assert charts.table_rows([series([5])], frame(1), given)[0][2] == "infusion 4, infusion 5"


def test_a_spark_writes_its_last_score_out():
    svg = charts.spark(series([5, 6, 7]), frame(21), marks(1), day(2))
    assert ">7</text>" in svg and layer(svg, "tick") and layer(svg, "dots fine") == ""
    lonely = charts.spark(series([5, None, 6]), frame(21), [])
    assert layer(lonely, "dots fine").count("M") == 2
    assert "nothing logged" in charts.spark(series([]), frame(21), [])


# One infusion followed, several on one scale, a longer gap ------------------------------------------


def test_days_since_an_infusion_stand_under_its_chart():
    drawing = charts.infusion_chart(series([8] * 14 + [5] * 57), frame(71), marks(14, strong=14), day(14))
    said = [text.text for text in ElementTree.fromstring(drawing).iter("text")]
    assert [words for words in said if words in ("day 0", "14", "28", "42", "56")] == [
        "day 0",
        "14",
        "28",
        "42",
        "56",
    ]
    assert "from 14 days before to 56 days after the infusion" in drawing


@given(told, st.integers(0, 56), st.integers(0, 5))
def test_curves_of_one_length_have_one_scale_whatever_their_days(texts, followed, lead):
    """The infusion stands at the same place, and no day outside its own time is drawn."""
    on, longest = day(5), 60
    mine = charts.Frame(day(5 - lead), on + timedelta(days=followed))
    drawing = charts.curve(series(texts), on, mine, longest, "one", "curve-1")
    plain = charts.curve(series([5]), on, charts.Frame(on, on), longest, "one", "curve-1")
    assert layer(drawing, "inf") == layer(plain, "inf")
    inside = [n for n, text in enumerate(texts) if isinstance(text, int) and 5 - lead <= n <= 5 + followed]
    assert layer(drawing, "dots").count("h0") + layer(drawing, "dots fine").count("h0") == len(inside)
    ElementTree.fromstring(drawing)


@given(told, st.integers(2, 60), st.integers(0, 70))
def test_a_longer_gap_is_drawn_up_to_what_is_told(texts, days, now):
    usual = [[(0, 5.0), (1, 4.0), (3, 4.0)]]
    drawing = charts.gap_chart(series(texts), day(0), day(days - 1), day(now), usual)
    root = ElementTree.fromstring(drawing)
    assert bool(layer(drawing, "tocome")) == (now < days - 1)
    assert layer(drawing, "pale").count("L") == 1, "no line through a missing day"
    assert "Pale: 1 usual interval" in "".join(root.itertext())


def test_the_longer_gap_is_a_band_in_story_as_far_as_it_is_shown():
    one = series([5] * 20)
    assert layer(charts.story_chart(one, frame(20), [], gap=(day(10), day(40))), "gapband")
    assert not layer(charts.story_chart(one, frame(20), [], gap=(day(20), day(40))), "gapband")
    assert "gapband" in charts.key_of(charts.story_chart(one, frame(20), [], gap=(day(10), day(12))))


def test_five_years_of_infusions_are_a_low_band_and_a_chosen_day_says_its_year():
    days = 5 * 365
    where = charts.Frame(date(2021, 11, 28), date(2021, 11, 28) + timedelta(days=days - 1))
    infused = [charts.Mark(where.since + timedelta(days=7 * k // 2), k + 1) for k in range(520)]
    drawn = charts.timeline([series([5] * 30)], where, infused, chosen=where.since + timedelta(days=900))
    assert (
        drawn.infusions.count("<path") == 3
        and "inftick fine" in drawn.infusions
        and "1 to 520" in drawn.infusions
    )
    assert "520 infusions, the last: " in drawn.infusions
    assert "16 May 2024" in drawn.axis
    assert len(drawn.infusions) < 12_000
