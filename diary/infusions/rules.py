"""Doses by weight, what is unusual, and the order of infusions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import fsum
from statistics import median
from typing import Any

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.lib import words

STATUSES = ("planned", "done", "cancelled")
SERIES = ("induction", "maintenance")
ROUTES = ("IV", "IM", "SC", "intranasal", "sublingual")
MOST_MG_PER_KG = 2.0
MOST_OF_LAST = 1.5
MOST_MINUTES = 720
KG_PER_LB = 0.45359237
NEAR_DAYS = 10
MOST_IN_COURSE = 60
MOST_MOVED = 90
MOST_SYSTOLIC = 260
LEAST_SPO2 = 70
MCG_FROM_MG = 1000  # so many mg are more likely micrograms
AT = {"pre": "before", "peak": "at the peak", "post": "after"}
SEVERITIES = ("mild", "moderate", "severe")
ENDS = ("completed", "interrupted")
EVENTS = (1, 2, 3)
SAVED = {
    "recorded": "is recorded",
    "planned": "is planned",
    "changed": "is changed",
    "cancelled": "is cancelled",
    "unchanged": "stays as it was",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of the record beyond the dose: its name in words, unit, and the least and most that can be."""

    label: str
    unit: str
    least: float
    most: float
    is_whole: bool = True


VITALS = {
    "systolic": Measure("Systolic", "mmHg", 1, 400),
    "diastolic": Measure("Diastolic", "mmHg", 1, 400),
    "pulse": Measure("Pulse", "a minute", 1, 400),
    "spo2": Measure("SpO2", "%", 1, 100),
}
ADJUNCTS = {
    "midazolam_mg": Measure("Midazolam", "mg", 0, 1000, False),
    "clonidine_mcg": Measure("Clonidine", "mcg", 0, 10_000, False),
    "ondansetron_mg": Measure("Ondansetron", "mg", 0, 1000, False),
    "magnesium_g": Measure("Magnesium", "g", 0, 100, False),
    "lidocaine_mg": Measure("Lidocaine", "mg", 0, 10_000, False),
}
COURSE = {
    "pain_before": Measure("Pain before", "of 10", 0, 10),
    "dissociation": Measure("Dissociation at its peak", "of 10", 0, 10),
    "dissociation_minutes": Measure("Dissociation for", "min", 0, 1440),
    "nausea": Measure("Nausea at its peak", "of 10", 0, 10),
    "nausea_minutes": Measure("Nausea for", "min", 0, 1440),
    "pain_after": Measure("Pain at discharge", "of 10", 0, 10),
}
MEASURES = {
    **{
        f"{at}_{name}": Measure(f"{one.label} {when}", one.unit, one.least, one.most)
        for at, when in AT.items()
        for name, one in VITALS.items()
    },
    **ADJUNCTS,
    **COURSE,
}
CHOICES = {"ended": ENDS, **{f"event_{n}_severity": SEVERITIES for n in EVENTS}}
WORDS = {
    "other_adjuncts": "Also given",
    "ended_why": "Why it was interrupted",
    **{f"event_{n}": f"Adverse event {n}" for n in EVENTS},
    **{f"event_{n}_done": f"What was done about adverse event {n}" for n in EVENTS},
    "ordered_by": "Ordered by",
    "given_by": "Given by",
}
LABELS = {
    "number": "Number", "day": "Day", "at_time": "Started at", "status": "Status", "series": "Series",
    "dose_mg": "Dose", "minutes": "Length", "weight_kg": "Weight", "route": "Route", "note": "Note",
    **{name: one.label for name, one in MEASURES.items()},
    "ended": "Ended", "discharged_at": "Discharged at",
    **{f"event_{n}_severity": f"Severity of adverse event {n}" for n in EVENTS},
    **WORDS,
}  # fmt: skip
LATELY = 4  # intervals that say how far apart infusions are now
UNITS = {"dose_mg": "mg", "minutes": "min", "weight_kg": "kg"} | {
    name: one.unit for name, one in MEASURES.items()
}

