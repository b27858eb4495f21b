"""Medicines at the end of the period, what changed in it, and opioids as MME a day over a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary import charts
from diary.lib import words
from diary.medications.rules import (
    AS_NEEDED,
    NOT_COUNTED,
    REGULAR,
    TAKEN,
    Change,
    Item,
    Step,
    amount_words,
    changes,
    item_of,
    listed,
    steps,
)
from diary.medications.rules import Span as Dose
from diary.reports.rules import said
from diary.reports.rules.facts import Facts, Taken
from diary.reports.rules.measure import clipped
from diary.reports.rules.model import Column, Line, Medicines, Span, Table

A_DAY = timedelta(days=1)
YEAR = timedelta(days=364)
SHOWN = 8
# In ems of their type; each may take two lines.
NAME_EM, CLASS_EM, DOSE_EM, CHANGE_EM = 9.0, 7.0, 11.0, 13.5
ESTIMATE = (
    "MME is an estimate for following a total over time, not for converting one opioid to another; particular caution "
    "with methadone and transdermal fentanyl."
)
COLUMNS = (
    Column("Medication"),
    Column("Class"),
    Column("Dose"),
    Column("Since"),
    Column("MME a day", "num"),
    Column("Changed in this period"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A medicine of the table; `rank` puts opioids first, then what changed."""

    rank: tuple[int, int, str]
    cells: Line


def frame_of(facts: Facts, taken: Taken) -> charts.Frame | None:
    """A year up to the last day, or the period where it is longer; nothing before the first dose that is known."""
    begun = min((span.first for span in taken.spans), default=None)
    if begun is None or begun > facts.until:
        return None
    since = min(facts.since, max(facts.until, date.min + YEAR) - YEAR)
    return charts.Frame(max(since, begun), facts.until)


def medicines(facts: Facts, most: int = SHOWN) -> Medicines | None:
    """Chart, table of so many medicines and what the line lacks, the others for the appendix.

    None where infusions and medicines are not shared or nothing was taken.
    """
    if facts.taken is None:
        return None
    frame = frame_of(facts, facts.taken)
    if frame is None:
        return None
    run = steps(
        facts.taken.spans, frame.since, frame.until, facts.taken.known, facts.taken.table, facts.taken.counts
    )
    rows = _rows(facts, facts.taken)
    has_line = any(item.mme for step in run for item in step.day.items)
    if not rows and not has_line:
        return None
    about = "opioids in morphine milligram equivalents (MME) a day, "
    about += f"{facts.taken.table.name} table, version {facts.taken.table.version}"
    table = Table(
        "md", "Medications", about if has_line else "", COLUMNS, tuple(row.cells for row in rows[:most])
    )
    rest = Table("md", "More medications", "", COLUMNS, tuple(row.cells for row in rows[most:]))
    chart = charts.print_doses(_drawn(run), frame, _marks(facts, frame)) if has_line else ""
    return Medicines(chart, table, rest if rest.rows else None, _notes(facts, run, has_line, len(rest.rows)))


def _marks(facts: Facts, frame: charts.Frame) -> tuple[charts.Mark, ...]:
    given = facts.infusions or ()
    return tuple(charts.Mark(one.day, one.number) for one in given if frame.holds(one.day))


def _drawn(run: Sequence[Step]) -> list[charts.DoseStep]:
    """The run as the chart takes it; steps of one height are one."""
    found: list[charts.DoseStep] = []
    for step in run:
        total, on_top = step.day.total, step.day.as_needed_max
        if found and (found[-1].total, found[-1].on_top) == (total, on_top):
            found[-1] = charts.DoseStep(found[-1].first, step.last, total, on_top)
        else:
            found.append(charts.DoseStep(step.first, step.last, total, on_top))
    return found


# The table ----------------------------------------------------------------------------------------


