"""A day's writes and what they amount to: merging field by field, lateness, and which days are open.

The rule is that of lines 8 and 11-14 of the phone's protocol, so that a page's form, a file and a phone
that was offline for a week end in the same values whatever the order in which they arrive.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from diary.lib import clock
from diary.lib.extras import FACTORS
from diary.lib.symptoms import SYMPTOMS

SCORES = tuple(symptom.key for symptom in SYMPTOMS)
NUMBERS = ("worst_pain", "interference", "sleep_hours", "times_awake")
REGIONS = "regions"  # one field: the marked regions' keys, sorted, with spaces between
EXTRAS = (REGIONS, *FACTORS)
FIELDS = (*SCORES, *NUMBERS, "unwell", "note", *EXTRAS)
OWN = "own_"  # and the id, in hex, of one of the person's own symptoms
OWN_NAME = re.compile(r"own_[0-9a-f]{32}")
FACTOR_NAME = re.compile(r"factor_[0-9a-f]{32}")  # one of the clinic's own list, by its id in hex
MOST_OWN = 5
DAYS_BACK = 7
CLOCK_TOLERANCE = timedelta(minutes=10)
FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True)
class Note:
    """A note and whether it stays with the patient; None leaves that half as it is stored."""

    text: str | None
    private: bool | None = None


@dataclass(frozen=True)
class Write:
    """One stored write of a day: the fields it set (None: cleared) and the writes it had seen, by field.

    `zone` is the one it was written in: a day ends at the next 04:00 there. `is_timed` is False for an
    import that did not say when its scores were given.
    """

    id: UUID
    effective_at: datetime
    fields: Mapping[str, Any]
    base: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    written_by: str = "self"
    is_timed: bool = True
    names: UUID | None = None
    zone: str = "UTC"


@dataclass(frozen=True)
class Merged:
    """One field of a day: its value, the writes that show it, and what another device said instead."""

    value: Any
    ids: tuple[UUID, ...]
    conflicts: tuple[tuple[Any, UUID], ...] = ()
    by: UUID | None = None


@dataclass(frozen=True)
class Projection:
    """What a day's writes amount to; fields that nobody touched are not there."""

    fields: Mapping[str, Merged]
    late: frozenset[str]
    skipped: frozenset[str]
    written_by: str

    def value(self, name: str) -> Any:
        merged = self.fields.get(name)
        return merged.value if merged else None

    @property
    def has_conflict(self) -> bool:
        return any(merged.conflicts for merged in self.fields.values())


def is_field(name: str) -> bool:
    """Whether a day may hold a field of this name: one of FIELDS, an own symptom's score, or one of the clinic's factors."""
    return name in FIELDS or bool(OWN_NAME.fullmatch(name) or FACTOR_NAME.fullmatch(name))


def merge(writes: Iterable[Write]) -> dict[str, Merged]:
    """The value of each field touched by these writes, in whatever order they come.

    A write replaces, per field, the writes its base names; a ring of names counts as none. Of the writes
    left the greatest (effective_at, id) is the value, and those that differ from it are its conflicts.
    """
    by_field: dict[str, dict[UUID, Write]] = {}
    for write in writes:
        for name in write.fields:
            by_field.setdefault(name, {})[write.id] = write
    return {name: _merge_field(name, touching) for name, touching in by_field.items()}


def _merge_field(name: str, touching: dict[UUID, Write]) -> Merged:
    named = {w.id: {i for i in w.base.get(name, ()) if i in touching} for w in touching.values()}
    ringed = _perhaps_ringed(named)
    replaced: set[UUID] = set()
    for writer, targets in named.items():
        replaced.update(t for t in targets if t not in ringed or not _leads_to(named, t, writer))
    heads = [write for write in touching.values() if write.id not in replaced]
    last = max(heads, key=lambda write: (write.effective_at, write.id))
    value = last.fields[name]
    others = sorted((w for w in heads if w.fields[name] != value), key=lambda w: (w.effective_at, w.id))
    return Merged(
        value,
        tuple(sorted(w.id for w in heads)),
        tuple((w.fields[name], w.id) for w in reversed(others)),
        last.id,
    )


def _perhaps_ringed(named: Mapping[UUID, set[UUID]]) -> set[UUID]:
    """The writes that may stand in a ring of names: what is left when all that nobody names are taken away."""
    times = dict.fromkeys(named, 0)
    for targets in named.values():
        for target in targets:
            times[target] += 1
    waiting = [write for write, count in times.items() if count == 0]
    left = set(named)
    while waiting:
        here = waiting.pop()
        left.discard(here)
        for target in named[here]:
            times[target] -= 1
            if times[target] == 0:
                waiting.append(target)
    return left


def _leads_to(named: Mapping[UUID, set[UUID]], start: UUID, goal: UUID) -> bool:
    seen: set[UUID] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            waiting.extend(named[here])
    return False


def project(writes: Sequence[Write], day: date) -> Projection:
    """What a day shows: merged fields, which scores are late or skipped, and whether somebody helped."""
    merged = merge(writes)
    answered = {name for name in SCORES if name in merged and merged[name].value is not None}
    late = frozenset(name for name in answered if _is_late(writes, name, day))
    skipped = frozenset(name for name in SCORES if name in merged and name not in answered)
    return Projection(merged, late, skipped, writer_of(writes, merged))


