"""Which medicine a name means, its class, and the factors of the MME table: data files, read strictly."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

OPIOID = "opioid"


@dataclass(frozen=True)
class Drug:
    """A medicine that the data file knows. `units`: those a dose is usually given in.

    is_combined: a brand or a name of two medicines whose one dose does not tell the opioid's part.
    """

    name: str
    klass: str
    units: tuple[str, ...] = ("mg",)
    is_us_fibromyalgia: bool = False
    is_combined: bool = False


@dataclass(frozen=True)
class Table:
    """MME factors: by mg a day for what is swallowed, by micrograms an hour for a patch."""

    name: str
    version: int
    source: str
    oral: Mapping[str, float]
    patch: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Medicines by the words that name them, generic or brand."""

    by_phrase: Mapping[str, Drug]
    careful_to_stop: frozenset[str]
    version: int
    classes: tuple[str, ...] = field(default=())

    def drug(self, name: str) -> Drug | None:
        """The medicine of a name as somebody typed it; None for one that is not known, never a guess.

        A name that holds one opioid beside other medicines means the opioid ("hydrocodone/acetaminophen", as in the
        examples of the CDC's table); two opioids in one name are a combination without a number.
        """
        return _meant(self, name)

    def key(self, name: str) -> str:
        """What tells one medicine from another: its generic name, else the name as typed, normalised."""
        drug = self.drug(name)
        return drug.name if drug and not drug.is_combined else name_key(name)

    def klass(self, name: str, said: str = "") -> str:
        """The class as the clinic said it, else the one of the name; empty where neither is known."""
        drug = self.drug(name)
        return said or (drug.klass if drug else "")


def name_key(name: str) -> str:
    """A name without what does not tell it from another: case, width and spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def table(text: str) -> Table:
    """The MME table of a data file; raises ValueError that says what is wrong with it."""
    data = _object(text)
    try:
        oral, patch = data["oral_mg_a_day"], data["transdermal_mcg_an_hour"]
        found = Table(str(data["table"]), int(data["version"]), str(data["source"]), oral, patch)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the MME table lacks {error}") from None
    for name, factor in [*oral.items(), *patch.items()]:
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < 100:
            raise ValueError(f"the MME factor of {name} is {factor!r}")
    if not oral or not found.source:
        raise ValueError("the MME table has no factors, or no source")
    return found


def catalogue(text: str) -> Catalogue:
    """The medicines of a data file; raises ValueError that names the medicine and what is wrong with it."""
    data = _object(text)
    by_phrase: dict[str, Drug] = {}
    try:
        careful, version, rows = frozenset(data["careful_to_stop"]), int(data["version"]), data["drugs"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the list of medicines lacks {error}") from None
    for row in rows:
        drug = _drug(row)
        own = [] if " with " in drug.name else [drug.name]
        for phrase in (*own, *row.get("also", ())):
            if not isinstance(phrase, str) or phrase != name_key(phrase) or not phrase:
                raise ValueError(f"{drug.name}: the name {phrase!r} is not in small letters")
            if phrase in by_phrase:
                raise ValueError(f"{drug.name}: the name {phrase!r} stands twice")
            by_phrase[phrase] = drug
    classes = tuple(dict.fromkeys(drug.klass for drug in by_phrase.values()))
    if careful - set(classes):
        raise ValueError(f"no medicine is of the class {sorted(careful - set(classes))[0]!r}")
    return Catalogue(by_phrase, careful, version, classes)


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"this is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ValueError("this is not a JSON object")
    return data


def _drug(row: Any) -> Drug:
    if not isinstance(row, dict) or not row.get("name") or not row.get("class"):
        raise ValueError(f"a medicine without a name or a class: {row!r}")
    unknown = set(row) - {"name", "class", "also", "units", "us_fibromyalgia", "combined"}
    if unknown:
        raise ValueError(f"{row['name']}: unknown {sorted(unknown)[0]!r}")
    units = tuple(row.get("units", ("mg",)))
    if not units or set(units) - {"mg", "mcg", "mcg/h"}:
        raise ValueError(f"{row['name']}: the units {units!r}")
    fibromyalgia, combined = bool(row.get("us_fibromyalgia")), bool(row.get("combined"))
    return Drug(str(row["name"]), str(row["class"]), units, fibromyalgia, combined)


@lru_cache(2048)
def _meant(known: Catalogue, name: str) -> Drug | None:
    """One search a name: the total of a day asks for each of its medicines, and a report for each day."""
    plain = f" {re.sub(r'[^a-z0-9-]+', ' ', name_key(name))} "
    texts = (plain, plain.replace("-", " "))
    near = (p for p in known.by_phrase if any(p in text for text in texts))
    hits = {p: known.by_phrase[p] for p in near if any(f" {p} " in text for text in texts)}
    # "tramadol with paracetamol" as a brand hides no part of itself; a longer phrase covers a shorter one in it
    found = {
        drug.name: drug for p, drug in hits.items() if not any(p != q and f" {p} " in f" {q} " for q in hits)
    }
    opioids = [drug for drug in found.values() if drug.klass == OPIOID]
    if len(opioids) == 1:
        return opioids[0]
    if len(opioids) > 1:
        return Drug(" with ".join(sorted(drug.name for drug in opioids)), OPIOID, is_combined=True)
    return next(iter(found.values())) if len(found) == 1 else None
