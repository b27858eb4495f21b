"""A tight course week by week: the days, the runs of relief as bars, and a cell for each week, on one axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import A_DAY, Frame, Mark, Series
from diary.charts.scale import Plot, apart, label, n, picture
from diary.charts.words import describe, title_of
from diary.lib.words import date_short, half_up, number, plural

WIDTH, HEIGHT = 1048, 312
LEFT, RIGHT, WORDS = 58, 926, 934
TOP, BOTTOM = 44, 194
RUNS, CELLS = 214, 246
LETTER = 6.6
MOST_WEEKS = 18  # as many as have room for their figures
LEAST_TICKS = 3  # units from infusion to infusion


@dataclass(frozen=True, slots=True)
class WeekCell:
    """A week of the course: its first day, its number, its mean, days with relief (None: not counted), days logged."""

    start: date
    number: int
    mean: float | None
    relief: int | None
    logged: int


@dataclass(frozen=True, slots=True)
class RunBar:
    """A run of relief: its first and last day, how long it held, and more where there is room."""

    first: date
    last: date
    held: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A planned longer gap: its first and last day, and its words at the right end, in lines."""

    first: date
    last: date
    words: Sequence[str]


def weekly_chart(
    series: Series, frame: Frame, marks: Sequence[Mark], runs: Sequence[RunBar], weeks: Sequence[WeekCell],
    gap: Gap | None = None, uid: str = "weekly",
) -> str:  # fmt: skip
    """One drawing; weeks and runs outside the frame are left out, those that reach over its edge are cut there."""
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM)
    inside = [mark for mark in marks if frame.holds(mark.on)]
    body = ends.month_lines(plot, 0, BOTTOM)
    body += "".join(
        label(plot.edge(day) + 4, 11, ends.month_name(day, frame)) for day in ends.spaced_months(plot, 64)
    )
    body += _gap(plot, gap) + draw.grid(plot)
    body += "".join(
        label(LEFT - 8, plot.y(score) + 4, words, "", "end")
        for score, words in ((10, "worst 10"), (5, "5"), (0, "none 0"))
    )
    body += draw.layers(plot, series, draw.levels(plot, series))
    body += _given(plot, inside) + _end_labels(plot, series, gap)
    if any(week.relief is not None for week in weeks):
        body += _runs(plot, runs)
    body += _cells(plot, weeks, series.name.lower())
    return picture(
        (WIDTH, HEIGHT), uid, title_of(series, frame), _told(series, frame, inside, runs, weeks), body, "chart weekly"
    )  # fmt: skip


def _gap(plot: Plot, gap: Gap | None) -> str:
    if gap is None or gap.last < plot.frame.since or gap.first > plot.frame.until:
        return ""
    left = plot.edge(max(gap.first, plot.frame.since))
    right = plot.edge(min(gap.last, plot.frame.until) + A_DAY)
    return plot.path("gapband", f"M{n(left)} {TOP}H{n(right)}V{BOTTOM}H{n(left)}Z")


def _given(plot: Plot, inside: Sequence[Mark]) -> str:
    """A tick each infusion; drops with numbers at the first and the last one shown."""
    if not inside:
        return ""
    body = draw.ticks(plot, inside, 30, 10, "inftick" if plot.step * 2 >= LEAST_TICKS else "inftick fine")
    ends_shown = [inside[0], inside[-1]] if len(inside) > 1 else inside
    body += plot.path("infdot", "".join(f"M{n(plot.x(mark.on))} 25{draw.DROP}" for mark in ends_shown))
    first = plot.x(inside[0].on)
    words = f"infusion {inside[0].number}"
    is_right = first - 8 - LETTER * len(words) < LEFT
    body += label(first + 8 if is_right else first - 8, 26, words, "numinf", "" if is_right else "end")
    if len(inside) > 1 and plot.x(inside[-1].on) - first > 130:
        body += label(plot.x(inside[-1].on) - 8, 26, str(inside[-1].number), "numinf", "end")
    return body


