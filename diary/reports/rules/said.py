"""Small wordings that only the report needs."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from diary.lib import words


def period(since: date, until: date) -> str:
    """Two days as people write them: "25 August to 22 November 2026"; of two years "29 Nov 2016 to 28 Nov 2026"."""
    if since == until:
        return words.date_full(until)
    if since.year != until.year:
        return words.period_short(since, until)
    first = f"{since.day}" if since.month == until.month else words.date_full(since).rsplit(" ", 1)[0]
    return f"{first} to {words.date_full(until)}"


def short(day: date, beside: date) -> str:
    """ "10 Nov", with the year where it is another than that of the day beside it."""
    return words.date_short(day) + ("" if day.year == beside.year else f" {day.year}")


def long(day: date, beside: date) -> str:
    """ "10 November", with the year where it is another."""
    full = words.date_full(day)
    return full if day.year != beside.year else full.rsplit(" ", 1)[0]


def short_period(since: date, until: date, beside: date) -> str:
    """ "9–22 Nov", "30 Oct–12 Nov"."""
    if since == until:
        return short(until, beside)
    same = (since.year, since.month) == (until.year, until.month)
    first = (
        str(since.day)
        if same
        else (words.date_short(since) if since.year == until.year else short(since, beside))
    )
    return f"{first}–{short(until, beside)}"


def age(born_on: date, on: date) -> int:
    """Whole years lived on a day."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def figure(mean: float) -> Decimal:
    """A mean as it is shown: one decimal, half up."""
    return words.half_up(mean, 1)


def change(before: float, after: float) -> str:
    """The difference of the two figures as shown; lower is better."""
    gap = figure(after) - figure(before)
    if gap == 0:
        return "the same"
    return f"{'eased' if gap < 0 else 'worse'} by {abs(gap)}"


def points(mean_change: float) -> str:
    """A change in points that has no second figure beside it."""
    shown = figure(mean_change)
    if shown == 0:
        return "the same"
    return f"{'eased' if shown < 0 else 'worse'} by {abs(shown)}"


def share(part: float) -> str:
    """A relief in per cent with a true minus sign."""
    return minus(words.percent(part))


def minus(figure: str) -> str:
    """A figure with a true minus sign."""
    return figure.replace("-", "−")


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)
