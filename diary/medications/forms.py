"""A medicine as text to typed values, or errors by field; the page and the file alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from diary.lib.forms import UNSHOWABLE, echo
from diary.medications.rules import ROUTES, UNITS, Catalogue, Doubt, Regime, doubt

FIELDS = (
    "name", "from", "class", "dose", "dose_unit", "route", "times_per_day", "as_needed", "until", "reason",
    "until_reason", "confirmed",
)  # fmt: skip
PAGE_ONLY = {"csrf_token", "confirm", "instead", "beside", "write_id", "revision"}
NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?")
WHOLE = re.compile(r"[0-9]{1,5}")
LONGEST = {"name": 120, "class": 40, "reason": 500, "until_reason": 500}
MOST_DOSE = 100_000
MOST_TIMES = 24
LEAST_TIMES = 1 / 90
MOST_PARTS = 6
YEARS_AHEAD = 2
TAKEN_BACK = 7
FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True)
class MedicationValues:
    """One dose from a day on; None stands for what was left out."""

    name: str
    from_on: date
    until_on: date | None = None
    klass: str | None = None
    dose: float | None = None
    parts: tuple[float, ...] = ()
    dose_unit: str | None = None
    route: str | None = None
    times_per_day: float | None = None
    as_needed: bool | None = None
    reason: str | None = None
    until_reason: str | None = None
    is_confirmed: bool | None = None

    @property
    def regime(self) -> Regime:
        """The dose as the rules read it, with what is left out by default."""
        unit = self.dose_unit or "mg"
        return Regime(
            self.name, self.from_on, self.until_on, self.dose, unit,
            self.route or ("transdermal" if unit == "mcg/h" else "oral"), self.times_per_day,
            bool(self.as_needed), self.klass or "", self.parts,
        )  # fmt: skip


@dataclass(frozen=True)
class TypedMedication:
    """Values or errors by field, and a dose that asks whether its unit is meant."""

    value: MedicationValues | None
    errors: Mapping[str, str] = field(default_factory=dict)
    doubt: Doubt | None = None


@dataclass(frozen=True)
class TypedEnd:
    """The last day taken and why, or errors by field."""

    until_on: date | None = None
    reason: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_medication(texts: Mapping[str, str], today: date, known: Catalogue) -> TypedMedication:
    """Clean the given fields; `today` is the patient's own day."""
    errors: dict[str, str] = {
        name[:40]: f"Neap does not know this field: {echo(name[:40])}."
        for name in texts
        if name not in {*FIELDS, *PAGE_ONLY}
    }
    found: dict[str, Any] = {}

    def take(name: str, target: str, clean, needed: str = "") -> None:  # type: ignore[no-untyped-def]
        text = (texts.get(name) or "").strip()
        if not text:
            if needed:
                errors[name] = needed
            return
        try:
            found[target] = clean(text)
        except ValueError as error:
            errors[name] = str(error)

    take("name", "name", lambda text: _words(text, "name"), "The name is needed, as it stands on the box.")
    take("from", "from_on", lambda text: _day(text, today), "The first day is needed.")
    take("until", "until_on", lambda text: _day(text, today))
    take("class", "klass", lambda text: _class(text, known))
    take("dose", "dose", _doses)
    take("dose_unit", "dose_unit", lambda text: _one_of(text, UNITS, "mg, mcg or mcg/h"))
    take("route", "route", lambda text: _one_of(text, ROUTES, ", ".join(ROUTES)))
    take("times_per_day", "times_per_day", _times)
    take("as_needed", "as_needed", lambda text: _one_of(text, ("yes", "no"), "yes or no") == "yes")
    take("reason", "reason", lambda text: _words(text, "reason"))
    take("until_reason", "until_reason", lambda text: _words(text, "until_reason"))
    take("confirmed", "is_confirmed", lambda text: _one_of(text, ("yes", "no"), "yes or no") == "yes")
    _check_days(found, errors)
    _settle_dose(found, errors, known)
    if errors:
        return TypedMedication(None, errors)
    value = MedicationValues(**found)
    return TypedMedication(value, {}, doubt(value.regime, known))


def parse_end(texts: Mapping[str, str], today: date) -> TypedEnd:
    """The last day and the reason of a medicine that is stopped."""
    errors: dict[str, str] = {}
    until, reason = None, ""
    try:
        text = (texts.get("until") or "").strip()
        until = _day(text, today) if text else None
        if until is None:
            errors["until"] = "The last day is needed."
    except ValueError as error:
        errors["until"] = str(error)
    try:
        reason = _words((texts.get("until_reason") or "").strip(), "until_reason")
    except ValueError as error:
        errors["until_reason"] = str(error)
    return TypedEnd(until, reason, errors)


