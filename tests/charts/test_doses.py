"""Doses in steps, as-needed maxima on top, bars and the timeline's lane: the same data, the same valid drawing."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.charts import DoseBar, DoseStep, Frame, Mark, dose_bars, dose_chart, dose_lane

D = date(2026, 1, 1)
YEAR = Frame(D, date(2026, 12, 31), date(2026, 12, 31))
STEPS = (
    DoseStep(D, date(2026, 3, 31), 60, 20, "20 mg twice"),
    DoseStep(date(2026, 4, 1), date(2026, 12, 31), 15, 0, "5 mg twice"),
)


def parsed(drawing):
    tree = ET.fromstring(drawing)
    assert tree.get("role") == "img"
    title, desc = tree[0], tree[1]
    assert tree.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    return tree, title.text, desc.text


def classes(tree):
    return {el.get("class") for el in tree.iter() if el.get("class")}


def test_the_total_the_maximum_on_top_and_the_infusions():
    drawing = dose_chart(
        STEPS, YEAR, [Mark(date(2026, 6, 1), 1)], "MME a day", "oxycodone", ["tramadol as needed"]
    )
    tree, title, desc = parsed(drawing)
    assert title == "Opioids, MME a day, 1 Jan to 31 Dec 2026"
    assert desc.startswith(
        "2 steps of MME a day: 60 from 1 Jan 2026, 20 mg twice, at most 20 more as needed; 15 from 1 Apr"
    )
    assert {"mme", "mmefill", "mmetop", "gap", "inf soft", "infdot"} <= classes(tree)
    texts = [el.text for el in tree.iter("text")]
    assert {
        "60",
        "20 mg twice",
        "15",
        "80",
        "15 MME a day",
        "oxycodone",
        "infusions",
        "tramadol as needed",
    } <= set(texts)
    assert (
        dose_chart(STEPS, YEAR, [Mark(date(2026, 6, 1), 1)], "MME a day", "oxycodone", ["tramadol as needed"])
        == drawing
    )


def test_without_a_maximum_nothing_is_hatched():
    tree, _, _ = parsed(
        dose_chart(STEPS[1:], Frame(date(2026, 4, 1), YEAR.until), [], "MME a day", "oxycodone")
    )
    assert not {"gap", "mmetop", "inf soft"} & classes(tree)


def test_infusions_twice_a_week_become_ticks():
    marks = [Mark(D + timedelta(days=4 * at), at + 1) for at in range(90)]
    tree, _, _ = parsed(dose_chart(STEPS, YEAR, marks, "MME a day", "oxycodone"))
    assert "inftick" in classes(tree) and "infdot" not in classes(tree)


def test_bars_are_as_high_as_their_dose_and_mark_what_is_not_counted():
    bars = [
        DoseBar(D, date(2026, 1, 20), "30 mg once a day", "30 mg", 0.5),
        DoseBar(date(2026, 1, 21), date(2026, 12, 31), "60 mg once a day", "60 mg", 1),
    ]
    tree, title, desc = parsed(dose_bars(bars, YEAR, "Duloxetine", "60 mg a day", "b"))
    assert (title, desc) == (
        "Duloxetine",
        "30 mg once a day from 1 Jan 2026 to 20 Jan 2026; 60 mg once a day from 21 Jan 2026 to 31 Dec 2026.",
    )
    # The first bar has no room for all of its words, so it has its dose.
    assert [el.text for el in tree.iter("text")] == ["30 mg", "60 mg once a day", "60 mg a day"]
    note, _, _ = parsed(
        dose_bars([DoseBar(D, D, "5: not counted", "", 1, True)], YEAR, "Butrans", "ended", "b")
    )
    assert "mednote" in classes(note) and "medbar" not in classes(note)


@pytest.mark.parametrize("steps", [STEPS, (DoseStep(D, YEAR.until, 0),)])
def test_the_lane_has_a_mark_for_each_change_shown(steps):
    changes = [
        (date(2025, 12, 31), "before"),
        (date(2026, 4, 1), "Oxycodone 5 mg twice"),
        (date(2026, 12, 30), "Lyrica ended"),
    ]
    tree, _, desc = parsed(dose_lane(steps, YEAR, [], changes, "MME a day"))
    (marks,) = [el.get("d") for el in tree.iter() if el.get("class") == "medmark"]
    assert marks.count("M") == 2 and "before" not in desc
    assert "2 changes: Oxycodone 5 mg twice on 1 Apr 2026; Lyrica ended on 30 Dec 2026." in desc


days = st.integers(0, 364).map(lambda step: D + timedelta(days=step))


@given(
    st.lists(
        st.tuples(days, st.floats(0, 2000), st.floats(0, 500)),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    st.lists(days, max_size=30),
    st.lists(st.tuples(days, st.text(max_size=40)), max_size=12),
)
def test_any_history_draws(rows, infusions, changes):
    rows.sort()
    lasts = [*(on - timedelta(days=1) for on, _, _ in rows[1:]), YEAR.until]
    steps = [
        DoseStep(on, last, total, top, "x" * 9) for (on, total, top), last in zip(rows, lasts, strict=True)
    ]
    marks = [Mark(on, at + 1) for at, on in enumerate(sorted(infusions))]
    for drawing in (
        dose_chart(steps, YEAR, marks, "MME a day", "a", ["b", "c"]),
        dose_lane(steps, YEAR, marks, sorted(changes), "MME a day"),
    ):
        tree, _, _ = parsed(drawing)
        assert "nan" not in drawing and all(el.get("style") is None for el in tree.iter())
