"""The caseload's reasons as data: groups, order, words and numbers, read from a file and refused by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from diary.safety.rules import Rules, once

GROUPS = ("flags", "know", "usual")


@dataclass(frozen=True, slots=True)
class Spec:
    """What the code of a reason gives its words, which numbers it asks of the file, and the safety rule that it is."""

    names: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    rule: str = ""


GAP = ("day", "of_days", "held", "logged", "over", "last")
SPECS = {
    "flag": Spec(("level", "owner", "what", "when", "state")),
    "flag_over_days": Spec(("level", "owner", "what", "words", "state")),
    "little_sleep": Spec(("slept", "slept_n", "tired", "tired_n"), rule="little_sleep"),
    "above_usual": Spec(("symptom", "mean", "high"), rule="above_usual"),
    "very_high": Spec(("symptom", "high"), rule="above_usual"),
    "silence": Spec(("since", "count_days"), rule="silence"),
    "not_begun": Spec(rule="silence"),
    "severe": Spec(("effect", "number", "day"), ("days",)),
    "unwell": Spec(("count_days", "when"), ("days", "least")),
    "relief_ended": Spec(("day", "began", "last"), ("days",)),
    "gap_ending": Spec(GAP, ("last_days",)),
    "session": Spec(("when", "time"), ("days",)),
    "commitment": Spec(("count", "until", "them"), ("days",)),
    "gap": Spec(GAP),
    "as_usual": Spec(),
    "scores_not_shared": Spec(),
    "nothing_shared": Spec(),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody stands where they stand: a few words, and a sentence. `rule` is the safety rule that it meets.

    `place` is that of its group.
    """

    key: str
    group: str
    place: int
    order: int
    title: str
    words: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the caseload: its heading, and by what its rows are sorted, in words."""

    key: str
    title: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Template:
    """A reason as the file has it; `counts` are its own numbers and those of its safety rule."""

    key: str
    group: str
    order: int
    title: str
    words: str
    rule: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """The reasons of one file by key, its groups in order, and its version."""

    version: str
    groups: tuple[Group, ...]
    by_key: Mapping[str, Template]

    def count(self, key: str, name: str) -> int:
        """A number of a reason, its safety rule's included."""
        return self.by_key[key].counts[name]

    def say(self, key: str, **said: object) -> Reason:
        """The reason in words."""
        one = self.by_key[key]
        names = {**one.counts, **said}
        return Reason(
            key,
            one.group,
            GROUPS.index(one.group),
            one.order,
            one.title.format_map(names),
            one.words.format_map(names),
            one.rule,
        )


def book(text: str, safety: Rules) -> Book:
    """Read the file of reasons; raises ValueError that names the reason and what is wrong with it."""
    try:
        data = json.loads(text, object_pairs_hook=once)
    except ValueError as error:
        raise ValueError(f"caseload reasons: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(data.get(n), dict) for n in ("groups", "reasons")):
        raise ValueError("caseload reasons: the file has no groups or no reasons")
    if not isinstance(data.get("version"), str) or not data["version"]:
        raise ValueError("caseload reasons: the file has no version")
    if tuple(data["groups"]) != GROUPS:
        raise ValueError(f"caseload reasons: the groups are {', '.join(GROUPS)}")
    groups = tuple(_group(key, entry) for key, entry in data["groups"].items())
    for key in {*SPECS, *data["reasons"]}:
        if key not in SPECS:
            raise ValueError(f"caseload reason {key}: nothing finds it")
        if key not in data["reasons"]:
            raise ValueError(f"caseload reason {key}: missing")
    return Book(data["version"], groups, {key: _template(key, data["reasons"][key], safety) for key in SPECS})


def _group(key: str, entry: Any) -> Group:
    if not isinstance(entry, dict) or set(entry) != {"title", "sorted"}:
        raise ValueError(f"caseload group {key}: has a title and by what it is sorted")
    if not all(isinstance(words, str) for words in entry.values()) or not entry["title"].strip():
        raise ValueError(f"caseload group {key}: its words are no words")
    return Group(key, entry["title"], entry["sorted"])


FIELDS = {"group": str, "order": int, "title": str, "words": str, "counts": dict}


def _template(key: str, entry: Any, safety: Rules) -> Template:
    spec = SPECS[key]
    fields = FIELDS | ({"rule": str} if spec.rule else {})
    if not isinstance(entry, dict):
        raise ValueError(f"caseload reason {key}: is no reason")
    for name in {*fields, *entry}:
        if name not in fields:
            raise ValueError(f"caseload reason {key}: {name} is not a field of it")
        if name not in entry:
            raise ValueError(f"caseload reason {key}: {name} is missing")
        if type(entry[name]) is not fields[name]:
            raise ValueError(f"caseload reason {key}: {name} can't be {entry[name]!r}")
    _check_place(key, entry)
    if spec.rule and (entry["rule"] != spec.rule or spec.rule not in safety.by_key):
        raise ValueError(f"caseload reason {key}: its safety rule is {spec.rule}")
    if set(entry["counts"]) != set(spec.counts):
        raise ValueError(f"caseload reason {key}: its counts are {', '.join(spec.counts) or 'none'}")
    for name, number in entry["counts"].items():
        if type(number) is not int or not 0 < number <= 90:
            raise ValueError(f"caseload reason {key}: {name} can't be {number!r}")
    counts = {**(safety[spec.rule].counts if spec.rule else {}), **entry["counts"]}
    for words in (entry["title"], entry["words"]):
        _check_names(key, words, {*spec.names, *counts})
    return Template(key, entry["group"], entry["order"], entry["title"], entry["words"], spec.rule, counts)


def _check_place(key: str, entry: Mapping[str, Any]) -> None:
    """A flag stands with the flags and nothing else does; what is as usual can't be called something to know."""
    is_flag, is_plain = key.startswith("flag"), key in ("as_usual", "scores_not_shared", "nothing_shared")
    allowed = ("flags",) if is_flag else ("usual",) if is_plain else ("know", "usual")
    if entry["group"] not in allowed:
        raise ValueError(f"caseload reason {key}: its group is {' or '.join(allowed)}")
    if entry["order"] < 0 or not entry["title"].strip():
        raise ValueError(f"caseload reason {key}: has no place or no title")


def _check_names(key: str, words: str, allowed: set[str]) -> None:
    try:
        parts = list(Formatter().parse(words))
    except ValueError as error:
        raise ValueError(f"caseload reason {key}: {error}") from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in allowed or form or conversion):
            raise ValueError(f"caseload reason {key}: {{{name}}} is not one of its names")
