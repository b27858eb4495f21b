"""What stands around a plot: the scale, the words at the right end, dates under the axis."""

from collections.abc import Sequence
from datetime import date, timedelta

from diary.charts.model import Frame, Series, Week
from diary.charts.scale import Plot, apart, label, n
from diary.lib.words import MONTHS, date_short, number

LEAST = 14
HALF_FIGURES = 10  # half of what "5/7" needs


def scale(plot: Plot) -> str:
    return "".join(label(plot.left - 6, plot.y(score) + 4, str(score), "", "end") for score in (0, 5, 10))


def words_of_levels(series: Series, is_narrow: bool) -> list[tuple[float, str, str]]:
    """(score it belongs to, words, class); where there is little room a label takes two lines."""
    if series.level is None:
        return []
    figure = number(series.level)
    is_short = not is_narrow or series.level_word == "before"
    lines = [f"{series.level_word} {figure}"] if is_short else [series.level_word, figure]
    found = [(series.level, words, "lab") for words in lines]
    if series.thirty is not None:
        least = f"{number(series.counts_at)} or less"
        counts = ["counts at", least] if is_narrow else [f"counts at {least}"]
        found += [(series.thirty, words, "") for words in counts]
    return found


def end_labels(plot: Plot, series: Series, x: float, is_narrow: bool) -> str:
    """Worst, the level, what counts, none; never closer than 14."""
    wanted = words_of_levels(series, is_narrow)
    if is_narrow:
        wanted = [(10, "worst", ""), *wanted, (0, "none", "")]
    # A second line begins where its first one wants to be, so that sorting by score keeps them together.
    wanted.sort(key=lambda item: -item[0])
    ys = apart([plot.y(score) + 4 for score, _, _ in wanted], LEAST, plot.top + 4, plot.bottom + 4)
    return "".join(label(x, y, words, cls) for y, (_, words, cls) in zip(ys, wanted, strict=True))


def dates(plot: Plot, y: float) -> str:
    """Dates under the axis where there is room; the last one is "today" where it is."""
    frame = plot.frame
    last = "today" if frame.until == frame.today else _last_name(frame)
    parts = [label(plot.right, y, last, "", "end")]
    free = plot.right - max(40, 6.2 * len(last) + 8)
    for day in reversed(_marked(frame)):
        words = _name(day, frame)
        x, width = plot.edge(day), 6.2 * len(words)
        if x + width <= free:
            parts.append(label(x, y, words))
            free = x - 10
    return "".join(parts)


def _marked(frame: Frame) -> list[date]:
    """Days that may get a date: each week's first, or the first of months or years where it is long."""
    if frame.days > 100:
        return month_starts(frame)
    return [frame.since + timedelta(days=back) for back in range(0, frame.days, 7)]


def _name(day: date, frame: Frame) -> str:
    if frame.days <= 300:
        return date_short(day)
    return f"{day.year}" if frame.days > 800 else f"{MONTHS[day.month - 1][:3]} {day.year}"


def _last_name(frame: Frame) -> str:
    """The last day, with its month also where the others are years: else two years running would be the same."""
    until = frame.until
    return _name(until, frame) if frame.days <= 300 else f"{MONTHS[until.month - 1][:3]} {until.year}"


def weeks_row(plot: Plot, weeks: Sequence[Week], y: float, x: float) -> str:
    """A cell under the axis for each week with its days of relief, of the days logged.

    A week that has only begun is narrower than its figures, which then reach over the plot's right edge.
    """
    inside = [week for week in weeks if plot.frame.holds(week.start)]
    bars, texts = "", ""
    for week in inside:
        left, right = plot.edge(week.start), min(plot.right, plot.edge(week.start + timedelta(days=7)))
        bars += f"M{n(left + 0.8)} {n(y)}H{n(max(left + 1.4, right - 0.8))}"
        middle = max((left + right) / 2, left + HALF_FIGURES)
        cls = "wk lab" if week is inside[-1] else "wk"
        texts += label(middle, y + 14, f"{week.relief}/{week.logged}", cls, "middle")
        x = max(x, middle + HALF_FIGURES + 4)
    return plot.path("weekbar", bars) + texts + (label(x, y + 14, "relief on") if inside else "")


def month_starts(frame: Frame) -> list[date]:
    """First days of the months in the frame; of years where it is long."""
    months = [1] if frame.days > 800 else range(1, 13)
    firsts = (
        date(year, month, 1) for year in range(frame.since.year, frame.until.year + 1) for month in months
    )
    return [first for first in firsts if frame.holds(first)]


def month_name(day: date, frame: Frame) -> str:
    if frame.days > 800:
        return str(day.year)
    return f"{MONTHS[day.month - 1]} {day.year}" if day.month == 1 else MONTHS[day.month - 1]


def month_lines(plot: Plot, top: float, bottom: float) -> str:
    return plot.path(
        "month", "".join(f"M{n(plot.edge(d))} {n(top)}V{n(bottom)}" for d in month_starts(plot.frame))
    )


def spaced_months(plot: Plot, least: float) -> list[date]:
    """Month starts whose names have room."""
    placed: list[date] = []
    for day in month_starts(plot.frame):
        if (not placed or plot.x(day) - plot.x(placed[-1]) >= least) and plot.x(day) < plot.right - 30:
            placed.append(day)
    return placed
