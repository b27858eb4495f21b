"""What some people also write down: hours of sleep, times awake, worst pain, interference."""

from collections.abc import Callable
from statistics import quantiles

from diary.lib import words
from diary.reports.rules.facts import Facts, Logged
from diary.reports.rules.model import Column, Line, Span, Table

ENOUGH = 4
KINDS: tuple[tuple[str, str, Callable[[Logged], float | None]], ...] = (
    ("Hours of sleep", "", lambda day: day.sleep_hours),
    ("Times awake at night", "", lambda day: day.times_awake),
    ("Worst pain of the day", "0–10", lambda day: day.worst_pain),
    ("In the way of the day", "0–10", lambda day: day.interference),
)


def middle_half(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile, by linear interpolation; two values or more."""
    low, mid, high = quantiles(values, n=4, method="inclusive")
    return low, mid, high


def _row(title: str, scale: str, values: list[float], of: int) -> Line:
    n = Span(f"{len(values):,} of {words.plural(of, 'day')}")
    name = (Span(f"{title}, {scale}" if scale else title),)
    if len(values) < ENOUGH:
        return (*name, Span("not enough days", "soft"), Span(""), Span(""), n)
    low, mid, high = middle_half(values)
    half = f"{words.number(low)} to {words.number(high)}"
    whole = f"{words.number(min(values))} to {words.number(max(values))}"
    return (*name, Span(words.number(mid), "b"), Span(half), Span(whole), n)


def extras(facts: Facts) -> Table | None:
    """A row for each kind that was written down at least once in the period; None when none was."""
    found = [
        (title, scale, [v for day in facts.shown if (v := get(day)) is not None])
        for title, scale, get in KINDS
    ]
    rows = tuple(_row(title, scale, values, facts.length) for title, scale, values in found if values)
    if not rows:
        return None
    columns = (
        Column("In this period"),
        Column("Median", "num"),
        Column("Middle half", "num"),
        Column("All", "num"),
        Column("Written down", "num"),
    )
    return Table(
        "ex", "Sleep and the worst of the day" if len(rows) > 2 else "Also written down", "", columns, rows
    )
