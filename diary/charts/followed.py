"""One infusion followed from its day on, large; and several of them, small, on one scale and aligned at day 0."""

from collections.abc import Sequence
from datetime import date, timedelta

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import A_DAY, Frame, Mark, Series
from diary.charts.phone import LEFT, RIGHT, WIDTH, WORDS
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe
from diary.lib.words import plural

LETTER = 6.6  # units that a letter of 12 needs
LEAD_DAYS = 5  # shown before an infusion on the small ones


def infusion_chart(
    series: Series, frame: Frame, marks: Sequence[Mark], on: date, uid: str = "followed"
) -> str:
    """The days around one infusion; under the axis the days since it. Its mark is the strong one."""
    plot = Plot(frame, LEFT, RIGHT, 26, 208)
    inside = [mark for mark in marks if frame.holds(mark.on)]
    weak = [mark for mark in inside if not mark.strong]
    strong = [mark for mark in inside if mark.strong]
    given = draw.ticks(plot, weak, 9) + draw.infusions(plot, strong, 17, 17)
    body = draw.grid(plot) + ends.scale(plot) + draw.layers(plot, series, given + draw.levels(plot, series))
    body += ends.end_labels(plot, series, WORDS, True) + _days(plot, on, frame.until, 225)
    before, after = (on - frame.since).days, (frame.until - on).days
    title = (
        f"{series.name}, from {plural(before, 'day')} before to {plural(after, 'day')} after the infusion, "
        "0 none to 10 worst"
    )
    return picture((WIDTH, 230), uid, title, describe(series, frame, inside), body, "chart story")


def curve(
    series: Series, on: date, frame: Frame, longest: int, words: str, uid: str,
) -> str:  # fmt: skip
    """One of several infusions: the days of its `frame`, on an axis from 5 days before to `longest` after.

    All with the same `longest` have the same scale. words: what the drawing is of.
    """
    whole = Plot(Frame(on - LEAD_DAYS * A_DAY, on + longest * A_DAY), LEFT, RIGHT, 18, 82)
    plot = Plot(frame, whole.edge(frame.since), whole.edge(frame.until + A_DAY), 18, 82)
    under = draw.infusions(whole, [Mark(on, 0, True)], 13, 13) + draw.levels(whole, series)
    body = draw.grid(whole) + ends.scale(whole) + draw.layers(plot, series, under)
    body += ends.end_labels(whole, series, WORDS, True)
    body += _days(whole, on, whole.frame.until, 99)
    return picture((WIDTH, 104), uid, words, describe(series, frame, []), body)


def _days(plot: Plot, on: date, until: date, y: float) -> str:
    """ "day 0", and further days where there is room; the last one of a short window too."""
    after = (until - on).days
    every = 14 if after > 28 else 7
    wanted = [every * step for step in range(1, after // every + 1)]
    if after < 7:
        wanted = list(range(1, after + 1))
    if plot.x(on) - plot.left < 3 * LETTER:
        parts, free = [label(plot.left, y, "day 0")], plot.left + 6 * LETTER
    else:
        parts, free = [label(plot.x(on), y, "day 0", "", "middle")], plot.x(on) + 3.2 * LETTER
    for day in wanted:
        x = plot.x(on + timedelta(days=day))
        half = LETTER * len(str(day)) / 2
        if x - half >= free:
            parts.append(label(x, y, str(day), "", "middle"))
            free = x + half + 4
    return "".join(parts)


def gap_chart(
    series: Series, first: date, last: date, told: date, usual: Sequence[Sequence[tuple[int, float]]], uid: str = "gap"
) -> str:  # fmt: skip
    """A longer gap from its infusion's day `first` to `last`, told up to `told`; `usual` are the intervals before it, pale.

    usual: (day since its infusion, score) of each, oldest first.
    """
    whole = Plot(Frame(first, last), LEFT, RIGHT, 18, 150)
    frame = Frame(first, min(last, max(first, told)), told)
    plot = Plot(frame, LEFT, whole.edge(frame.until + A_DAY), 18, 150)
    body = _to_come(whole, frame.until) + draw.grid(whole) + ends.scale(whole)
    under = draw.infusions(whole, [Mark(first, 0, True)], 13, 13) + _pale(whole, first, usual)
    body += draw.layers(plot, series, under + draw.levels(whole, series))
    body += ends.end_labels(whole, series, WORDS, True) + _days(whole, first, last, 167)
    title = f"{series.name} in the longer gap, day 0 to day {(last - first).days}, 0 none to 10 worst"
    said = describe(series, frame, []) + f" Pale: {plural(len(usual), 'usual interval')} before it."
    return picture((WIDTH, 172), uid, title, said, body)


def _pale(plot: Plot, first: date, usual: Sequence[Sequence[tuple[int, float]]]) -> str:
    d = ""
    for points in usual:
        before = None
        for day, score in points:
            on = first + timedelta(days=day)
            if not plot.frame.holds(on):
                continue
            d += f"{'L' if before == day - 1 else 'M'}{n(plot.x(on))} {n(plot.y(score))}"
            before = day
    return plot.path("pale", d)


def _to_come(plot: Plot, told: date) -> str:
    """The days that are still to come, as a dashed box with its words where there is room."""
    left, right = plot.edge(told + A_DAY), plot.edge(plot.frame.until + A_DAY)
    if right - left < 1:
        return ""
    box = plot.path("tocome", f"M{n(left)} {n(plot.top)}H{n(right)}V{n(plot.bottom)}H{n(left)}Z")
    middle = (left + right) / 2
    lines = (("still", -7.0), ("to come", 7.0)) if right - left >= 46 else ()
    return box + "".join(
        label(middle, (plot.top + plot.bottom) / 2 + down, words, "", "middle") for words, down in lines
    )
