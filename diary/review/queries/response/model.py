"""What the response page shows, as its template takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from diary.entries.queries import DayRow
from diary.infusions.queries import GapRow, InfusionRow
from diary.lib.symptoms import Symptom
from diary.response.rules import Course, InfusionResponse, Run, Week, staff
from diary.response.rules import gap as gaps
from diary.response.rules.drawn import WeekDays
from diary.review.queries.response.compared import Compared
from diary.review.queries.series import is_whole


@dataclass(frozen=True)
class Row:
    """One infusion of the table; `uuid` is that of the day's first record."""

    response: InfusionResponse
    number: str
    uuid: UUID | None
    mg: str
    mg_per_kg: float | None
    is_chosen: bool
    mean_after: float | None
    against: str


@dataclass(frozen=True)
class Group:
    """Neighbouring infusions of one series."""

    name: str
    words: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class WeekRow:
    """One week of the table, with its mean, and how many of its days are over."""

    week: Week
    days: WeekDays
    mean: float | None
    against: str
    over: int


@dataclass(frozen=True)
class RunRow:
    """A run of relief with the infusions in it, or after which one it began."""

    run: Run
    infusions: str
    last: date


@dataclass(frozen=True)
class Spaced:
    """A course whose infusions can be told from one another: the overlay, and where relief is counted durations and doses."""

    overlay: str
    overlay_words: str
    durations: str | None = None
    durations_words: str = ""
    points: str | None = None
    points_words: str = ""


@dataclass(frozen=True)
class Weekly:
    """A course in weeks and runs; `earlier` and `later` are the last weeks of the drawings beside this one."""

    chart: str
    runs: Sequence[RunRow]
    is_all: bool
    earlier: int | None
    later: int | None
    bin_words: str


@dataclass(frozen=True)
class GapPart:
    """A planned longer gap beside the usual intervals before it."""

    gap: gaps.Gap
    held: gaps.Held
    sentence: str
    chart: str
    words: str


@dataclass(frozen=True)
class Sheet:
    """What a picture is drawn from, as a table."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class CoursePart:
    """Everything of the chosen course."""

    course: Course
    chosen: Row
    years: bool
    headline: str
    facts: Sequence[staff.Fact]
    remark: str
    groups: Sequence[Group]
    earlier: Sequence[Group]
    before: Row | None
    after: Row | None
    spaced: Spaced | None
    weekly: Weekly | None
    gap: GapPart | None
    factors: Compared
    medicines: Compared
    sheets: Sequence[Sheet] | None
    definitions: str
    is_tight: bool
    has_relief: bool
    weeks: Sequence[WeekRow]


@dataclass(frozen=True)
class ResponsePage:
    """The page; `courses` are (course, the last infusion's uuid), `part` None where there is no infusion yet."""

    symptom: Symptom
    is_shared: bool
    courses: Sequence[tuple[Course, UUID | None]] = ()
    part: CoursePart | None = None
    logged_before: int = 0
    planned: Sequence[InfusionRow] = ()
    done: frozenset[UUID] = frozenset()

    def has(self, infusion: UUID | None) -> bool:
        """Whether it is one of the infusions that were done."""
        return infusion in self.done


@dataclass(frozen=True)
class Diary:
    """What the part is made from."""

    key: str
    rows: Sequence[DayRow]
    scores: Mapping[date, float]
    unwell: frozenset[date]
    done: Sequence[InfusionRow]
    today: date
    gaps: Sequence[GapRow] = ()

    @property
    def last_day(self) -> date | None:
        return max((*self.scores, *self.unwell), default=None)

    @property
    def is_whole(self) -> bool:
        return is_whole(self.rows, self.key)
