"""Kaplan-Meier for durations: median and its 95 % interval on the log-log scale."""

from collections import Counter
from collections.abc import Sequence
from math import exp, log, sqrt

Z_95 = 1.959963984540054
HALF = 0.5 + 1e-12


def curve(times: Sequence[tuple[int, bool]]) -> list[tuple[int, float, float, float]]:
    """(t, S, lower, upper) at each time of loss; `times` are (days, is a loss), censored ones False.

    A censored time equal to a time of loss is still at risk. Greenwood's variance; limits on the log-log
    scale (Kalbfleisch and Prentice), both 0 where S is 0.
    """
    at_risk, surviving, greenwood = len(times), 1.0, 0.0
    points: list[tuple[int, float, float, float]] = []
    ended, lost = Counter(t for t, _ in times), Counter(t for t, is_loss in times if is_loss)
    for t in sorted(ended):
        losses = lost[t]
        if losses:
            surviving *= 1 - losses / at_risk
            if losses < at_risk:
                greenwood += losses / (at_risk * (at_risk - losses))
            points.append((t, surviving, *_limits(surviving, greenwood)))
        at_risk -= ended[t]
    return points


def _limits(surviving: float, greenwood: float) -> tuple[float, float]:
    if surviving <= 1e-12:
        return 0.0, 0.0
    width = Z_95 * sqrt(greenwood) / log(surviving)
    low, high = surviving ** exp(-width), surviving ** exp(width)
    return min(low, high), max(low, high)


def median_with_interval(
    times: Sequence[tuple[int, bool]],
) -> tuple[int | None, tuple[int | None, int | None] | None]:
    """The smallest t with S(t) <= 0.5, and the same rule on both limits; None where not reached.

    The interval is None when there are no times at all.
    """
    if not times:
        return None, None
    points = curve(times)
    median = next((t for t, s, _, _ in points if s <= HALF), None)
    low = next((t for t, _, lower, _ in points if lower <= HALF), None)
    high = next((t for t, _, _, upper in points if upper <= HALF), None)
    return median, (low, high)