def writer_of(writes: Iterable[Write], merged: Mapping[str, Merged]) -> str:
    """ "helper" where somebody else wrote any of the values that show."""
    shown = {m.by for m in merged.values()}
    return "helper" if any(w.written_by == "helper" for w in writes if w.id in shown) else "self"


def _is_late(writes: Iterable[Write], name: str, day: date) -> bool:
    """None of the score's stored answers was given before its day had ended; unknown moments make nothing late."""
    answers = [write for write in writes if write.fields.get(name) is not None]
    return all(w.is_timed and w.effective_at >= clock.day_end(day, w.zone) for w in answers)


def touched(shown: Mapping[str, Merged], typed: Mapping[str, Any], settles: bool = False) -> dict[str, Any]:
    """The typed fields that differ from what was shown; an empty score is an answer ("skipped").

    Where two answers were shown (`settles`: to somebody who could choose), either of them is a choice.
    """
    found = {}
    for name, value in typed.items():
        merged = shown.get(name)
        if name == "note":
            value = completed_note(merged.value if merged else None, value)
        if merged is None:
            is_nothing = (value is None and name not in SCORES) or value is False
        else:
            is_nothing = value == merged.value and not (settles and merged.conflicts)
        if not is_nothing:
            found[name] = value
    return found


def signed_anew(shown: Mapping[str, Merged], now: Mapping[str, Merged]) -> dict[str, Any]:
    """The values to be written once more because somebody else is named as their writer: those shown and still there."""
    return {
        name: merged.value
        for name, merged in shown.items()
        if not merged.conflicts and now[name].ids == merged.ids
    }


def completed_note(stored: Note | None, typed: Note | None) -> Note | None:
    """A note with the halves that were not typed taken from what is stored; a new one is private unless said."""
    if typed is None:
        return None
    text = typed.text if typed.text is not None else (stored.text if stored else None)
    if not text:
        return None
    private = typed.private if typed.private is not None else (stored.private if stored else True)
    return Note(text, private)


def base_of(
    shown: Mapping[str, Merged], fields: Iterable[str], also: UUID | None = None
) -> dict[str, tuple[UUID, ...]]:
    """Per field the writes whose values the screen showed: the value, equal ones and conflicts alike."""
    base = {}
    for name in fields:
        ids = shown[name].ids if name in shown else ()
        base[name] = tuple(dict.fromkeys((*ids, also) if also else ids))
    return base


def effective_moment(
    recorded_at: datetime | None, sent_at: datetime | None, skew: timedelta, received_at: datetime
) -> tuple[datetime, bool]:
    """When an answer counts as given, and whether the device's clock was off (the phone's protocol, line 11)."""
    if recorded_at is None:
        return received_at, False
    if sent_at is not None and recorded_at > sent_at:
        return received_at, True
    if abs(skew) <= CLOCK_TOLERANCE:
        return recorded_at, False
    return recorded_at + skew, True


def is_open(day: date, today: date) -> bool:
    """Whether a day may be written now: today and seven days back."""
    return timedelta(0) <= today - day <= timedelta(days=DAYS_BACK)


def why_closed(day: date, today: date, has_revision: bool = False) -> str | None:
    """Why a day can't be written, in words, or None. A day that was written already is never future."""
    if day > today and not has_revision:
        return "This day has not begun yet."
    if (today - day).days > DAYS_BACK:
        return f"This day is closed: a day can be written for {DAYS_BACK} days."
    return None


def late_bits(names: Iterable[str]) -> int:
    """Names of scores as bits, the first symptom lowest."""
    return sum(1 << SCORES.index(name) for name in set(names))


def names_of_bits(bits: int) -> frozenset[str]:
    return frozenset(name for place, name in enumerate(SCORES) if bits >> place & 1)


def digest_of(body: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def renamed(write_id: UUID, digest: bytes) -> UUID:
    """The id of a page's form that was sent again with other contents."""
    return uuid5(write_id, digest.hex())


def today_for(moment: datetime, zone: str) -> date:
    """The diary's day of a moment in a zone."""
    return clock.diary_day(moment, zone)


def plain(value: Any) -> Any:
    """A stored value as the phone keeps it: numbers, yes or no, a note with its privacy, None for cleared."""
    if isinstance(value, Note):
        return {"text": value.text or "", "private": bool(value.private)}
    return value


def described(projection: Projection, revision: int) -> dict[str, Any]:
    """A day for the phone: its values with the writes that show them, and what another device said instead."""
    return {
        "revision": revision,
        "late": sorted(projection.late),
        "written_by": projection.written_by,
        "values": {
            name: {"value": plain(merged.value), "ids": [str(i) for i in merged.ids]}
            for name, merged in projection.fields.items()
        },
        "conflicts": {
            name: _conflicts(merged) for name, merged in projection.fields.items() if merged.conflicts
        },
    }


def _conflicts(merged: Merged) -> list[dict[str, Any]]:
    return [{"value": plain(value), "id": str(write)} for value, write in merged.conflicts]
