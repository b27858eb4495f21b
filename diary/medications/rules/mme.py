"""Morphine milligram equivalents of a day: an estimate for following a total, never for converting.

Source: CDC Clinical Practice Guideline for Prescribing Opioids for Pain, United States, 2022, its table. What is
swallowed and the patch only; injected and intrathecal doses, buprenorphine and what the table lacks have no number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from diary.medications.rules.drugs import OPIOID, Catalogue, Table, name_key
from diary.medications.rules.regimes import A_DAY, Regime, Span, in_force

REGULAR, AS_NEEDED, NOT_COUNTED, NO_OPIOID = "regular", "as needed", "not counted", "no opioid"
TAKEN = "as taken"  # as needed, on a day of which somebody said how many were taken
Counts = Mapping[tuple[str, date], float]  # (name without case and spaces, day) -> doses taken
NOBODY_SAID: Counts = {}
PLACES = 6  # of a total: what floating point adds behind it is no dose


@dataclass(frozen=True, slots=True)
class Item:
    """A regime of a day with its class and what it counts for.

    mme: MME a day, for as-needed ones what was taken where `times` says so, else the prescribed maximum; None for
    what is no opioid or is not counted.
    """

    regime: Regime
    klass: str
    counts: str
    mme: float | None = None
    times: float | None = None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A day: the total of what is regular and what was taken as needed, the as-needed maximum beside it, the items by name."""

    on: date
    total: float
    as_needed_max: float
    items: tuple[Item, ...]

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of opioids, or of medicines nobody knows the class of, that have no number."""
        return tuple(dict.fromkeys(item.regime.name for item in self.items if item.counts == NOT_COUNTED))

    @property
    def counted(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.mme is not None)


@dataclass(frozen=True, slots=True)
class Step:
    """From a day on: the day as it then is, to the last day before the next step."""

    first: date
    last: date
    day: DayTotal


def mme_of(regime: Regime, known: Catalogue, table: Table) -> float | None:
    """MME a day of a regime (of its prescribed maximum when as needed), None where the table gives no number.

    mg a day times the factor for what is swallowed; micrograms an hour times the factor for a patch, however often
    it is changed. A dose or a number of times that nobody said gives no number.
    """
    drug = known.drug(regime.name)
    if drug is None or drug.is_combined:
        return None
    if regime.route == "transdermal":
        factor = table.patch.get(drug.name)
        is_rate = regime.dose_unit == "mcg/h" and regime.dose is not None
        return round((regime.dose or 0) * factor, PLACES) if factor is not None and is_rate else None
    factor, mg = table.oral.get(drug.name), regime.mg_a_day
    if regime.route != "oral" or factor is None or mg is None:
        return None
    return round(mg * factor, PLACES)


def item_of(regime: Regime, known: Catalogue, table: Table, times: float | None = None) -> Item:
    """A regime with its class and how it counts; `times` is how many as-needed doses were taken, None where unsaid."""
    drug = known.drug(regime.name)
    klass = known.klass(regime.name, regime.klass)
    is_opioid = drug.klass == OPIOID if drug else klass.casefold() in (OPIOID, "")
    if not is_opioid:
        return Item(regime, klass, NO_OPIOID)
    is_taken = regime.as_needed and times is not None and regime.dose_unit != "mcg/h"
    mme = mme_of(replace(regime, times_per_day=times, parts=()) if is_taken else regime, known, table)
    if mme is None:
        return Item(regime, klass, NOT_COUNTED)
    if is_taken:
        return Item(regime, klass, TAKEN, mme, times)
    return Item(regime, klass, AS_NEEDED if regime.as_needed else REGULAR, mme)


def day_total(
    on: date, regimes: Iterable[Regime], known: Catalogue, table: Table, taken: Counts = NOBODY_SAID
) -> DayTotal:
    """The total of the regimes of one day, which are those given; the as-needed maximum is never part of it.

    taken: as-needed doses that were taken, which count in the total (clinical.md, section 5).
    """
    items = tuple(item_of(regime, known, table, taken.get((name_key(regime.name), on))) for regime in regimes)

    def summed(*counts: str) -> float:
        return round(sum(item.mme or 0 for item in items if item.counts in counts), PLACES)

    return DayTotal(on, summed(REGULAR, TAKEN), summed(AS_NEEDED), items)


def steps(
    all_spans: Sequence[Span], since: date, until: date, known: Catalogue, table: Table, taken: Counts = NOBODY_SAID
) -> list[Step]:  # fmt: skip
    """The days from since to until in runs over which nothing changes, oldest first; a day with doses taken is one."""
    edges = {since, *(day + A_DAY * n for _, day in taken for n in (0, 1))}
    for span in all_spans:
        edges.add(span.first)
        if span.last is not None and span.last < until:
            edges.add(span.last + A_DAY)
    firsts = sorted(day for day in edges if since <= day <= until)
    lasts = [*(day - A_DAY for day in firsts[1:]), until]
    return [
        Step(first, last, day_total(first, in_force(all_spans, first), known, table, taken))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def as_json(day: DayTotal, table: Table) -> dict[str, Any]:
    """The contract's document of one day."""
    return {
        "on": day.on.isoformat(),
        "mme": day.total,
        "as_needed_max": day.as_needed_max,
        "table": table.name,
        "table_version": table.version,
        "not_counted": list(day.not_counted),
        "items": [_item(item) for item in day.items],
    }


def _item(item: Item) -> dict[str, Any]:
    regime = item.regime
    return {
        "name": regime.name,
        "class": item.klass or None,
        "dose": regime.dose,
        "dose_unit": regime.dose_unit if regime.dose is not None else None,
        "times_per_day": regime.times_per_day,
        "as_needed": regime.as_needed,
        "mme": item.mme if item.counts in (REGULAR, TAKEN) else None,
        "as_needed_max": item.mme if item.counts == AS_NEEDED else None,
        "times_taken": item.times,
        "route": regime.route,
        "from": regime.from_on.isoformat(),
    }
