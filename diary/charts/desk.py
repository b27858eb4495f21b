"""The desk's lanes: months, infusions and each symptom on one time axis."""

from collections.abc import Sequence

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import Frame, Mark, Series, Timeline
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe, period, title_of
from diary.lib.words import date_short, plural

WIDTH, LEFT, RIGHT, WORDS = 896, 58, 774, 782
DESK_PLOT = RIGHT - LEFT
LEAST_DROPS = 10  # units an infusion needs for a drop and a hairline of its own


def timeline(
    series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark], uid: str = "lane"
) -> Timeline:
    """Months, the infusions' lane, and a lane for each series."""
    inside = [mark for mark in marks if frame.holds(mark.on)]
    is_crowded = len(inside) * LEAST_DROPS > DESK_PLOT
    return Timeline(
        _axis(frame),
        _given(frame, inside, is_crowded, uid),
        [(series, _lane(series, frame, inside, is_crowded, uid)) for series in series_list],
    )


def _axis(frame: Frame) -> str:
    plot = Plot(frame, LEFT, RIGHT, 0, 20)
    names = "".join(
        label(plot.edge(d) + 4, 14, ends.month_name(d, frame)) for d in ends.spaced_months(plot, 58)
    )
    return f'<svg class="chart" viewBox="0 0 {WIDTH} 20" aria-hidden="true">{ends.month_lines(plot, 0, 20)}{names}</svg>'


def _given(frame: Frame, inside: Sequence[Mark], is_crowded: bool, uid: str) -> str:
    """A drop for each infusion with its number; ticks where drops would cover each other."""
    plot = Plot(frame, LEFT, RIGHT, 0, 34)
    body, free = ends.month_lines(plot, 0, 34), 0.0
    for middle, _, words in draw.numbers(plot, inside):
        half = 3.6 * len(words)
        if middle - half >= free:
            body += label(middle, 12, words, "numinf", "middle")
            free = middle + half + 4
    if is_crowded:
        body += draw.ticks(plot, inside, 19, 12)
    else:
        lines = "".join(f"M{n(plot.x(mark.on))} 28V34" for mark in inside)
        body += plot.path("inf soft", lines)
        body += plot.path("infdot", "".join(f"M{n(plot.x(mark.on))} 26{draw.DROP}" for mark in inside))
    first_few = ", ".join(f"{mark.number} on {date_short(mark.on)} {mark.on.year}" for mark in inside[-12:])
    words = plural(len(inside), "infusion") + (f", the last: {first_few}." if inside else ".")
    return picture(
        (WIDTH, 34), f"{uid}-infusions", f"Infusions, {period(frame.since, frame.until)}", words, body
    )


def _lane(series: Series, frame: Frame, inside: Sequence[Mark], is_crowded: bool, uid: str) -> str:
    plot = Plot(frame, LEFT, RIGHT, 10, 88)
    shown = [mark for mark in inside if mark.strong] if is_crowded else inside
    body = (
        ends.month_lines(plot, 0, 98)
        + draw.grid(plot)
        + label(LEFT - 6, 14, "worst 10", "", "end")
        + label(LEFT - 6, 53, "5", "", "end")
        + label(LEFT - 6, 91, "none 0", "", "end")
        + draw.layers(
            plot, series, draw.infusions(Plot(frame, LEFT, RIGHT, 0, 98), shown) + draw.levels(plot, series)
        )
        + ends.end_labels(plot, series, WORDS, False)
    )
    words = describe(series, frame, inside)
    return picture((WIDTH, 98), f"{uid}-{series.key}", title_of(series, frame), words, body)
