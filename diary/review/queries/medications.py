"""A patient's medicines for staff: totals in words, charts on one axis, what changed, who said it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from diary import charts
from diary.careteam import access
from diary.charts import DoseBar, DoseStep, Frame
from diary.infusions.queries import infusions_of
from diary.lib.words import date_full, date_short, number, plural
from diary.medications.queries import KNOWN, TABLE, MedicationRow, Sayers, doses_taken, medications_of, sayers
from diary.medications.rules import (
    AS_NEEDED,
    NOT_COUNTED,
    REGULAR,
    TAKEN,
    Change,
    Counts,
    DayTotal,
    Item,
    Over,
    Regime,
    Span,
    Step,
    amount_words,
    changes,
    daily_words,
    dose_words,
    in_force,
    item_of,
    listed,
    over,
    spans,
    steps,
)
from diary.review.queries.series import marks_of

MEDICATION_SPANS = {"90": 90, "365": 365}
PERIODS = (30, 90, 365)
A_DAY = timedelta(days=1)
A_LANE = 365  # an opioid of the last year has a lane on the timeline


@dataclass(frozen=True)
class Fact:
    """A term, what is known, and how."""

    term: str
    words: str
    small: str = ""


@dataclass(frozen=True)
class Bars:
    """A medicine's row under the chart."""

    name: str
    klass: str
    drawing: str


@dataclass(frozen=True)
class Taken:
    """What is taken now, or planned, with what staff can do about it."""

    row: MedicationRow
    words: str
    klass: str
    mme: str
    by: str
    last: date | None
    is_planned: bool
    is_us_fibromyalgia: bool


@dataclass(frozen=True)
class ChangeRow:
    """A change with who said it."""

    change: Change
    reason: str
    by: str
    is_planned: bool


@dataclass(frozen=True)
class MedicationPage:
    """Everything on the page; `chart` is None where no opioid was taken in the time shown."""

    frame: Frame
    span: str
    facts: Sequence[Fact]
    chart: str | None
    bars: Sequence[Bars]
    low: str
    waiting: Sequence[Taken]
    taken: Sequence[Taken]
    then_and_now: Sequence[tuple[str, Sequence[str]]]
    changes: Sequence[ChangeRow]
    steps: Sequence[Step]
    is_empty: bool
    has_opioids: bool

    @property
    def table_words(self) -> str:
        return f"{TABLE.name}, version {TABLE.version}"

    @property
    def source(self) -> str:
        return TABLE.source


def medication_page(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, today: date, span: str
) -> MedicationPage:
    """The page for a viewer with consent for the kind; Hidden for everybody else."""
    rows = medications_of(s, viewer, ref.id)
    said = sayers(s, viewer, ref.id, rows)
    marks = marks_of(infusions_of(s, viewer, ref.id, ("done",)))
    found = spans(row.regime for row in rows)
    frame = _frame(span, found, today)
    run = steps(found, frame.since, frame.until, KNOWN, TABLE, doses_taken(s, viewer, ref.id))
    taken = [_taken(one, said, ref, today) for one in found if one.last is None or one.last >= today]
    return MedicationPage(
        frame=frame,
        span=span,
        facts=_facts(run, frame),
        chart=_chart(run, frame, marks) if any(_opioids(step) for step in run) else None,
        bars=_bars(found, frame),
        low=_low(run, frame),
        waiting=[one for one in _all(found, said, ref, today) if one.row.is_waiting],
        taken=taken,
        then_and_now=_then_and_now(found, today),
        changes=[_change(one, said, ref, today) for one in changes(found, KNOWN, TABLE)],
        steps=run,
        is_empty=not rows,
        has_opioids=_has_opioids(run),
    )


