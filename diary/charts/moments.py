"""A line of moments: what happened, where now is, and what comes; for a matter that waits for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from diary.charts.scale import label, n, picture

WIDTH, LEFT, RIGHT, LINE = 1000, 8, 992, 40
LEAST = 176  # units that a moment's words need before the next one's


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of the line: when, the time as written, and what it is, in a few words."""

    at: datetime
    time: str
    words: str


def moments(
    points: Sequence[Moment], now: datetime | None, now_words: str, level: str, title: str, desc: str
) -> str:
    """The line as SVG, in order of time; strong up to `now`, or to its end where nothing is waited for (None).

    Moments keep their order and stand as far apart as time asks, but never closer than their words need.
    """
    places = _places([point.at for point in points])
    end = places[-1] if now is None else _between([point.at for point in points], places, now)
    whole = end if now is None else RIGHT
    strong = "axis1" if now is None else f"waits {level}"
    body = f'<path class="axis0" d="M{LEFT} {LINE}H{n(whole)}"/><path class="{strong}" d="M{LEFT} {LINE}H{n(end)}"/>'
    for point, x in zip(points, places, strict=True):
        anchor = "start" if x < WIDTH - 200 else "end"
        body += f'<path class="moment" d="M{n(x)} {LINE - 9}V{LINE + 9}"/>'
        body += label(x, LINE + 28, point.time, "when", anchor) + label(
            x, LINE + 47, point.words, "what", anchor
        )
    if now is not None:
        body += f'<circle class="now {level}" cx="{n(end)}" cy="{LINE}" r="8"/>'
        anchor = "start" if end < 80 else "end" if end > WIDTH - 80 else "middle"
        body += label(LEFT if end < 80 else end, LINE - 18, now_words, f"nowlab {level}", anchor)
    return picture((WIDTH, 92), "line", title, desc, body, "chart moments")


def _places(ats: Sequence[datetime]) -> list[float]:
    """Where moments stand: the first at the left, the last a little before the right end, so that more may come."""
    last = RIGHT - (60 if len(ats) > 1 else 0)
    whole = (ats[-1] - ats[0]).total_seconds() if ats else 0
    wanted = [LEFT + (last - LEFT) * ((at - ats[0]).total_seconds() / whole if whole else 0) for at in ats]
    for place in range(1, len(wanted)):
        wanted[place] = max(wanted[place], wanted[place - 1] + LEAST)
    ceiling = float(last)
    for place in range(len(wanted) - 1, 0, -1):
        wanted[place] = min(wanted[place], ceiling)
        ceiling = wanted[place] - LEAST
    return wanted


def _between(ats: Sequence[datetime], places: Sequence[float], now: datetime) -> float:
    """Where now stands between its neighbours; after the last moment at the right end."""
    for place in range(1, len(ats)):
        if now < ats[place]:
            span = (ats[place] - ats[place - 1]).total_seconds()
            share = (now - ats[place - 1]).total_seconds() / span if span else 0
            return places[place - 1] + max(0.0, share) * (places[place] - places[place - 1])
    return float(RIGHT)
