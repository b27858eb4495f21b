"""The chain over the audit trail: what a line binds together, and what is wrong with a chain that somebody touched.

A line's mac is HMAC-SHA-256 over the mac of the line before, its own number and every column of its event. Who has
only the database can neither change an event nor make a later line anew; a cut tail is found by the head, which is
kept outside the database.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

# A column that is added to the table later needs a form of its own: what these macs cover can't change.
COLUMNS = (
    "id", "at", "actor_id", "role", "clinic_id", "action", "patient_id", "thing", "address", "request_id",
)  # fmt: skip
START = bytes(32)
# On PostgreSQL an earlier id may be committed after a later one, but not by this much.
LATEST = timedelta(hours=1)
MANY = 5  # lines that fit nowhere, one after the other, are told as one
MOST_JUDGED = 100  # lines that fit nowhere; beyond them nobody needs to be told which was swapped with which

Event = Sequence[Any]
Mac = Callable[[bytes, int, Event], list[bytes]]


def chain_key(secret: str) -> bytes:
    """32 bytes for the chain alone, by HKDF-SHA-256 without salt (RFC 5869)."""
    extracted = hmac.digest(START, secret.encode(), "sha256")
    return hmac.digest(extracted, b"neap audit chain\x01", "sha256")


def line_mac(key: bytes, before: bytes, seq: int, event: Event) -> bytes:
    """The mac of line `seq` for an event's columns as they are stored, after a line with the mac `before`."""
    said = json.dumps([seq, *event], separators=(",", ":"), default=repr)
    return hmac.digest(key, before + said.encode(), "sha256")


@dataclass(frozen=True)
class Line:
    """One line of the chain with its event's columns; None where the event is not there."""

    seq: int
    event_id: int
    mac: bytes
    event: Event | None


@dataclass(frozen=True)
class Head:
    """Where the chain stood when it was put away: how many lines, and the last one's mac."""

    count: int
    mac: bytes
    at: str = ""


@dataclass(frozen=True)
class Suspect:
    """A line that does not follow from the one before it."""

    line: Line
    before: bytes
    event: Event


@dataclass
class Walk:
    """One walk along the chain from its start; `end` says in words what is wrong.

    keys: the present key first, older ones after it. Lines were made with ever newer keys, so a line of an older key
    after one of a newer is none of ours. heads: what was put away, by the words that name where.
    """

    keys: Sequence[bytes]
    heads: Sequence[tuple[str, Head]] = ()
    count: int = 0
    mac: bytes = START
    faults: list[str] = field(default_factory=list)
    _suspects: list[Suspect] = field(default_factory=list)
    _unfit: int = 0
    _runs: list[tuple[int, int]] = field(default_factory=list)  # first and last line where none fits
    _found: dict[int, bytes] = field(default_factory=dict)
    _oldest: int = field(init=False)

    def __post_init__(self) -> None:
        self._oldest = len(self.keys) - 1

    def over(self, lines: Iterable[Line]) -> None:
        """Go on over the next lines, in their order."""
        for line in lines:
            self._step(line)

    def _step(self, line: Line) -> None:
        follows = line.seq == self.count + 1
        if not follows:
            self.faults.append(_gap(self.count, line.seq))
        before, self.count, self.mac = self.mac, line.seq, line.mac
        if any(head.count == line.seq for _, head in self.heads):
            self._found[line.seq] = line.mac
        if line.event is None:
            self.faults.append(f"Event {line.event_id} (line {line.seq} of the chain) was removed.")
        elif follows and not self._fits(before, line.seq, line.event, line.mac):
            first, last = self._runs.pop() if self._runs else (0, 0)
            if not first or last != line.seq - 1:
                self._runs += [(first, last)] if first else []
                first = line.seq
            self._runs.append((first, line.seq))
            self._unfit += 1
            if len(self._suspects) < MOST_JUDGED:
                self._suspects.append(Suspect(line, before, line.event))

    def _fits(self, before: bytes, seq: int, event: Event, mac: bytes) -> bool:
        """Whether a key that may still come makes this mac; older ones are done with from then on."""
        for place in range(self._oldest, -1, -1):
            if hmac.compare_digest(line_mac(self.keys[place], before, seq, event), mac):
                self._oldest = place
                return True
        return False

    def end(self) -> list[str]:
        """Everything that is wrong, once the last line was gone over."""
        cut, other = self._judge_heads()
        words, changed = judge(self._suspects, self._macs)
        for first, last in self._runs:
            inside = [one for one in changed if first <= one.line.seq <= last]
            is_long = last - first >= MANY or (last > first and (first == 1 or bool(other)))
            if is_long and len(inside) == len(
                [one for one in self._suspects if first <= one.line.seq <= last]
            ):
                changed = [one for one in changed if one not in inside]
                words.append(_made_anew(first, last))
        if self._unfit > len(self._suspects) and not any("fits" in one for one in words):
            words.append(f"{self._unfit - len(self._suspects):,} more lines do not fit.")
        words = [_changed(one.line) for one in changed] + words
        self.faults += [*words, *cut, *other]
        return self.faults

    def _macs(self, before: bytes, seq: int, event: Event) -> list[bytes]:
        return [line_mac(key, before, seq, event) for key in self.keys]

    def _judge_heads(self) -> tuple[list[str], list[str]]:
        """What was put away and lies beyond the end; what lies before it and is another line now."""
        cut, other = [], []
        for name, head in self.heads:
            when = f" since {head.at}" if head.at else ""
            if head.count > self.count:
                cut.append(
                    f"The chain's tail was cut: it ends at line {self.count}, but {name} knows line {head.count}{when}."
                )
            elif not hmac.compare_digest(self._found.get(head.count, b""), head.mac):
                other.append(f"Line {head.count} of the chain is not the one that {name} holds{when}.")
        return cut, other


