"""The layers of a chart, each one path: grid, hatching, water, line, points, marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from statistics import median

from diary.charts.model import FINEST, Day, Frame, Mark, Series
from diary.charts.model import bin_days as days_of_a_bar

DROP = "m0-7c1.6 2.4 3.4 4 3.4 6.2a3.4 3.4 0 0 1-6.8 0c0-2.2 1.8-3.8 3.4-6.2z"
TIDE, INK, INK_2, EDGE, LINE, DROP_COLOUR, NOTE, WATER = (
    "#0A5A63", "#13242B", "#47585F", "#7C878B", "#DCD6C8", "#A8481F", "#7A5A00", "#DCEAE8",
)  # fmt: skip
PRINT = {
    "grid": f'stroke="{LINE}" stroke-width=".7" fill="none"',
    "gap": f'stroke="{EDGE}" stroke-width=".5" fill="none" stroke-opacity=".8"',
    "water": f'fill="{WATER}"',
    "line": f'fill="none" stroke="{TIDE}" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"',
    "dots": f'fill="none" stroke="{TIDE}" stroke-width="2.6" stroke-linecap="round"',
    "dots fine": f'fill="none" stroke="{TIDE}" stroke-width="1.9" stroke-linecap="round"',
    "late": f'fill="#fff" stroke="{TIDE}" stroke-width="1.1"',
    "helped": f'fill="none" stroke="{TIDE}" stroke-width="1"',
    "unwell": f'fill="{NOTE}"',
    "base": f'fill="none" stroke="{INK}" stroke-width="1.1" stroke-dasharray="5 3"',
    "thirty": f'fill="none" stroke="{INK}" stroke-width="1" stroke-dasharray="1 3" stroke-linecap="round"',
    "inf": f'fill="none" stroke="{DROP_COLOUR}" stroke-width="1"',
    "inf soft": f'fill="none" stroke="{DROP_COLOUR}" stroke-width="1" stroke-opacity=".55"',
    "infdot": f'fill="{DROP_COLOUR}"',
    "bars": f'fill="none" stroke="{TIDE}" stroke-opacity=".45"',
    "chosen-day": f'fill="none" stroke="{INK}" stroke-width="1.6"',
    "month": f'fill="none" stroke="{LINE}" stroke-width=".7"',
}


@dataclass(frozen=True, slots=True)
class Plot:
    """Where days and scores lie: left, right, top, bottom in units of the drawing."""

    frame: Frame
    left: float
    right: float
    top: float
    bottom: float
    is_print: bool = False

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.frame.days

    @property
    def is_dense(self) -> bool:
        return self.step < FINEST

    def x(self, day: date) -> float:
        return self.left + ((day - self.frame.since).days + 0.5) * self.step

    def y(self, score: float) -> float:
        return self.bottom - score / 10 * (self.bottom - self.top)

    def path(self, name: str, d: str, extra: str = "") -> str:
        """One layer: by class on the screen, by attributes in print; nothing where there is nothing."""
        if not d:
            return ""
        return f'<path {PRINT[name] if self.is_print else f"class={chr(34)}{name}{chr(34)}"}{extra} d="{d}"/>'

    @property
    def bin_days(self) -> int:
        """How many days one bar stands for: a week, or four where weeks are too fine."""
        return days_of_a_bar(self.step)


def n(x: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text


def grid(plot: Plot) -> str:
    d = "".join(f"M{n(plot.left)} {n(plot.y(score))}H{n(plot.right)}" for score in (0, 5, 10))
    return plot.path("grid", d)


def layers(plot: Plot, series: Series) -> str:
    """Everything a symptom's days draw, back to front."""
    days = {day.on: day for day in series.days if plot.frame.since <= day.on <= plot.frame.until}
    if plot.is_dense:
        return _dense(plot, days, series)
    segments = list(_segments(plot.frame, days))
    return (
        gaps(plot, days, series)
        + plot.path("water", "".join(_water(plot, segment) for segment in segments))
        + plot.path("line", "".join(_line(plot, segment) for segment in segments if len(segment) > 1))
        + _points(plot, days.values())
    )


