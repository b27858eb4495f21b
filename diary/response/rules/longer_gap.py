"""A planned longer gap in the words of its patient: what relief did in it, with its n, and that it is one observation."""

from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_long, number, plural
from diary.response.rules.courses import Course
from diary.response.rules.days import BASELINE_LOW
from diary.response.rules.own import Seen
from diary.response.rules.words import Finding

ONE_GAP = "One gap is one observation: it says nothing of the next."


@dataclass(frozen=True, slots=True)
class LongerGap:
    """One longer interval, marked ahead: after which infusion, from its day, so many days; `next_on` ended it."""

    number: int
    from_on: date
    days: int
    usual_days: float | None = None
    next_on: date | None = None

    @property
    def until_on(self) -> date:
        """The day on which the next infusion is meant to be, or was."""
        return self.next_on or self.from_on + timedelta(days=self.days)


def gap_days(gap: LongerGap, seen: Seen) -> tuple[date, date] | None:
    """The gap's days that are over, or are today and told already: (first, last); None before its first."""
    is_told = seen.today in seen.scores or seen.today in seen.unwell
    last = min(gap.until_on - timedelta(days=1), seen.today if is_told else seen.today - timedelta(days=1))
    first = gap.from_on + timedelta(days=1)
    return (first, last) if last >= first else None


def gap_plan(gap: LongerGap) -> str:
    """ "19 days after infusion 17, instead of about 4." """
    usual = f", instead of about {number(gap.usual_days, 0)}" if gap.usual_days else ""
    days = (gap.next_on - gap.from_on).days if gap.next_on else gap.days
    return f"{plural(days, 'day')} after infusion {gap.number}{usual}."


def gap_finding(course: Course, gap: LongerGap, key: str, seen: Seen) -> Finding:
    """What relief did in the longer gap up to now, in one sentence with its n; ahead of it, only that it is planned."""
    days = gap_days(gap, seen)
    if days is None or gap.from_on > seen.today:
        return Finding("A longer gap is planned.", f"It lasts until {date_long(gap.until_on)}. {ONE_GAP}")
    first, last = days
    logged, whole = len(seen.between(first, last)), (last - first).days + 1
    is_over = gap.next_on is not None or seen.today >= gap.until_on
    what = _in_gap(course, first, last, BY_KEY[key].name.lower(), is_over)
    n = f"logged on {logged} of {plural(whole, 'day')}"
    n = f"L{n[1:]}" if is_over else f"Day {(last - gap.from_on).days} of {gap.days}, {n}"
    return Finding(what or "Relief can’t be counted in the longer gap.", f"{n}. {ONE_GAP}")


def _in_gap(course: Course, first: date, last: date, name: str, is_over: bool) -> str:
    """By the course's runs of relief: until which day of the gap relief held, or that there was none."""
    where = "In the longer gap" if is_over else "In the longer gap so far"
    if course.baseline is None or course.baseline < BASELINE_LOW:
        return ""
    zero = first - timedelta(days=1)
    for run in course.runs:
        ended = run.started_on + timedelta(days=run.low - 1)
        if ended < first or run.started_on > last:
            continue
        began = (run.started_on - zero).days
        how = f"relief from {name} held" if began < 1 else f"relief from {name} went from day {began}"
        if ended >= last:
            return (
                f"{where} {how} to its last day."
                if is_over
                else f"{where} {how} to day {(last - zero).days}."
            )
        to = f"day {(ended - zero).days}"
        if run.censored or run.high is None:
            return f"{where} {how} to {to} at least."
        if run.high > run.low:
            latest = min(run.started_on + timedelta(days=run.high - 1), last)
            to = f"somewhere between {to} and day {(latest - zero).days}"
        return f"{where} {how} to {to}, then came two days running without it."
    return f"{where} no relief from {name} on two days running."
