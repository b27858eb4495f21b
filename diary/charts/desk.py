"""The desk's lanes: months, infusions and each symptom on one time axis."""

from collections.abc import Sequence
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import Frame, Mark, Series, Timeline
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe, period, title_of
from diary.lib.words import date_short, number, plural

WIDTH, LEFT, RIGHT, WORDS = 896, 58, 774, 782
DESK_PLOT = RIGHT - LEFT
LEAST_TICKS = 3  # units an infusion needs for a tick of its own; closer ones are a low band
LEAST_DROPS = 10  # units an infusion needs for a drop and a hairline of its own


def timeline(
    series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark], uid: str = "lane",
    chosen: date | None = None, given_words: Sequence[str] = (),
) -> Timeline:  # fmt: skip
    """Months, the infusions' lane, and a lane for each series; the chosen day is an ink line through them all.

    given_words: at most two short lines at the end of the infusions' lane.
    """
    inside = [mark for mark in marks if frame.holds(mark.on)]
    is_crowded = len(inside) * LEAST_DROPS > DESK_PLOT
    return Timeline(
        _axis(frame, chosen),
        _given(frame, inside, is_crowded, uid, chosen, given_words),
        [(series, _lane(series, frame, inside, is_crowded, uid, chosen)) for series in series_list],
    )


def through(frame: Frame, marks: Sequence[Mark], chosen: date | None, height: float) -> str:
    """What runs through a whole lane: months, infusions as hairlines where there is room, the chosen day."""
    plot = Plot(frame, LEFT, RIGHT, 0, height)
    inside = [mark for mark in marks if frame.holds(mark.on)]
    shown = [mark for mark in inside if mark.strong] if len(inside) * LEAST_DROPS > DESK_PLOT else inside
    return ends.month_lines(plot, 0, height) + draw.infusions(plot, shown) + ink(plot, chosen)


def ink(plot: Plot, chosen: date | None) -> str:
    """The chosen day, from the top of a lane to its bottom."""
    if chosen is None or not plot.frame.holds(chosen):
        return ""
    return plot.path("chosen-day", f"M{n(plot.x(chosen))} {n(plot.top)}V{n(plot.bottom)}")


def _axis(frame: Frame, chosen: date | None) -> str:
    plot = Plot(frame, LEFT, RIGHT, 0, 20)
    is_shown = chosen is not None and frame.holds(chosen)
    words, half = "", 22.0
    if chosen and is_shown:
        words = date_short(chosen)
        if frame.since.year != frame.until.year:
            words, half = f"{words} {chosen.year}", 38.0
    at = min(max(plot.x(chosen), LEFT + half - 4), RIGHT - half + 4) if chosen and is_shown else -WIDTH
    names = "".join(
        label(plot.edge(d) + 4, 14, ends.month_name(d, frame))
        for d in ends.spaced_months(plot, 58)
        if not at - half - 56 < plot.edge(d) + 4 < at + half
    )
    if chosen and is_shown:
        names += label(at, 14, words, "lab", "middle")
    return f'<svg class="chart" viewBox="0 0 {WIDTH} 20" aria-hidden="true">{ends.month_lines(plot, 0, 20)}{names}</svg>'


def _given(
    frame: Frame, inside: Sequence[Mark], is_crowded: bool, uid: str, chosen: date | None,
    given_words: Sequence[str],
) -> str:  # fmt: skip
    """A drop for each infusion with its number; ticks where drops would cover each other."""
    plot = Plot(frame, LEFT, RIGHT, 0, 34)
    body, free = ends.month_lines(plot, 0, 34) + ink(plot, chosen), 0.0
    body += "".join(label(WORDS, 14 + 14 * at, line) for at, line in enumerate(given_words))
    for middle, _, words in draw.numbers(plot, inside):
        half = 3.6 * len(words)
        if middle - half >= free:
            body += label(middle, 12, words, "numinf", "middle")
            free = middle + half + 4
    if len(inside) * LEAST_TICKS > DESK_PLOT:
        body += draw.ticks(plot, inside, 23, 5, "inftick fine")
    elif is_crowded:
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


