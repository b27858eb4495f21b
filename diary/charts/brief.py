"""The lanes of the sheet before a session: low charts on one axis, with the infusions and the last session."""

from collections.abc import Sequence
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.model import Frame, Mark, Series
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import describe, period, title_of
from diary.lib.words import date_short

WIDTH, LEFT, RIGHT, WORDS = 520, 58, 396, 404
HEAD, LANE = 20, 78
SESSION_WORDS = 78  # units that "last session" takes
LEAST_DROPS = 14  # units an infusion needs for a hairline of its own


def brief_lanes(
    series_list: Sequence[Series],
    frame: Frame,
    marks: Sequence[Mark],
    met_on: date | None,
    uid: str = "brief",
) -> tuple[str, list[tuple[Series, str]]]:
    """The head with what the hairlines are, and a lane for each series."""
    inside = [mark for mark in marks if frame.holds(mark.on)]
    if len(inside) * LEAST_DROPS > RIGHT - LEFT:
        inside = [mark for mark in inside if mark.strong]
    met = met_on if met_on is not None and frame.holds(met_on) else None
    head = _head(frame, inside, met, uid)
    return head, [(series, _lane(series, frame, inside, met, uid)) for series in series_list]


def _head(frame: Frame, inside: Sequence[Mark], met: date | None, uid: str) -> str:
    plot = Plot(frame, LEFT, RIGHT, 0, HEAD)
    told = [f"infusion {mark.number} on {date_short(mark.on)}" for mark in inside]
    body = plot.path("infdot", "".join(f"M{n(plot.x(mark.on))} 12{draw.DROP}" for mark in inside))
    body += plot.path("inf", "".join(f"M{n(plot.x(mark.on))} 14V{HEAD}" for mark in inside))
    free: float = WORDS
    if met is not None:
        told.append(f"last session on {date_short(met)}")
        is_left = plot.x(met) + SESSION_WORDS > WORDS
        body += plot.path("met", f"M{n(plot.x(met))} 6V{HEAD}")
        body += label(
            plot.x(met) + (-5 if is_left else 5), 12, "last session", "lab", "end" if is_left else ""
        )
        taken = (plot.x(met) - SESSION_WORDS * is_left, plot.x(met) + SESSION_WORDS * (not is_left))
    else:
        taken = (0.0, 0.0)
    for mark in reversed(inside):
        x, words = plot.x(mark.on), f"infusion {mark.number}"
        width = 6.4 * len(words) + 8
        for left, anchor, at in ((x, "", x + 8), (x - width, "end", x - 8)):
            if left + width <= free and left >= 0 and not (left < taken[1] and left + width > taken[0]):
                body += label(at, 12, words, "inflab", anchor)
                free = left
                break
    return picture(
        (WIDTH, HEAD), f"{uid}-head", f"Hairlines, {period(frame.since, frame.until)}",
        ", ".join(told) + "." if told else "No infusion and no session in this time.", body,
    )  # fmt: skip


def _lane(series: Series, frame: Frame, inside: Sequence[Mark], met: date | None, uid: str) -> str:
    plot = Plot(frame, LEFT, RIGHT, 10, LANE - 12)
    whole = Plot(frame, LEFT, RIGHT, 0, LANE)
    under = draw.infusions(whole, inside)
    if met is not None:
        under += whole.path("met", f"M{n(whole.x(met))} 0V{LANE}")
    body = (
        draw.grid(plot)
        + label(LEFT - 6, plot.top + 4, "worst 10", "", "end")
        + label(LEFT - 6, plot.y(5) + 4, "5", "", "end")
        + label(LEFT - 6, plot.bottom + 4, "none 0", "", "end")
        + draw.layers(plot, series, under + draw.levels(plot, series))
        + ends.end_labels(plot, series, WORDS, False)
    )
    return picture(
        (WIDTH, LANE), f"{uid}-{series.key}", title_of(series, frame), describe(series, frame, inside), body
    )
