"""Dose against relief in the first week: a point each infusion, and no line through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from diary.charts.labels import Labels, around
from diary.charts.scale import label, n, picture
from diary.lib.words import half_up, percent, plural

WIDTH, HEIGHT = 392, 186
LEFT, RIGHT, TOP, BOTTOM = 44, 376, 12, 152
ROUND = (1, 2, 2.5, 5)
MOST_MARKS = 7


@dataclass(frozen=True, slots=True)
class Dot:
    """One infusion: its number in words, dose, relief as a share; open where relief was there already."""

    name: str
    dose: float
    relief: float
    is_open: bool = False


def points_chart(dots: Sequence[Dot], unit: str, name: str, uid: str = "points") -> str:
    """The points with their numbers where there is room; lines at 30 and 50 %."""
    ceiling = max([0.6, *(dot.relief for dot in dots)])
    floor = min([0.0, *(dot.relief for dot in dots)])
    ticks, places = _ticks([dot.dose for dot in dots])
    low, high = ticks[0], ticks[-1]

    def x(dose: float) -> float:
        return LEFT + (dose - low) / (high - low) * (RIGHT - LEFT)

    def y(share: float) -> float:
        return BOTTOM - (share - floor) / (ceiling - floor) * (BOTTOM - TOP)

    grid = "".join(f"M{LEFT} {n(y(share))}H{RIGHT}" for share in (0, 0.5))
    body = f'<path class="grid" d="{grid}"/><path class="thirty" d="M{LEFT} {n(y(0.3))}H{RIGHT}"/>'
    body += "".join(label(LEFT - 6, y(share) + 4, percent(share), "", "end") for share in (0, 0.3, 0.5))
    for cls, is_open in (("inkdot", False), ("opendot", True)):
        body += "".join(
            f'<circle class="{cls}" cx="{n(x(dot.dose))}" cy="{n(y(dot.relief))}" r="4"/>'
            for dot in dots
            if dot.is_open is is_open
        )
    spots = [(x(dot.dose), y(dot.relief)) for dot in dots]
    labels = Labels((LEFT, 0, WIDTH, BOTTOM), spots)
    for dot, (at_x, at_y) in reversed(list(zip(dots, spots, strict=True))):
        right, above, below, left = around(at_x, at_y)
        body += labels.put(
            dot.name,
            (right, left, (at_x, at_y - 8, "middle"), below, above),
            "halo" if dot.is_open else "lab",
            7,
        )
    body += "".join(label(x(tick), BOTTOM + 17, f"{half_up(tick, places):f}", "", "middle") for tick in ticks)
    body += label(RIGHT, BOTTOM + 31, unit, "", "end")
    title = f"Dose and relief from {name} in the first week"
    return picture((WIDTH, HEIGHT), uid, title, _told(dots, unit, places), body)


def _ticks(doses: Sequence[float]) -> tuple[list[float], int]:
    """At most seven round marks with every dose well inside them, and the decimals they need."""
    low, high = min(doses), max(doses)
    span = max(high - low, abs(high) * 0.1, 1e-3)
    gaps = (step * 10.0**power for power in range(-4, 7) for step in ROUND)
    gap, ticks = next(
        (gap, found)
        for gap in gaps
        if gap * 5 >= span and len(found := _around(low, high, gap)) <= MOST_MARKS
    )
    places = next(places for places in range(6) if abs(round(gap, places) - gap) < 1e-9)
    return ticks, places


def _around(low: float, high: float, gap: float) -> list[float]:
    """Marks so far apart from below the lowest to above the highest."""
    first = int(low / gap + 1e-9)
    if first * gap > low - gap * 0.05 and first > 0:
        first -= 1
    last = first
    while last * gap < high + gap * 0.05:
        last += 1
    return [step * gap for step in range(first, last + 1)]


def _told(dots: Sequence[Dot], unit: str, places: int) -> str:
    said = "; ".join(
        f"infusion {dot.name} {half_up(dot.dose, max(places, 2 if unit == 'mg/kg' else 0)):f} {unit}, {percent(dot.relief)}"
        f"{', relief was there already' if dot.is_open else ''}"
        for dot in dots
    )
    return f"{plural(len(dots), 'infusion')}: {said}. No line is fitted."