def _lane(
    series: Series, frame: Frame, inside: Sequence[Mark], is_crowded: bool, uid: str, chosen: date | None
) -> str:
    plot = Plot(frame, LEFT, RIGHT, 10, 88)
    shown = [mark for mark in inside if mark.strong] if is_crowded else inside
    body = (
        ends.month_lines(plot, 0, 98)
        + draw.grid(plot)
        + label(LEFT - 6, 14, "worst 10", "", "end")
        + label(LEFT - 6, 53, "5", "", "end")
        + label(LEFT - 6, 91, "none 0", "", "end")
        + draw.layers(
            plot,
            series,
            draw.infusions(Plot(frame, LEFT, RIGHT, 0, 98), shown)
            + draw.levels(plot, series)
            + ink(Plot(frame, LEFT, RIGHT, 0, 98), chosen),
        )
        + _ring(plot, series, chosen)
        + ends.end_labels(plot, series, WORDS, False)
    )
    words = describe(series, frame, inside)
    if chosen is not None and frame.holds(chosen):
        score = next((day.score for day in series.days if day.on == chosen), None)
        said = "no score" if score is None else number(score)
        words += f" The chosen day, {date_short(chosen)} {chosen.year}: {said}."
    return picture((WIDTH, 98), f"{uid}-{series.key}", title_of(series, frame), words, body)


def empty_timeline(
    series_list: Sequence[Series], frame: Frame, planned: Mark | None, words: str, uid: str = "lane"
) -> Timeline:
    """The axis before there is a day: today, the infusion that is planned, and in each lane what is still wanted."""
    plot = Plot(frame, LEFT, RIGHT, 0, 34)
    until = plot.x(planned.on) if planned else float(RIGHT)
    now = plot.x(frame.today) if frame.today else float(LEFT)
    body = label(now + 6, 14, "today", "lab") + plot.path("chosen-day", f"M{n(now)} 0V34")
    said = "None is planned."
    if planned is not None:
        is_late = until + 12 + 6.6 * len(words) > WIDTH
        body += plot.path("infdot", f"M{n(until)} 26{draw.DROP}")
        body += label(until + (-10 if is_late else 10), 28, words, "numinf", "end" if is_late else "")
        said = f"{words[:1].upper()}{words[1:]}."
    given = picture(
        (WIDTH, 34), f"{uid}-infusions", f"Infusions, {period(frame.since, frame.until)}", said, body
    )
    lanes = []
    for series in series_list:
        lane = Plot(frame, LEFT, RIGHT, 10, 66)
        box = f"M{n(now)} {lane.top}H{n(until)}V{lane.bottom}H{n(now)}Z"
        inside = (
            draw.grid(lane)
            + label(LEFT - 6, 14, "worst 10", "", "end")
            + label(LEFT - 6, 69, "none 0", "", "end")
            + lane.path("base", box)
            + label((now + until) / 2, 42, "not enough days yet: 0 of 4", "lab", "middle")
            + (lane.path("inf soft", f"M{n(until)} 0V76") if planned else "")
            + lane.path("chosen-day", f"M{n(now)} 0V76")
        )
        title = f"{series.name}, {period(frame.since, frame.until)}"
        told = "No day is logged yet; a level before the infusions needs 4."
        lanes.append((series, picture((WIDTH, 76), f"{uid}-{series.key}", title, told, inside)))
    return Timeline(_axis(frame, None), given, lanes)


def _ring(plot: Plot, series: Series, chosen: date | None) -> str:
    """The chosen day's score as a ring on the ink line."""
    score = next((day.score for day in series.days if day.on == chosen), None)
    if chosen is None or score is None or not plot.frame.holds(chosen):
        return ""
    return f'<circle class="chosen-dot" cx="{n(plot.x(chosen))}" cy="{n(plot.y(score))}" r="4"/>'
