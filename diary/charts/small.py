"""The caseload's small drawings: a spark of at most 21 days, and a square a day."""

from collections.abc import Sequence
from datetime import date

from diary.charts import layers as draw
from diary.charts.model import Frame, Mark, Series
from diary.charts.scale import Plot, label, n, safe
from diary.charts.words import describe
from diary.lib.words import number

WIDTH, HEIGHT = 124, 46


def spark(series: Series, frame: Frame, marks: Sequence[Mark], session_on: date | None = None) -> str:
    """A small chart on the 0-10 scale with the last score written out, and a tick at the last session."""
    plot = Plot(frame, 17, 101, 8, 40)
    body = plot.path("grid", "M17 8H101") + plot.path("axis0", "M17 40H101")
    body += label(13, 13, "10", "", "end") + label(13, 43, "0", "", "end")
    if session_on is not None and frame.holds(session_on):
        body += plot.path("tick", f"M{n(plot.edge(session_on))} 35v9")
    body += draw.layers(plot, series, is_spark=True)
    inside = [mark for mark in marks if frame.holds(mark.on)]
    body += draw.infusions(plot, inside, 8, 8)
    last = next((day for day in reversed(series.days) if day.score is not None and frame.holds(day.on)), None)
    said = "nothing logged"
    if last is not None and last.score is not None:
        x, y = plot.x(last.on), plot.y(last.score)
        said = f"last score {number(last.score)}"
        body += f'<circle class="dot" cx="{n(x)}" cy="{n(y)}" r="2.4"/>'
        body += label(106, min(43, max(15, y + 4.5)), number(last.score), "val")
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">'
        f"<title>{safe(f'{series.name}, {said}')}</title>"
        f"<desc>{safe(describe(series, frame, marks))}</desc>{body}</svg>"
    )


STATES = {
    "logged": '<rect class="sqf" x="{x}" y="{y}" width="8" height="8"/>',
    "partly": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/><rect class="sqf" x="{x}" y="{h}" width="8" height="4"/>',
    "late": '<rect class="sq late" x="{x}" y="{y}" width="7" height="7"/>',
    "unwell": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/><path class="unwell" d="M{c} {t}l3 5h-6z"/>',
    "missing": '<rect class="sq" x="{x}" y="{y}" width="8" height="8"/>',
}


def squares(states: Sequence[str], words: str) -> str:
    """A square a day, seven in a row, oldest first; `words` say the same.

    states: logged, partly, late, unwell or missing.
    """
    parts = []
    for place, state in enumerate(states):
        x, y = 1 + place % 7 * 10, 1 + place // 7 * 10
        parts.append(STATES[state].format(x=x, y=y, h=y + 4, c=x + 4, t=y + 2))
    height = (len(states) + 6) // 7 * 10
    return (
        f'<svg class="chart" viewBox="0 0 70 {height}" width="70" height="{height}" role="img">'
        f"<title>{safe(words)}</title><desc>Oldest first, seven days in a row.</desc>{''.join(parts)}</svg>"
    )
