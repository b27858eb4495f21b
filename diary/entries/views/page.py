"""What a day's page shows: its rows, its next question, where it stands, and answers that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from diary.entries.forms import NAMES
from diary.entries.queries import FactorRow, OpenDay, OwnSymptomRow, own_words
from diary.entries.rules import (
    DAYS_BACK,
    FIELDS,
    REGIONS,
    SCORES,
    Merged,
    described,
    is_open,
    why_closed,
)
from diary.goodday.queries import Line
from diary.goodday.rules import is_back, is_good
from diary.infusions.rules import day_words
from diary.lib import clock, words
from diary.lib.extras import FACTORS, extras_words, regions_words
from diary.lib.symptoms import BY_KEY, Symptom

LOW_ENERGY = ("pain", "mood", "fatigue")
MODES = ("low", "enough", "answer")
PHONES = ("iPhone", "Android")


@dataclass(frozen=True)
class Row:
    """One of the five rows as it stands."""

    symptom: Symptom
    value: float | None
    is_skipped: bool
    is_late: bool
    has_conflict: bool

    @property
    def is_answered(self) -> bool:
        return self.value is not None or self.is_skipped or self.has_conflict


@dataclass(frozen=True)
class Choice:
    """One of two answers: what the form would send for it, where it came from and when."""

    value: Any
    text: str
    shown: str
    private: str
    device: str
    said: str
    is_shown: bool


@dataclass(frozen=True)
class DayPage:
    """Everything a day's page shows; `typed` is what a refused form held, `is_first` that no day was ever written.

    `due`: what is offered after the day's questions, as (address, words, what stands beneath). `has_word`: whether
    a word from a good day is kept; `line`: what tells a good day from a hard one, for today only;
    `silence`: why no reminder comes, for today too.
    """

    day: date
    now: datetime
    zone: str
    open_day: OpenDay
    modes: frozenset[str]
    infusion: tuple[date, int] | None
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    base: UUID | None = None
    keeps_base: bool = False
    is_first: bool = False
    due: Sequence[tuple[str, str, str]] = ()
    has_word: bool = False
    line: Line | None = None
    own: Sequence[OwnSymptomRow] = ()
    of_clinic: Sequence[FactorRow] = ()
    silence: str = ""

    @cached_property
    def today(self) -> date:
        return clock.diary_day(self.now, self.zone)

    @property
    def shown(self) -> Mapping[str, Merged]:
        return self.open_day.projection.fields if self.open_day.projection else {}

    @property
    def form_base(self) -> UUID | None:
        """The write that the form's answers were made from: of a refused form its own, else the day's last."""
        return self.base if self.keeps_base else self.open_day.last_write

    @property
    def place(self) -> str:
        """Where the day stands in the course, in words."""
        return day_words(self.day, self.infusion)

    @property
    def known(self) -> dict[str, Any]:
        """The day for the phone's store; nothing is known of a day without a write."""
        projection = self.open_day.projection
        return (
            described(projection, 0)
            if projection
            else {"values": {}, "conflicts": {}, "late": [], "written_by": "self"}
        )

    def value(self, name: str) -> Any:
        merged = self.shown.get(name)
        return merged.value if merged else None

    def text(self, name: str) -> str:
        """What a field holds: what was typed last, else what is stored."""
        return self.typed[name] if name in self.typed else as_text(name, self.value(name))

    def has_conflict(self, name: str) -> bool:
        return name in self.shown and bool(self.shown[name].conflicts)

    # The day ----------------------------------------------------------------------------------

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def is_future(self) -> bool:
        return self.day > self.today and not self.shown

    @property
    def is_open(self) -> bool:
        return is_open(self.day, self.today) or (self.day > self.today and bool(self.shown))

    @property
    def why_closed(self) -> str:
        return why_closed(self.day, self.today, bool(self.shown)) or ""

    @property
    def heading(self) -> str:
        return self.name_of(self.day)

    def name_of(self, day: date) -> str:
        ago = (self.today - day).days
        return {-1: "Tomorrow", 0: "Today", 1: "Yesterday"}.get(ago, words.weekday(day))

    @property
    def already(self) -> str:
        """Between midnight and four: the day that has begun on the wall clock."""
        there = clock.local(self.now, self.zone).date()
        return words.weekday(there) if self.is_today and there != self.today else ""

    @property
    def days_later(self) -> int:
        return max(0, (self.today - self.day).days)

    @property
    def is_late(self) -> bool:
        """Whether what is still unanswered would be marked late: the day is over and a score is missing."""
        return bool(self.days_later) and any(key not in self.shown for key in SCORES) and not self.is_unwell

    @property
    def before(self) -> date | None:
        return self.day - timedelta(days=1) if self.days_later < DAYS_BACK else None

    @property
    def after(self) -> date | None:
        return self.day + timedelta(days=1) if self.day < self.today else None

    # Its answers ------------------------------------------------------------------------------

    @property
    def is_low(self) -> bool:
        return "low" in self.modes

    @cached_property
    def rows(self) -> list[Row]:
        late = self.open_day.projection.late if self.open_day.projection else frozenset()
        return [
            Row(
                BY_KEY[key],
                self.value(key),
                key in self.shown and self.value(key) is None,
                key in late,
                self.has_conflict(key),
            )
            for key in (LOW_ENERGY if self.is_low and self.is_open else SCORES)
        ]

    @cached_property
    def current(self) -> str | None:
        """The next question: the first row without an answer, unless that was enough."""
        if "enough" in self.modes or self.is_unwell:
            return None
        return next((row.symptom.key for row in self.rows if not row.is_answered), None)

    @property
    def is_unwell(self) -> bool:
        """Too unwell is the day's answer while no score stands beside it and none is about to be given."""
        scored = any(self.value(key) is not None for key in SCORES)
        return bool(self.value("unwell")) and not scored and "answer" not in self.modes

    @property
    def has_answer(self) -> bool:
        """Whether anything is told; a skipped score is, what was taken back is not."""
        return any(name in SCORES or merged.value not in (None, False) for name, merged in self.shown.items())

    @property
    def is_word_offered(self) -> bool:
        """Whether the second hard day running makes the word from a good day worth an offer."""
        return self.has_word and self.line is not None and is_back(self.day, self.line.pain, self.line.most)

    @property
    def is_word_asked(self) -> bool:
        """Whether this is a good day on which a word may be kept; where one is kept already, More has it."""
        if self.has_word or self.line is None or self.current:
            return False
        return is_good(self.line.pain.get(self.day), self.line.most)

    @property
    def is_helped(self) -> bool:
        stored = self.open_day.projection.written_by if self.open_day.projection else "self"
        return self.typed.get("written_by", stored) == "helper"

    @property
    def saved(self) -> str:
        """ "Saved", with the minute once the day is done."""
        at = self.open_day.changed_at
        if at is None:
            return ""
        there = clock.local(at, self.zone)
        is_now = clock.diary_day(at, self.zone) == self.today
        return f"Saved at {words.time_hm(there)}" if is_now and not self.current else "Saved"

    # What was added -----------------------------------------------------------------------------

    @property
    def regions(self) -> list[str]:
        return self.text(REGIONS).split()

    @property
    def factors(self) -> list[str]:
        return [name for name in self.factor_names if self.text(name) == "yes"]

    @property
    def factor_names(self) -> dict[str, str]:
        """By key what may be ticked about this day, or was: Neap's own list, then the clinic's."""
        asked = [
            one
            for one in self.of_clinic
            if one.is_asked or self.text(one.key) == "yes" or self.has_conflict(one.key)
        ]
        return FACTORS | {one.key: one.name for one in asked}

    @property
    def extras_words(self) -> str:
        """Everything that is marked, in a line."""
        scored = {one.key: self.value(one.key) for one in self.own if self.value(one.key) is not None}
        return extras_words(self.regions, self.factors, own_words(scored, self.own), self.factor_names)

    @property
    def own_asked(self) -> list[OwnSymptomRow]:
        """The own symptoms that are asked for on this day: those scored now, and retired ones that it holds already."""
        return [one for one in self.own if one.retired_on is None or self.value(one.key) is not None]

    @property
    def undecided_own(self) -> bool:
        return any(self.has_conflict(one.key) for one in self.own)

    @property
    def named(self) -> list[tuple[str, str]]:
        """(key, name) of what she named herself, and of what her clinic did."""
        return [
            *((one.key, one.name) for one in self.own),
            *((one.key, one.name) for one in self.of_clinic),
        ]

    def label(self, name: str) -> str:
        """What a field is called."""
        named = (text for key, text in self.named if key == name)
        return NAMES.get(name) or next(named, "One of your own")

    @property
    def marked(self) -> str:
        """How much is marked: "5 places, 2 things that happened"; empty for nothing."""
        counts = (
            (len(self.regions), "place", "places"),
            (len(self.factors), "thing that happened", "things that happened"),
            (
                sum(self.value(one.key) is not None for one in self.own),
                "score of your own",
                "scores of your own",
            ),
        )
        return ", ".join(words.plural(n, one, more) for n, one, more in counts if n)

    @property
    def undecided_factors(self) -> bool:
        """Whether a factor has two answers: Today asks which of them counts."""
        return any(self.has_conflict(name) for name in self.factor_names)

    # Two answers ------------------------------------------------------------------------------

    @property
    def has_two_answers(self) -> bool:
        return any(merged.conflicts for merged in self.shown.values())

    def two_answers(self, device: str) -> list[tuple[str, str, list[Choice]]]:
        """The fields with two answers: key, name, and the answers to choose from, the earliest first.

        `device` is the one that asks, in the words that a write keeps of its own.
        """
        return [
            (name, self.label(name), self._choices(name, self.shown[name], device))
            for name in (*FIELDS, *(key for key, _ in self.named))
            if self.has_conflict(name)
        ]

    def _choices(self, name: str, merged: Merged, device: str) -> list[Choice]:
        said: dict[Any, Any] = {merged.value: merged.by}
        for value, by in merged.conflicts:
            said.setdefault(value, by)
        sources = self.open_day.sources
        order = {write: (at, place) for place, (write, (_, at)) in enumerate(sources.items())}
        answers = sorted(said.items(), key=lambda answer: order[answer[1]])
        is_alone = sum(sources[by][0] == device for _, by in answers) < 2
        return [
            self._choice(name, value, by, value == merged.value, where_from(sources[by][0], device, is_alone, place))
            for place, (value, by) in enumerate(answers)
        ]  # fmt: skip

    def _choice(self, name: str, value: Any, by: Any, is_shown: bool, where: str) -> Choice:
        at = self.open_day.sources[by][1]
        there = clock.local(at, self.zone)
        private = ("yes" if value.private else "no") if name == "note" and value else ""
        said = f"{words.weekday(there.date())} at {words.time_hm(there)}"
        return Choice(value, as_text(name, value), shown_text(name, value), private, where, said, is_shown)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """What a form that was refused for its age typed beside what is stored: name, typed, stored."""
        stored = {name: as_text(name, self.value(name)) for name in FIELDS}
        return [
            (NAMES[name], self.typed[name] or "nothing", stored[name] or "nothing")
            for name in FIELDS
            if name in self.typed and self.typed[name].replace("\r\n", "\n") != stored[name] and self.shown
        ]

    @property
    def typed_words(self) -> list[tuple[str, str]]:
        """Everything that a refused form held, to be copied."""
        return [(NAMES[name], text) for name, text in self.typed.items() if name in NAMES and text]


def where_from(source: str, device: str, is_alone: bool, place: int) -> str:
    """Where an answer came from, for somebody on `device`.

    Two tabs, or two phones of a kind, leave the same words; then only the order tells them apart.
    """
    if source != device:
        return source or "Another device"
    if not is_alone:
        return "Answered first" if place == 0 else "Answered later"
    return "This phone" if any(kind in device for kind in PHONES) else "This device"


def as_text(name: str, value: Any) -> str:
    """A value as its field would be typed."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if name == REGIONS:
        return str(value)
    return (value.text or "") if name == "note" else words.number(value, 2)


def shown_text(name: str, value: Any) -> str:
    """A value as one of two answers is read."""
    if name == REGIONS:
        return regions_words((value or "").split()) or "nowhere"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return as_text(name, value)


def nobodys_day() -> DayPage:
    """A page without a person or an answer, for the shell that opens without internet; scripts put in the day."""
    day = date(2000, 1, 3)
    return DayPage(day, datetime(2000, 1, 3, 12, tzinfo=UTC), "UTC", OpenDay(day), frozenset(), None)
