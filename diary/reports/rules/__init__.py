"""The report as words: pure, from one person's facts to both pages."""

from diary.lib.symptoms import SYMPTOMS
from diary.reports.rules.agreed import commitments, goals
from diary.reports.rules.changes import changes
from diary.reports.rules.drawing import drawing
from diary.reports.rules.effects import effects
from diary.reports.rules.extras import extras
from diary.reports.rules.facts import CheckedIn, Facts, Given, Logged, Matter, Note, Person, Taken, Wanted
from diary.reports.rules.finding import finding
from diary.reports.rules.head import completeness, head
from diary.reports.rules.measure import clipped, end_of
from diary.reports.rules.medicines import CHANGE_EM, CLASS_EM, DOSE_EM, NAME_EM, medicines
from diary.reports.rules.method import method
from diary.reports.rules.model import (
    Column,
    Effects,
    Head,
    Line,
    Medicines,
    Promise,
    Quote,
    Span,
    Summary,
    Table,
    Words,
)
from diary.reports.rules.quotes import quotes
from diary.reports.rules.relief import response
from diary.reports.rules.safety import matters
from diary.reports.rules.scripts import is_leftward, is_plain, printable

__all__ = [
    "ROOMS",
    "ROWS",
    "CheckedIn",
    "Column",
    "Facts",
    "Given",
    "Head",
    "Line",
    "Logged",
    "Matter",
    "Note",
    "Person",
    "Quote",
    "Span",
    "Summary",
    "Table",
    "Taken",
    "Wanted",
    "Words",
    "completeness",
    "drawing",
    "is_leftward",
    "is_plain",
    "printable",
    "recorded",
    "summary",
]

# What page two holds, in points, by paper; the words' heading and last line; a line of words.
HEIGHT = {"a4": 754.0, "letter": 718.0}
AROUND_WORDS, POINTS = 24.0, 13.6
# A report that came out too long is laid out again with less: rows are of page one; of page two are the share of
# its lines for notes, and how many goals and commitments, and medicines, stand there.
Room = tuple[float, int, int]
ROWS: tuple[int, ...] = (12, 8, 4)
ROOMS: tuple[Room, ...] = (
    (1.0, 5, 8), (0.7, 4, 8), (0.4, 3, 8), (0.0, 2, 8), (0.0, 0, 8), (0.0, 0, 6), (0.0, 0, 4), (0.0, 0, 2),
)  # fmt: skip
GOALS, PROMISE_LINES = 2, 2
HALF_EM, PROMISE_EM, FOOT_EM = 28.0, 19.0, 54.0
HEADING, CHART, ROW, FOOT_LINE = 24.0, 90.0, 15.5, 12.9
METHOD, METHOD_EM, METHOD_LINE, METHOD_GAP = 34.0, 28.5, 11.3, 3.0


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
    parts = {
        "scores": facts.days,
        "infusions and medicines": facts.infusions,
        "notes": facts.notes,
        "sessions": facts.commitments,
    }
    return tuple(name for name, part in parts.items() if part is None)


def _promises(facts: Facts, most: int) -> tuple[tuple[Promise, ...], str, tuple[Promise, ...]]:
    """Goals and the latest commitments for page two, what is not there, and for the appendix those that are cut."""
    wanted = goals(facts)
    every = [*wanted[:GOALS], *commitments(facts), *wanted[GOALS:]]
    shown, whole = [], []
    for at, one in enumerate(every):
        text = clipped(one.text, PROMISE_LINES, PROMISE_EM)
        if at < most:
            shown.append(Promise(one.title if one.title != "Commitment" else "", text, one.about))
        if at >= most or text != one.text:
            whole.append(Promise(one.title, one.text, one.about))
    rest = len(every) - len(shown)
    more = f"{rest:,} more in the appendix." if rest else "Whole in the appendix." if whole else ""
    return tuple(shown), more, tuple(whole)


def _used(
    taken: Medicines | None, told: Effects | None, sleep: Table | None, agreed: tuple[Promise, ...]
) -> float:
    """About how many points of page two stand before the words."""
    used, left, right = 0.0, 0.0, 0.0
    if taken is not None:
        lines = sum(_lines(row) for row in taken.table.rows)
        used += HEADING + (CHART if taken.chart else 0) + ROW + 4 * len(taken.table.rows) + FOOT_LINE * lines
        used += FOOT_LINE * end_of(taken.notes, 9, FOOT_EM)[1] if taken.notes else 0
    if told is not None:
        left += HEADING + (ROW * (len(told.table.rows) + 1) if told.table else 0)
        left += FOOT_LINE * end_of(told.sentence, 9, HALF_EM)[1]
    if sleep is not None:
        left += HEADING + ROW * (len(sleep.rows) + 1)
    if agreed:
        right = HEADING + sum(
            5 + FOOT_LINE * end_of(f"{one.title} {one.text} {one.about}", 6, PROMISE_EM)[1] for one in agreed
        )
    return used + max(left, right)


def _method_height(columns: tuple[tuple[str, ...], ...]) -> float:
    """About how many points the method takes at the foot of page two."""
    heights = (
        sum(METHOD_GAP + METHOD_LINE * end_of(text, 20, METHOD_EM)[1] for text in column)
        for column in columns
    )
    return METHOD + max(heights, default=0.0)


def _lines(row: Line) -> int:
    """How many lines a row of medicines takes."""
    widths = ((0, NAME_EM), (1, CLASS_EM), (2, DOSE_EM), (5, CHANGE_EM))
    return max(end_of(row[at].text, 2, width)[1] for at, width in widths)


def summary(facts: Facts, charts: str, paper: str, room: Room = ROOMS[0], most: int = ROWS[0]) -> Summary:
    """All pages as words.

    charts: SVG text or ""; paper: "a4" or "letter"; room: share of the lines for notes, goals and commitments shown,
    medicines shown; most: rows of the response.
    """
    table, sums = response(facts, most)
    taken, told, sleep = medicines(facts, room[2]), effects(facts), extras(facts)
    agreed, agreed_more, agreed_whole = _promises(facts, room[1])
    how = method(facts)
    left = HEIGHT[paper] - _used(taken, told, sleep, agreed) - _method_height(how) - AROUND_WORDS
    lines = max(int(left / POINTS), 0)
    own, appendix = quotes(facts, int(lines * room[0]))
    top = head(facts)
    return Summary(
        paper=paper,
        title=f"Diary summary, {facts.person.name}, {top.period}",
        author=f"Neap, {facts.person.clinic}" if facts.person.clinic else "Neap",
        changed=facts.as_of.strftime("%Y-%m-%dT%H:%M:%SZ") if facts.as_of else "",
        head=top,
        closed=_closed(facts),
        matters=matters(facts),
        finding=finding(facts),
        changes=changes(facts),
        charts=charts,
        unrecorded=_unrecorded(facts),
        response=table,
        sums=sums,
        medicines=taken,
        effects=told,
        sleep=sleep,
        agreed=agreed,
        agreed_more=agreed_more,
        words=own,
        appendix=appendix,
        appendix_agreed=agreed_whole,
        method=how,
    )
