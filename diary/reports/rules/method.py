"""How the report was made and what its words mean, with this person's own figures."""

from diary.lib import words
from diary.lib.symptoms import BY_KEY
from diary.reports.rules import said
from diary.reports.rules.facts import Facts
from diary.reports.rules.head import completeness
from diary.response.rules import is_tight
from diary.response.rules.staff import new_course

DEFINITIONS = "neap-response-1"


def _level(facts: Facts) -> str:
    course = facts.course(facts.leading)
    if course is None:
        return ""
    if course.baseline is None:
        return f"Level before: none, {course.baseline_days} of the 14 days before {said.long(course.started_on, facts.until)} logged."
    name = BY_KEY[facts.leading].name
    swing = (
        f"; usual swing of {name[:1].lower() + name[1:]} ±{said.figure(course.swing)} (standard deviation)"
        if course.swing is not None
        else ""
    )
    return f"Level before: mean of {course.baseline_days} logged of the 14 days before {said.long(course.started_on, facts.until)}{swing}."


def _relief(facts: Facts) -> str:
    return (
        "Relief begins at the first of two known days running that are 30 % or more under the level, and ends at the "
        "first of two running that are not; a day too unwell to log counts as not. Where relief was there already, "
        "neither beginning nor length is ascribed to that infusion. A response counts by the mean of days 1 to 7."
    )


def _missing(facts: Facts) -> str:
    counts = completeness(facts)
    gone = counts.unwell + counts.empty
    if not gone:
        text = "No day of the period is without a score."
    else:
        unwell = f" ({counts.unwell} “too unwell”)" if counts.unwell else ""
        text = f"Missing days are not filled in: {gone:,} of {counts.length:,} have no scores{unwell}."
    if counts.partly:
        text += f" {words.plural(counts.partly, 'day')} {'has' if counts.partly == 1 else 'have'} some of the five scores only."
    if counts.helped:
        text += f" {words.plural(counts.helped, 'day')} {'was' if counts.helped == 1 else 'were'} written by a helper."
    return text + " A mean of 14 days needs 4 of them, of a week 3."


def _durations(facts: Facts) -> str:
    course = facts.course(facts.leading)
    if course is not None and is_tight(course):
        return "A run of relief begins and ends as relief does after an infusion, across infusions. “At least”: the run was not over yet."
    return (
        "“At least”: the next infusion, the 56th day or the last logged day came first. A range: days missing around the end. "
        "Duration by Kaplan–Meier over the responses, ranges at the shorter end."
    )


def _attached(facts: Facts) -> str:
    return "The same days are inside this file as data (JSON), as they stand." if facts.as_of else ""


def _numbers(facts: Facts) -> str:
    if not facts.has_unprintable:
        return ""
    return "Signs that no type of this report has stand here as their number in Unicode, such as U+4E2D; the diary has them."


def method(facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two columns of paragraphs."""
    scores = "Five scores a day, 0 none to 10 worst, of the day on average; each entry is stamped, and late when it came after its day."
    if facts.days is None:
        last = " ".join(text for text in (_attached(facts), _numbers(facts)) if text)
        return (scores,), tuple(text for text in ("Nothing here predicts or recommends.", last) if text)
    left = [scores]
    right = [_missing(facts)]
    if facts.courses and facts.course(facts.leading) is not None:
        left.append(f"{_level(facts)} {_relief(facts)} {new_course(facts.course_gap)}".rstrip())
        right.append(_durations(facts))
        left.append(
            "30 and 50 % are benchmarks for pain; for the other four a drawing line, not an established threshold."
        )
    right.append(
        f"Days after {words.date_full(facts.until)} enter no figure. Figures are rounded half up. Definitions {DEFINITIONS}. Nothing here predicts or recommends."
    )
    right.append(" ".join(text for text in (_attached(facts), _numbers(facts)) if text))
    return tuple(left), tuple(text for text in right if text)