@dataclass(frozen=True)
class TypedTaken:
    """How many as-needed doses were taken on a day, or errors by field."""

    day: date | None = None
    times: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_taken(texts: Mapping[str, str], today: date) -> TypedTaken:
    """A whole number of doses, 0 to 24, of today or of one of the seven days before."""
    errors: dict[str, str] = {}
    day, times = None, None
    text = (texts.get("times") or "").strip()
    if not (WHOLE.fullmatch(text) and int(text) <= MOST_TIMES):
        errors["times"] = (
            f"How many you took is a whole number from 0 to {MOST_TIMES}, not “{_shown(text)}”."
            if text
            else "Please say how many you took; 0 is an answer too."
        )
    else:
        times = int(text)
    try:
        day = _day((texts.get("day") or "").strip() or today.isoformat(), today)
        if not 0 <= (today - day).days <= TAKEN_BACK:
            errors["day"] = f"This is said for today and the {TAKEN_BACK} days before."
    except ValueError as error:
        errors["day"] = str(error)
    return TypedTaken(day, times, errors)


def parse_revision(text: str) -> int:
    """The revision that a page was made from; 0, which no row ever is at, for anything else."""
    return int(text) if WHOLE.fullmatch(text) else 0


def dose_text(dose: float | None, parts: tuple[float, ...]) -> str:
    """A dose as it is typed: "20", or "10 + 5" where the doses of a day differ."""
    if dose is None:
        return ""
    return " + ".join(f"{one:.10g}" for one in parts or (dose,))


def _check_days(found: Mapping[str, Any], errors: dict[str, str]) -> None:
    if "until_on" in found and "from_on" in found and found["until_on"] < found["from_on"]:
        errors["until"] = "The last day lies before the first one."


def _settle_dose(found: dict[str, Any], errors: dict[str, str], known: Catalogue) -> None:
    """The doses of a day that differ become their mean and their number; a dose needs a unit."""
    if {"dose", "dose_unit", "route"} & set(errors):
        return
    doses = found.get("dose")
    if doses is None:
        return
    if len(doses) > 1:
        if found.get("times_per_day") not in (None, float(len(doses))):
            errors["times_per_day"] = f"{len(doses)} doses a day are named, so leave this empty."
            return
        found |= {"parts": doses, "times_per_day": float(len(doses))}
    found["dose"] = sum(doses) / len(doses)
    if "dose_unit" not in found:
        drug = known.drug(found.get("name", ""))
        if drug is None or len(drug.units) != 1:
            errors["dose_unit"] = "A dose needs its unit: mg, mcg or mcg/h."
            return
        found["dose_unit"] = drug.units[0]
    if found["dose_unit"] == "mcg/h":
        if "parts" in found:
            errors["dose"] = "A patch has one rate; add its micrograms an hour together."
        if found.setdefault("route", "transdermal") == "oral":
            errors["route"] = "Micrograms an hour belong to a patch, not to something swallowed."


def _doses(text: str) -> tuple[float, ...]:
    pieces = [piece.strip() for piece in text.split("+")]
    if len(pieces) > MOST_PARTS:
        raise ValueError(f"At most {MOST_PARTS} doses of a day can be named.")
    found = []
    for piece in pieces:
        if not (NUMBER.fullmatch(piece) and piece.isascii()):
            raise ValueError(f"A dose is a number above 0, like 20 or 10 + 5, not “{_shown(text)}”.")
        dose = float(piece.replace(",", "."))
        if dose <= 0:
            raise ValueError("A dose is more than 0. If nothing is taken any more, say that it ended.")
        if dose > MOST_DOSE:
            raise ValueError(f"A dose of {piece} can't be right.")
        found.append(dose)
    return tuple(found)


def _times(text: str) -> float:
    if not (NUMBER.fullmatch(text) and text.isascii()):
        raise ValueError(f"How many times a day is a number, like 2, not “{_shown(text)}”.")
    times = float(text.replace(",", "."))
    if times <= 0:
        raise ValueError("This is more than 0 times a day.")
    if times < LEAST_TIMES or times > MOST_TIMES:
        raise ValueError(f"{text} times a day can't be right; for every other day write 0.5.")
    return times


def _day(text: str, today: date) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"This is not a date like 2026-03-15: “{_shown(text)}”.") from None
    if day < FIRST_DAY:
        raise ValueError("A day before 1900 can't be right.")
    try:
        latest = today.replace(year=today.year + YEARS_AHEAD)
    except ValueError:  # two years after a 29 February
        latest = today.replace(year=today.year + YEARS_AHEAD, day=28)
    if day > latest:
        raise ValueError("That is more than two years ahead.")
    return day


def _class(text: str, known: Catalogue) -> str:
    """A class as the data file writes it, or in the clinic's own words."""
    for option in known.classes:
        if text.casefold() in (option.casefold(), f"{option.casefold()}s"):
            return option
    return _words(text, "class")


def _one_of(text: str, allowed: tuple[str, ...], spoken: str) -> str:
    for option in allowed:
        if option.casefold() == text.casefold():
            return option
    raise ValueError(f"This is one of {spoken}, not “{_shown(text)}”.")


def _words(text: str, name: str) -> str:
    text = (
        " ".join(text.split())
        if name in ("name", "class")
        else text.replace("\r\n", "\n").replace("\r", "\n")
    )
    if UNSHOWABLE.search(text):
        raise ValueError("This holds a character that can't be shown. Please take it out.")
    if len(text) > LONGEST[name]:
        raise ValueError(f"This has {len(text):,} characters; at most {LONGEST[name]:,} fit.")
    return text


def _shown(text: str) -> str:
    clean = echo(text)
    return clean if len(clean) <= 24 else clean[:24] + "…"
