"""The nurse's usual questions before an infusion, filled from the diary: for the patient, and for staff by consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins.queries import CheckinRow, checkins_of
from diary.checkins.rules import (
    ARRIVAL,
    CHECKIN,
    EFFECTS,
    EMERGENCIES,
    ON_ARRIVAL,
    PAIN_NOW,
    STRENGTHS,
    URINE,
    is_urine_answered,
    value_words,
)
from diary.entries.queries import DayRow, days_between
from diary.infusions.queries import InfusionRow, infusions_of
from diary.infusions.queries import infusion as infusion_of
from diary.lib.words import date_full, date_long, lower_first, number, plural, weekday
from diary.medications.queries import KNOWN, TABLE, spans_of
from diary.medications.rules import changes, listed

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
FOUR_WEEKS = timedelta(days=28)
FEW = 5  # so many scores are said one by one
URINE_NAMES = {"urine_often": "more often", "urine_pain": "hurts", "urine_blood": "blood"}
NOT_SHARED = "Not shared with you"


@dataclass(frozen=True)
class Line:
    """One of the nurse's questions: what the diary says to it, and where that is from; open where nothing is said."""

    key: str
    label: str
    words: str
    beneath: str = ""
    is_open: bool = False


# The lines of nobody, for the phone's shell page.
UNFILLED = tuple(
    Line(key, label, "")
    for key, label in (
        ("pain", "Pain since the last infusion"), ("effects", "Side effects"), ("medicines", "Changes of medicine"),
        ("urine", "Passing urine"), ("fall", "A fall"), ("home", "The way home"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class ArrivalSheet:
    """The sheet of one infusion: its lines, what was said on it, and when it was confirmed or changed last."""

    infusion: InfusionRow
    lines: tuple[Line, ...]
    said: CheckinRow | None
    last: InfusionRow | None

    @property
    def pain_now(self) -> int | None:
        return self.said.answers.get(PAIN_NOW) if self.said else None

    @property
    def is_confirmed(self) -> bool:
        return bool(self.said and self.said.answers.get("done"))

    @property
    def is_with_nurse(self) -> bool:
        """She asked that the nurse goes through it with her, and nobody has confirmed it since."""
        return bool(self.said and self.said.answers.get("with_nurse")) and not self.is_confirmed

    @property
    def changed_at(self) -> datetime | None:
        return self.said.changed_at if self.said else None


def arrival_sheet(s: Session, viewer: access.Viewer, patient_id: int, uuid: UUID) -> ArrivalSheet:
    """What is known before an infusion, as the diary stands now; what consent does not let the viewer see says so.

    Raises Hidden for whoever may not see the infusion.
    """
    infusion = infusion_of(s, viewer, patient_id, uuid)
    on = infusion.day
    done = [row for row in infusions_of(s, viewer, patient_id) if row.day <= on and row.id != infusion.id]
    last = done[-1] if done else None
    rows = [row for row in checkins_of(s, viewer, patient_id) if row.day <= on]
    own = next((row for row in rows if row.kind == ARRIVAL and row.target == infusion.uuid), None)
    after = [row for row in rows if row.kind == CHECKIN and last and row.target == last.uuid]
    lines = (
        _pain(s, viewer, patient_id, last, on),
        _effects(after, own, on),
        _medicines(s, viewer, patient_id, last, on),
        _urine(rows, on),
        _fall(after, own, on),
        _way_home(own),
    )
    return ArrivalSheet(infusion, lines, own, last)


def _pain(s: Session, viewer: access.Viewer, patient_id: int, last: InfusionRow | None, on: date) -> Line:
    since = last.day + A_DAY if last else on - A_WEEK
    until = on - A_DAY
    label = "Pain since the last infusion" if last else "Pain in the last 7 days"
    if Kind.SCORES not in access.kinds(s, viewer, patient_id):
        return Line("pain", label, NOT_SHARED)
    if until < since:
        return Line("pain", label, "No day between", "the last infusion was yesterday" if last else "")
    days = days_between(s, viewer, patient_id, since, until)
    scores = [row.scores["pain"] for row in days if row.scores["pain"] is not None]
    many = (until - since).days + 1
    beneath = f"{len(scores)} of {plural(many, 'day')}, {_span(since, until)}{_unwell(days)}"
    if not scores:
        return Line("pain", label, "Not written", beneath, is_open=True)
    return Line("pain", label, pain_words([score for score in scores if score is not None]), beneath)


def pain_words(scores: Sequence[float]) -> str:
    """Few scores one by one, "4, 4 and 6"; more of them as "4.6 on average, from 3 to 7"."""
    if len(scores) <= FEW:
        return listed(number(score) for score in scores)
    mean = sum(scores) / len(scores)
    return f"{number(mean)} on average, from {number(min(scores))} to {number(max(scores))}"


def _unwell(days: Sequence[DayRow]) -> str:
    unwell = sum(1 for row in days if row.unwell and row.scores["pain"] is None)
    return f"; too unwell to log on {unwell}" if unwell else ""


def _span(since: date, until: date) -> str:
    if since == until:
        return date_long(since)
    if (until - since).days < A_WEEK.days:
        return f"{weekday(since)} to {weekday(until)}"
    return f"{date_long(since)} to {date_long(until)}"


def _when(day: date, on: date) -> str:
    """ "today", "Saturday", "17 November": a day as somebody on the infusion's day says it."""
    if day == on:
        return "today"
    return weekday(day) if on - day < A_WEEK else date_full(day).rpartition(" ")[0]


def _effects(after: Sequence[CheckinRow], own: CheckinRow | None, on: date) -> Line:
    strongest: dict[str, str] = {}
    signs, words = [], []
    for row in after:
        for key in EFFECTS:
            how = row.answers.get(key)
            if how and STRENGTHS.index(how) > STRENGTHS.index(strongest.get(key, "marked")):
                strongest[key] = how
            elif how:
                strongest.setdefault(key, how)
        signs += [name for key, name in EMERGENCIES.items() if row.answers.get(key)]
        words += [row.own] if row.own else []
    if own and own.own:
        words.append(own.own)
    told = [*dict.fromkeys(signs)]
    told += [
        EFFECTS[key] if strongest[key] == "marked" else f"{EFFECTS[key]} {strongest[key]}"
        for key in EFFECTS
        if key in strongest
    ]
    told += [f"“{text}”" for text in words]
    if told:
        days = listed(_when(day, on) for day in sorted({row.day for row in after if row.effects}))
        beneath = f"{days}; the others not marked" if days else ""
        return Line("effects", "Side effects", ", ".join([told[0], *map(lower_first, told[1:])]), beneath)
    if any(row.answers.get("none") for row in after):
        return Line(
            "effects",
            "Side effects",
            "None of those asked about",
            f"{plural(len(after), 'check-in')} since the last infusion",
        )
    return Line("effects", "Side effects", "None written", "no check-in says any")


def _medicines(
    s: Session, viewer: access.Viewer, patient_id: int, last: InfusionRow | None, on: date
) -> Line:
    since = last.day if last else on - FOUR_WEEKS
    found = [one for one in changes(spans_of(s, viewer, patient_id), KNOWN, TABLE) if since < one.on <= on]
    said = [f"{one.name}: {one.after}" for one in reversed(found)]
    beneath = f"since {date_full(since).rpartition(' ')[0]}"
    return Line("medicines", "Changes of medicine", "; ".join(said) or "None written", beneath)


def _urine(rows: Sequence[CheckinRow], on: date) -> Line:
    asked = next(
        (row for row in rows if row.kind in (CHECKIN, ARRIVAL) and is_urine_answered(row.answers)), None
    )
    if asked is None:
        return Line("urine", "Passing urine", "Not said yet", is_open=True)
    told = [
        f"{URINE_NAMES[name]}: {value_words(name, asked.answers[name])}"
        for name in URINE
        if asked.answers.get(name) not in (None, "no")
    ]
    beneath = "said today" if asked.day == on else f"asked on {_when(asked.day, on)}"
    words = ", ".join(told)
    return Line("urine", "Passing urine", words[:1].upper() + words[1:] or "No change", beneath)


def _fall(after: Sequence[CheckinRow], own: CheckinRow | None, on: date) -> Line:
    if own is not None and own.answers.get("fall"):
        return Line("fall", "A fall", own.answers["fall"].capitalize(), "said today")
    said = [row for row in after if row.answers.get("fall")]
    yes = next((row for row in said if row.answers["fall"] == "yes"), None)
    row = yes or (said[0] if said else None)
    if row is None:
        return Line("fall", "A fall", "Not said yet", is_open=True)
    return Line("fall", "A fall", row.answers["fall"].capitalize(), f"answered on {_when(row.day, on)}")


def _way_home(own: CheckinRow | None) -> Line:
    said = own.answers.get("way_home") if own else None
    label = "The way home"
    no_driving = "no driving today"
    if said is None:
        return Line("home", label, "Not said yet", no_driving, is_open=True)
    words = dict(ON_ARRIVAL["way_home"][1])[said]
    return Line("home", label, words[:1].upper() + words[1:], no_driving, is_open=said == "not_yet")
