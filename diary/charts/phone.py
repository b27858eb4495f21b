"""The phone's charts: Story's large one and the small multiples on the same time axis."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import A_DAY, Frame, Mark, Series, Week
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe, title_of
from diary.lib.words import plural

MOST_HAIRLINES = 10
LEAST_TICK, LEAST_FULL_TICK = 2.5, 4  # units from tick to tick: to be seen as two, and to be drawn full
LEAST_WEEK = 24  # units that a week needs for its figures
# As wide as the drawing can be on a phone of 360: narrower ones scroll, wider ones get larger letters.
WIDTH, LEFT, RIGHT, WORDS = 308, 22, 238, 244
PHONE_PLOT = RIGHT - LEFT
IN_KEY = ("gap", "late", "unwell", "helped", "gapband")


def story_chart(
    series: Series, frame: Frame, marks: Sequence[Mark], chosen: date | None = None,
    weeks: Sequence[Week] = (), uid: str = "", gap: tuple[date, date] | None = None,
) -> str:  # fmt: skip
    """The phone's one large chart; the level labels stand at the right end. gap: a longer gap's first and last day."""
    weeks = weeks if has_weeks_row(frame, weeks) else ()
    height = 270 if weeks else 250
    plot = Plot(frame, LEFT, RIGHT, 26, 228)
    body = _gap(plot, gap) + _plot(plot, series, marks, 17, "infusions") + _chosen(plot, series, chosen)
    body += ends.end_labels(plot, series, WORDS, True) + ends.dates(plot, 245)
    if weeks:
        body += ends.weeks_row(plot, weeks, 252, WORDS)
    words = describe(series, frame, marks) + _weeks_words(weeks, frame)
    return picture(
        (WIDTH, height), uid or f"chart-{series.key}", title_of(series, frame), words, body, "chart story"
    )


def small_chart(
    series: Series, frame: Frame, marks: Sequence[Mark], chosen: date | None = None, uid: str = ""
) -> str:
    """One of the small multiples."""
    plot = Plot(frame, LEFT, RIGHT, 18, 102)
    body = _plot(plot, series, marks, 13) + _chosen(plot, series, chosen)
    body += ends.end_labels(plot, series, WORDS, True) + ends.dates(plot, 119)
    words = describe(series, frame, marks)
    return picture((WIDTH, 124), uid or f"chart-{series.key}", title_of(series, frame), words, body)


def has_weeks_row(frame: Frame, weeks: Sequence[Week]) -> bool:
    """Whether every week in view has room for its figures; a row that leaves weeks out would mislead."""
    step = PHONE_PLOT / frame.days
    return any(frame.holds(week.start) for week in weeks) and 7 * step >= LEAST_WEEK


def key_of(drawing: str) -> list[str]:
    """Which of the marks that no label explains are drawn here: gap, late, unwell, helped, gapband."""
    return [name for name in IN_KEY if f'class="{name}"' in drawing]


def beginning_chart(series: Series, frame: Frame, planned: Mark | None, words: str) -> str:
    """What Story will be, with the first days and the infusion that is planned; `words` say when it comes."""
    plot = Plot(frame, LEFT, RIGHT, 26, 150)
    body = draw.grid(plot) + ends.scale(plot) + draw.layers(plot, series)
    free = plot.right
    if planned is not None:
        x = min(plot.x(planned.on) + 12, plot.right)
        body += draw.infusions(plot, [planned], 17, 17) + label(x, 168, words, "inflab", "end")
        free = x - 6.6 * len(words)
    if frame.today is not None and plot.edge(frame.today) + 40 <= free:
        body += label(plot.edge(frame.today), 168, "today")
    body += label(WORDS, plot.top + 4, "worst") + label(WORDS, plot.bottom + 4, "none")
    said = describe(series, frame, [])
    return picture((WIDTH, 174), "chart-beginning", title_of(series, frame), said, body, "chart story")


def _plot(plot: Plot, series: Series, marks: Sequence[Mark], drop_y: float, name: str = "") -> str:
    """The plot itself; above ten infusions in view a row of ticks stands for the hairlines, but for the strong one."""
    inside = [mark for mark in marks if plot.frame.holds(mark.on)]
    given = _given(plot, inside, drop_y, name)
    return draw.grid(plot) + ends.scale(plot) + draw.layers(plot, series, given + draw.levels(plot, series))


def _given(plot: Plot, inside: Sequence[Mark], drop_y: float, name: str) -> str:
    """The infusions with their name at the right end; their number in words where ticks would run together."""
    named = (
        label(WORDS, 16, name.removesuffix("s") if len(inside) == 1 else name, "inflab")
        if name and inside
        else ""
    )
    if len(inside) <= MOST_HAIRLINES:
        return draw.infusions(plot, inside, drop_y, drop_y) + named
    strong = [mark for mark in inside if mark.strong]
    days = sorted({mark.on for mark in inside})
    between = min(((after - before).days for before, after in pairwise(days)), default=1) * plot.step
    if between >= LEAST_TICK:
        looks = "inftick" if between >= LEAST_FULL_TICK else "inftick fine"
        weak = [mark for mark in inside if not mark.strong]
        return (
            draw.ticks(plot, weak, drop_y - 8, looks=looks)
            + draw.infusions(plot, strong, drop_y, drop_y)
            + named
        )
    words = plural(len(inside), "infusion")
    is_left = all(plot.x(mark.on) > (plot.left + plot.right) / 2 for mark in strong)
    counted = label(
        plot.left if is_left else plot.right, drop_y - 1, words, "inflab", "" if is_left else "end"
    )
    last = label(WORDS, 16, "the last", "inflab") if name and strong else ""
    return counted + draw.infusions(plot, strong, drop_y, drop_y) + last


def _gap(plot: Plot, gap: tuple[date, date] | None) -> str:
    """The days of a planned longer gap that are shown, as a band behind everything."""
    if gap is None or gap[1] < plot.frame.since or gap[0] > plot.frame.until:
        return ""
    left = plot.edge(max(gap[0], plot.frame.since))
    right = plot.edge(min(gap[1], plot.frame.until) + A_DAY)
    return plot.path("gapband", f"M{n(left)} {n(plot.top)}H{n(right)}V{n(plot.bottom)}H{n(left)}Z")


def _chosen(plot: Plot, series: Series, chosen: date | None) -> str:
    """The chosen day: an ink line, with a ring at its score."""
    if chosen is None or not plot.frame.holds(chosen):
        return ""
    x = n(plot.x(chosen))
    line = plot.path("chosen-day", f"M{x} {n(plot.top)}V{n(plot.bottom)}")
    score = next((day.score for day in series.days if day.on == chosen), None)
    return (
        line
        if score is None
        else f'{line}<circle class="chosen-dot" cx="{x}" cy="{n(plot.y(score))}" r="4"/>'
    )


def _weeks_words(weeks: Sequence[Week], frame: Frame) -> str:
    inside = [week for week in weeks if frame.holds(week.start)][-12:]
    if not inside:
        return ""
    cells = ", ".join(f"{week.relief} of {week.logged}" for week in inside)
    return f" Days with relief of days logged, the last {len(inside)} weeks: {cells}."
