"""Medicines by class, opioids as MME a day, and what changed, in words with numbers; pure."""

from diary.medications.rules.changes import Change, Over, changes, over, sentence
from diary.medications.rules.drugs import Catalogue, Drug, Table, catalogue, name_key, table
from diary.medications.rules.mme import (
    AS_NEEDED,
    NOT_COUNTED,
    REGULAR,
    TAKEN,
    Counts,
    DayTotal,
    Item,
    Step,
    as_json,
    day_total,
    item_of,
    mme_of,
    steps,
)
from diary.medications.rules.plan import is_outside_plan
from diary.medications.rules.regimes import ROUTES, UNITS, Regime, Span, in_force, spans
from diary.medications.rules.units import Doubt, doubt
from diary.medications.rules.wording import amount_words, daily_words, dose_words, listed

__all__ = [
    "AS_NEEDED",
    "NOT_COUNTED",
    "REGULAR",
    "ROUTES",
    "TAKEN",
    "UNITS",
    "Catalogue",
    "Change",
    "Counts",
    "DayTotal",
    "Doubt",
    "Drug",
    "Item",
    "Over",
    "Regime",
    "Span",
    "Step",
    "Table",
    "amount_words",
    "as_json",
    "catalogue",
    "changes",
    "daily_words",
    "day_total",
    "dose_words",
    "doubt",
    "in_force",
    "is_outside_plan",
    "item_of",
    "listed",
    "mme_of",
    "name_key",
    "over",
    "sentence",
    "spans",
    "steps",
    "table",
]
