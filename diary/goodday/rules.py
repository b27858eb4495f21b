"""What a good day and a hard day are, and what the writes of a word amount to.

The line is the product's own: pain at least 30 % below the level before the infusions (`neap-response-1`), as a
whole score: "counts at 5 or less". A good day is one at or below it; it has come back with the second of two known
days running above it, as a response is lost. A day that was too unwell to log counts as above, a missing one not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from diary.entries.rules import Merged, Write, merge

WORD = "word"  # the kind of write, its one field, and what a phone keeps it under
LONGEST = 2_000
LEVEL_DAYS = 28
LEVEL_LEAST = 7
BACK_DAYS = 7


@dataclass(frozen=True)
class Word:
    """The words that stand, and the day on which they were written; `others` are those of another device."""

    text: str
    on: date
    others: tuple[str, ...] = ()


def level(before_course: Iterable[float], lately: Iterable[float], least: int) -> float | None:
    """The level of pain (0-10) that days are compared with, or None where there is too little to say.

    `before_course`: the scores of the 14 days before the latest course, of which `least` are needed. Without them
    (no course yet, or a diary begun in mid-treatment) it is the mean of `lately`, the scores of the 28 days before
    today, at least 7 of them: plain enough to hold, and nothing but an offer hangs on it.
    """
    first, rest = list(before_course), list(lately)
    if len(first) >= least:
        return sum(first) / len(first)
    return sum(rest) / len(rest) if len(rest) >= LEVEL_LEAST else None


def is_good(pain: float | None, line: float | None) -> bool:
    """Whether a day's pain lies at or below the line; without either nothing is claimed."""
    return pain is not None and line is not None and pain <= line


def is_back(today: date, pain: Mapping[date, float | None], line: float | None) -> bool:
    """Whether today is the second of two known days running above the line.

    `pain` holds the scored days, and with None those too unwell to log; the day before is looked for among the
    last 7. Nothing is said before today has its score.
    """
    if line is None or pain.get(today) is None:
        return False
    known = [day for n in range(1, BACK_DAYS + 1) if (day := today - timedelta(days=n)) in pain]
    return bool(known) and not is_good(pain[today], line) and not is_good(pain[known[0]], line)


def standing(writes: Iterable[Write], days: Mapping[UUID, date]) -> Word | None:
    """What the writes amount to by the rule of merging; `days` says on which day each was written."""
    found = merge(writes).get(WORD)
    if found is None or not found.value:
        return None
    return Word(str(found.value), days[_by(found)], tuple(text for text, _ in found.conflicts if text))


def _by(merged: Merged) -> UUID:
    assert merged.by is not None
    return merged.by
