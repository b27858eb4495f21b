"""The phone's charts: Story's large one and the small multiples on the same time axis."""

from collections.abc import Sequence
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import Frame, Mark, Series, Week
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe, title_of

MOST_HAIRLINES = 10
WIDTH, LEFT, RIGHT, WORDS = 352, 24, 280, 286
PHONE_PLOT = RIGHT - LEFT


def story_chart(
    series: Series, frame: Frame, marks: Sequence[Mark], chosen: date | None = None,
    weeks: Sequence[Week] = (), uid: str = "",
) -> str:  # fmt: skip
    """The phone's one large chart; the level labels stand at the right end."""
    height = 270 if weeks else 250
    plot = Plot(frame, LEFT, RIGHT, 26, 228)
    body = _plot(plot, series, marks, 17) + _chosen(plot, series, chosen)
    if any(frame.holds(mark.on) for mark in marks):
        body += label(WORDS, 16, "infusions", "inflab")
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


def _plot(plot: Plot, series: Series, marks: Sequence[Mark], drop_y: float) -> str:
    """The plot itself; above ten infusions in view a row of ticks stands for the hairlines, but for the strong one."""
    inside = [mark for mark in marks if plot.frame.holds(mark.on)]
    strong = [mark for mark in inside if mark.strong]
    if len(inside) <= MOST_HAIRLINES:
        given = draw.infusions(plot, inside, drop_y, drop_y)
    else:
        weak = [mark for mark in inside if not mark.strong]
        given = draw.ticks(plot, weak, drop_y - 8) + draw.infusions(plot, strong, drop_y, drop_y)
    return draw.grid(plot) + ends.scale(plot) + draw.layers(plot, series, given + draw.levels(plot, series))


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
