"""How long relief lasted: the share still with relief in steps, its band, the median marked, what was cut short ticked."""

from collections.abc import Callable, Sequence

from diary.charts.scale import label, n, picture
from diary.lib.words import percent, plural

WIDTH, HEIGHT = 392, 204
LEFT, RIGHT, TOP, BOTTOM = 44, 376, 14, 170

Step = tuple[int, float, float, float]
Axis = Callable[[float], float]


def durations_chart(
    steps: Sequence[Step], cut_short: Sequence[int], longest: int, median: int | None, interval: str, name: str, uid: str = "durations"
) -> str:  # fmt: skip
    """Kaplan-Meier steps.

    steps: (days from onset, share, lower, upper) at each end of relief, in order; cut_short: days after which only
    "at least" is known; longest: the last day of either; interval: the 95 % interval in words, for the description.
    """
    weeks = max(1, -(-longest // 7))
    most = 7 * weeks
    every = 7 * (-(-weeks // 5))

    def x(days: float) -> float:
        return LEFT + days / most * (RIGHT - LEFT)

    def y(share: float) -> float:
        return BOTTOM - share * (BOTTOM - TOP)

    grid = "".join(f"M{LEFT} {n(y(share))}H{RIGHT}" for share in (0, 0.5, 1))
    body = f'<path class="grid" d="{grid}"/>'
    body += "".join(label(LEFT - 6, y(share) + 4, percent(share), "", "end") for share in (0, 0.5, 1))
    if steps:
        body += f'<path class="band" d="{_band(steps, longest, x, y)}"/>'
    line = f"M{LEFT} {n(y(1))}" + "".join(f"H{n(x(t))}V{n(y(share))}" for t, share, _, _ in steps)
    body += f'<path class="km" d="{line}H{n(x(longest))}"/>'
    body += _cut(steps, cut_short, x, y) + _median(median, x, y)
    body += "".join(
        label(x(days), BOTTOM + 17, str(days), "", "middle") for days in range(0, most + 1, every)
    )
    body += label(RIGHT, BOTTOM + 31, "days from onset", "", "end")
    return picture((WIDTH, HEIGHT), uid, f"How long relief from {name} lasted", _told(steps, cut_short, median, interval), body)  # fmt: skip


def _band(steps: Sequence[Step], longest: int, x: Axis, y: Axis) -> str:
    upper = f"M{n(x(steps[0][0]))} {n(y(1))}"
    lower = ""
    for place, (t, _, low, high) in enumerate(steps):
        end = steps[place + 1][0] if place + 1 < len(steps) else max(longest, t)
        upper += f"H{n(x(t))}V{n(y(high))}H{n(x(end))}"
        lower = f"V{n(y(low))}H{n(x(t))}" + lower
    return f"{upper}{lower}Z"


def _cut(steps: Sequence[Step], cut_short: Sequence[int], x: Axis, y: Axis) -> str:
    """A tick at each time that is cut short; how many there are beside the last one."""
    if not cut_short:
        return ""
    ticks = "".join(f"M{n(x(t))} {n(y(_share(steps, t)) - 6)}v12" for t in sorted(set(cut_short)))
    last = cut_short[-1]
    words = f"{len(cut_short)} cut short"
    height = y(_share(steps, last))
    wall = min([x(t) for t, *_ in steps if t > last] + [float(WIDTH)])
    is_left = x(last) + 4 + 6.4 * len(words) > wall
    above = height - 8 if height - 18 > 0 else height + 18
    place = (x(last) - 4, above, words, "halo", "end") if is_left else (x(last) + 4, above, words, "halo")
    at = label(*place)
    return f'<path class="cens" d="{ticks}"/>{at}'


def _share(steps: Sequence[Step], days: int) -> float:
    return next((share for t, share, _, _ in reversed(steps) if t <= days), 1.0)


def _median(median: int | None, x: Axis, y: Axis) -> str:
    if median is None:
        return ""
    at = x(median)
    words = plural(median, "day")
    is_left = at + 8 + 7 * len(words) > RIGHT
    return (
        f'<path class="base" d="M{LEFT} {n(y(0.5))}H{n(at)}V{BOTTOM}"/>'
        f'<circle class="inkdot" cx="{n(at)}" cy="{n(y(0.5))}" r="3.5"/>'
        + label(at - 8 if is_left else at + 8, BOTTOM - 6, words, "lab", "end" if is_left else "")
    )


def _told(steps: Sequence[Step], cut_short: Sequence[int], median: int | None, interval: str) -> str:
    said = ", ".join(
        f"after {plural(t, 'day')} {percent(share)} ({percent(low)} to {percent(high)})" for t, share, low, high in steps
    )  # fmt: skip
    text = f"Share still with relief: {said}." if said else "None has ended."
    if cut_short:
        text += f" {len(cut_short)} cut short, after {', '.join(str(t) for t in cut_short)} days."
    return text + (f" Median {plural(median, 'day')}, 95\u00a0% interval {interval}." if median is not None else " The median is not reached.")  # fmt: skip
