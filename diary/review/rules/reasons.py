"""Why a patient needs a look today: a pure function for each reason, in the words of the file."""

from collections.abc import Sequence
from datetime import date, datetime

from diary.lib.words import date_short, lower_first, plural, time_hm, weekday
from diary.response.rules.gap import Gap, Held, held_words
from diary.review.rules.book import Book, Reason
from diary.review.rules.days import DayState
from diary.review.rules.over_days import above_usual, little_sleep_now, silence


def of_days(book: Book, days: Sequence[DayState], today: date, in_course: bool = False) -> list[Reason]:
    """What the stored days themselves say, up to today."""
    sleep = little_sleep_now(book, days, today)
    found = (
        sleep[1] if sleep else None,
        above_usual(book, days, today),
        silence(book, days, today, in_course),
        unwell_lately(book, days, today),
    )
    return [reason for reason in found if reason is not None]


def unwell_lately(book: Book, days: Sequence[DayState], today: date) -> Reason | None:
    """Too unwell to log on two or more of the last seven days."""
    within = book.count("unwell", "days")
    unwell = [day.on for day in days if day.unwell and not day.given and 0 <= (today - day.on).days < within]
    if not unwell or len(unwell) < book.count("unwell", "least"):
        return None
    names = [weekday(day)[:3] for day in unwell]
    when = " and ".join([part for part in (", ".join(names[:-1]), names[-1]) if part])
    return book.say("unwell", count_days=plural(len(unwell), "day"), when=when)


def of_relief(book: Book, began: int, ended: int, ago: int, last: Sequence[str]) -> Reason | None:
    """Relief after the last infusion that ended lately: days since it, how long ago, and the last scores."""
    if not 0 <= ago <= book.count("relief_ended", "days"):
        return None
    return book.say("relief_ended", day=ended, began=began, last=", ".join(last))


def of_gap(book: Book, gap: Gap, found: Held, last: Sequence[str], today: date) -> Reason | None:
    """A planned longer gap that lasts: as usual, but something to know once relief ended in it or its end is near."""
    day = (today - gap.from_on).days
    if day < 1 or not gap.is_open(today):
        return None
    is_near = gap.days - day <= book.count("gap_ending", "last_days")
    held = held_words(found, gap, today)
    return book.say(
        "gap_ending" if is_near or found.has_ended else "gap", day=day, of_days=gap.days,
        held=held[0].upper() + held[1:], logged=found.logged, over=plural(found.over, "day"),
        last=", ".join(last) or "not logged",
    )  # fmt: skip


def of_sessions(book: Book, start: datetime | None, due_on: Sequence[date], today: date) -> list[Reason]:
    """A session today or tomorrow, and commitments whose last day has come: what a coach prepares for.

    start: the next session's beginning on the patient's wall clock; due_on: last days of open commitments, in order.
    """
    found = []
    if start is not None and 0 <= (start.date() - today).days <= book.count("session", "days"):
        ahead = (start.date() - today).days
        day = f"on {weekday(start.date())[:3]} {date_short(start.date())}"
        when = {0: "today", 1: "tomorrow"}.get(ahead, day)
        found.append(book.say("session", when=when, time=time_hm(start)))
    ended = [day for day in due_on if 0 <= (today - day).days <= book.count("commitment", "days")]
    if ended:
        found.append(
            book.say(
                "commitment",
                count=plural(len(ended), "commitment"),
                until=date_short(ended[-1]),
                them="it" if len(ended) == 1 else "them",
            )
        )
    return found


def of_severe(book: Book, effect: str, number: int, after: int) -> Reason:
    """A side effect that a check-in of the last days calls severe."""
    return book.say("severe", effect=lower_first(effect), number=number, day=after)


def of_flag(
    book: Book, level: str, owner: str, state: str, what: str, when: str, told: Reason | None
) -> Reason:
    """An open flag; `told` is the reason of the diary that says the same, in its own words."""
    whose = owner or "nobody yet"
    if told is None:
        return book.say("flag", level=level, owner=whose, what=what, when=when, state=state)
    return book.say(
        "flag_over_days",
        level=level,
        owner=whose,
        what=lower_first(told.title),
        words=told.words,
        state=state,
    )


def placed(book: Book, found: Sequence[Reason], is_shared: bool, is_open: bool) -> tuple[Reason, ...]:
    """The reasons in order, most pressing first; where there is none, what stands in their place."""
    if found:
        return tuple(sorted(found, key=lambda one: (one.place, one.order)))
    return (book.say("as_usual" if is_shared else "scores_not_shared" if is_open else "nothing_shared"),)
