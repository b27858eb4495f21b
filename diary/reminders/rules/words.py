"""What reminders say: kind, another line each day, the same line for the same day, and never a word of health."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from diary.reminders.rules import message

TITLE = "Neap"
KINDS = (
    message.DAILY, message.CHECKIN, message.INTENTION, message.BASELINE, message.INFUSION, message.SESSION,
    message.COMMITMENT, message.FLAG_OPENED, message.FLAG_WAITS, message.FLAG_OVERDUE, message.TEST,
)  # fmt: skip


@dataclass(frozen=True)
class Wordings:
    """The lines by kind, and what stands before one that comes late."""

    lines: Mapping[str, Sequence[str]]
    late: str

    def wording(self, kind: str, thing: str, day: date, is_late: bool = False) -> tuple[str, str]:
        """(title, body) of a reminder of that kind about that thing on that day; raises KeyError for no kind.

        On two days running the lines differ, where there is more than one.
        """
        lines = self.lines[kind]
        body = lines[(day.toordinal() + _shift(thing, day)) % len(lines)]
        return TITLE, f"{self.late} {body}" if is_late else body


def _shift(thing: str, day: date) -> int:
    """So that two things of one day may read differently; what is about the day itself shifts nothing."""
    is_the_day = not thing or thing.startswith(day.isoformat())
    return 0 if is_the_day else hashlib.sha256(thing.encode()).digest()[0]


def wordings(text: str) -> Wordings:
    """The data file, read strictly; raises ValueError that names what is wrong."""
    found: Any = json.loads(text)
    lines = found["lines"]
    if set(lines) != set(KINDS):
        raise ValueError(f"lines are for {sorted(set(lines) ^ set(KINDS))}, or lack them")
    for kind, several in lines.items():
        if not several or len(set(several)) != len(several):
            raise ValueError(f"{kind} has no line, or the same one twice")
        if any(line != line.strip() or len(line) > 80 or line[-1:] not in (".", "?") for line in several):
            raise ValueError(f"a line of {kind} is no short sentence")
    return Wordings({kind: tuple(several) for kind, several in lines.items()}, found["late"])


def subject(body: str) -> str:
    """The subject of the mail that says this: "Neap has a question", "Neap: time for a moment"."""
    plain = body.split("\n")[0].rstrip(".")
    return plain if plain.startswith(f"{TITLE} ") else f"{TITLE}: {plain[:1].lower()}{plain[1:]}"