def _segments(frame: Frame, days: Mapping[date, Day]) -> Iterable[list[Day]]:
    """Runs of scored days without a missing day between; the line breaks between them."""
    current: list[Day] = []
    for on in sorted(days):
        day = days[on]
        if current and (day.score is None or (on - current[-1].on).days > 1):
            yield current
            current = []
        if day.score is not None:
            current.append(day)
    if current:
        yield current


def _line(plot: Plot, segment: Sequence[Day]) -> str:
    return "M" + "L".join(f"{n(plot.x(day.on))} {n(plot.y(day.score or 0))}" for day in segment)


def _water(plot: Plot, segment: Sequence[Day]) -> str:
    half = plot.step / 2
    first, last = segment[0], segment[-1]
    top = "L".join(f"{n(plot.x(day.on))} {n(plot.y(day.score or 0))}" for day in segment)
    left, right = plot.x(first.on) - half, plot.x(last.on) + half
    return (
        f"M{n(left)} {n(plot.bottom)}V{n(plot.y(first.score or 0))}L{top}"
        f"L{n(right)} {n(plot.y(last.score or 0))}V{n(plot.bottom)}Z"
    )


def _points(plot: Plot, days: Iterable[Day]) -> str:
    on_time, late, unwell, helped = [], [], [], []
    radius = min(2.6, max(1.7, plot.step * 0.42))
    for day in days:
        x = plot.x(day.on)
        if day.score is not None:
            y = plot.y(day.score)
            if day.late:
                late.append(
                    f"M{n(x - radius)} {n(y)}a{n(radius)} {n(radius)} 0 1 0 {n(2 * radius)} 0a{n(radius)} {n(radius)} 0 1 0-{n(2 * radius)} 0"
                )
            else:
                on_time.append(f"M{n(x)} {n(y)}h0")
        elif day.unwell:
            unwell.append(f"M{n(x)} {n(plot.bottom - 7)}l4.2 7h-8.4z")
        if day.helper and (day.score is not None or day.unwell):
            helped.append(f"M{n(x - 2)} {n(plot.bottom + 2)}h4v3h-4z")
    return (
        plot.path("dots fine" if plot.step < 4 else "dots", "".join(on_time))
        + plot.path("late", "".join(late))
        + plot.path("unwell", "".join(unwell))
        + plot.path("helped", "".join(helped))
    )


def gaps(plot: Plot, days: Mapping[date, Day], series: Series) -> str:
    """Hatching over days without an entry, from the diary's first day on; today is no gap until it is over."""
    end = plot.frame.until
    if plot.frame.today is not None and end >= plot.frame.today:
        end = plot.frame.today - timedelta(days=1)
    begun = series.days[0].on if series.days else plot.frame.since
    d, start = [], None
    day = max(plot.frame.since, begun)
    while day <= end + timedelta(days=1):
        is_missing = day <= end and (day not in days or (days[day].score is None and not days[day].unwell))
        if is_missing and start is None:
            start = day
        elif not is_missing and start is not None:
            left = plot.x(start) - plot.step / 2
            d.append(hatch(left, plot.top, plot.x(day) - plot.step / 2 - left, plot.bottom - plot.top))
            start = None
        day += timedelta(days=1)
    return plot.path("gap", "".join(d))


def hatch(x: float, y: float, width: float, height: float, step: float = 5) -> str:
    """Diagonal lines that fill a box, as one path."""
    d, k = [], step
    while k < width + height:
        d.append(
            f"M{n(x + min(k, width))} {n(y + max(0, k - width))}L{n(x + max(0, k - height))} {n(y + min(k, height))}"
        )
        k += step
    return "".join(d)


