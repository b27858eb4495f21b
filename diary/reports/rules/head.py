"""Who, which period, how complete, and up to which moment the data goes."""

from dataclasses import dataclass

from diary.lib import clock, words
from diary.lib.symptoms import SYMPTOMS
from diary.reports.rules import said
from diary.reports.rules.facts import Facts
from diary.reports.rules.measure import clipped
from diary.reports.rules.model import Head

# In ems of their type: what a name may take of a margin beside the birth date, and of the head beside the period
# (report.css), where with two lines it is as high as its neighbours.
MARGIN_EM = 17.0
NAME_LINES, NAME_EM = 2, 15.0


@dataclass(frozen=True, slots=True)
class Completeness:
    """Counts of days of the period; logged + unwell + empty = length."""

    length: int
    logged: int
    late: int
    partly: int
    unwell: int
    helped: int

    @property
    def empty(self) -> int:
        return self.length - self.logged - self.unwell


def completeness(facts: Facts) -> Completeness:
    """How complete the period is: a day counts as logged with one score, as late when a score of it came late."""
    logged = late = partly = unwell = helped = 0
    for day in facts.shown:
        scored = {key for key, score in day.scores.items() if score is not None}
        if scored:
            logged += 1
            late += bool(scored & day.late)
            partly += len(scored) < len(SYMPTOMS)
            helped += day.helper
        elif day.unwell:
            unwell += 1
    return Completeness(facts.length, logged, late, partly, unwell, helped)


def _missing(counts: Completeness) -> str:
    """ "6 of them late; 2 too unwell, 7 no scores"."""
    parts = [f"{counts.unwell:,} too unwell"] if counts.unwell else []
    parts += [f"{counts.empty:,} no scores"] if counts.empty else []
    late = f"{counts.late:,} of them late" if counts.late else ""
    return "; ".join(part for part in (late, ", ".join(parts)) if part) or "none of them late, none missing"


def as_of(facts: Facts) -> str:
    """The moment of the last change included, on the patient's clock; the report knows no other clock."""
    if facts.as_of is None:
        return "Nothing recorded yet"
    there = clock.local(facts.as_of, facts.person.zone)
    return f"Data as of {words.date_full(there.date())}, {there:%H:%M} ({facts.person.zone})"


def _short(name: str) -> str:
    """A name for the margins."""
    return clipped(name, 1, MARGIN_EM)


def head(facts: Facts) -> Head:
    """The report's head and margins."""
    person, counts = facts.person, completeness(facts)
    born = f"born {words.date_full(person.born_on)}" if person.born_on else "birth date not recorded"
    is_alive = person.born_on is not None and person.born_on <= facts.until
    years = (
        f"{words.plural(said.age(person.born_on, facts.until), 'year')}, "
        if person.born_on and is_alive
        else ""
    )
    return Head(
        name=clipped(person.name, NAME_LINES, NAME_EM),
        born=years + born if years else born[:1].upper() + born[1:],
        period=said.period(facts.since, facts.until),
        complete=""
        if facts.days is None
        else f"{counts.logged:,} of {words.plural(counts.length, 'day')} logged",
        missing="Scores are not shared" if facts.days is None else _missing(counts),
        top_left=f"{_short(person.name)}, {born}",
        top_right=f"Neap diary summary, {_short(person.clinic)}" if person.clinic else "Neap diary summary",
        foot=f"Made from the patient’s own diary; not a diagnosis. {as_of(facts)}.",
    )
