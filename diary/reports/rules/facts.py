"""What a report is made of: plain data of one person, cut at the last day of the period."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.lib.symptoms import SYMPTOMS
from diary.medications.rules import Catalogue, Counts, Span, Table
from diary.response.rules import Course
from diary.sessions.rules import CommitmentRow


class Logged(Protocol):
    """One day of the diary, as `entries.queries` gives it."""

    @property
    def day(self) -> date: ...
    @property
    def scores(self) -> Mapping[str, float | None]: ...
    @property
    def late(self) -> AbstractSet[str]: ...
    @property
    def unwell(self) -> bool: ...
    @property
    def helper(self) -> bool: ...
    @property
    def worst_pain(self) -> float | None: ...
    @property
    def interference(self) -> float | None: ...
    @property
    def sleep_hours(self) -> float | None: ...
    @property
    def times_awake(self) -> int | None: ...


class Given(Protocol):
    """One infusion that was given, as `infusions.queries` gives it."""

    @property
    def number(self) -> int: ...
    @property
    def day(self) -> date: ...
    @property
    def dose_mg(self) -> float: ...
    @property
    def weight_kg(self) -> float | None: ...


class Note(Protocol):
    """One note in the patient's words."""

    @property
    def day(self) -> date: ...
    @property
    def text(self) -> str: ...


class CheckedIn(Protocol):
    """One check-in after an infusion, or the intention before it, as `checkins.queries` gives it."""

    @property
    def kind(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def infusion_day(self) -> date: ...
    @property
    def day(self) -> date: ...
    @property
    def after(self) -> int: ...
    @property
    def answers(self) -> Mapping[str, Any]: ...
    @property
    def effects(self) -> Sequence[tuple[str, str]]: ...
    @property
    def own(self) -> str | None: ...
    @property
    def words(self) -> str | None: ...
    @property
    def words_private(self) -> bool: ...


class Wanted(Protocol):
    """A goal as it stands."""

    @property
    def words(self) -> str: ...
    @property
    def set_on(self) -> date: ...
    @property
    def until_on(self) -> date | None: ...
    @property
    def ended_on(self) -> date | None: ...


class Matter(Protocol):
    """An open safety matter, as far as the reader may know of it; `since` is when `owner` took it."""

    @property
    def title(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def on(self) -> date: ...
    @property
    def owner(self) -> str: ...
    @property
    def since(self) -> date | None: ...


@dataclass(frozen=True)
class Taken:
    """Every dose of a person's medicines with the days it holds, and what gives a class and a number to each.

    counts: as-needed doses that the diary says were taken.
    """

    spans: Sequence[Span]
    known: Catalogue
    table: Table
    counts: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose report it is."""

    name: str
    born_on: date | None
    clinic: str
    zone: str


@dataclass(frozen=True)
class Facts:
    """Everything a report may say; None stands for a part that is not shared with the reader.

    days: all logged days up to `until`, oldest first; courses: by symptom key, computed from these days only,
    so that a report of a period never tells of a later day; as_of: the last change of anything included (UTC).
    session_on: the last session that was held before `until`; kinds: what the reader may see; begins_on: the
    diary's first day where it lies after the period; course_gap: in days, infusions further apart are of two courses;
    has_unprintable: a text has signs that no bundled font has.
    """

    person: Person
    since: date
    until: date
    days: Sequence[Logged] | None
    infusions: Sequence[Given] | None
    courses: Mapping[str, Sequence[Course]] | None
    notes: Sequence[Note] | None
    as_of: datetime | None
    own: bool = False
    matters: Sequence[Matter] = ()
    taken: Taken | None = None
    checkins: Sequence[CheckedIn] | None = None
    commitments: Sequence[CommitmentRow] | None = None
    goals: Sequence[Wanted] | None = None
    session_on: date | None = None
    begins_on: date | None = None
    kinds: frozenset[str] = frozenset()
    course_gap: int = COURSE_GAP_DAYS
    has_unprintable: bool = False

    @property
    def length(self) -> int:
        return (self.until - self.since).days + 1

    @cached_property
    def shown(self) -> tuple[Logged, ...]:
        """The days within the period."""
        return tuple(day for day in self.days or () if self.since <= day.day <= self.until)

    @cached_property
    def leading(self) -> str:
        """The symptom that sentence and table speak of: pain, or the first that was ever scored."""
        scored = {key for day in self.days or () for key, score in day.scores.items() if score is not None}
        return next((symptom.key for symptom in SYMPTOMS if symptom.key in scored), SYMPTOMS[0].key)

    def course(self, key: str) -> Course | None:
        """The latest course that had begun by the last day shown."""
        found = (self.courses or {}).get(key) or ()
        return found[-1] if found else None

    def is_whole(self, key: str) -> bool:
        """Whether only whole scores were ever given for a symptom."""
        scores = (day.scores.get(key) for day in self.days or ())
        return all(score is None or score == int(score) for score in scores)

    def scores(self, key: str, since: date, until: date) -> list[float]:
        """The scores of a symptom from one day to another, both included."""
        days = (day for day in self.days or () if since <= day.day <= until)
        return [score for day in days if (score := day.scores.get(key)) is not None]

    def last_scores(self, key: str, count: int) -> list[tuple[date, float]]:
        """The last scores of the period, oldest first."""
        pairs = [(day.day, score) for day in self.shown if (score := day.scores.get(key)) is not None]
        return pairs[-count:]


def days_before(day: date, count: int) -> date:
    """So many days earlier, or the first day there is."""
    return day - timedelta(days=min(count, (day - date.min).days))
