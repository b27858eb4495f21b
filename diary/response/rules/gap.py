"""A planned longer gap: how far relief held in it, and the usual intervals before it, to be shown beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.words import plural
from diary.response.rules.courses import Course, is_carried, is_responder, spell
from diary.response.rules.days import BASELINE_LOW, WINDOW_DAYS, Days
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
    """Relief in a gap, by days since its infusion: `onset` None where it went on from before, `last` its last day.

    Both None: no relief. `loss`: the first of two known days running without. `logged` of `over` days that are over.
    """

    onset: int | None
    last: int | None
    loss: int | None
    is_carried: bool
    logged: int
    over: int


def held(
    course: Course, gap: Gap, scores: Mapping[date, float], unwell: Collection[date], today: date
) -> Held:  # fmt: skip
    """How far relief held in a gap, by the onset-and-loss rule of `response.md`, terms 6 and 10.

    Where relief was there already before the gap's infusion (term 7, `carried`) it is followed on from there.
    Without a level before of 3 or more there is none to follow.
    """
    days = Days(scores, unwell)
    start, end = gap.from_on.toordinal(), gap.end(today).toordinal()
    places = days.between(start + 1, end)
    logged = sum(days.scores[place] is not None for place in places)
    is_today_open = gap.end(today) == today and today not in scores and today not in unwell
    over = max(0, end - start - int(is_today_open))
    if course.baseline is None or course.baseline < BASELINE_LOW:
        return Held(None, None, None, False, logged, over)
    known = [(days.days[p] - start, is_responder(days.scores[p], course.baseline)) for p in places]
    carried = is_carried(days, start, course.baseline)
    found = spell([(-1, True), (0, True), *known] if carried else known, 0)
    if found is None:
        return Held(None, None, None, carried, logged, over)
    onset, last, loss = found
    return Held(None if carried else onset, last, loss, carried, logged, over)


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
    if found.is_carried and found.last < 1:
        return "relief had ended by day 1" if found.loss is not None else "relief was there before it"
    has = "has held" if found.loss is None and gap.is_open(today) else "held"
    began = "" if found.onset is None else f", from day {found.onset}"
    return f"relief {has} to day {found.last}{began}"


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
    then = ", then two days running without it" if found.loss is not None and found.last else ""
    was = "there was " if words.startswith("no relief") else ""
    return f"In the planned longer gap {was}{words}{then}; {n}."
