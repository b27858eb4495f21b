"""The screen's charts: Story's large one, small multiples, and the desk's lanes on one axis."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from diary.charts import layers as draw
from diary.charts.layers import Plot, apart, label, n
from diary.charts.model import Frame, Mark, Series, Timeline, Week
from diary.charts.words import describe
from diary.lib.words import MONTHS, date_short, number

MOST_HAIRLINES = 10


def _svg(width: int, height: int, title: str, desc: str, body: str, cls: str = "chart") -> str:
    return (
        f'<svg class="{cls}" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{body}</svg>"
    )


def _title(series: Series, frame: Frame) -> str:
    return f"{series.name}, {date_short(frame.since)} to {date_short(frame.until)} {frame.until.year}"


def story_chart(
    series: Series,
    frame: Frame,
    marks: Sequence[Mark],
    chosen: date | None = None,
    weeks: Sequence[Week] = (),
) -> str:
    """The phone's one large chart, 380 units wide; the level labels stand at the right end."""
    height = 320 if weeks else 286
    plot = Plot(frame, 24, 292, 34, 252)
    inside = [mark for mark in marks if frame.since <= mark.on <= frame.until]
    body = draw.grid(plot) + _scale(plot) + draw.layers(plot, series) + draw.levels(plot, series)
    if len(inside) > MOST_HAIRLINES:
        body += draw.ticks(plot, inside, 10)
        body += draw.infusions(plot, [m for m in inside if m.strong], 16, 18)
    else:
        body += draw.infusions(plot, inside, 18, 20)
    if inside:
        body += label(298, 20, "infusions", "inflab")
    body += _chosen(plot, series, chosen) + _end_labels(plot, series, 298) + _dates(plot, 269)
    if weeks:
        body += _weeks(plot, weeks, 283)
    return _svg(380, height, _title(series, frame), describe(series, frame, marks), body, "chart story")


def small_chart(series: Series, frame: Frame, marks: Sequence[Mark]) -> str:
    """One of the small multiples on the same time axis."""
    plot = Plot(frame, 24, 292, 12, 92)
    inside = [mark for mark in marks if frame.since <= mark.on <= frame.until]
    body = draw.grid(plot) + _scale(plot) + draw.layers(plot, series) + draw.levels(plot, series)
    if len(inside) > MOST_HAIRLINES:
        body += draw.ticks(plot, inside, 2, 6) + draw.infusions(plot, [m for m in inside if m.strong])
    else:
        body += draw.infusions(plot, inside, None, 4)
    body += _end_labels(plot, series, 298) + _dates(plot, 108)
    return _svg(380, 114, _title(series, frame), describe(series, frame, marks), body)


def timeline(series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark]) -> Timeline:
    """The desk's lanes, 880 units wide, all on one axis."""
    left, right = 62, 736
    axis = Plot(frame, left, right, 0, 20)
    months = axis.path(
        "month", "".join(f"M{n(axis.x(d) - axis.step / 2)} 0V20" for d in _month_starts(frame))
    )
    names = "".join(
        label(axis.x(d) + 3, 14, _month_name(d, frame)) for d in _spaced(_month_starts(frame), axis, 58)
    )
    lane = Plot(frame, left, right, 4, 32)
    inside = [mark for mark in marks if frame.since <= mark.on <= frame.until]
    numbers = "".join(label(x, 12, words, "numinf", "middle") for x, words in _numbers(lane, inside))
    infusion_lane = numbers + lane.path(
        "infdot", "".join(f"M{n(lane.x(m.on))} 29{draw.DROP}" for m in inside)
    )
    described = f"{len(inside)} infusions: " + ", ".join(
        f"{m.number} on {date_short(m.on)}" for m in inside[:40]
    )
    lanes = []
    for series in series_list:
        plot = Plot(frame, left, right, 10, 88)
        body = (
            plot.path("month", "".join(f"M{n(plot.x(d) - plot.step / 2)} 0V98" for d in _month_starts(frame)))
            + draw.grid(plot) + label(left - 6, 14, "worst 10", "", "end") + label(left - 6, 53, "5", "", "end")
            + label(left - 6, 91, "none 0", "", "end") + draw.layers(plot, series) + draw.levels(plot, series)
            + draw.infusions(Plot(frame, left, right, 0, 98), inside, None, 0) + _end_labels(plot, series, right + 8, 14)
        )  # fmt: skip
        lanes.append((series, _svg(880, 98, _title(series, frame), describe(series, frame, marks), body)))
    return Timeline(
        f'<svg class="chart" viewBox="0 0 880 20" aria-hidden="true">{months}{names}</svg>',
        _svg(880, 34, "Infusions", described, infusion_lane),
        lanes,
    )


