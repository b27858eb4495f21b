"""A planned longer gap in the words of its patient: what relief did in it, with its n, and that it is one observation."""

from datetime import timedelta

from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_long, number, plural
from diary.response.rules.courses import Course
from diary.response.rules.days import BASELINE_LOW
from diary.response.rules.gap import Gap, Held, held
from diary.response.rules.own import Seen
from diary.response.rules.words import Finding

ONE_GAP = "This is one gap only: it says nothing of the next."


def gap_plan(gap: Gap, usual_days: float | None) -> str:
    """ "19 days after infusion 17, instead of about 4."; `usual_days`: the usual interval when it was marked."""
    usual = f", instead of about {number(usual_days, 0)}" if usual_days else ""
    days = (gap.next_on - gap.from_on).days if gap.next_on else gap.days
    return f"{plural(days, 'day')} after infusion {gap.named}{usual}."


def gap_finding(course: Course, gap: Gap, key: str, seen: Seen) -> Finding:
    """What relief did in the longer gap up to now, in one sentence with its n; ahead of it, only that it is planned.

    By the same rule as the clinic's page (`gap.held`), so that both say the same days.
    """
    found = held(course, gap, seen.scores, seen.unwell, seen.today)
    is_open = gap.is_open(seen.today)
    if gap.from_on >= seen.today or (is_open and not found.over):
        begun = "is planned" if gap.from_on >= seen.today else "has begun"
        until = date_long(gap.from_on + timedelta(days=gap.days))
        return Finding(f"A longer gap {begun}.", f"It lasts until {until}. {ONE_GAP}")
    n = f"logged on {found.logged} of {plural(found.over, 'day')}"
    n = f"Day {found.over} of {gap.days}, {n}" if is_open else f"L{n[1:]}"
    return Finding(_what(course, found, BY_KEY[key].name.lower(), is_open), f"{n}. {ONE_GAP}")


def _what(course: Course, found: Held, name: str, is_open: bool) -> str:
    """Until which day of the gap relief held, or that there was none, or why that can't be told."""
    where = "In the longer gap so far" if is_open else "In the longer gap"
    if course.baseline is None or course.baseline < BASELINE_LOW:
        return "Relief can’t be counted in the longer gap."
    if not found.logged:
        return f"No day of the longer gap is logged{' yet' if is_open else ''}."
    if found.last is None:
        return f"{where} no relief from {name} on two days running."
    how = f"relief from {name} " + ("held" if found.onset is None else f"went from day {found.onset}")
    if found.has_ended:
        to = f"day {found.last}"
        if found.latest != found.last:
            to = f"somewhere between day {found.last} and day {found.latest}"
        return f"{where} {how} to {to}, then came two days running without it."
    if found.last < found.over:
        return f"{where} {how} to day {found.last} at least."
    return f"{where} {how} to {f'day {found.last}' if is_open else 'its last day'}."
