"""A unit that can hardly be meant asks; it is never refused on a page, and never taken silently."""

from dataclasses import dataclass

from diary.lib.words import number
from diary.medications.rules.drugs import Catalogue
from diary.medications.rules.regimes import Regime
from diary.medications.rules.wording import unit_words


@dataclass(frozen=True)
class Doubt:
    """A dose to be confirmed: as typed, and in the unit that is usual for this medicine."""

    dose: str
    unit: str
    usual: str
    name: str

    @property
    def typed(self) -> str:
        return f"{self.dose} {unit_words(self.unit)}"

    @property
    def instead(self) -> str:
        return f"{self.dose} {unit_words(self.usual)}"

    @property
    def words(self) -> str:
        return f"{self.name[:1].upper()}{self.name[1:]} is usually given in {unit_words(self.usual)}."

    @property
    def confirmation(self) -> str:
        """What says of exactly this dose that it is right."""
        return f"{self.dose} {self.unit}"


def doubt(regime: Regime, known: Catalogue) -> Doubt | None:
    """Whether the unit is one that this medicine is not given in; None where it is fine, or nobody knows.

    Injected and intrathecal doses have other sizes, so they are not asked about.
    """
    drug = known.drug(regime.name)
    if drug is None or regime.dose is None or regime.route in ("injected", "intrathecal"):
        return None
    if regime.dose_unit in drug.units:
        return None
    dose = " + ".join(number(part, 4) for part in regime.parts or (regime.dose,))
    return Doubt(dose, regime.dose_unit, drug.units[0], drug.name)
