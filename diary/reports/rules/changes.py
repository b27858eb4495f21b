"""What changed: the level before the infusions, the first and the last days of the period, with their n."""

from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.symptoms import SYMPTOMS
from diary.reports.rules import said
from diary.reports.rules.facts import Facts, days_before
from diary.reports.rules.model import Column, Line, Span, Table

PART_DAYS = 14
A_DAY = timedelta(days=1)
ENOUGH = 4  # as many of fourteen as a baseline needs (response.md, term 3)
FIRST_SCORES = 14


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the period whose means are shown."""

    since: date
    until: date

    @property
    def length(self) -> int:
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean (None: too few days for one) and how many of how many days it is of."""

    value: float | None
    n: str


def since_session(facts: Facts) -> date | None:
    """The day of the last session, where the days after it lie within the period."""
    on = facts.session_on
    return on if on is not None and facts.since - A_DAY <= on < facts.until else None


def parts(facts: Facts) -> tuple[Part, ...]:
    """The 14 days up to the last session and the days since; else the first and the last 14 days of the period.

    Half each of a shorter period; a single day is one part.
    """
    session = since_session(facts)
    if session is not None:
        return Part(days_before(session, PART_DAYS - 1), session), Part(session + A_DAY, facts.until)
    size = min(PART_DAYS, facts.length // 2)
    if size == 0:
        return (Part(facts.since, facts.until),)
    return (
        Part(facts.since, facts.since + timedelta(days=size - 1)),
        Part(facts.until - timedelta(days=size - 1), facts.until),
    )


def part_mean(facts: Facts, key: str, part: Part) -> Mean:
    """The mean of a part, from 4 scores (or all days of a shorter part) on."""
    scores = facts.scores(key, part.since, part.until)
    n = f"{len(scores)} of {part.length}"
    enough = len(scores) >= min(ENOUGH, part.length)
    return Mean(sum(scores) / len(scores) if enough else None, n)


def before(facts: Facts, key: str) -> Mean | None:
    """The level before the latest course, else the first scores here; None where neither is there."""
    course = facts.course(key)
    if course is None or course.reference_mean is None:
        return None
    if course.reference == "baseline":
        return Mean(course.reference_mean, f"{course.baseline_days} of {PART_DAYS}")
    scores = facts.scores(key, days_before(course.started_on, PART_DAYS), facts.until)
    return Mean(course.reference_mean, f"first {min(len(scores), FIRST_SCORES)}*")


def _pair(mean: Mean | None, strong: bool) -> Line:
    if mean is None:
        return (Span("–"), Span("no level", "soft"))
    if mean.value is None:
        return (Span("–"), Span(mean.n, "soft"))
    return (Span(str(said.figure(mean.value)), "b" if strong else ""), Span(mean.n, "soft"))


def _gap(earlier: Mean | None, later: Mean) -> Span:
    """The difference of two shown figures, or why there is none."""
    if earlier is None or earlier.value is None or later.value is None:
        return Span("not enough days", "soft")
    return Span(said.change(earlier.value, later.value), "b")


def _columns(facts: Facts, shown: tuple[Part, ...], has_level: bool) -> tuple[Column, ...]:
    heads = [Column("Symptom")]
    heads += [Column("Before infusions", "num", wide=True)] if has_level else []
    heads += [
        Column(said.short_period(part.since, part.until, facts.until), "num", wide=True) for part in shown
    ]
    session = since_session(facts)
    if session is not None:
        heads[-1] = Column(f"Since {said.short(shown[-1].since, facts.until)}", "num", wide=True)
    if len(shown) == 2:
        heads.append(Column("Since the session" if session else "Within the period"))
    heads += [Column("Since before")] if has_level else []
    return tuple(heads)


def _about(facts: Facts, references: set[str], has_two: bool) -> str:
    about = "mean scores, 0 none to 10 worst, and the days logged"
    course, session = facts.course(facts.leading), since_session(facts)
    if session is not None:
        about += f"; last session {said.long(session, facts.until)}"
    elif course is None:
        return f"{about}; " + ("first and last days of the period" if has_two else "the whole period")
    else:
        about += f"; infusions since {said.long(course.started_on, facts.until)}"
    return about + ("; *first scores here, already in treatment" if "first_days" in references else "")


def changes(facts: Facts) -> Table | None:
    """One row a symptom that was ever scored; None where scores are not shared or nothing was logged."""
    shown = parts(facts)
    ever = {key for day in facts.days or () for key, score in day.scores.items() if score is not None}
    keys = [symptom for symptom in SYMPTOMS if symptom.key in ever]
    levels = {symptom.key: before(facts, symptom.key) for symptom in keys}
    has_level = any(levels.values())
    rows: list[Line] = []
    for symptom in keys:
        means = [part_mean(facts, symptom.key, part) for part in shown]
        cells: Line = (Span(symptom.name),)
        cells += _pair(levels[symptom.key], False) if has_level else ()
        for mean in means:
            cells += _pair(mean, mean is means[-1])
        cells += (_gap(means[0], means[1]),) if len(means) == 2 else ()
        cells += (_gap(levels[symptom.key], means[-1]),) if has_level else ()
        rows.append(cells)
    if not rows:
        return None
    courses = (facts.course(symptom.key) for symptom in keys)
    references = {course.reference for course in courses if course is not None and course.reference}
    about = _about(facts, references, len(shown) == 2)
    return Table("chg", "What changed", about, _columns(facts, shown, has_level), tuple(rows))
