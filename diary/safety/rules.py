"""Which numbers stand on the help page, and which answers open a flag: data with version, refused by name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from diary.careteam.rules import (
    Opening,
    Role,
    closing_time,
    hour_words,
    moment_after,
    next_opening,
    opening_words,
)
from diary.lib import clock
from diary.lib.words import date_long, date_short, plural, time_hm, weekday

COUNTRY_OF_ZONE = {"Europe/London": "GB", "Europe/Belfast": "GB", "Europe/Dublin": "IE"}
LEVELS = ("urgent", "high", "normal")
HELPS = ("emergency", "crisis", "clinic", "call_before_change", "none")
MOMENTS = ("answer", "days")
# The first three lines of the table in clinical.md, section 6: a file without them is no file of rules.
ALWAYS = {
    "self_harm": ("urgent", "crisis"),
    "emergency_after_infusion": ("urgent", "emergency"),
    "fall": ("high", "clinic"),
    "detached_next_day": ("high", "clinic"),
}


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


@dataclass(frozen=True)
class Rule:
    """What opens a flag: its level, the staff's title, when it fires, and what the phone says at once.

    `counts` are the numbers of a rule over days, by name; title and `fires` say them.
    """

    key: str
    version: int
    level: str
    title: str
    fires: str
    help: str
    words: str
    when: str
    asked: bool
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """The rules of one file by key, and the file's version."""

    version: str
    by_key: Mapping[str, Rule]

    def __getitem__(self, key: str) -> Rule:
        return self.by_key[key]


FIELDS = {
    "version": int,
    "asked": bool,
    **dict.fromkeys(("level", "title", "fires", "help", "words", "when"), str),
}
# The numbers of each rule over days. `on` of the last `of` days; `fresh`: how old the last of them may be; `least`:
# how many of the days before must be known.
COUNTS = {
    "above_usual": ("points", "mean_of", "high_from", "on", "of", "fresh"),
    "little_sleep": ("days", "hours", "points", "mean_of", "least"),
    "silence": ("days",),
}


def safety_rules(text: str) -> Rules:
    """Read the file of rules (clinical.md, section 6); raises ValueError that names the rule and what is wrong."""
    try:
        data = json.loads(text, object_pairs_hook=once)
    except ValueError as error:
        raise ValueError(f"safety rules: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("rules"), dict):
        raise ValueError("safety rules: there is no list of rules in the file")
    if not isinstance(data.get("version"), str) or not data["version"]:
        raise ValueError("safety rules: the file has no version")
    found = {key: _rule(key, entry) for key, entry in data["rules"].items()}
    for key, (level, help_) in ALWAYS.items():
        if key not in found:
            raise ValueError(f"safety rule {key}: missing; this rule can't be taken out")
        if (found[key].level, found[key].help) != (level, help_):
            raise ValueError(f"safety rule {key}: can't be weakened; it is {level} and shows {help_}")
    return Rules(data["version"], found)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose names are all different: the second of two alike would silently win."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} stands there twice")
    return dict(pairs)


def _rule(key: str, entry: Any) -> Rule:
    if not isinstance(entry, dict):
        raise ValueError(f"safety rule {key}: is no rule")
    for name in entry:
        if name not in FIELDS and not (name == "counts" and key in COUNTS):
            raise ValueError(f"safety rule {key}: {name} is not a field of a rule")
    for name, kind in FIELDS.items():
        if name not in entry:
            raise ValueError(f"safety rule {key}: {name} is missing")
        if type(entry[name]) is not kind:
            raise ValueError(f"safety rule {key}: {name} can't be {entry[name]!r}")
    rule = _counted(Rule(key=key, **{"counts": {}, **entry}))
    for name, allowed in (("level", LEVELS), ("help", HELPS), ("when", MOMENTS)):
        if entry[name] not in allowed:
            raise ValueError(
                f"safety rule {key}: {name} is {entry[name]!r}; it is one of {', '.join(allowed)}"
            )
    if rule.version < 1:
        raise ValueError(f"safety rule {key}: version can't be {rule.version}")
    if not rule.title.strip() or not rule.fires.strip():
        raise ValueError(f"safety rule {key}: has no title, or does not say when it fires")
    if (rule.help == "none") == bool(rule.words.strip()):
        raise ValueError(f"safety rule {key}: the phone shows {rule.help}, which does not go with its words")
    return rule


def _counted(rule: Rule) -> Rule:
    """The rule with its numbers in its words; raises ValueError where one is missing, odd or not known."""
    names = COUNTS.get(rule.key, ())
    if not names:
        return rule
    if not isinstance(rule.counts, dict) or set(rule.counts) != set(names):
        raise ValueError(f"safety rule {rule.key}: counts are {', '.join(names)}")
    for name, number in rule.counts.items():
        if type(number) is not int or number < 1:
            raise ValueError(f"safety rule {rule.key}: {name} can't be {number!r}")
    if rule.counts.get("on", 0) > rule.counts.get("of", 0):
        raise ValueError(f"safety rule {rule.key}: on can't be more than of")
    try:
        return replace(
            rule, title=rule.title.format_map(rule.counts), fires=rule.fires.format_map(rule.counts)
        )
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise ValueError(f"safety rule {rule.key}: words name {error}, which is no count") from None


