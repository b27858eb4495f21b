"""The report's chart: five lanes on one axis, with attributes of its own, readable in grey."""

from collections.abc import Sequence
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.bars import bin_words
from diary.charts.model import Frame, Mark, Series
from diary.charts.scale import DROP_COLOUR, INK, INK_2, LINE, Plot, apart, label, n, safe
from diary.charts.words import describe, period

FONT = "Atkinson Hyperlegible Next"
LEFT, WORDS, LANE = 142, 112, 66
LEAST_DROPS = 14  # units an infusion needs for a drop and a hairline of its own


def print_chart(
    series_list: Sequence[Series],
    frame: Frame,
    marks: Sequence[Mark],
    width: int = 700,
    met_on: date | None = None,
) -> str:
    """One SVG of `width` units; every layer of a lane is one path, every look an attribute.

    met_on: the day of a session, with a hairline of its own.
    """
    is_met = met_on is not None and frame.holds(met_on)
    right, bottom = width - WORDS, 20 + LANE * len(series_list) - 2
    height = bottom + (28 if is_met else 16)
    lanes = [
        (Plot(frame, LEFT, right, top + 10, top + LANE - 10, True), series)
        for top, series in zip(range(20, bottom, LANE), series_list, strict=False)
    ]
    whole = Plot(frame, LEFT, right, 16, bottom, True)
    body = ends.month_lines(whole, 18, bottom + 14) + "".join(
        _lane(plot, series, width) for plot, series in lanes
    )
    body += _given(whole, [mark for mark in marks if frame.holds(mark.on)]) + _months(whole, bottom + 13)
    body += _bars_said(frame, right - LEFT) + (_met(whole, met_on) if is_met and met_on else "")
    words = " ".join(f"{series.name}: {describe(series, frame, marks)}" for series in series_list)
    # A reader of the PDF is told the title only, so it holds the finding as well.
    title = f"Day by day, {period(frame.since, frame.until)}, 0 none to 10 worst. {words}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="{FONT}"><title>{safe(title)}</title><desc>{safe(words)}</desc>{body}</svg>'
    )


def _given(whole: Plot, inside: Sequence[Mark]) -> str:
    """Drops with numbers and hairlines through all lanes; a row of ticks where they would stand too close."""
    if len(inside) * LEAST_DROPS > whole.right - whole.left:
        strong = [mark for mark in inside if mark.strong]
        return draw.ticks(whole, inside, 6, 8) + draw.infusions(whole, strong, None, 14)
    body, free = draw.infusions(whole, inside, 12, 14), 0.0
    for _, last, words in draw.numbers(whole, inside):
        body += _text(last + 6, 12, words, 10, DROP_COLOUR, 700) if last >= free else ""
        free = last + 10 + 5.6 * len(words)
    return body


def _met(whole: Plot, on: date) -> str:
    """The last session: a hairline through all lanes, named under the months on the side that has room."""
    x, y = whole.x(on), whole.bottom + 25
    is_left = x > whole.left + 70
    words = _text(x + (-4 if is_left else 4), y, "last session", 9.5, INK, 700, "end" if is_left else "")
    return whole.path("met", f"M{n(x)} {n(whole.top)}V{n(y)}") + words


def _months(whole: Plot, y: float) -> str:
    return "".join(
        _text(whole.edge(d) + 3, y, ends.month_name(d, whole.frame), 9.5, INK_2)
        for d in ends.spaced_months(whole, 62)
    )


def _bars_said(frame: Frame, width: float) -> str:
    """Where days are finer than pixels, what a bar is, in two short lines beside the infusions' row."""
    words = bin_words(frame, width)
    if not words:
        return ""
    span = "one week" if "one week" in words else "four weeks"
    return _text(0, 8, f"Each bar is {span}: lowest", 9.5, INK_2) + _text(
        0, 18, "to highest, dot: middle score", 9.5, INK_2
    )


def _lane(plot: Plot, series: Series, width: int) -> str:
    names = (
        _text(0, plot.top + 21, series.name, 12.5, INK, 700)
        + _text(0, plot.top + 34, "lower is better", 10.5, INK_2)
        + _text(plot.left - 6, plot.top + 3, "worst 10", 9.5, INK_2, 400, "end")
        + _text(plot.left - 6, plot.y(5) + 3, "5", 9.5, INK_2, 400, "end")
        + _text(plot.left - 6, plot.bottom + 3, "none 0", 9.5, INK_2, 400, "end")
    )
    rule = f'<path stroke="{LINE}" stroke-width=".7" d="M0 {n(plot.top - 10)}H{width}"/>'
    under = draw.levels(plot, series)
    return rule + draw.grid(plot) + draw.layers(plot, series, under) + names + _ends(plot, series)


def _ends(plot: Plot, series: Series) -> str:
    wanted = ends.words_of_levels(series, is_narrow=False)
    ys = apart([plot.y(score) + 3 for score, _, _ in wanted], 12, plot.top, plot.bottom + 4)
    looks = {"lab": (INK, 700), "": (INK_2, 400)}
    return "".join(
        _text(plot.right + 7, y, words, 10, *looks[cls])
        for y, (_, words, cls) in zip(ys, wanted, strict=True)
    )


def _text(
    x: float, y: float, words: str, size: float, colour: str, weight: int = 400, anchor: str = ""
) -> str:
    return label(x, y, words, "", anchor, f' font-size="{n(size)}" font-weight="{weight}" fill="{colour}"')
