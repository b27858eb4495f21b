"""The five small charts of page one on one time axis."""

from datetime import date

from diary import charts
from diary.lib.symptoms import BY_KEY, SYMPTOMS
from diary.reports.rules.facts import Facts, Logged
from diary.response.rules import counts_at


def _day(logged: Logged, key: str) -> charts.Day:
    score = logged.scores.get(key)
    return charts.Day(
        on=logged.day,
        score=score,
        late=score is not None and key in logged.late,
        unwell=logged.unwell and score is None,
        helper=logged.helper,
    )


def series_of(facts: Facts, key: str) -> charts.Series:
    """A symptom's days of the period with the level of the latest course."""
    symptom, course = BY_KEY[key], facts.course(key)
    level = course.baseline if course is not None else None
    return charts.Series(
        key=key,
        name=symptom.name,
        icon=symptom.icon,
        days=tuple(_day(logged, key) for logged in facts.shown),
        level=level,
        counts_at=counts_at(level, facts.is_whole(key)),
        begun=facts.days[0].day if facts.days else None,
    )


def drawing(facts: Facts) -> str:
    """SVG text of the symptoms that have a score in the period; "" where there is none."""
    scored = {key for day in facts.shown for key, score in day.scores.items() if score is not None}
    series = [series_of(facts, symptom.key) for symptom in SYMPTOMS if symptom.key in scored]
    if not series:
        return ""
    frame = charts.Frame(since=facts.since, until=facts.until, today=None)
    return str(charts.print_chart(series, frame, marks_of(facts, facts.since)))


def marks_of(facts: Facts, since: date) -> tuple[charts.Mark, ...]:
    """The infusions from a day to the period's end, the last one strong."""
    given = [one for one in facts.infusions or () if since <= one.day <= facts.until]
    last = given[-1].day if given else None
    return tuple(charts.Mark(on=one.day, number=one.number, strong=one.day == last) for one in given)