def _dense(plot: Plot, days: Mapping[date, Day], series: Series) -> str:
    """Days finer than pixels: bars from the lowest to the highest score of each span, and its middle score."""
    bars, dots, empty = [], [], []
    begun = max(plot.frame.since, series.days[0].on if series.days else plot.frame.since)
    for start in range(0, plot.frame.days, plot.bin_days):
        first = plot.frame.since + timedelta(days=start)
        last = min(first + timedelta(days=plot.bin_days - 1), plot.frame.until)
        left, right = plot.x(first) - plot.step / 2, plot.x(last) + plot.step / 2
        inside = [
            days[on] for k in range((last - first).days + 1) if (on := first + timedelta(days=k)) in days
        ]
        scores = [day.score for day in inside if day.score is not None]
        x = (left + right) / 2
        if scores:
            low, high = plot.y(min(scores)), plot.y(max(scores))
            bars.append(f"M{n(x)} {n(low + 0.6)}V{n(high - 0.6)}")
            dots.append(f"M{n(x)} {n(plot.y(median(scores)))}h0")
        elif last >= begun and not inside:
            empty.append(hatch(left, plot.top, right - left, plot.bottom - plot.top, 6))
    width = f' stroke-width="{n(max(1.2, plot.step * plot.bin_days * 0.62))}"'
    return (
        plot.path("gap", "".join(empty))
        + plot.path("bars", "".join(bars), width)
        + plot.path("dots", "".join(dots))
    )


def infusions(
    plot: Plot, marks: Sequence[Mark], drop_y: float | None = None, top: float | None = None
) -> str:
    """Hairlines, with drops where `drop_y` is given; over 60 days only the strong ones are drawn full."""
    inside = [mark for mark in marks if plot.frame.since <= mark.on <= plot.frame.until]
    from_y = plot.top if top is None else top
    soft = plot.frame.days > 60
    lines = {"inf": "", "inf soft": ""}
    for mark in inside:
        lines["inf soft" if soft and not mark.strong else "inf"] += (
            f"M{n(plot.x(mark.on))} {n(from_y)}V{n(plot.bottom)}"
        )
    drops = "" if drop_y is None else "".join(f"M{n(plot.x(mark.on))} {n(drop_y)}{DROP}" for mark in inside)
    return (
        plot.path("inf soft", lines["inf soft"]) + plot.path("inf", lines["inf"]) + plot.path("infdot", drops)
    )


def ticks(plot: Plot, marks: Sequence[Mark], top: float, height: float = 10) -> str:
    """Above ten infusions in view: a row of ticks instead of hairlines."""
    inside = [mark for mark in marks if plot.frame.since <= mark.on <= plot.frame.until]
    return plot.path("inf", "".join(f"M{n(plot.x(mark.on))} {n(top)}v{n(height)}" for mark in inside))


def levels(plot: Plot, series: Series) -> str:
    d = f"M{n(plot.left)} {n(plot.y(series.level))}H{n(plot.right)}" if series.level is not None else ""
    at = series.level * 0.7 if series.level is not None and series.counts_at is not None else None
    thirty = f"M{n(plot.left)} {n(plot.y(at))}H{n(plot.right)}" if at is not None else ""
    return plot.path("base", d) + plot.path("thirty", thirty)


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Heights of labels moved apart so that neighbours are at least `least` away, kept within low..high.

    The order of `wanted` (top to bottom) stays.
    """
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + least) if placed else max(y, low))
    over = placed[-1] - high if placed else 0
    if over > 0:
        placed[-1] -= over
        for i in range(len(placed) - 2, -1, -1):
            placed[i] = min(placed[i], placed[i + 1] - least)
    return placed


def label(x: float, y: float, words: str, cls: str = "", anchor: str = "", attributes: str = "") -> str:
    """A text; `attributes` carry the looks in print."""
    return (
        f'<text x="{n(x)}" y="{n(y)}"{f" class={chr(34)}{cls}{chr(34)}" if cls else ""}'
        f"{f' text-anchor={chr(34)}{anchor}{chr(34)}' if anchor else ''}{attributes}>{escape(words)}</text>"
    )