def judge(suspects: Sequence[Suspect], macs: Mac) -> tuple[list[str], list[Suspect]]:
    """What was done to lines that do not follow from the one before: in words, and those whose event was changed.

    macs: what would fit there, by each key.
    """
    words: list[str] = []
    explained: set[int] = set()
    by_seq = {one.line.seq: one for one in suspects}
    for one in suspects:
        seq, after = one.line.seq, by_seq.get(one.line.seq + 1)
        true = macs(one.before, seq, one.event)
        if after and any(after.line.mac in macs(mac, seq + 1, after.event) for mac in true):
            words.append(f"Line {seq} of the chain was changed; its event {one.line.event_id} was not.")
            explained |= {seq, seq + 1}
    for one in suspects:
        for other in suspects:
            if one.line.seq not in explained and other is not one and _is_swapped(one, other, macs):
                first, second = sorted((one.line.event_id, other.line.event_id))
                words.append(f"Events {first} and {second} were reordered.")
                explained |= {one.line.seq, other.line.seq}
    changed = [
        one
        for one in suspects
        if one.line.seq not in explained
        and not any(one.line.mac in macs(other.line.mac, one.line.seq, one.event) for other in suspects)
    ]
    return words, changed


def _changed(line: Line) -> str:
    return f"Event {line.event_id} (line {line.seq} of the chain) was changed after it was appended."


def _is_swapped(one: Suspect, other: Suspect, macs: Mac) -> bool:
    """Whether the other's event belongs here: by its line, by its number, or by what it says."""
    seq, mac = one.line.seq, one.line.mac
    renamed = (one.event[0], *other.event[1:])
    return (
        mac in macs(one.before, seq, other.event)
        or mac in macs(one.before, seq, renamed)
        or other.line.mac in macs(one.before, seq, other.event)
    )


def _gap(last: int, seq: int) -> str:
    missing = seq - last - 1
    if missing <= 0:
        return f"Line {seq} of the chain stands where none can be."
    if missing == 1:
        return f"Line {seq - 1} of the chain was removed."
    return f"Lines {last + 1} to {seq - 1} of the chain were removed."


def _made_anew(first: int, last: int) -> str:
    return (
        f"No line from {first} to {last} of the chain fits this install's key: the chain was made anew without the key, "
        "all these events were changed, or AUDIT_KEY is another one."
    )


def is_late(event_id: int, at_ms: int, newest_id: int, newest_ms: int) -> bool:
    """Whether an event can't have been waiting: later ones are in the chain, and it is far older than they are."""
    return event_id < newest_id and at_ms < newest_ms - LATEST // timedelta(milliseconds=1)
