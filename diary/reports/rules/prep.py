"""The sheet before a session: what changed since the last one, and what to ask; each line is made from the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary import charts
from diary.charts import Frame, Mark, Series
from diary.lib import words
from diary.lib.symptoms import BY_KEY, SYMPTOMS, Symptom
from diary.reports.rules import said
from diary.reports.rules.changes import Mean, Part, part_mean
from diary.reports.rules.drawing import marks_of, series_of
from diary.reports.rules.facts import Facts, days_before
from diary.response.rules import is_tight

A_DAY = timedelta(days=1)
BEFORE_DAYS = 14  # the days before the last session that the days since are compared with
WITHOUT_SESSION = 14  # what counts as "since" where there was no session yet
MOST_CHART_DAYS = 120
MOST_QUESTIONS = 5
GAP_DAYS = 3  # days running without an entry that are worth a question
ROSE_BY = 2.0  # points (Farrar 2001: 2 of 10 is a change that people notice)
SOON_DAYS = 21


@dataclass(frozen=True, slots=True)
class Words:
    """Something that the patient wrote and shares: its day, the words, and what it was."""

    day: date
    text: str
    what: str


@dataclass(frozen=True, slots=True)
class Pact:
    """A commitment: how many of how many days where it is counted, and what became of it ("" where nothing was said)."""

    words: str
    agreed_on: date
    until_on: date | None
    counted: tuple[int, int] | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal in the patient's words."""

    words: str
    set_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Matter:
    """An open flag: its title, when it was answered and how it stands, in words."""

    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A medicine that was started, changed or ended on a day: "Pregabalin", "75 mg twice a day"."""

    on: date
    name: str
    before: str
    after: str
    is_end: bool


@dataclass(frozen=True)
class Brief:
    """Everything that the sheet may say; None stands for a part that is not shared with the reader.

    facts: the diary up to the last day shown; met_on: the last session's day, None before the first one;
    said: what the patient wrote since then, oldest first.
    """

    facts: Facts
    met_on: date | None
    said: Sequence[Words] | None
    pacts: Sequence[Pact] | None
    aims: Sequence[Aim] | None
    matters: Sequence[Matter]
    switches: Sequence[Switch] | None
    next_infusion: tuple[int, date] | None

    @property
    def since(self) -> Part:
        """From the day after the last session to the last day shown."""
        first = (self.met_on or days_before(self.facts.until, WITHOUT_SESSION)) + A_DAY
        return Part(min(first, self.facts.until + A_DAY), self.facts.until)

    @property
    def earlier(self) -> Part:
        """The 14 days that end with the last session."""
        last = self.since.since - A_DAY
        return Part(days_before(last, BEFORE_DAYS - 1), last)

    @property
    def frame(self) -> Frame:
        """The days that the charts show."""
        since = max(self.earlier.since, days_before(self.facts.until, MOST_CHART_DAYS - 1))
        return Frame(since, max(self.facts.until, since), None)

    @property
    def name(self) -> str:
        return self.facts.person.name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class Row:
    """A symptom then and now: two means with their n, and the difference of the figures shown."""

    symptom: Symptom
    before: str
    before_n: str
    now: str
    now_n: str
    change: str


def rows(brief: Brief) -> tuple[Row, ...]:
    """One for each symptom that was ever scored, in the fixed order; empty where scores are not shared."""
    ever = {key for day in brief.facts.days or () for key, score in day.scores.items() if score is not None}
    return tuple(_row(brief, symptom) for symptom in SYMPTOMS if symptom.key in ever)


def _row(brief: Brief, symptom: Symptom) -> Row:
    before, now = means(brief, symptom.key)
    change = "not enough days"
    if before.value is not None and now.value is not None:
        change = said.change(before.value, now.value)
    return Row(symptom, _figure(before), before.n, _figure(now), now.n, change)


def means(brief: Brief, key: str) -> tuple[Mean, Mean]:
    """The means of the 14 days before and of the days since, each with its n; None under 4 scores (or all of fewer days)."""
    nothing = Mean(None, "no day yet")
    now = part_mean(brief.facts, key, brief.since) if brief.since.length > 0 else nothing
    return part_mean(brief.facts, key, brief.earlier), now


def _figure(mean: Mean) -> str:
    return "–" if mean.value is None else str(said.figure(mean.value))


def lanes(brief: Brief) -> tuple[str, Mapping[str, str]]:
    """(head, chart by symptom) for the screen; nothing where nothing was scored in their time."""
    drawn = drawn_series(brief)
    if not drawn:
        return "", {}
    head, found = charts.brief_lanes(drawn, brief.frame, marks(brief), brief.met_on)
    return head, {series.key: svg for series, svg in found}


def printed(brief: Brief) -> str:
    """The same charts for paper; "" where there is none."""
    drawn = drawn_series(brief)
    return str(charts.print_chart(drawn, brief.frame, marks(brief), met_on=brief.met_on)) if drawn else ""


def drawn_series(brief: Brief) -> list[Series]:
    frame = brief.frame
    scored = {
        key
        for day in brief.facts.days or ()
        if frame.holds(day.day)
        for key, score in day.scores.items()
        if score is not None
    }
    return [series_of(brief.facts, symptom.key) for symptom in SYMPTOMS if symptom.key in scored]


def marks(brief: Brief) -> tuple[Mark, ...]:
    return marks_of(brief.facts, brief.frame.since)


def relief_ended_on(brief: Brief) -> date | None:
    """The first day of those since the last session on which relief of the leading symptom had ended."""
    course = brief.facts.course(brief.facts.leading)
    if course is None:
        return None
    if is_tight(course):
        ends = [
            run.started_on + timedelta(days=run.high)
            for run in course.runs
            if not run.censored and run.high is not None
        ]
    else:
        ends = [
            one.on + timedelta(days=one.onset_day + one.duration.high)
            for one in course.infusions
            if one.duration is not None
            and one.onset_day is not None
            and not one.duration.censored
            and one.duration.high is not None
        ]
    return next((day for day in reversed(ends) if brief.since.since <= day <= brief.since.until), None)


def longest_gap(brief: Brief) -> tuple[date, date] | None:
    """The longest run of at least three days since then without any entry, the latest on a tie."""
    if brief.facts.days is None:
        return None
    told = {
        day.day for day in brief.facts.days if day.unwell or any(v is not None for v in day.scores.values())
    }
    begun = brief.facts.days[0].day if brief.facts.days else brief.since.until + A_DAY
    found, start = None, None
    day = max(brief.since.since, begun)
    while day <= brief.since.until + A_DAY:
        is_gap = day <= brief.since.until and day not in told
        if is_gap and start is None:
            start = day
        if not is_gap and start is not None:
            length = (day - start).days
            if length >= GAP_DAYS and (found is None or length >= (found[1] - found[0]).days + 1):
                found = (start, day - A_DAY)
            start = None
        day += A_DAY
    return found


def questions(brief: Brief) -> tuple[str, ...]:
    """At most five, the most telling first; none where the data ask for none."""
    found = [
        *_of_relief(brief),
        *_of_bad_days(brief),
        *_of_switches(brief),
        *_of_pacts(brief),
        *_of_rises(brief),
        *_of_intention(brief),
        *_of_what_comes(brief),
    ]
    return tuple(found[:MOST_QUESTIONS])


def _of_relief(brief: Brief) -> list[str]:
    ended = relief_ended_on(brief)
    if ended is None:
        return []
    return [
        f"How were the days from {words.date_long(ended)} on, when relief of {leading_name(brief)} had ended?"
    ]


def _of_bad_days(brief: Brief) -> list[str]:
    found = []
    unwell = [
        day.day
        for day in brief.facts.days or ()
        if brief.since.since <= day.day <= brief.since.until
        and day.unwell
        and all(score is None for score in day.scores.values())
    ]
    if unwell:
        days = said.listed([words.date_short(day) for day in unwell])
        if len(unwell) > 3:
            days = f"{len(unwell)} days, the last on {words.date_short(unwell[-1])},"
        found.append(f"What made {days} too bad to log?")
    gap = longest_gap(brief)
    if gap is not None:
        found.append(
            f"Nothing is logged from {words.date_short(gap[0])} to {words.date_short(gap[1])}: what was going on?"
        )
    return found


def _of_switches(brief: Brief) -> list[str]:
    found = []
    for one in brief.switches or ():
        if not brief.since.since <= one.on <= brief.since.until:
            continue
        what = (
            "ended" if one.is_end else f"became {one.after}" if one.before else f"was started, {one.after},"
        )
        found.append(f"How has it been since {one.name} {what} on {words.date_short(one.on)}?")
    return found[:2]


def _of_pacts(brief: Brief) -> list[str]:
    found = []
    for one in brief.pacts or ():
        if one.outcome:
            continue
        done, days = one.counted or (0, 0)
        if one.counted and 0 < done < days:
            found.append(f"“{one.words}”, {done} of {days} days: what helped, and what got in the way?")
        elif one.counted and days and not done:
            found.append(f"“{one.words}” has no day yet: is it still the right one?")
        elif one.counted is None:
            found.append(f"What became of “{one.words}”?")
    return found[:2]


def _of_rises(brief: Brief) -> list[str]:
    rises = []
    for symptom in SYMPTOMS:
        before, now = means(brief, symptom.key)
        if before.value is not None and now.value is not None:
            gap = said.figure(now.value) - said.figure(before.value)
            if gap >= ROSE_BY:
                rises.append((gap, symptom.name))
    if not rises:
        return []
    gap, name = max(rises, key=lambda one: one[0])
    return [f"{name} is worse by {gap} than in the 14 days before: what was different?"]


def _of_intention(brief: Brief) -> list[str]:
    intents = [one for one in brief.said or () if one.what.startswith("Intention")]
    if not intents:
        return []
    return [f"Where has the intention “{shortened(intents[-1].text)}” led?"]


def _of_what_comes(brief: Brief) -> list[str]:
    found = []
    if brief.next_infusion is not None:
        number, day = brief.next_infusion
        if (day - brief.facts.until).days <= SOON_DAYS:
            when = words.date_short(day)
            found.append(
                f"What would {brief.name} like from infusion {number}, planned for {words.weekday(day)[:3]} {when}?"
            )
    for aim in brief.aims or ():
        if aim.until_on is not None and (aim.until_on - brief.facts.until).days <= SOON_DAYS:
            found.append(
                f"The goal “{shortened(aim.words)}” was set for {words.date_full(aim.until_on)}: how near is it?"
            )
    return found


def shortened(text: str, most: int = 80) -> str:
    """The first line, cut at a word where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0].rstrip(",.;:") + " …"


