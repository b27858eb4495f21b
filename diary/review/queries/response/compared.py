"""Factors and medicines beside a symptom, within bands of days since the infusion; two means with n, nothing causal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from diary.entries.queries import DayRow
from diary.lib.extras import FACTORS
from diary.lib.words import date_full
from diary.medications.queries import KNOWN, TABLE, MedicationRow
from diary.medications.rules import changes, spans
from diary.response.rules.bands import BANDS, Pair, banded, days_from, pairs

FACTOR_WORDS = {
    "factor_movement": "Moved or exercised",
    "factor_pacing": "Paced",
    "factor_food": "Food",
    "factor_alcohol": "Alcohol",
    "factor_stress": "Stress",
    "factor_cycle": "Period or cycle",
    "factor_weather": "Weather",
}


@dataclass(frozen=True)
class ComparedRow:
    """One factor, or one change of a medicine, with its two sides in words and a pair for each band."""

    name: str
    left: str
    right: str
    pairs: Sequence[Pair]


@dataclass(frozen=True)
class Compared:
    """The rows that have enough days in at least one band; the names of those that have too few; the bands shown."""

    rows: Sequence[ComparedRow]
    few: Sequence[str]
    bands: Sequence[int]


def factors_compared(
    rows: Sequence[DayRow], scores: Mapping[date, float], infused: Sequence[date], since: date, until: date,
    names: Mapping[str, str] = FACTORS,
) -> Compared:  # fmt: skip
    """Days of a course with a factor marked beside scored days without it; names: by key, with the clinic's own."""
    inside = [row for row in rows if since <= row.day <= until and row.day in scores]
    bands = banded([row.day for row in inside], infused)
    found = []
    for key in names:
        marked = [row.day for row in inside if key in row.factors]
        if marked:
            without = [row.day for row in inside if key not in row.factors]
            found.append(
                ComparedRow(
                    FACTOR_WORDS.get(key) or names[key],
                    "marked",
                    "not marked",
                    pairs(scores, bands, marked, without),
                )
            )
    return _shown(found)


def medicines_compared(
    medicines: Sequence[MedicationRow], scores: Mapping[date, float], infused: Sequence[date], since: date, until: date
) -> Compared:  # fmt: skip
    """Days before and after each change of a medicine within a course, each side as long as that dose held."""
    held = spans(row.regime for row in medicines)
    begun = min((span.first for span in held), default=since)
    made = sorted(changes(held, KNOWN, TABLE), key=lambda change: change.on)
    bands = banded(list(scores), infused)
    by_name: dict[str, list[date]] = {}
    for change in made:
        by_name.setdefault(change.name.casefold(), []).append(change.on)
    found = []
    for change in made:
        # What the list began with is not known to have been nothing before.
        if not since < change.on <= until or (change.on == begun and change.before == "not taken"):
            continue
        days = by_name[change.name.casefold()]
        first = max((day for day in days if day < change.on), default=since)
        last = min((day for day in days if day > change.on), default=None)
        before = [day for day in days_from(max(first, since), change.on) if day < change.on]
        after = [day for day in days_from(change.on, until) if last is None or day < last]
        found.append(
            ComparedRow(
                f"{change.name}, {date_full(change.on)}", change.before, change.after,
                pairs(scores, bands, before, after),
            )
        )  # fmt: skip
    return _shown(found)


def _shown(found: Sequence[ComparedRow]) -> Compared:
    told = [row for row in found if any(pair.is_told for pair in row.pairs)]
    few = [row.name for row in found if row not in told]
    bands = [band for band in range(len(BANDS)) if any(row.pairs[band].is_told for row in told)]
    return Compared(told, few, bands)