def _numbers(plot: Plot, marks: Sequence[Mark]) -> list[tuple[float, str]]:
    """Numbers over the drops, as many as fit; the last one always."""
    placed: list[tuple[float, str]] = []
    for mark in reversed(marks):
        x = plot.x(mark.on)
        if not placed or placed[-1][0] - x >= 22:
            placed.append((x, str(mark.number)))
    return placed


def _scale(plot: Plot) -> str:
    return "".join(label(plot.left - 6, plot.y(score) + 4, str(score), "", "end") for score in (0, 5, 10))


def _end_labels(plot: Plot, series: Series, x: float, least: float = 14) -> str:
    """The words at the right end: worst, the level, what counts, none; never closer than 14."""
    wanted: list[tuple[float, str, str]] = []
    is_desk = plot.right > 400
    if not is_desk:
        wanted += [(plot.y(10) + 4, "worst", ""), (plot.y(0) + 4, "none", "")]
    if series.level is not None:
        wanted.append((plot.y(series.level) + 4, f"{series.level_word} {number(series.level)}", "lab"))
        if series.counts_at is not None:
            counts = f"counts at {number(series.counts_at)} or less"
            y = plot.y(series.level * 0.7) + 4
            if is_desk:
                wanted.append((y, counts, ""))
            else:
                wanted += [(y, "counts at", ""), (y + 14, f"{number(series.counts_at)} or less", "")]
    wanted.sort(key=lambda item: item[0])
    ys = apart([y for y, _, _ in wanted], least, plot.top + 2, plot.bottom + 8)
    return "".join(label(x, y, words, cls) for y, (_, words, cls) in zip(ys, wanted, strict=True))


def _chosen(plot: Plot, series: Series, chosen: date | None) -> str:
    if chosen is None or not plot.frame.since <= chosen <= plot.frame.until:
        return ""
    x = plot.x(chosen)
    day = next((d for d in series.days if d.on == chosen), None)
    ring = ""
    if day is not None and day.score is not None:
        ring = f'<circle class="chosen-dot" cx="{n(x)}" cy="{n(plot.y(day.score))}" r="4.5"/>'
    return plot.path("chosen-day", f"M{n(x)} {n(plot.top)}V{n(plot.bottom)}") + ring


def _dates(plot: Plot, y: float) -> str:
    """Four dates under the axis, the last one "today" where it is."""
    frame = plot.frame
    last_words = "today" if frame.until == frame.today else date_short(frame.until)
    parts = [label(plot.right, y, last_words, "", "end")]
    width = plot.right - plot.left
    every = max(1, round(frame.days * 66 / width))
    for step in range(0, frame.days, every):
        day = frame.since + timedelta(days=step)
        x = plot.x(day) - plot.step / 2
        if x > plot.right - 84:
            break
        words = date_short(day) if frame.days <= 400 else f"{MONTHS[day.month - 1][:3]} {day.year}"
        parts.append(label(x, y, words))
    return "".join(parts)


def _weeks(plot: Plot, weeks: Sequence[Week], y: float) -> str:
    inside = [w for w in weeks if plot.frame.since <= w.start <= plot.frame.until]
    every = max(1, -(-26 // max(1, int(plot.step * 7))))
    bars, texts = "", ""
    for place, week in enumerate(reversed(inside)):
        left = plot.x(week.start) - plot.step / 2
        right = min(plot.right, left + 7 * plot.step)
        bars += f"M{n(left + 1)} {n(y)}H{n(right - 1)}"
        if place % every == 0:
            cls = "wk lab" if place == 0 else "wk"
            texts += label((left + right) / 2, y + 16, f"{week.relief}/{week.logged}", cls, "middle")
    return plot.path("weekbar", bars) + texts + label(298, y + 16, "relief on")


def _month_starts(frame: Frame) -> list[date]:
    """First days of the months in the frame; of years where it is long."""
    months = [1] if frame.days > 800 else range(1, 13)
    return [
        date(year, month, 1)
        for year in range(frame.since.year, frame.until.year + 1)
        for month in months
        if frame.since <= date(year, month, 1) <= frame.until
    ]


def _month_name(day: date, frame: Frame) -> str:
    if frame.days > 800:
        return str(day.year)
    return f"{MONTHS[day.month - 1]} {day.year}" if day.month == 1 else MONTHS[day.month - 1]


def _spaced(days: Sequence[date], plot: Plot, least: float) -> list[date]:
    placed: list[date] = []
    for day in days:
        if (not placed or plot.x(day) - plot.x(placed[-1]) >= least) and plot.x(day) < plot.right - 30:
            placed.append(day)
    return placed
