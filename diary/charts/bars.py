"""Where days are finer than pixels: a bar for each week or four, never a line through days that can't be seen."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from statistics import median

from diary.charts.hatching import hatch
from diary.charts.model import A_DAY, Day, Frame, Series
from diary.charts.scale import FINEST, Plot, bar_days, n


def bars(plot: Plot, days: Sequence[Day], series: Series) -> str:
    """Bars from the lowest to the highest score, a dot at the middle one; hatched where a whole bar has no entry."""
    layers: dict[str, list[str]] = {name: [] for name in ("gap", "bars", "mids", "unwell", "helped")}
    size = bar_days(plot.step)
    half = min(4.2, max(1.5, plot.step * size / 2))
    for first, last, inside in _spans(plot.frame, days, size):
        left, right = plot.edge(first), plot.edge(last + A_DAY)
        x = n((left + right) / 2)
        scores = [day.score for day in inside if day.score is not None]
        if scores:
            low, high = plot.y(min(scores)), plot.y(max(scores))
            layers["bars"].append(f"M{x} {n(low + 0.8)}V{n(high - 0.8)}")
            layers["mids"].append(f"M{x} {n(plot.y(median(scores)))}h0")
        elif not inside and _is_over(series, plot.frame, first, last):
            layers["gap"].append(hatch(left, plot.top, right - left, plot.bottom - plot.top))
        if any(day.unwell and day.score is None for day in inside):
            layers["unwell"].append(f"M{x} {n(plot.bottom - 5)}l{n(half)} 5h-{n(2 * half)}z")
        if any(day.helper for day in inside):
            layers["helped"].append(f"M{n((left + right) / 2 - 1)} {n(plot.bottom + 2)}h2v3h-2z")
    wide = plot.step * size
    widths = {"bars": max(1.2, wide * 0.62), "mids": min(4.0, max(1.4, wide * 0.8))}
    return "".join(
        plot.path(name, "".join(d), f' stroke-width="{n(widths[name])}"' if name in widths else "")
        for name, d in layers.items()
    )


def _spans(frame: Frame, days: Sequence[Day], size: int) -> Iterable[tuple[date, date, list[Day]]]:
    """(first, last, days that say something) of each bar; the last bar ends with the last day shown."""
    filled: dict[int, list[Day]] = {}
    for day in days:
        if day.is_told:
            filled.setdefault((frame.until - day.on).days // size, []).append(day)
    for back in range((frame.days - 1) // size, -1, -1):
        last = frame.until - timedelta(days=back * size)
        yield max(frame.since, last - timedelta(days=size - 1)), last, filled.get(back, [])


def _is_over(series: Series, frame: Frame, first: date, last: date) -> bool:
    """Whether a bar without entries lies in the diary's time, and not only in today."""
    return first <= frame.over and series.first is not None and last >= series.first


def bin_words(frame: Frame, width: float) -> str:
    """What a bar stands for where days are finer than pixels; empty where every day is drawn.

    width: of the plot, in units of the drawing.
    """
    step = width / frame.days
    if step >= FINEST:
        return ""
    span, spans = ("one week", "weeks") if bar_days(step) == 7 else ("four weeks", "bars")
    return (
        f"Each bar is {span}: from its lowest to its highest score, with a dot at its middle score; hatched {spans} "
        "have no entry. Which days were late stands in the table."
    )
