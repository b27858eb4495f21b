"""A planned longer gap: how far relief held in it, and the usual intervals before it, to be shown beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.words import plural
from diary.response.rules.courses import Course
from diary.response.rules.days import WINDOW_DAYS
from diary.response.rules.drawn import Line

MOST_USUAL = 8


@dataclass(frozen=True, slots=True)
class Gap:
    """One planned longer gap of a course: after which infusion, for how many days, and what ended it, if anything did.

    `next_on`: the next infusion that was done; `is_over`: nothing can be added to its days any more.
    """

    named: str
    from_on: date
    days: int
    next_on: date | None = None

    def end(self, today: date) -> date:
        """The last day of it that has begun: before the next infusion, or today; at most the planned end, or day 56."""
        last = self.from_on + timedelta(
            days=min(self.days - 1 if self.next_on is None else WINDOW_DAYS, WINDOW_DAYS)
        )
        return min(last, today, (self.next_on or date.max) - timedelta(days=1))

    def is_open(self, today: date) -> bool:
        """Whether a day of it is still to come, or is today."""
        return self.next_on is None and today < self.from_on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Held:
    """Relief in a gap, in days since its infusion: `onset` None where it went on from before, `last` its last day.

    `last` None: no relief. `latest`: its last day at most, where days are missing around the end. `has_ended`: two known
    days running without it came within the gap. `logged` of `over` days that are over.
    """

    onset: int | None
    last: int | None
    latest: int | None
    has_ended: bool
    logged: int
    over: int

    @property
    def is_carried(self) -> bool:
        """Whether relief went on into the gap from before it."""
        return self.last is not None and self.onset is None


def held(
    course: Course, gap: Gap, scores: Mapping[date, float], unwell: Collection[date], today: date
) -> Held:  # fmt: skip
    """How far relief held in a gap: the part of the course's runs of relief (`response.md`, term 10) that lies in it.

    Without a level before of 3 or more there are no runs, and none is held.
    """
    end = gap.end(today)
    is_today_open = end == today and today not in scores and today not in unwell
    whole = (end - gap.from_on).days
    logged = sum(gap.from_on + timedelta(days=day) in scores for day in range(1, whole + 1))
    over = max(0, whole - int(is_today_open))
    for run in course.runs:
        ended = run.started_on + timedelta(days=run.low - 1)
        if min(ended, end) <= gap.from_on or run.started_on > end:
            continue
        began, last = (run.started_on - gap.from_on).days, (min(ended, end) - gap.from_on).days
        at_most = run.started_on + timedelta(days=(run.high or run.low) - 1)
        latest = (min(at_most, end) - gap.from_on).days
        has_ended = not run.censored and at_most < end
        return Held(began if began > 0 else None, last, latest, has_ended, logged, over)
    return Held(None, None, None, False, logged, over)


def usual(lines: Sequence[Line], gap: Gap) -> list[Line]:
    """The at most 8 intervals before a gap, oldest first, from their infusion's day on."""
    before = [line for line in lines if line.on < gap.from_on][-MOST_USUAL:]
    return [Line(line.on, tuple(point for point in line.scores if point[0] >= 0)) for line in before]


def held_words(found: Held, gap: Gap, today: date) -> str:
    """The fact: "relief held to day 7"."""
    if not found.logged:
        return "no day logged yet" if gap.is_open(today) else "no day logged"
    if found.last is None:
        return "no relief on two days running"
    has = "held" if found.has_ended or not gap.is_open(today) else "has held"
    began = "" if found.onset is None else f"from day {found.onset} "
    is_range = found.has_ended and found.latest != found.last
    to = f"to between day {found.last} and day {found.latest}" if is_range else f"to day {found.last}"
    return f"relief {has} {began}{to}"


def small_words(found: Held, gap: Gap, today: date) -> str:
    """Beneath it: "day 11 of 14 today; 10 of 10 logged"."""
    n = f"{found.logged} of {plural(found.over, 'day')} logged"
    after = (today - gap.from_on).days
    if gap.is_open(today):
        return f"day {after} of {gap.days} today; {n}"
    if gap.next_on is not None:
        return f"it lasted {plural((gap.next_on - gap.from_on).days, 'day')} of {gap.days} planned; {n}"
    return f"{gap.days} days planned, day {after} today; {n}"


def sentence(found: Held, gap: Gap, today: date, has_relief: bool) -> str:
    """The second sentence of the page: "In the planned longer gap relief held to day 7, then two days without it"."""
    n = f"{found.logged} of {plural(found.over, 'day')} logged"
    if not found.logged or not has_relief:
        return f"The planned longer gap: {n}."
    words = held_words(found, gap, today)
    then = ", then two days running without it" if found.has_ended else ""
    was = "there was " if words.startswith("no relief") else ""
    return f"In the planned longer gap {was}{words}{then}; {n}."
