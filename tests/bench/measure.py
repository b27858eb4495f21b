"""Rounds in turn, ratios by round, and the rules by which a figure is void."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.bench.load import Run

ROUNDS = 5
TRIES = 3
FEWEST = 100
WIDEST = 2.0


@dataclass(frozen=True)
class Line:
    """One figure and its goal; `value` is None where it was not measured, and `note` says why."""

    name: str
    value: float | None
    goal: str
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.value is None:
            return None
        sign, _, number = self.goal.partition(" ")
        wanted = float(number.split()[0].rstrip("x"))
        return self.value <= wanted if sign == "<=" else self.value >= wanted

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name}: {self.note} ({self.goal})"
        return f"{self.name}: {self.value:.2f} ({self.goal})"


class Void(Exception):
    """The figure means nothing; says why."""


def in_turn(programs: Mapping[str, Callable[[], Run]], rounds: int = ROUNDS) -> dict[str, list[Run]]:
    """A B C A B C ...; the first of them is the limit program. Raises Void by the rules."""
    found: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            found[name].append(program())
    for name, runs in found.items():
        bad = sum(run.bad for run in runs)
        if bad:
            raise Void(f"{bad} requests of {name} failed")
    first = next(iter(found.values()))
    if min(run.count for run in first) < FEWEST:
        raise Void(f"the limit program answered fewer than {FEWEST} requests")
    steady([run.rate for run in first])
    return found


def steady(values: list[float]) -> None:
    if max(values) > WIDEST * min(values):
        raise Void(f"the limit program itself varied by {max(values) / min(values):.1f} times")


def again_when_void(measure: Callable[[], Iterator[Line]], names: Mapping[str, str]) -> list[Line]:
    """Measure, again when void; after the last try the lines say so."""
    why = ""
    for _ in range(TRIES):
        try:
            return list(measure())
        except Void as error:
            why = str(error)
            print(f"  void, measuring again: {why}", flush=True)
    return [Line(name, None, goal, f"void: {why}") for name, goal in names.items()]


def ratio(over: list[float], under: list[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def median(values: list[float]) -> float:
    return statistics.median(values)
