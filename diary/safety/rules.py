"""Which numbers stand on the help page: data with source and date, by country."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

COUNTRY_OF_ZONE = {"Europe/London": "GB", "Europe/Belfast": "GB", "Europe/Dublin": "IE"}


@dataclass(frozen=True)
class Line:
    """One number to call or text; `digits` is what a telephone dials."""

    kind: str
    name: str
    number: str
    says: str
    source: str

    @property
    def digits(self) -> str:
        return "".join(c for c in self.number if c.isdigit() or c == "+")


@dataclass(frozen=True)
class Country:
    """The emergency number of a country and its crisis lines."""

    code: str
    name: str
    emergency: Line
    lines: tuple[Line, ...]


def countries(text: str) -> dict[str, Country]:
    """Read the data file; raises ValueError that names the country and what is wrong with it."""
    data = json.loads(text)
    found = {}
    for code, entry in data["countries"].items():
        try:
            emergency = Line(
                "call", "Emergency", entry["emergency"]["number"], "", entry["emergency"]["source"]
            )
            lines = tuple(Line(**line) for line in entry["lines"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"crisis lines of {code}: {error}") from None
        for line in (emergency, *lines):
            if not line.digits or line.kind not in ("call", "text"):
                raise ValueError(f"crisis lines of {code}: {line.name} has no number that can be dialled")
        found[code] = Country(code, entry["name"], emergency, lines)
    return found


def country_for(known: Mapping[str, Country], code: str, zone: str) -> Country | None:
    """The clinic's country, else the one of the person's zone; None where neither is known."""
    if code in known:
        return known[code]
    return known.get("US" if zone in US_ZONES else COUNTRY_OF_ZONE.get(zone, ""))


US_ZONES = {
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix",
    "America/Anchorage", "America/Detroit", "America/Boise", "America/Juneau",
}  # fmt: skip