def _rows(facts: Facts, taken: Taken) -> list[Row]:
    """What is taken on the last day, and what ended within the period."""
    changed: dict[str, list[Change]] = {}
    for change in changes(taken.spans, taken.known, taken.table):
        if facts.since <= change.on <= facts.until:
            changed.setdefault(change.name.casefold(), []).append(change)
    rows = []
    for span in taken.spans:
        mine = changed.get(span.regime.name.casefold(), [])
        is_now = span.holds(facts.until)
        is_ended = span.last is not None and any(one.is_end and one.on == span.last + A_DAY for one in mine)
        if is_now or is_ended:
            rows.append(_row(span, mine, facts, taken))
    return sorted(rows, key=lambda row: row.rank)


def _row(span: Dose, changed: Sequence[Change], facts: Facts, taken: Taken) -> Row:
    item = item_of(span.regime, taken.known, taken.table)
    is_opioid = item.counts in (REGULAR, AS_NEEDED, NOT_COUNTED) and bool(item.klass)
    what = _changed(span, changed, facts)
    waits = getattr(span.regime.ref, "is_waiting", False)
    what = f"{what} (not confirmed)" if waits else what
    cells = (
        Span(clipped(span.regime.name, 2, NAME_EM)),
        Span(clipped(item.klass or "not known", 2, CLASS_EM)),
        Span(clipped(amount_words(span.regime), 2, DOSE_EM)),
        Span(said.short(span.first, facts.until)),
        Span(_mme(item), "b" if item.mme is not None else "soft"),
        Span(clipped(what, 2, CHANGE_EM), "" if changed or waits else "soft"),
    )
    return Row((not is_opioid, not changed, span.regime.name.casefold()), cells)


def _mme(item: Item) -> str:
    if item.counts == NOT_COUNTED:
        return "not counted"
    if item.mme is None:
        return "none"
    return f"{'at most ' if item.counts == AS_NEEDED else ''}{words.number(item.mme, 2)}"


def _changed(span: Dose, changed: Sequence[Change], facts: Facts) -> str:
    """The last change, and how many came before it within the period."""
    if not changed:
        return "no"
    last = changed[0]
    if last.is_end:
        text = f"ended {said.short(last.on - A_DAY, facts.until)}"
    elif last.before == "not taken":
        text = "started"
    else:
        text = f"from {last.before.removesuffix(' a day')}"
    if last.is_counted and last.mme not in ("no MME", "not counted"):
        figure = last.mme.partition(" ")
        text += f": {figure[0]} MME {figure[2]}" if figure[0].replace(".", "").isdigit() else ""
    return text + (f"; {len(changed) - 1} before" if len(changed) > 1 else "")


# What the line lacks ------------------------------------------------------------------------------


def _notes(facts: Facts, run: Sequence[Step], has_line: bool, rest: int) -> str:
    found = [f"{words.plural(rest, 'more medication')} in the appendix."] if rest else []
    if has_line:
        found.append(ESTIMATE)
    needed = _names(run, AS_NEEDED, facts)
    if needed:
        most = max(step.day.as_needed_max for step in run)
        found.append(
            f"Hatched on top: {listed(needed)} as needed, at most {words.number(most, 2)} MME a day as prescribed; where the diary does not say what was taken."
        )
    counted = _names(run, TAKEN, facts)
    if counted:
        found.append(f"On days where the diary says how much was taken, {listed(counted)} is in the line.")
    lacking = _names(run, NOT_COUNTED, facts)
    if lacking:
        low = ", so the line is too low by it" if has_line else ""
        found.append(f"Not counted: {listed(lacking)} (no number in the table){low}.")
    return " ".join(found)


def _names(run: Sequence[Step], counts: str, facts: Facts) -> list[str]:
    """The medicines that count so, with their last day where they ended."""
    last: dict[str, Step] = {}
    for step in run:
        for item in step.day.items:
            if item.counts == counts:
                last[item.regime.name] = step
    return [
        clipped(name, 1, 2 * NAME_EM)
        + ("" if step is run[-1] else f" until {said.short(step.last, facts.until)}")
        for name, step in sorted(last.items())
    ]
