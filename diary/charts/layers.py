"""The layers of a symptom's chart, each one path: grid, hatching, water, line, points, levels."""

from collections.abc import Iterable, Sequence

from diary.charts.bars import bars
from diary.charts.hatching import hatch
from diary.charts.model import A_DAY, Day, Mark, Series, gaps, within
from diary.charts.scale import Plot, n

DROP = "m0-7c1.6 2.4 3.4 4 3.4 6.2a3.4 3.4 0 0 1-6.8 0c0-2.2 1.8-3.8 3.4-6.2z"
SOFT_FROM_DAYS = 60
FINE_DOTS = 3  # units a day below which points get smaller


def grid(plot: Plot) -> str:
    d = "".join(f"M{n(plot.left)} {n(plot.y(score))}H{n(plot.right)}" for score in (0, 5, 10))
    return plot.path("grid", d)


def layers(plot: Plot, series: Series, under: str = "") -> str:
    """Everything a symptom's days draw, back to front; `under` comes between the water and the line."""
    days = within(series, plot.frame)
    if plot.is_dense:
        return under + bars(plot, days, series)
    runs = list(segments(days))
    return (
        gap_lines(plot, series)
        + plot.path("water", "".join(_water(plot, run) for run in runs))
        + under
        + plot.path("line", "".join(_line(plot, run) for run in runs if len(run) > 1))
        + _points(plot, days)
    )


def gap_lines(plot: Plot, series: Series) -> str:
    """Hatching over days without an entry, from the diary's first day on; today is no gap until it is over."""
    height = plot.bottom - plot.top
    boxes = ((plot.edge(first), plot.edge(last + A_DAY)) for first, last in gaps(series, plot.frame))
    return plot.path("gap", "".join(hatch(left, plot.top, right - left, height) for left, right in boxes))


def segments(days: Iterable[Day]) -> Iterable[list[Day]]:
    """Runs of scored days without a missing day between; the line breaks between them."""
    current: list[Day] = []
    for day in days:
        if current and (day.score is None or day.on - current[-1].on > A_DAY):
            yield current
            current = []
        if day.score is not None:
            current.append(day)
    if current:
        yield current


def _line(plot: Plot, segment: Sequence[Day]) -> str:
    return "M" + "L".join(f"{n(plot.x(day.on))} {n(plot.y(day.score or 0))}" for day in segment)


def _water(plot: Plot, segment: Sequence[Day]) -> str:
    """The area under a run, half a day wider on both sides, so that a gap is as wide as its days."""
    left, right = plot.edge(segment[0].on), plot.edge(segment[-1].on + A_DAY)
    return (
        f"M{n(left)} {n(plot.bottom)}V{n(plot.y(segment[0].score or 0))}L{_line(plot, segment)[1:]}"
        f"L{n(right)} {n(plot.y(segment[-1].score or 0))}V{n(plot.bottom)}Z"
    )


def _points(plot: Plot, days: Iterable[Day]) -> str:
    """A point each logged day, hollow when late; a triangle when too unwell; a small frame when somebody else wrote."""
    on_time, late, unwell, helped = [], [], [], []
    radius = round(min(3.0, max(1.8, plot.step * 0.42)), 1)
    ring = f"a{n(radius)} {n(radius)} 0 1 0 {n(2 * radius)} 0a{n(radius)} {n(radius)} 0 1 0-{n(2 * radius)} 0"
    for day in days:
        x = plot.x(day.on)
        if day.score is not None:
            y = n(plot.y(day.score))
            if day.late:
                late.append(f"M{n(x - radius)} {y}{ring}")
            else:
                on_time.append(f"M{n(x)} {y}h0")
        elif day.unwell:
            unwell.append(triangle(plot, x))
        if day.helper and day.is_told:
            helped.append(frame_mark(plot, x))
    return (
        plot.path("dots fine" if plot.step < FINE_DOTS else "dots", "".join(on_time))
        + plot.path("late", "".join(late))
        + plot.path("unwell", "".join(unwell))
        + plot.path("helped", "".join(helped))
    )


def alone(plot: Plot, runs: Iterable[Sequence[Day]], days: Iterable[Day]) -> str:
    """Points only where a day stands alone, and the days too unwell to log: what a spark shows of its days."""
    dots = (f"M{n(plot.x(one[0].on))} {n(plot.y(one[0].score or 0))}h0" for one in runs if len(one) == 1)
    unwell = (triangle(plot, plot.x(day.on)) for day in days if day.unwell and day.score is None)
    return plot.path("dots fine", "".join(dots)) + plot.path("unwell", "".join(unwell))


def triangle(plot: Plot, x: float, half: float = 4.2) -> str:
    """Too unwell to log: a triangle that stands on the axis."""
    return f"M{n(x)} {n(plot.bottom - 7)}l{n(half)} 7h-{n(2 * half)}z"


def frame_mark(plot: Plot, x: float) -> str:
    """Somebody else wrote: a small frame under the axis."""
    return f"M{n(x - 2)} {n(plot.bottom + 2)}h4v3h-4z"


def levels(plot: Plot, series: Series) -> str:
    """The level before the infusions, dashed; 30 % under it, dotted."""
    return "".join(
        plot.path(name, f"M{n(plot.left)} {n(plot.y(score))}H{n(plot.right)}")
        for name, score in (("base", series.level), ("thirty", series.thirty))
        if score is not None
    )


def infusions(
    plot: Plot, marks: Sequence[Mark], drop_y: float | None = None, top: float | None = None
) -> str:
    """Hairlines, with drops where `drop_y` is given; over 60 days only the strong ones are drawn full."""
    inside = [mark for mark in marks if plot.frame.holds(mark.on)]
    from_y = n(plot.top if top is None else top)
    lines = {"inf soft": "", "inf": ""}
    for mark in inside:
        is_soft = plot.frame.days > SOFT_FROM_DAYS and not mark.strong
        lines["inf soft" if is_soft else "inf"] += f"M{n(plot.x(mark.on))} {from_y}V{n(plot.bottom)}"
    drops = "" if drop_y is None else "".join(f"M{n(plot.x(mark.on))} {n(drop_y)}{DROP}" for mark in inside)
    return "".join(plot.path(name, d) for name, d in lines.items()) + plot.path("infdot", drops)


def ticks(plot: Plot, marks: Sequence[Mark], top: float, height: float = 9, looks: str = "inftick") -> str:
    """A row of ticks where infusions stand too close for hairlines."""
    days = {mark.on: None for mark in marks if plot.frame.holds(mark.on)}
    return plot.path(looks, "".join(f"M{n(plot.x(on))} {n(top)}v{n(height)}" for on in days))


def numbers(plot: Plot, marks: Sequence[Mark], least: float = 20) -> list[tuple[float, float, str]]:
    """(middle, last x, words) of the infusions' numbers; those closer than `least` share one: "1 to 6"."""
    groups: list[list[Mark]] = []
    for mark in marks:
        if groups and plot.x(mark.on) - plot.x(groups[-1][-1].on) < least:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    found = []
    for group in groups:
        first, last = group[0], group[-1]
        words = f"{first.number}" if first is last else f"{first.number} to {last.number}"
        found.append(((plot.x(first.on) + plot.x(last.on)) / 2, plot.x(last.on), words))
    return found