def medication_lane(
    rows: Sequence[MedicationRow], frame: Frame, marks: Sequence[charts.Mark], taken: Counts,
    chosen: date | None = None,
) -> tuple[str, str] | None:  # fmt: skip
    """(name, drawing) of the timeline's lane: MME a day and what changed; None where nothing was taken in its time."""
    found = spans(row.regime for row in rows)
    if not any(one.first <= frame.until and (one.last is None or one.last >= frame.since) for one in found):
        return None
    run = _dose_steps(steps(found, frame.since, frame.until, KNOWN, TABLE, taken))
    said = [(one.on, _changed(one)) for one in reversed(changes(found, KNOWN, TABLE)) if frame.holds(one.on)]
    is_opioid = any(step.total or step.on_top for step in run)
    drawing = charts.dose_lane(run, frame, marks, said, "MME a day", chosen=chosen)
    return "Opioids" if is_opioid else "Medicines", drawing


def _changed(change: Change) -> str:
    """ "Pregabalin 75 mg twice", "Tramadol ended"."""
    return f"{change.name} {'ended' if change.is_end else amount_words(change.regime, True)}"


def _frame(span: str, found: Sequence[Span], today: date) -> Frame:
    if span in MEDICATION_SPANS:
        return Frame(today - timedelta(days=MEDICATION_SPANS[span] - 1), today, today)
    first = min((one.first for one in found), default=today)
    return Frame(min(first, today - timedelta(days=29)), today, today)


def _opioids(step: Step) -> list[Item]:
    return [item for item in step.day.items if item.counts in (REGULAR, AS_NEEDED, TAKEN)]


# Facts --------------------------------------------------------------------------------------------


def _facts(run: Sequence[Step], frame: Frame) -> list[Fact]:
    if not _has_opioids(run):
        return [Fact("Opioids", "none in this time"), *_unknown(run)]
    first, last = run[0].day, run[-1].day
    regular = {_drug(item) for step in run for item in step.day.items if item.counts == REGULAR}
    facts = [
        Fact(
            "Regular opioids",
            _from_to(_regular(first), _regular(last), "MME a day"),
            f"{date_short(frame.since)} {frame.since.year} to today"
            + (f", {listed(sorted(regular))}" if regular else ""),
        )
    ]
    as_needed = _ends(run, AS_NEEDED)
    if as_needed:
        most = [day.total + day.as_needed_max for day in (first, last)]
        facts.append(Fact("With as needed", f"at most {_from_to(most[0], most[1])}", listed(as_needed)))
    facts += _as_taken(run)
    lacking = _ends(run, NOT_COUNTED, is_known=True)
    facts.append(
        Fact("Not counted", listed(lacking) or "nothing", "no number in the table" if lacking else "")
    )
    facts += _unknown(run)
    factors = sorted({f"{_drug(item)} {_factor(item)}" for step in run for item in _opioids(step)})
    facts.append(Fact("Table", f"{TABLE.name}, version {TABLE.version}", ", ".join(factors)))
    return facts


def _regular(day: DayTotal) -> float:
    return sum(item.mme or 0 for item in day.items if item.counts == REGULAR)


def _as_taken(run: Sequence[Step]) -> list[Fact]:
    """The mean of the days of which she said how many as-needed doses she took, with their number."""
    said = [
        sum(item.mme or 0 for item in step.day.items if item.counts == TAKEN)
        for step in run
        if any(item.counts == TAKEN for item in step.day.items)
    ]
    if not said:
        return []
    days = plural(len(said), "day")
    return [
        Fact(
            "As needed, taken",
            f"{number(sum(said) / len(said), 2)} MME a day",
            f"mean of {days} on which it was said",
        )
    ]


def _has_opioids(run: Sequence[Step]) -> bool:
    """Whether an opioid was taken in the time shown, with a number or without one."""
    return any(_opioids(step) for step in run) or bool(_ends(run, NOT_COUNTED, is_known=True))


def _unknown(run: Sequence[Step]) -> list[Fact]:
    unknown = _ends(run, NOT_COUNTED, is_known=False)
    return [Fact("Not known to Neap", listed(unknown), "no class, no number")] if unknown else []


def _from_to(first: float, last: float, unit: str = "") -> str:
    words = number(last, 2) if abs(first - last) < 1e-9 else f"{number(first, 2)} to {number(last, 2)}"
    return f"{words} {unit}".strip()


def _drug(item: Item) -> str:
    return KNOWN.key(item.regime.name)


