"""Doses by weight, what is unusual, and the order of infusions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import fsum

from diary.lib import words

STATUSES = ("planned", "done", "cancelled")
SERIES = ("induction", "maintenance")
ROUTES = ("IV", "IM", "SC", "intranasal", "sublingual")
MOST_MG_PER_KG = 2.0
MOST_OF_LAST = 1.5
MOST_MINUTES = 720
KG_PER_LB = 0.45359237
NEAR_DAYS = 10
SAVED = {
    "recorded": "is recorded",
    "planned": "is planned",
    "changed": "is changed",
    "cancelled": "is cancelled",
    "unchanged": "stays as it was",
}


@dataclass(frozen=True)
class Unusual:
    """A value to be confirmed: its field, the question, and the value that stood before, if there is one."""

    field: str
    words: str
    value: float
    instead: float | None = None

    @property
    def confirmation(self) -> str:
        return confirmation(self.field, self.value)


def mg_per_kg(dose_mg: float, weight_kg: float | None) -> float | None:
    """Dose by body weight in mg/kg; None without a weight."""
    return dose_mg / weight_kg if weight_kg else None


def mg_per_kg_h(dose_mg: float, weight_kg: float | None, minutes: float) -> float | None:
    """Rate by body weight in mg/kg/h; None without a weight."""
    return dose_mg / weight_kg / (minutes / 60) if weight_kg and minutes else None


@dataclass(frozen=True, slots=True)
class Cumulative:
    """Doses added up: `mg` over all `count` infusions, `mg_per_kg` over the `weighed` ones (None: none is)."""

    count: int
    mg: float
    weighed: int
    mg_per_kg: float | None


def cumulative(given: Iterable[tuple[float, float | None]]) -> Cumulative:
    """The sum of (dose in mg, weight in kg or None) of infusions that were done.

    mg/kg adds each dose by the weight of its own day, and leaves out those without a weight: none is guessed.
    """
    doses = list(given)
    by_weight = [part for part in (mg_per_kg(mg, kg) for mg, kg in doses) if part is not None]
    return Cumulative(
        len(doses), fsum(mg for mg, _ in doses), len(by_weight), fsum(by_weight) if by_weight else None
    )


def cumulative_words(total: Cumulative) -> str:
    """ "300 mg in 6 infusions; 4.29 mg/kg over the 5 with a weight"; nothing where none was given."""
    if not total.count:
        return ""
    said = f"{words.number(total.mg, 2)} mg in {words.plural(total.count, 'infusion')}"
    if total.mg_per_kg is None:
        return f"{said}; no weight is known, so no mg/kg"
    over = "" if total.weighed == total.count else f" over the {total.weighed} with a weight"
    return f"{said}; {two_places(total.mg_per_kg)} mg/kg{over}"


def two_places(x: float | None) -> str:
    """A dose by weight as the report writes it: 0.5 is "0.50"; nothing is an empty text."""
    return "" if x is None else f"{words.half_up(x, 2):f}"


def unusual(
    dose_mg: float, weight_kg: float | None, minutes: float, last_dose_mg: float | None
) -> list[Unusual]:
    """What asks to be confirmed, never refused: over 2 mg/kg, over 1.5 times the last dose, over 720 minutes."""
    reasons = []
    by_weight = mg_per_kg(dose_mg, weight_kg)
    if by_weight is not None and by_weight > MOST_MG_PER_KG:
        reasons.append(f"that is {two_places(by_weight)} mg/kg, more than 2")
    if last_dose_mg and dose_mg > MOST_OF_LAST * last_dose_mg:
        reasons.append(f"more than 1.5 times the last dose, {words.number(last_dose_mg, 2)} mg")
    found = []
    if reasons:
        because = ", and ".join(reasons)
        found.append(Unusual("dose_mg", because[0].upper() + because[1:] + ".", dose_mg, last_dose_mg))
    if minutes > MOST_MINUTES:
        found.append(Unusual("minutes", "That is more than 12 hours.", minutes))
    return found


def confirmation(field: str, value: float) -> str:
    """What says of exactly this value that it is right: "dose_mg=550"."""
    return f"{field}={words.number(value, 4)}"


def outcome(before: str, now: str, is_changed: bool) -> str:
    """What a write did, by the status before it (empty: it is new) and after: a key of SAVED."""
    if not is_changed:
        return "unchanged"
    return "changed" if before == now else {"done": "recorded"}.get(now, now)


def saved_words(outcome: str, number: int | None) -> str:
    """ "Infusion 13 is recorded."; "The infusion" for whoever may not see it; nothing for an unknown outcome."""
    if outcome not in SAVED:
        return ""
    return f"{'The infusion' if number is None else f'Infusion {number}'} {SAVED[outcome]}."


def nearest(day: date, planned: Iterable[date]) -> date | None:
    """The planned day that an infusion on `day` may be: the nearest within 10 days, the earlier of two."""
    near = [on for on in planned if abs((on - day).days) <= NEAR_DAYS]
    return min(near, key=lambda on: (abs((on - day).days), on), default=None)


def next_number(taken: Iterable[int]) -> int:
    """The number after the highest one ever given; cancelled infusions keep theirs."""
    return max(taken, default=0) + 1


def day_words(day: date, last: tuple[date, int] | None) -> str:
    """Where a day stands: "Day 3 after infusion 14", "Infusion 14 today", or nothing."""
    if last is None:
        return ""
    on, number = last
    after = (day - on).days
    return f"Infusion {number} on this day" if after <= 0 else f"Day {after} after infusion {number}"