def leading_name(brief: Brief) -> str:
    return words.lower_first(BY_KEY[brief.facts.leading].name)


def said_count(brief: Brief) -> str:
    """ "Alice wrote twice since then." """
    if brief.said is None:
        return f"{brief.name}’s notes are not shared with you."
    times = {0: "nothing that is shared", 1: "once", 2: "twice"}.get(
        len(brief.said), f"{len(brief.said)} times"
    )
    since = "since the last session" if brief.met_on else "in these days"
    return f"{brief.name} wrote {times} {since}."


def pact_words(one: Pact, today: date) -> str:
    """How a commitment stands: "Agreed 12 Nov. Chosen to be counted: 7 of 10 days.\""""
    parts = [f"Agreed {said.short(one.agreed_on, today)}."]
    if one.counted is not None:
        done, days = one.counted
        parts.append(
            f"Chosen to be counted: {done} of {words.plural(days, 'day')}."
            if days
            else "Chosen to be counted: no day yet."
        )
    if one.outcome:
        parts.append(f"Said to be {one.outcome}.")
    elif one.counted is None:
        parts.append("Not counted; ask.")
    if one.until_on is not None and one.until_on < today and not one.outcome:
        parts.append(f"It was until {said.short(one.until_on, today)}.")
    return " ".join(parts)


