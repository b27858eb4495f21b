"""One dose of one medicine from a day on, and which of them hold on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from diary.medications.rules.drugs import name_key

UNITS = ("mg", "mcg", "mcg/h")
ROUTES = ("oral", "transdermal", "injected", "intrathecal", "other")
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Regime:
    """A dose from its first day to its last one (both taken), as somebody said it.

    dose in dose_unit at a time, `parts` where the doses of a day differ (10 and 5 mg); as_needed: then
    times_per_day is the most allowed. `klass` is the class as said, empty when left to the name. `ref` is
    whatever the caller wants to find again.
    """

    name: str
    from_on: date
    until_on: date | None = None
    dose: float | None = None
    dose_unit: str = "mg"
    route: str = "oral"
    times_per_day: float | None = None
    as_needed: bool = False
    klass: str = ""
    parts: tuple[float, ...] = ()
    reason: str = ""
    ref: Any = None

    @property
    def a_day(self) -> float | None:
        """What is taken in a day, in dose_unit; for micrograms an hour the rate. None where it is not said."""
        if self.dose_unit == "mcg/h":
            return self.dose
        if self.parts:
            return sum(self.parts)
        if self.dose is None or self.times_per_day is None:
            return None
        return self.dose * self.times_per_day

    @property
    def mg_a_day(self) -> float | None:
        """mg in a day; None for a rate, and where dose or times are not said."""
        amount = self.a_day
        if amount is None or self.dose_unit == "mcg/h":
            return None
        return amount / 1000 if self.dose_unit == "mcg" else amount


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a regime holds: to its own last day, or to the one before the next of the same name."""

    regime: Regime
    first: date
    last: date | None
    following: Regime | None = None

    def holds(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)


def spans(regimes: Iterable[Regime]) -> list[Span]:
    """Every regime with the days it holds, by first day and name, whatever the order they come in.

    A change is a new row: of two with the same name the later one ends the earlier on the day before. Different
    names (a slow and a fast tablet of one medicine) go on beside each other.
    """
    named: dict[str, list[Regime]] = {}
    for regime in regimes:
        named.setdefault(name_key(regime.name), []).append(regime)
    found = []
    for rows in named.values():
        rows.sort(key=lambda regime: regime.from_on)
        for here, following in zip(rows, [*rows[1:], None], strict=True):
            last = here.until_on
            if following is not None:
                before = following.from_on - A_DAY
                last = before if last is None else min(last, before)
            if last is None or here.from_on <= last:
                found.append(Span(here, here.from_on, last, following))
    return sorted(found, key=lambda span: (span.first, name_key(span.regime.name)))


def in_force(all_spans: Sequence[Span], on: date) -> list[Regime]:
    """The regimes that hold on a day, by name."""
    found = [span.regime for span in all_spans if span.holds(on)]
    return sorted(found, key=lambda regime: name_key(regime.name))