def _factor(item: Item) -> str:
    factor = TABLE.patch if item.regime.route == "transdermal" else TABLE.oral
    return f"{factor[_drug(item)]:.10g}"


def _ends(run: Sequence[Step], counts: str, is_known: bool | None = None) -> list[str]:
    """Names that count so in the time shown, with their last day where they ended; with a class, or without one."""
    last_step: dict[str, Step] = {}
    for step in run:
        for item in step.day.items:
            if item.counts == counts and is_known in (None, bool(item.klass)):
                last_step[item.regime.name] = step
    return [
        name if step is run[-1] else f"{name} until {date_short(step.last)} {step.last.year}"
        for name, step in sorted(last_step.items())
    ]


def _low(run: Sequence[Step], frame: Frame) -> str:
    """Where the line is too low, since an opioid that was taken has no number; empty where nothing is missing."""
    names: dict[str, list[Step]] = {}
    for step in run:
        for item in step.day.items:
            if item.counts == NOT_COUNTED and item.klass:
                names.setdefault(item.regime.name, []).append(step)
    said = []
    for name, found in sorted(names.items()):
        begins, ends = found[0].first, found[-1].last
        if begins <= frame.since and ends >= frame.until:
            when = "All the time"
        elif begins <= frame.since:
            when = f"Until {date_full(ends)}"
        elif ends >= frame.until:
            when = f"Since {date_full(begins)}"
        else:
            when = f"From {date_full(begins)} to {date_full(ends)}"
        said.append(f"{when} the line is too low by {name}.")
    return " ".join(said)


# Charts -------------------------------------------------------------------------------------------


def _dose_steps(run: Sequence[Step]) -> list[DoseStep]:
    """The run as the chart takes it; steps that draw alike are one."""
    found: list[DoseStep] = []
    for step in run:
        regular = [item for item in step.day.items if item.counts == REGULAR]
        words = (
            amount_words(regular[0].regime, True)
            if len(regular) == 1
            else listed(_drug(item) for item in regular)
        )
        here = DoseStep(step.first, step.last, step.day.total, step.day.as_needed_max, words)
        before = found[-1] if found else None
        if before and (before.total, before.on_top, before.words) == (here.total, here.on_top, here.words):
            found[-1] = DoseStep(before.first, here.last, here.total, here.on_top, here.words)
        else:
            found.append(here)
    return found


def _chart(run: Sequence[Step], frame: Frame, marks: Sequence[charts.Mark]) -> str:
    now = sorted({_drug(item) for item in run[-1].day.items if item.counts == REGULAR})
    as_needed = sorted({_drug(item) for step in run for item in step.day.items if item.counts == AS_NEEDED})
    is_said = any(item.counts == TAKEN for step in run for item in step.day.items)
    which = "on days without what was taken" if is_said else "what was taken is not written down"
    top = [f"{listed(as_needed)} as needed: the prescribed", f"maximum{',' if is_said else ';'} {which}"]
    return charts.dose_chart(
        _dose_steps(run), frame, marks, "MME a day", listed(now), top if as_needed else ()
    )


def _bars(found: Sequence[Span], frame: Frame) -> list[Bars]:
    """A row for each medicine of the time shown, but for a single counted opioid, which the line tells already."""
    drugs: dict[str, list[Span]] = {}
    for span in found:
        if span.first <= frame.until and (span.last is None or span.last >= frame.since):
            drugs.setdefault(KNOWN.key(span.regime.name), []).append(span)
    items = {key: [item_of(span.regime, KNOWN, TABLE) for span in rows] for key, rows in drugs.items()}
    counted = {key for key, rows in items.items() if all(item.counts == REGULAR for item in rows)}
    shown = [key for key in drugs if key not in counted or len(counted) > 1]
    order = {NOT_COUNTED: 0, AS_NEEDED: 1, REGULAR: 1}
    shown.sort(
        key=lambda key: (min(order.get(item.counts, 2) for item in items[key]), drugs[key][0].first, key)
    )
    return [_bars_of(drugs[key], items[key], frame, f"bars-{at}") for at, key in enumerate(shown)]