# By measure: when it looks like another unit, the factor to its own, and the other unit.
UNIT_SLIPS: Mapping[str, tuple[Callable[[float], bool], float, str]] = {
    "midazolam_mg": (lambda mg: mg >= 100, 0.001, "micrograms"),
    "ondansetron_mg": (lambda mg: mg >= 100, 0.001, "micrograms"),
    "clonidine_mcg": (lambda mcg: mcg < 5, 1000, "mg"),
    "magnesium_g": (lambda g: g > 20, 0.001, "mg"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a record that became another: its name, and both in words ("nothing" for none)."""

    label: str
    was: str
    now: str


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
    """What asks to be confirmed, never refused: over 2 mg/kg, over 1.5 times the last dose, over 720 minutes.

    And what looks like another unit, with or without a weight: 1,000 mg or more (micrograms?), under 1 mg (grams?).
    Source: clinical.md, section 4; the bounds of the units are no clinical limits, only a factor of 1,000 away.
    """
    reasons = []
    slip = None
    if dose_mg >= MCG_FROM_MG:
        slip, looks_like = dose_mg / 1000, "micrograms"
    elif dose_mg < 1:
        slip, looks_like = dose_mg * 1000, "grams"
    by_weight = mg_per_kg(dose_mg, weight_kg)
    if by_weight is not None and by_weight > MOST_MG_PER_KG:
        reasons.append(f"that is {two_places(by_weight)} mg/kg, more than 2")
    if last_dose_mg and dose_mg > MOST_OF_LAST * last_dose_mg:
        reasons.append(f"more than 1.5 times the last dose, {words.number(last_dose_mg, 2)} mg")
    if slip is not None:
        reasons.append(f"was it in {looks_like}, {words.number(slip, 2)} mg")
    found = []
    if reasons:
        because = ", and ".join(reasons)
        mark = "?" if slip is not None else "."
        found.append(
            Unusual("dose_mg", because[0].upper() + because[1:] + mark, dose_mg, last_dose_mg or slip)
        )
    if minutes > MOST_MINUTES:
        found.append(Unusual("minutes", "That is more than 12 hours.", minutes))
    return found


def unusual_units(given: Mapping[str, Any]) -> list[Unusual]:
    """What was given with it and looks like another unit by a factor of 1,000; each asks, none is refused."""
    found = []
    for name, (is_odd, factor, unit) in UNIT_SLIPS.items():
        value = given.get(name)
        if value and is_odd(value):
            meant = words.number(value * factor, 4)
            asked = f"Was it in {unit}? {words.number(value, 4)} {unit} are {meant} {UNITS[name]}."
            found.append(Unusual(name, asked, value, value * factor))
    return found


def unusual_weight(weight_kg: float | None, last_weight_kg: float | None) -> list[Unusual]:
    """A weight that lies more than half above, or a third below, the last one asks: lb and kg are a factor of 2.2 apart."""
    if not weight_kg or not last_weight_kg or 2 / 3 <= weight_kg / last_weight_kg <= 1.5:
        return []
    return [
        Unusual(
            "weight_kg",
            f"The last one was {words.number(last_weight_kg)} kg. Is it in kg, not lb?",
            weight_kg,
        )
    ]


def unusual_vitals(given: Mapping[str, Any]) -> list[Unusual]:
    """What asks to be confirmed, never refused: systolic over 260 mmHg, diastolic above systolic, SpO2 under 70 %.

    given: the measures by name, as typed; absent ones ask nothing.
    """
    found = []
    for at in AT:
        upper, lower, oxygen = (given.get(f"{at}_{name}") for name in ("systolic", "diastolic", "spo2"))
        if upper is not None and upper > MOST_SYSTOLIC:
            found.append(Unusual(f"{at}_systolic", f"That is more than {MOST_SYSTOLIC}.", upper))
        if upper is not None and lower is not None and lower > upper:
            above = f"The lower value is above the upper one, {words.number(upper)}."
            found.append(Unusual(f"{at}_diastolic", above, lower))
        if oxygen is not None and oxygen < LEAST_SPO2:
            found.append(Unusual(f"{at}_spo2", f"That is less than {LEAST_SPO2}.", oxygen))
    return found


def said(name: str, value: Any) -> str:
    """A value of a record in words, with its unit: ("dose_mg", 55) is "55 mg"; nothing is an empty text."""
    if value is None or value == "":
        return ""
    if isinstance(value, (int, float)):
        return f"{words.number(value, 4)} {UNITS.get(name, '')}".strip()
    return words.date_full(date.fromisoformat(value)) if name == "day" else str(value)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """What became another between two revisions of a record (name: value), in the order of the record."""
    pairs = ((name, said(name, before.get(name)), said(name, now.get(name))) for name in LABELS)
    return [
        Change(LABELS[name], was or "nothing", is_now or "nothing")
        for name, was, is_now in pairs
        if was != is_now
    ]


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


def course_days(
    first: date, count: int, weekdays: frozenset[int] = frozenset(), every: int = 1
) -> list[date]:
    """The days of a course, strictly increasing: `count` of them from `first` on.

    weekdays: 0 is Monday, 6 is Sunday; none means one day every `every` days, beginning with the first itself.
    """
    if not weekdays:
        return [first + timedelta(days=every * step) for step in range(count)]
    days = (first + timedelta(days=step) for step in range(7 * count))
    return [day for day in days if day.weekday() in weekdays][:count]


def usual_interval(days: Iterable[date], at: date, most: int = COURSE_GAP_DAYS) -> float | None:
    """The median of the last four intervals of a course up to a day, else of all; None where it has only one infusion day.

    days: the infusions that were done or are planned, in any order. A course's neighbours are at most `most` days apart.
    The last four, since a course that began with six in two weeks and goes on monthly is a monthly one now.
    """
    course: list[date] = []
    for day in sorted({*days, at}):
        if course and (day - course[-1]).days > most:
            if at in course:
                break
            course = []
        course.append(day)
    gaps = [(later - earlier).days for earlier, later in pairwise(course)]
    lately = [(later - earlier).days for earlier, later in pairwise(course) if later <= at][-LATELY:]
    return median(lately or gaps) if gaps else None


def why_no_gap(
    status: str, day: date, today: date, is_last_done: bool, days: int, usual: float | None
) -> tuple[str, str] | None:
    """(field, words) why no longer gap can be marked after an infusion; None where it can.

    It is marked ahead: after a planned infusion from today on, or after the last one that was given, while the gap
    still lasts. It is longer than usual; as long as the course gap at most, beyond which a new course begins.
    """
    if status == "cancelled":
        return "gap", "This infusion is cancelled, so nothing follows it."
    if (status == "done" and not is_last_done) or (status == "planned" and day < today):
        return "gap", "This infusion is past: a longer gap is marked ahead."
    if day + timedelta(days=days) <= today:
        return "gap_days", "That day is past already: a longer gap is marked ahead."
    if usual is not None and days <= usual:
        return "gap_days", f"That is no longer than usual: {words.number(usual)} days here."
    return None
