"""Stopped or halved outside the plan: an opioid, benzodiazepine, gabapentinoid or antidepressant.

Source: FDA Drug Safety Communication of 9 April 2019 on suddenly stopping or rapidly lowering opioid pain medicines.
"""

from collections.abc import Sequence

from diary.medications.rules.drugs import Catalogue
from diary.medications.rules.regimes import Regime

HALF = 0.5


def is_outside_plan(planned: Sequence[Regime], said: Sequence[Regime], known: Catalogue) -> bool:
    """Whether what the patient says she takes of one medicine is none, or at most half, of what is planned.

    Both are the regimes of that medicine on one day. Amounts that can't be compared (a patch and tablets, a dose
    that nobody said) do not count as halved.
    """
    if not any(_is_careful(regime, known) for regime in planned):
        return False
    if not said:
        return True
    before, after = _amount(planned), _amount(said)
    if before is None or after is None or before[0] != after[0]:
        return False
    return after[1] <= before[1] * HALF + 1e-9


def _is_careful(regime: Regime, known: Catalogue) -> bool:
    """By what the name means as much as by the class that somebody said."""
    return not known.careful_to_stop.isdisjoint({regime.klass, known.klass(regime.name)})


def _amount(regimes: Sequence[Regime]) -> tuple[str, float] | None:
    """(mg or mcg/h, in a day); None where the amounts can't be added."""
    kinds = {"mcg/h" if regime.dose_unit == "mcg/h" else "mg" for regime in regimes}
    amounts = [regime.dose if regime.dose_unit == "mcg/h" else regime.mg_a_day for regime in regimes]
    if len(kinds) != 1 or any(amount is None for amount in amounts):
        return None
    return kinds.pop(), sum(amount for amount in amounts if amount is not None)
