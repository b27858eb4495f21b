"""The open safety matters in one line, the most pressing first."""

from diary.lib import words
from diary.reports.rules import said
from diary.reports.rules.facts import Facts, Matter
from diary.reports.rules.measure import clipped, end_of
from diary.reports.rules.model import Line, Span
from diary.reports.rules.scripts import isolated

LINE_EM = 47.0  # what the line holds, beside its edge
LEVELS = {"urgent": "urgent", "high": "high", "normal": "to know"}


def _one(matter: Matter, facts: Facts) -> str:
    """ "a fall on 21 Nov (high), with Dr Bob Ansah since 23 Nov"."""
    owner = isolated(clipped(matter.owner, 1, 12.0)) if matter.owner else "nobody"
    text = f"{words.lower_first(matter.title)} on {said.short(matter.on, facts.until)} ({LEVELS.get(matter.level, matter.level)}), with {owner}"
    if not matter.owner or matter.since is None or matter.since <= matter.on:
        return text
    return f"{text} since {said.short(matter.since, facts.until)}"


def matters(facts: Facts) -> Line:
    """One line, or nothing where nothing is open; what has no room is counted."""
    found = [_one(one, facts) for one in facts.matters if one.on <= facts.until]
    if not found:
        return ()
    title = "Open safety matter: " if len(found) == 1 else "Open safety matters: "
    for count in range(len(found), 0, -1):
        rest = len(found) - count
        text = "; ".join(found[:count]) + (f"; and {rest} more" if rest else "") + "."
        if count == 1 or end_of(title + text, 1, LINE_EM)[0] == len(title + text):
            return Span(title, "b"), Span(text)
    return ()
