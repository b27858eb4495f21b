"""The caseload's small drawings: a spark of at most 21 days, and a square a day; as few letters as will do."""

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import fmean

from diary.charts import layers as draw
from diary.charts.model import Day, Frame, Mark, Series, gaps, within
from diary.charts.scale import Plot, label, n, safe
from diary.lib.words import number, plural

LEFT, RIGHT, TOP, BOTTOM = 17, 101, 10, 40
# What every spark of a page shares: it stands once on the page, and each spark refers to it.
SPARK_FRAME = (
    '<svg class="shared" width="0" height="0" aria-hidden="true"><g class="chart" id="sf">'
    f'<path class="grid" d="M{LEFT} {TOP}H{RIGHT}"/><path class="axis0" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    '<text x="13" y="15" text-anchor="end">10</text><text x="13" y="43" text-anchor="end">0</text></g>'
    f'<g class="chart" id="si"><path class="inf" d="M0 {TOP}V{BOTTOM}"/>'
    f'<path class="infdot" d="M0 {TOP}{draw.DROP}"/></g></svg>'
)


def spark(series: Series, frame: Frame, marks: Sequence[Mark], session_on: date | None = None) -> str:
    """A small chart on the 0-10 scale with the last score written out, and a tick at the last session."""
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM)
    days = within(series, frame)
    runs = list(draw.segments(days))
    body = '<use href="#sf"/>'
    if session_on is not None and frame.holds(session_on):
        body += plot.path("tick", f"M{n(plot.edge(session_on))} 35v9")
    body += draw.gap_lines(plot, series)
    body += plot.path("water", "".join(_water(plot, run) for run in runs))
    body += plot.path("line", "".join(_line(plot, run) for run in runs if len(run) > 1))
    body += draw.alone(plot, runs, days)
    body += "".join(f'<use href="#si" x="{n(plot.x(mark.on))}"/>' for mark in marks if frame.holds(mark.on))
    scored = [day for day in days if day.score is not None]
    said = "nothing logged"
    if scored:
        last = scored[-1]
        score, x, y = number(last.score or 0), plot.x(last.on), plot.y(last.score or 0)
        said = f"last score {score}"
        body += plot.path("end", f"M{n(x)} {n(y)}h0")
        body += label(106, min(43, max(15, y + 4)), score, "val")
    return (
        f'<svg class="chart spark" viewBox="0 0 124 46" role="img"><title>{safe(f"{series.name}, {said}")}</title>'
        f"<desc>{_finding(series, frame, marks)}</desc>{body}</svg>"
    )


def _finding(series: Series, frame: Frame, marks: Iterable[Mark]) -> str:
    """The chart in words: days logged, the means of its first and last days with their n, the range, infusions."""
    days = within(series, frame)
    scored = [day.score for day in days if day.score is not None]
    missing = sum((last - first).days + 1 for first, last in gaps(series, frame))
    counts = (
        (sum(1 for day in days if day.late and day.score is not None), "late"),
        (sum(1 for day in days if day.unwell and day.score is None), "too unwell"),
        (missing, "not logged"),
    )
    told = [f"{len(scored)} of {plural(frame.days, 'day')} logged"]
    text = ", ".join(told + [f"{count} {words}" for count, words in counts if count]) + "."
    if scored:
        most = min(len(scored), 7)
        text += f" Mean of the first {most} logged {number(fmean(scored[:7]))}, of the last {most} {number(fmean(scored[-7:]))}."
        text += f" Lowest {number(min(scored))}, highest {number(max(scored))}."
    inside = sum(1 for mark in marks if frame.holds(mark.on))
    return text + (f" {plural(inside, 'infusion')}." if inside else "")


def _steps(plot: Plot, run: Sequence[Day]) -> str:
    """From each point to the next, as short as a path can say it."""
    steps = []
    at = (_tenths(plot.x(run[0].on)), _tenths(plot.y(run[0].score or 0)))
    for day in run[1:]:
        to = (_tenths(plot.x(day.on)), _tenths(plot.y(day.score or 0)))
        steps += [n((to[0] - at[0]) / 10), n((to[1] - at[1]) / 10)]
        at = to
    return ("l" + " ".join(steps).replace(" -", "-")) if steps else ""


def _tenths(x: float) -> int:
    return round(x * 10)


def _line(plot: Plot, run: Sequence[Day]) -> str:
    return f"M{n(plot.x(run[0].on))} {n(plot.y(run[0].score or 0))}{_steps(plot, run)}"


def _water(plot: Plot, run: Sequence[Day]) -> str:
    """The area under a run, half a day wider on both sides, so that a gap is as wide as its days."""
    half, y = n(plot.step / 2), n(plot.y(run[0].score or 0))
    return f"M{n(plot.edge(run[0].on))} {BOTTOM}V{y}h{half}{_steps(plot, run)}h{half}V{BOTTOM}z"


def squares(states: Sequence[str], words: str) -> str:
    """A square a day, seven in a row, oldest first; `words` say the same.

    states: logged, partly, late, unwell or missing. One path for each look.
    """
    drawn: dict[str, list[str]] = {"sqf": [], "sq": [], "sqh": [], "sq late": [], "unwell": []}
    for place, state in enumerate(states):
        x, y = 1 + place % 7 * 10, 1 + place // 7 * 10
        if state == "logged":
            is_next = place % 7 and states[place - 1] == "logged"
            drawn["sqf"].append("m2 0h8" if is_next else f"M{x} {y + 4}h8")
        elif state == "late":
            drawn["sq late"].append(f"M{x} {y}h7v7h-7z")
        else:
            drawn["sq"].append(f"M{x} {y}h8v8h-8z")
        if state == "partly":
            drawn["sqh"].append(f"M{x} {y + 6}h8")
        elif state == "unwell":
            drawn["unwell"].append(f"M{x + 4} {y + 2}l3 5h-6z")
    height = (len(states) + 6) // 7 * 10
    paths = "".join(f'<path class="{look}" d="{"".join(d)}"/>' for look, d in drawn.items() if d)
    return (
        f'<svg class="chart" viewBox="0 0 70 {height}" role="img"><title>{safe(words)}</title>{paths}</svg>'
    )
