"""What a report is made of: plain data of one person, cut at the last day of the period."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Protocol

from diary.lib.symptoms import SYMPTOMS
from diary.response.rules import Course


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
