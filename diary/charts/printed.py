"""The report's chart: five lanes on one axis, with attributes of its own, readable in grey."""

from collections.abc import Sequence
from html import escape

from diary.charts import layers as draw
from diary.charts.layers import DROP_COLOUR, INK, INK_2, Plot, apart, label, n
from diary.charts.model import Frame, Mark, Series
from diary.charts.panels import MOST_HAIRLINES, _month_name, _month_starts, _numbers, _spaced
from diary.charts.words import describe
from diary.lib.words import date_short, number

FONT = "Atkinson Hyperlegible Next"
LANE = 66


def print_chart(series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark], width: int = 700) -> str:
    """One SVG of `width` units; every layer of a lane is one path, every look an attribute."""
    left, right = 128, width - 108
    inside = [mark for mark in marks if frame.since <= mark.on <= frame.until]
    height = 20 + LANE * len(series_list) + 14
    body = ""
    for place, series in enumerate(series_list):
        top = 20 + place * LANE
        body += _lane(Plot(frame, left, right, top + 10, top + LANE - 10, True), series, width)
    whole = Plot(frame, left, right, 16, height - 16, True)
    if len(inside) <= 3 * MOST_HAIRLINES:
        body += draw.infusions(whole, inside, 12, 14)
        body += "".join(_text(x + 5, 12, words, 8, DROP_COLOUR, 700) for x, words in _numbers(whole, inside))
    else:
        body += draw.ticks(whole, inside, 4, 8)
    axis = "".join(
        _text(whole.x(d) + 2, height - 3, _month_name(d, frame), 7.5, INK_2)
        for d in _spaced(_month_starts(frame), whole, 52)
    )
    body += (
        whole.path(
            "month",
            "".join(f"M{n(whole.x(d) - whole.step / 2)} 18V{height - 2}" for d in _month_starts(frame)),
        )
        + axis
    )
    title = (
        f"Day by day, {date_short(frame.since)} to {date_short(frame.until)} {frame.until.year}: "
        + " ".join(f"{series.name}: {describe(series, frame, marks)}" for series in series_list)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{FONT}"><title>{escape(title)}</title>{body}</svg>'
    )


def _lane(plot: Plot, series: Series, width: int) -> str:
    names = (
        _text(0, plot.top + 22, series.name, 10, INK, 700)
        + _text(0, plot.top + 34, "lower is better", 8, INK_2)
        + _text(plot.left - 6, plot.top + 3, "worst 10", 7.5, INK_2, 400, "end")
        + _text(plot.left - 6, plot.y(5) + 3, "5", 7.5, INK_2, 400, "end")
        + _text(plot.left - 6, plot.bottom + 3, "none 0", 7.5, INK_2, 400, "end")
    )
    rule = f'<path stroke="{draw.LINE}" stroke-width=".7" d="M0 {n(plot.top - 10)}H{width}"/>'
    return (
        rule
        + draw.grid(plot)
        + draw.layers(plot, series)
        + draw.levels(plot, series)
        + names
        + _ends(plot, series)
    )


def _ends(plot: Plot, series: Series) -> str:
    if series.level is None:
        return ""
    wanted = [(plot.y(series.level) + 3, f"{series.level_word} {number(series.level)}", INK, 700)]
    if series.counts_at is not None:
        wanted.append(
            (plot.y(series.level * 0.7) + 3, f"counts at {number(series.counts_at)} or less", INK_2, 400)
        )
    ys = apart([item[0] for item in wanted], 11, plot.top, plot.bottom + 4)
    return "".join(
        _text(plot.right + 7, y, words, 8, colour, weight)
        for y, (_, words, colour, weight) in zip(ys, wanted, strict=True)
    )


def _text(
    x: float, y: float, words: str, size: float, colour: str, weight: int = 400, anchor: str = ""
) -> str:
    return label(x, y, words, "", anchor, f' font-size="{n(size)}" font-weight="{weight}" fill="{colour}"')
