"""The report as words: pure, from one person's facts to both pages."""

from diary.lib.symptoms import SYMPTOMS
from diary.reports.rules.changes import changes
from diary.reports.rules.drawing import drawing
from diary.reports.rules.extras import extras
from diary.reports.rules.facts import Facts, Given, Logged, Note, Person
from diary.reports.rules.finding import finding
from diary.reports.rules.head import completeness, head
from diary.reports.rules.method import method
from diary.reports.rules.model import Column, Head, Line, Quote, Span, Summary, Table, Words
from diary.reports.rules.quotes import quotes
from diary.reports.rules.relief import response

__all__ = [
    "Column",
    "Facts",
    "Given",
    "Head",
    "Line",
    "Logged",
    "Note",
    "Person",
    "Quote",
    "Span",
    "Summary",
    "Table",
    "Words",
    "completeness",
    "drawing",
    "recorded",
    "summary",
]

# Lines of the patient's words on page two, by paper: what is left beside the method; a row of extras costs one and a half.
WORD_LINES = {"a4": 42, "letter": 37}
# A report that came out too long is laid out again with less. Rows are of page one, lines of page two, and neither
# helps the other page: rows go last, and each time with all the notes that page two holds.
ROWS, ROOMS = (12, 8, 4), (1.0, 0.6, 0.3, 0.0)
DRAFTS = tuple((room, most) for most in ROWS for room in ROOMS)


def recorded(facts: Facts) -> tuple[str, ...]:
    """The symptoms with a score in the period, in the fixed order."""
    scored = {key for day in facts.shown for key, score in day.scores.items() if score is not None}
    return tuple(symptom.key for symptom in SYMPTOMS if symptom.key in scored)


def _unrecorded(facts: Facts) -> str:
    """Which symptoms have no chart, where some have one."""
    shown = recorded(facts)
    names = [symptom.name for symptom in SYMPTOMS if symptom.key not in shown]
    return f"Not recorded in this period: {', '.join(names)}." if shown and names else ""


def _closed(facts: Facts) -> tuple[str, ...]:
    """The parts that the patient does not share with the reader."""
    parts = {"scores": facts.days, "infusions": facts.infusions, "notes": facts.notes}
    return tuple(name for name, part in parts.items() if part is None)


def summary(facts: Facts, charts: str, paper: str, room: float = 1.0, most: int = 12) -> Summary:
    """Both pages as words. charts: SVG text or ""; paper: "a4" or "letter"; room: share of the lines for notes; most: rows."""
    more = extras(facts)
    table, sums = response(facts, most)
    lines = WORD_LINES[paper] - (round(1.5 * len(more.rows)) + 3 if more else 0)
    top = head(facts)
    return Summary(
        paper=paper,
        title=f"Diary summary, {facts.person.name}, {top.period}",
        author=f"Neap, {facts.person.clinic}" if facts.person.clinic else "Neap",
        changed=facts.as_of.strftime("%Y-%m-%dT%H:%M:%SZ") if facts.as_of else "",
        head=top,
        closed=_closed(facts),
        finding=finding(facts),
        changes=changes(facts),
        charts=charts,
        unrecorded=_unrecorded(facts),
        response=table,
        sums=sums,
        extras=more,
        words=quotes(facts, int(lines * room)),
        method=method(facts),
    )