def _end_labels(plot: Plot, series: Series, gap: Gap | None) -> str:
    wanted = ends.words_of_levels(series, is_narrow=False)
    ys = apart([plot.y(score) + 4 for score, _, _ in wanted], ends.LEAST, TOP + 4, BOTTOM + 4)
    body = "".join(label(WORDS, y, words, cls) for y, (_, words, cls) in zip(ys, wanted, strict=True))
    if gap is not None and gap.first <= plot.frame.until and gap.last >= plot.frame.since:
        body += "".join(
            label(WORDS, 26 + 14 * place, words, "numinf") for place, words in enumerate(gap.words)
        )
    return body


def _runs(plot: Plot, runs: Sequence[RunBar]) -> str:
    """A bar each run, its words under it where they cover no other run's."""
    bars, words, free = "", "", float(LEFT)
    for run in runs:
        if run.last < plot.frame.since or run.first > plot.frame.until:
            continue
        left = plot.edge(max(run.first, plot.frame.since))
        right = plot.edge(min(run.last, plot.frame.until) + A_DAY)
        bars += f"M{n(left)} {RUNS - 8}H{n(right)}V{RUNS}H{n(left)}Z"
        for said in (run.held + run.more, run.held, run.held.split()[0] if run.held[0].isdigit() else ""):
            start = min(left, RIGHT - LETTER * len(said))
            if said and start >= free:
                words += label(start, RUNS + 16, said, "picklab small")
                free = start + LETTER * len(said) + 8
                break
    body = label(0, RUNS + 1, "Runs", "lab") + plot.path("runbar", bars) + words
    if not bars:
        body += label(LEFT, RUNS + 1, "no run of relief in these weeks")
    return body + label(WORDS, RUNS - 1, "two known days") + label(WORDS, RUNS + 13, "running begin, end")


def _cells(plot: Plot, weeks: Sequence[WeekCell], name: str) -> str:
    """Mean, days with relief of those logged, and the week's number, in a column under its days."""
    lines, texts = "", ""
    is_counted = any(week.relief is not None for week in weeks)
    for week in weeks:
        end = week.start + timedelta(days=6)
        if end < plot.frame.since or week.start > plot.frame.until:
            continue
        left, right = plot.edge(week.start), plot.edge(end + A_DAY)
        lines += f"M{n(left)} {CELLS + 2}v46"
        middle = (max(left, LEFT) + min(right, RIGHT)) / 2
        if week.mean is not None:
            texts += label(middle, CELLS + 14, f"{half_up(week.mean):f}", "lab", "middle")
        if week.relief is not None:
            texts += label(middle, CELLS + 30, f"{week.relief} of {week.logged}", "", "middle")
        else:
            texts += label(middle, CELLS + 30, f"{week.logged} days", "", "middle")
        texts += label(middle, CELLS + 46, str(week.number), "", "middle")
    body = label(0, CELLS + 14, "Weeks", "lab") + plot.path("month", lines) + texts
    second = "days with relief" if is_counted else "logged"
    said = (f"mean {name}", second, "week of the course")
    return body + "".join(label(WORDS, CELLS + 14 + 16 * row, words) for row, words in enumerate(said))


def _told(
    series: Series, frame: Frame, inside: Sequence[Mark], runs: Sequence[RunBar], weeks: Sequence[WeekCell]
) -> str:  # fmt: skip
    shown = [run for run in runs if run.last >= frame.since and run.first <= frame.until]
    text = describe(series, frame, inside)
    if shown:
        said = "; ".join(f"{run.held}, {date_short(run.first)} to {date_short(run.last)}" for run in shown)
        text += f" {plural(len(shown), 'run')} of relief: {said}."
    cells = [
        week for week in weeks if week.start <= frame.until and week.start + timedelta(days=6) >= frame.since
    ]
    told = "; ".join(
        f"week {week.number} mean {number(week.mean)}"
        + (f", relief on {week.relief} of {plural(week.logged, 'day')}" if week.relief is not None else "")
        for week in cells
        if week.mean is not None
    )
    return text + (f" {told[:1].upper()}{told[1:]}." if told else "")
