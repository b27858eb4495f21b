"""The report's line of doses: a total in steps, what may come on top of it hatched, infusions as drops."""

from collections.abc import Sequence
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.doses import DoseStep, gap_of, lines_of, short_month, told
from diary.charts.hatching import hatch
from diary.charts.model import A_DAY, Frame, Mark
from diary.charts.printed import FONT
from diary.charts.scale import DROP_COLOUR, INK, INK_2, LINE, Plot, label, n, safe
from diary.charts.words import period
from diary.lib.words import number

WIDTH, HEIGHT = 700, 122
LEFT, RIGHT, TOP, BOTTOM = 40, 588, 26, 98
FIGURE = 6.4  # units that a figure of a step needs
LEAST_DROPS = 8
FILL = "#E8E5DC"
UNIT = "MME a day"


def print_doses(steps: Sequence[DoseStep], frame: Frame, marks: Sequence[Mark]) -> str:
    """One SVG with looks of its own. steps: one after the other, covering the frame."""
    most = max((step.total + step.on_top for step in steps), default=0)
    lines = lines_of(most, gap_of(most))
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM, True)

    def y(value: float) -> float:
        return BOTTOM - value / lines[-1] * (BOTTOM - TOP)

    body = ends.month_lines(plot, TOP, HEIGHT - 8)
    body += "".join(
        _text(plot.edge(day) + 3, HEIGHT - 9, short_month(day, frame), 9.5, INK_2)
        for day in ends.spaced_months(plot, 40)
    )
    shown = lines if len(lines) < 4 else (lines[0], lines[len(lines) // 2], lines[-1])
    body += "".join(
        f'<path fill="none" stroke="{LINE}" stroke-width=".7" d="M{LEFT} {n(y(value))}H{RIGHT}"/>'
        + _text(LEFT - 6, y(value) + 3, number(value), 9.5, INK_2, 400, "end")
        for value in shown
    )
    body += _stairs(plot, steps, y) + _figures(plot, steps, y) + _given(plot, marks)
    if steps:
        at = min(max(y(steps[-1].total) + 3.5, TOP + 4), BOTTOM - 2)
        body += _text(RIGHT + 7, at, f"{number(steps[-1].total, 2)} {UNIT}", 10.5, INK, 700)
    title = f"Opioids, {UNIT}, {period(frame.since, frame.until)}. {told(steps, UNIT)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="{FONT}"><title>{safe(title)}</title>{body}</svg>'
    )


def _stairs(plot: Plot, steps: Sequence[DoseStep], y) -> str:  # type: ignore[no-untyped-def]
    d, hatched, outline = "", "", ""
    for step in steps:
        left, right = _inside(plot, step.first, step.last)
        d += f"{'V' if d else f'M{n(left)} '}{n(y(step.total))}H{n(right)}"
        if step.on_top:
            high, low = y(step.total + step.on_top), y(step.total)
            hatched += hatch(left, high, right - left, low - high, 5)
            outline += f"M{n(left)} {n(low)}V{n(high)}H{n(right)}V{n(low)}"
    body = f'<path fill="{FILL}" d="{d}V{BOTTOM}H{LEFT}Z"/>' if d else ""
    body += plot.path("gap", hatched)
    body += f'<path fill="none" stroke="{INK_2}" stroke-width=".7" d="{outline}"/>' if outline else ""
    return body + (f'<path fill="none" stroke="{INK}" stroke-width="1.4" d="{d}"/>' if d else "")


def _figures(plot: Plot, steps: Sequence[DoseStep], y) -> str:  # type: ignore[no-untyped-def]
    """The total at each step that is wide enough for it, under the line, or over it where there is no room."""
    found = ""
    for step in steps:
        left, right = _inside(plot, step.first, step.last)
        words = number(step.total, 2)
        if not step.total or right - left < 8 + FIGURE * len(words):
            continue
        at = y(step.total)
        found += _text(left + 5, at + 13 if BOTTOM - at > 18 else at - 4, words, 10, INK, 700)
    return found


def _given(plot: Plot, marks: Sequence[Mark]) -> str:
    """A drop each, or a row of ticks where they would stand too close."""
    inside = [mark for mark in marks if plot.frame.holds(mark.on)]
    if len(inside) * LEAST_DROPS > RIGHT - LEFT:
        return draw.ticks(plot, inside, 8, 9)
    drops = "".join(f"M{n(plot.x(mark.on))} 14{draw.DROP}" for mark in inside)
    return plot.path("infdot", drops) + (
        _text(RIGHT + 7, 17, "infusions", 9.5, DROP_COLOUR, 700) if drops else ""
    )


def _inside(plot: Plot, first: date, last: date) -> tuple[float, float]:
    frame = plot.frame
    return plot.edge(max(first, frame.since)), plot.edge(min(last, frame.until) + A_DAY)


def _text(
    x: float, y: float, words: str, size: float, colour: str, weight: int = 400, anchor: str = ""
) -> str:
    return label(x, y, words, "", anchor, f' font-size="{n(size)}" font-weight="{weight}" fill="{colour}"')
