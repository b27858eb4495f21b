"""Doses as people say them."""

from collections.abc import Iterable

from diary.lib.words import number
from diary.medications.rules.regimes import Regime

UNIT_WORDS = {"mg": "mg", "mcg": "micrograms", "mcg/h": "micrograms an hour"}
ROUTE_WORDS = {
    "oral": "",
    "transdermal": "patch",
    "injected": "injected",
    "intrathecal": "intrathecal",
    "other": "other route",
}
DOSE_PLACES = 3


def unit_words(unit: str) -> str:
    """Micrograms are written out: an m and a µ are too alike."""
    return UNIT_WORDS.get(unit, unit)


def times_words(times: float) -> str:
    """ "once a day", "twice a day", "3 times a day", "every 3 days"."""
    if times in (1, 2):
        return "once a day" if times == 1 else "twice a day"
    if times < 1 and abs(1 / times - round(1 / times)) < 0.05:
        return f"every {round(1 / times)} days"
    return f"{number(times, 2)} times a day"


def dose_words(regime: Regime) -> str:
    """ "20 mg", "10 + 5 mg", "5 micrograms an hour"; nothing where no dose is said."""
    if regime.dose is None:
        return ""
    figures = " + ".join(number(part, DOSE_PLACES) for part in regime.parts or (regime.dose,))
    return f"{figures} {unit_words(regime.dose_unit)}"


def amount_words(regime: Regime, is_short: bool = False) -> str:
    """ "20 mg twice a day", "50 mg as needed, at most 2 a day", "10 + 5 mg a day"; short: "20 mg twice"."""
    dose = dose_words(regime) or "dose not said"
    times = regime.times_per_day
    if regime.as_needed:
        most = f", at most {number(times, 2)} a day" if times is not None and not regime.parts else ""
        return f"{dose} as needed{most}"
    if regime.dose_unit == "mcg/h" or times is None:
        return dose
    words = "a day" if regime.parts else times_words(times)
    return f"{dose} {words.removesuffix('a day').rstrip() if is_short else words}".strip()


def daily_words(amount: float, unit: str) -> str:
    """ "60 mg a day", "12 micrograms an hour"."""
    words = f"{number(amount, DOSE_PLACES)} {unit_words(unit)}"
    return words if unit == "mcg/h" else f"{words} a day"


def listed(names: Iterable[str]) -> str:
    """ "a, b and c"."""
    found = list(names)
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)