def aim_words(one: Aim, today: date) -> str:
    until = f", for {words.date_full(one.until_on)}" if one.until_on else ""
    return f"Set {said.long(one.set_on, today)}{until}."


def as_text(head: str, sub: str, lead: str, brief: Brief, today: date) -> str:
    """The sheet as plain text for another record; parts that hold nothing are left out."""
    parts = [f"{head}\n{sub}", lead]
    table = [
        f"- {row.symptom.name}: {row.before} ({row.before_n}) before, {row.now} ({row.now_n}) since, {row.change}"
        for row in rows(brief)
    ]
    lists = (
        ("What changed, mean scores, 0 none to 10 worst (days logged)", table),
        (f"{brief.name}’s words", [f"“{one.text}” ({one.what})" for one in brief.said or ()]),
        ("Ask", questions(brief)),
        ("Open", [f"{one.title}, {one.words}" for one in brief.matters]),
        ("Commitments", [f"{one.words}. {pact_words(one, today)}" for one in brief.pacts or ()]),
        ("Goals", [f"“{one.words}” {aim_words(one, today)}" for one in brief.aims or ()]),
    )
    for title, lines in lists:
        if lines:
            parts.append(
                title + "\n" + "\n".join(line if line.startswith("- ") else f"- {line}" for line in lines)
            )
    return "\n\n".join(part for part in parts if part) + "\n"
