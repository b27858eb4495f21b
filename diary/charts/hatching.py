"""Hatching as lines of one path: no pattern, so no id to collide and nothing a printer leaves out."""

from diary.charts.scale import n


def hatch(x: float, y: float, width: float, height: float, step: float = 6) -> str:
    """Diagonal lines that fill a box; their places follow the drawing, so that neighbours fit together."""
    d = []
    # A line holds all points with x + y = k; those that cross the box lie between its two corners.
    k = ((x + y) // step + 1) * step
    while k < x + y + width + height:
        right, left = min(x + width, k - y), max(x, k - y - height)
        d.append(f"M{n(left)} {n(k - left)}L{n(right)} {n(k - right)}")
        k += step
    return "".join(d)
