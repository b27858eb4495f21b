"""What the check-ins after infusions said: side effects of the first 24 hours, the next morning, falls, urine."""

from collections.abc import Sequence

from diary.checkins.rules import (
    ASKING,
    CHECKIN,
    EFFECTS,
    EMERGENCIES,
    GRADED_URINE,
    STRENGTHS,
)
from diary.lib import words
from diary.reports.rules import said
from diary.reports.rules.facts import CheckedIn, Facts
from diary.reports.rules.model import Column, Effects, Line, Span, Table

SHOWN = 5  # the last infusions of the period that have a check-in within a day
FIRST_DAY = 1
MOST_ROWS = 8
SHORT = {"Feeling detached or unreal": "Detached or unreal", "Blurred or double vision": "Blurred vision"}


def effects(facts: Facts) -> Effects | None:
    """The table and its sentence; None where nothing is shared, or nothing was given in the period."""
    if facts.checkins is None:
        return None
    told = [one for one in facts.checkins if one.kind == CHECKIN and facts.since <= one.day <= facts.until]
    given = [one for one in facts.infusions or () if facts.since <= one.day <= facts.until]
    if not given and not told:
        return None
    early: dict[tuple[int, object], list[CheckedIn]] = {}
    for one in told:
        if 0 <= one.after <= FIRST_DAY:
            early.setdefault((one.number, one.infusion_day), []).append(one)
    keys = sorted(early, key=lambda key: (str(key[1]), key[0]))
    of = f"checked in after {len(keys)} of {words.plural(len(given), 'infusion')}"
    return Effects(
        _table([(key[0], early[key]) for key in keys[-SHOWN:]], of), _sentence(facts, told, of, bool(keys))
    )


def _table(columns: Sequence[tuple[int, Sequence[CheckedIn]]], of: str) -> Table | None:
    marked = [(name, [_strongest(key, checkins) for _, checkins in columns]) for key, name in EFFECTS.items()]
    marked = [(name, cells) for name, cells in marked if any(cells)]
    if not columns or not marked:
        return None
    marked.sort(key=lambda row: -sum(bool(cell) for cell in row[1]))
    rows = tuple(
        (Span(SHORT.get(name, name)), *(Span(cell or "–", "" if cell else "soft") for cell in cells))
        for name, cells in marked[:MOST_ROWS]
    )
    heads = (Column("infusion"), *(Column(str(number)) for number, _ in columns))
    return Table("se", "Side effects, first 24 hours", "", heads, rows)


def _strongest(key: str, checkins: Sequence[CheckedIn]) -> str:
    """The strongest grade that was said of an effect; "marked" has none; "" where it was not marked."""
    grades = [one.answers[key] for one in checkins if one.answers.get(key)]
    return max(grades, key=STRENGTHS.index) if grades else ""


def _sentence(facts: Facts, told: Sequence[CheckedIn], of: str, has_any: bool) -> str:
    if not told:
        return "No check-in in this period."
    found = [
        f"{of[:1].upper()}{of[1:]}"
        + (" in the first 24 hours; –: not marked." if has_any else " in the first 24 hours.")
    ]
    next_day = [one for one in told if one.answers.get("still_detached") is not None]
    if next_day:
        yes = [one for one in next_day if one.answers["still_detached"] != "no"]
        worst = max(
            (one.answers["still_detached"] for one in yes),
            key=("mild", "moderate", "severe").index,
            default="",
        )
        text = f"{len(yes)} of {len(next_day)}" + (f", at most {worst}" if worst else "")
        found.append(f"Detached or confused on the next day: {text}.")
    asked = [one for one in told if one.answers.get("fall") is not None]
    if asked:
        falls = [said.short(one.day, facts.until) for one in asked if one.answers["fall"] == "yes"]
        found.append(f"A fall: {said.listed(falls) if falls else f'none, asked {_times(len(asked))}'}.")
    for key, name in EMERGENCIES.items():
        on = [said.short(one.day, facts.until) for one in told if one.answers.get(key) == "yes"]
        found += [f"{name}: {said.listed(on)}."] if on else []
    found += _asking(facts, [one for one in told if any(one.answers.get(key) is not None for key in ASKING)])
    return " ".join(found)


def _times(count: int) -> str:
    return words.plural(count, "time").replace("1 time", "once")


def _asking(facts: Facts, asked: Sequence[CheckedIn]) -> list[str]:
    """The urinary symptoms, memory, craving, by how often they were said of how often they were asked."""
    if not asked:
        return []
    urine = [
        one for one in asked
        if one.answers.get("urine_blood") == "yes" or any(one.answers.get(key, "no") not in (None, "no") for key in GRADED_URINE)
    ]  # fmt: skip
    days: Line = tuple(Span(said.short(one.day, facts.until)) for one in urine)
    text = said.listed([day.text for day in days]) if days else "none"
    found = [f"Urinary symptoms, asked {_times(len(asked))}: {text}."]
    blood = [said.short(one.day, facts.until) for one in urine if one.answers.get("urine_blood") == "yes"]
    found += [f"Blood in urine: {said.listed(blood)}."] if blood else []
    for key, name in (
        ("memory", "Memory trouble"),
        ("craving", "Craving"),
        ("ketamine_outside", "Ketamine outside"),
    ):
        on = [
            said.short(one.day, facts.until)
            for one in asked
            if one.answers.get(key, "no") not in (None, "no")
        ]
        found += [f"{name}: {said.listed(on)}."] if on else []
    return found