def owner_of(level: str, staff: Sequence[tuple[int, str, bool]]) -> int | None:
    """Whose a new flag is: (person, role, cares for the patient) in the order of choice; None where nobody is there.

    Urgent and high: a clinician who cares for the patient, else any clinician. Normal: the patient's coach, else
    the same. Else an admin, who finds somebody.
    """
    wanted = [(Role.CLINICIAN, True), (Role.CLINICIAN, False), (Role.ADMIN, None)]
    if level == "normal":
        wanted.insert(0, (Role.COACH, True))
    for role, cares in wanted:
        for person, has, linked in staff:
            if has == role and cares in (None, linked):
                return person
    return None


REMINDER = timedelta(minutes=15)
GOES_ON = timedelta(minutes=60)
CLOSED_SHOWN = timedelta(days=30)
LEVEL_WORDS = {"urgent": "Urgent", "high": "High", "normal": "Normal"}


@dataclass(frozen=True)
class Timer:
    """When a flag that nobody acknowledged is remembered and when it is overdue; aware moments."""

    since: datetime
    reminder_at: datetime
    overdue_at: datetime


def timer(level: str, since: datetime, opening: Opening, zone: str) -> Timer | None:
    """Urgent and high wait 60 minutes in opening hours, else until the clinic opens; normal waits for the coach.

    Source: clinical.md, section 6, the first line; a clinic without opening hours counts the clock's minutes.
    """
    if level == "normal":
        return None
    return Timer(since, since + REMINDER, moment_after(opening, since, GOES_ON, zone))


@dataclass(frozen=True)
class Unanswered:
    """A flag that nobody has acknowledged: its clinic's hours and zone, and whom the clinic has.

    `staff` are (person, role, cares for the patient); `waits_since` is aware, from there the
    timer runs.
    """

    id: UUID
    level: str
    waits_since: datetime
    owner_id: int | None
    staff: tuple[tuple[int, str, bool], ...]
    opening: Opening
    zone: str


def is_overdue(state: str, timer: Timer | None, now: datetime) -> bool:
    """Whether nobody acknowledged it in time."""
    return state == "open" and timer is not None and now >= timer.overdue_at


def rank(state: str, level: str, overdue: bool) -> int:
    """The place of a flag in every list, most pressing first; acknowledged ones come after those that wait."""
    if state == "closed":
        return 9
    if overdue:
        return 0
    return 1 + LEVELS.index(level) + (0 if state == "open" else 4)


def state_words(state: str, level: str, overdue: bool) -> str:
    """ "Urgent, overdue", "High, acknowledged", "Normal, closed"."""
    words = "overdue" if overdue else {"open": "not acknowledged"}.get(state, state)
    return f"{LEVEL_WORDS[level]}, {words}"


def wait_words(span: timedelta) -> str:
    """ "22 minutes", "3 hours", "2 days": as one would say it, rounded down, never less than a minute."""
    minutes = max(1, int(span.total_seconds() // 60))
    if minutes < 120:
        return plural(minutes, "minute")
    return plural(minutes // 60, "hour") if minutes < 48 * 60 else plural(minutes // 1440, "day")


def when_words(at: datetime, now: datetime, zone: str) -> str:
    """ "today, 08:12", "yesterday, 20:35", "Sat 21 Nov, 20:35" on the wall clock of a zone."""
    there, today = clock.local(at, zone), clock.local(now, zone).date()
    days = (today - there.date()).days
    if days in (0, 1, -1):
        day = {0: "today", 1: "yesterday", -1: "tomorrow"}[days]
    else:
        day = f"{weekday(there.date())[:3]} {date_short(there.date())}"
    return f"{day}, {time_hm(there)}"


def clock_words(at: datetime, now: datetime, zone: str) -> str:
    """The time alone where it is of today: "08:12", else "Sat 21 Nov, 20:35"."""
    return when_words(at, now, zone).removeprefix("today, ")


def until_then(country: Country) -> str:
    """Whom to call while the clinic is closed: "call Samaritans, 116 123, day and night. In danger: 999."."""
    calls = [f"call {line.name}, {line.number}" for line in country.lines if line.kind == "call"]
    texts = [f"text {line.number}" for line in country.lines if line.kind == "text"]
    danger = f"In danger: {country.emergency.number}."
    if not calls and not texts:
        return f"Until then, in danger: {country.emergency.number}."
    return f"Until then: {' or '.join([*calls, *texts])}. {danger}"


@dataclass(frozen=True)
class Standing:
    """Whether a clinic is open now, in words for whoever needs it; `hours` are its hours in words."""

    is_open: bool
    words: str
    hours: str


def clinic_standing(opening: Opening, now: datetime, zone: str) -> Standing | None:
    """Words on a clinic's hours at an aware moment; None where it has set none."""
    if not opening:
        return None
    hours = opening_words(opening)
    closes = closing_time(opening, now, zone)
    if closes is not None:
        return Standing(True, f"Your clinic is open until {hour_words(closes)}.", hours)
    opens = next_opening(opening, now, zone)
    if opens is None:
        return None
    there = clock.local(opens, zone)
    ahead = (there.date() - clock.local(now, zone).date()).days
    day = "today" if ahead == 0 else weekday(there.date()) if ahead < 7 else date_long(there.date())
    return Standing(False, f"Your clinic opens {day} {hour_words(there)}.", hours)
