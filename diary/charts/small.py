"""The caseload's small drawings: a spark of at most 21 days, and a square a day."""

from collections.abc import Sequence
from datetime import date

from diary.charts.layers import DROP, Plot, n
from diary.charts.layers import layers as day_layers
from diary.charts.model import Frame, Mark, Series
from diary.lib.words import number

WIDTH, HEIGHT = 116, 44


def spark(series: Series, frame: Frame, marks: Sequence[Mark], session_on: date | None = None) -> str:
    """A small chart on the 0-10 scale with the last score written out; hidden from readers, who get `words`."""
    plot = Plot(frame, 16, 96, 8, 38)
    last = next(
        (day for day in reversed(series.days) if day.score is not None and day.on <= frame.until), None
    )
    end = ""
    if last is not None and last.on >= frame.since:
        x, y = plot.x(last.on), plot.y(last.score or 0)
        end = f'<circle class="dot" cx="{n(x)}" cy="{n(y)}" r="2.2"/><text class="val" x="100" y="{n(min(38, y + 4))}">{number(last.score)}</text>'
    inf = "".join(
        f'<path class="inf" d="M{n(plot.x(m.on))} 6V38"/><path class="infdot" d="M{n(plot.x(m.on))} 9{DROP}"/>'
        for m in marks
        if frame.since <= m.on <= frame.until
    )
    tick = (
        f'<path class="tick" d="M{n(plot.x(session_on))} 35v6"/>'
        if session_on and frame.since <= session_on <= frame.until
        else ""
    )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<path class="axis0" d="M16 38H96"/><text x="0" y="12">10</text><text x="6" y="41">0</text>'
        f"{day_layers(plot, series)}{inf}{tick}{end}</svg>"
    )


STATES = {
    "logged": '<rect class="sqf" x="{x}" y="{y}" width="8" height="8"/>',
    "partly": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/><rect class="sqf" x="{x}" y="{h}" width="8" height="4"/>',
    "late": '<rect class="sq late" x="{x}" y="{y}" width="8" height="8"/>',
    "unwell": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/><path class="unwell" d="M{c} {t}l3 5h-6z"/>',
    "missing": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/>',
}


def squares(states: Sequence[str], words: str) -> str:
    """A square a day, seven in a row, oldest first; `words` say the same."""
    parts = []
    for place, state in enumerate(states):
        x, y = 1 + place % 7 * 10, 1 + place // 7 * 10
        parts.append(STATES[state].format(x=x, y=y, h=y + 4, c=x + 4, t=y + 2))
    rows = (len(states) + 6) // 7
    return (
        f'<svg class="chart" viewBox="0 0 70 {rows * 10}" width="70" height="{rows * 10}" role="img">'
        f"<title>{words}</title>{''.join(parts)}</svg>"
    )
