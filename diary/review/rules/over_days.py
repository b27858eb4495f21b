"""The safety rules over days: pain or low mood above the usual, much less sleep, silence in a course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_short, number, plural, weekday
from diary.review.rules.book import Book, Reason
from diary.review.rules.days import DayState

WATCHED = ("pain", "mood")
TOLERANCE = 1e-9


def above_usual(book: Book, days: Sequence[DayState], today: date) -> Reason | None:
    """Pain or low mood so many points above the mean of the scored days before, or very high, on 5 of 7 scored days."""
    for key in WATCHED:
        scored = _scored(days, key)
        found = _above(book, scored, key) if _is_fresh(book, scored, today) else None
        if found is not None:
            return found
    return None


def _scored(days: Sequence[DayState], key: str) -> list[tuple[date, float]]:
    return [(day.on, score) for day in days if (score := day.scores[key]) is not None]


def _is_fresh(book: Book, scored: Sequence[tuple[date, float]], today: date) -> bool:
    return bool(scored) and (today - scored[-1][0]).days <= book.count("above_usual", "fresh")


def _above(book: Book, scored: Sequence[tuple[date, float]], key: str) -> Reason | None:
    """Whether the last of these scored days, oldest first, are above the usual; in words."""
    counts = book.by_key["above_usual"].counts
    of, mean_of = counts["of"], counts["mean_of"]
    last, before = scored[-of:], scored[-of - mean_of : -of]
    if len(last) < of:
        return None
    usual = fmean([score for _, score in before]) if len(before) == mean_of else None
    high = [
        score
        for _, score in last
        if score >= counts["high_from"] or (usual is not None and score >= usual + counts["points"])
    ]
    if len(high) < counts["on"]:
        return None
    if usual is None:
        return book.say("very_high", symptom=BY_KEY[key].name, high=len(high))
    return book.say("above_usual", symptom=BY_KEY[key].name, mean=number(usual), high=len(high))


def little_sleep(book: Book, days: Sequence[DayState], end: date) -> Reason | None:
    """Two hours less sleep and fatigue 4 points lower than the mean of the 14 days before, on 3 days running.

    `end` is the third day. Each of the three needs both answers, the 14 days at least 4 of each. Source:
    clinical.md, section 6; its numbers stand in safety/rules.json.
    """
    counts = book.by_key["little_sleep"].counts
    running = counts["days"]
    by_day = {day.on: day for day in days}
    short = [by_day.get(end - timedelta(days=back)) for back in range(running)]
    if any(day is None or day.sleep_hours is None or day.scores["fatigue"] is None for day in short):
        return None
    backs = range(running, running + counts["mean_of"])
    before = [day for back in backs if (day := by_day.get(end - timedelta(days=back))) is not None]
    slept = [day.sleep_hours for day in before if day.sleep_hours is not None]
    tired = [score for day in before if (score := day.scores["fatigue"]) is not None]
    if min(len(slept), len(tired)) < counts["least"]:
        return None
    hours, fatigue = fmean(slept) - counts["hours"] + TOLERANCE, fmean(tired) - counts["points"] + TOLERANCE
    if any((day.sleep_hours or 0) > hours or (day.scores["fatigue"] or 0) > fatigue for day in short if day):
        return None
    return book.say(
        "little_sleep", slept=number(fmean(slept)), slept_n=plural(len(slept), "night"),
        tired=number(fmean(tired)), tired_n=plural(len(tired), "day"),
    )  # fmt: skip


def little_sleep_now(book: Book, days: Sequence[DayState], today: date) -> tuple[date, Reason] | None:
    """The rule met up to today or yesterday: today may not be told yet."""
    for end in (today, today - timedelta(days=1)):
        found = little_sleep(book, days, end)
        if found is not None:
            return end, found
    return None


def silence(book: Book, days: Sequence[DayState], today: date, in_course: bool) -> Reason | None:
    """No entry for so many days in a course; today counts only once it is over."""
    if not in_course:
        return None
    last = max((day.on for day in days if day.given or day.unwell), default=None)
    if last is None:
        return book.say("not_begun")
    quiet = (today - last).days - 1
    if quiet < book.count("silence", "days"):
        return None
    return book.say(
        "silence", since=f"{weekday(last)[:3]} {date_short(last)}", count_days=plural(quiet, "day")
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A rule over days that is met: what makes it one matter, and since when it has been met without a break.

    `since` is None where that lies before the days that were given.
    """

    rule: str
    matter: str
    since: date | None
    words: str


def over_days(
    book: Book, days: Sequence[DayState], today: date, in_course: bool, infused_on: date | None = None
) -> list[Found]:
    """The safety rules over days that are met today; `days` are stored days in order, up to today.

    `infused_on` is the last infusion: who was infused less than 4 days ago and never wrote is not silent yet.
    """
    found = [one for key in WATCHED if (one := _above_since(book, days, key, today)) is not None]
    sleep = little_sleep_now(book, days, today)
    if sleep is not None:
        since, reason = sleep
        while little_sleep(book, days, since - timedelta(days=1)):
            since -= timedelta(days=1)
        found.append(Found("little_sleep", "days:sleep", since, reason.words))
    quiet = silence(book, days, today, in_course)
    last = max((day.on for day in days if day.given or day.unwell), default=None)
    waited = infused_on is not None and (today - infused_on).days > book.count("silence", "days")
    if quiet is not None and (last is not None or waited):
        found.append(Found("silence", "days:silence", last, f"{quiet.title}. {quiet.words}"))
    return found


def _above_since(book: Book, days: Sequence[DayState], key: str, today: date) -> Found | None:
    scored = _scored(days, key)
    reason = _above(book, scored, key) if _is_fresh(book, scored, today) else None
    if reason is None:
        return None
    since: date | None = scored[-1][0]
    for count in range(len(scored) - 1, book.count("above_usual", "of") - 1, -1):
        if _above(book, scored[:count], key) is None:
            break
        since = scored[count - 1][0]
    else:  # as far back as the days given go: their first day moves on, the matter stays the same
        since = None
    return Found("above_usual", f"days:{key}", since, f"{reason.title}. {reason.words}")
