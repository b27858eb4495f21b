"""What some people also write down: hours of sleep, times awake, worst pain, interference."""

from collections.abc import Callable
from statistics import quantiles

from diary.lib import words
from diary.reports.rules.facts import Facts, Logged
from diary.reports.rules.model import Column, Line, Span, Table

ENOUGH = 4
KINDS: tuple[tuple[str, Callable[[Logged], float | None]], ...] = (
    ("Hours of sleep", lambda day: day.sleep_hours),
    ("Times awake", lambda day: day.times_awake),
    ("Worst pain, 0–10", lambda day: day.worst_pain),
    ("In the way, 0–10", lambda day: day.interference),
)


def middle_half(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile, by linear interpolation; two values or more."""
    low, mid, high = quantiles(values, n=4, method="inclusive")
    return low, mid, high


def _row(title: str, values: list[float]) -> Line:
    n = Span(f"{len(values):,}", "soft")
    if len(values) < ENOUGH:
        return Span(title), Span(""), Span("not enough", "soft"), n
    low, mid, high = middle_half(values)
    return Span(title), Span(words.number(mid), "b"), Span(f"{words.number(low)} to {words.number(high)}"), n


def extras(facts: Facts) -> Table | None:
    """A row for each kind that was written down at least once in the period; None when none was."""
    found = [(title, [v for day in facts.shown if (v := get(day)) is not None]) for title, get in KINDS]
    rows = tuple(_row(title, values) for title, values in found if values)
    if not rows:
        return None
    columns = (
        Column("a day"),
        Column("median", "num"),
        Column("middle half", "num"),
        Column(f"of {words.plural(facts.length, 'day')}", "num"),
    )
    return Table("ex", "Sleep and more", "", columns, rows)