def _bars_of(rows: Sequence[Span], items: Sequence[Item], frame: Frame, uid: str) -> Bars:
    edges = {frame.since, *(max(row.first, frame.since) for row in rows)}
    edges |= {
        row.last + A_DAY for row in rows if row.last is not None and frame.since <= row.last < frame.until
    }
    firsts = sorted(edges)
    lasts = [*(day - A_DAY for day in firsts[1:]), frame.until]
    is_note = any(item.counts == NOT_COUNTED for item in items)
    drawn, most = [], max((_a_day(in_force(rows, first)) for first in firsts), default=0)
    for first, last in zip(firsts, lasts, strict=True):
        regimes = in_force(rows, first)
        if not regimes:
            continue
        tail = ": not counted" if is_note else ""
        words, short = (f"{listed(say(one) for one in regimes)}{tail}" for say in (amount_words, dose_words))
        drawn.append(DoseBar(first, last, words, short, _a_day(regimes) / most if most else 0.5, is_note))
    here = rows[-1].regime
    name, klass = here.name, _klass(items)
    return Bars(name, klass, charts.dose_bars(drawn, frame, name, _end_words(rows, frame), uid))


def _a_day(regimes: Sequence[Regime]) -> float:
    return sum(regime.a_day or 0 for regime in regimes)


def _klass(items: Sequence[Item]) -> str:
    last = items[-1]
    patch = "patch, " if last.regime.route == "transdermal" else ""
    return f"{patch}{last.klass or 'not known to Neap'}"


def _end_words(rows: Sequence[Span], frame: Frame) -> str:
    regimes = in_force(rows, frame.until)
    if not regimes:
        return "ended" if any(row.first <= frame.until for row in rows) else "planned"
    amounts, units = [one.a_day for one in regimes], {one.dose_unit for one in regimes}
    if None in amounts or len(units) > 1 or any(one.as_needed for one in regimes):
        return "as needed" if any(one.as_needed for one in regimes) else ""
    return daily_words(sum(amount or 0 for amount in amounts), units.pop())


# Lists --------------------------------------------------------------------------------------------


def _all(found: Sequence[Span], said: Sayers, ref: access.PatientRef, today: date) -> list[Taken]:
    return [_taken(one, said, ref, today) for one in found]


def _taken(span: Span, said: Sayers, ref: access.PatientRef, today: date) -> Taken:
    item = item_of(span.regime, KNOWN, TABLE)
    mme = "no MME"
    if item.counts == NOT_COUNTED:
        mme = "not counted"
    elif item.mme is not None:
        mme = f"{'at most ' if item.counts == AS_NEEDED else ''}{number(item.mme, 2)}"
    row: MedicationRow = span.regime.ref
    drug = KNOWN.drug(row.name)
    return Taken(
        row, amount_words(span.regime), _klass([item]), mme, said.of(row, _first_name(ref), True), span.last, span.first > today,
        bool(drug and drug.is_us_fibromyalgia),
    )  # fmt: skip


def _first_name(ref: access.PatientRef) -> str:
    return ref.name.split(" ")[0]


def _change(change: Change, said: Sayers, ref: access.PatientRef, today: date) -> ChangeRow:
    row: MedicationRow = change.regime.ref
    reason = row.until_reason if change.is_end else row.reason
    return ChangeRow(change, reason, said.of(row, _first_name(ref), change.is_end), change.on > today)


def _then_and_now(found: Sequence[Span], today: date) -> list[tuple[str, Sequence[str]]]:
    """(medicine, words for each period), the opioids' total first; empty words where it was on neither day."""
    by_period: list[dict[str, str]] = [
        {one.name: one.words for one in _over(found, today, days)} for days in PERIODS
    ]
    names = list(dict.fromkeys(name for period in reversed(by_period) for name in period))
    return [(name, [period.get(name, "") for period in by_period]) for name in names]


def _over(found: Sequence[Span], today: date, days: int) -> list[Over]:
    return over(found, today, days, KNOWN, TABLE)
