"""Which check-in is due when, what each holds, and which answers fire a rule of safety (clinical.md, 4 and 6).

A check-in belongs to one infusion and one day of the diary; an intention to one infusion and the day it was begun; an
arrival sheet, what the nurse asks before an infusion, to that infusion and its day.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.entries.rules import Merged, Note
from diary.lib import words

CHECKIN, INTENTION, ARRIVAL = "checkin", "intention", "arrival"
KINDS = (CHECKIN, INTENTION, ARRIVAL)

# What is asked ------------------------------------------------------------------------------------

# clinical.md, section 4: the side effects asked after an infusion, in the three groups of the page.
EFFECT_GROUPS = (
    (
        "Mind and rest",
        (
            ("detached", "Feeling detached or unreal"),
            ("anxiety", "Anxiety or fear"),
            ("confusion", "Confusion"),
            ("dreams", "Vivid dreams"),
            ("tiredness", "Fatigue"),
        ),
    ),
    (
        "Head and eyes",
        (
            ("dizziness", "Dizziness"),
            ("headache", "Headache"),
            ("vision", "Blurred or double vision"),
        ),
    ),
    (
        "Body",
        (
            ("nausea", "Nausea"),
            ("vomiting", "Vomiting"),
            ("heartbeat", "Raised heart beat"),
            ("itching", "Itching"),
        ),
    ),
)
EFFECTS = {key: name for _, group in EFFECT_GROUPS for key, name in group}
# The next morning asks about these two once more, and a rule of safety hangs on it: no clinic leaves them out.
ALWAYS_ASKED = ("detached", "confusion")
EMERGENCIES = {
    "chest_pain": "Chest pain",
    "fainting": "Fainting",
    "breathless": "Very hard to breathe",
    "worst_headache": "A sudden, very bad headache",
}
GRADES = ("no", "mild", "moderate", "severe")
STRENGTHS = ("marked", "mild", "moderate", "severe")  # marked: chosen, its strength not said
YES_NO = ("no", "yes")
# One answer of few: field -> (the question, the answers as (value, words)).
_PLAIN = tuple((grade, grade) for grade in GRADES)
_EITHER = tuple((word, word) for word in YES_NO)
CHOICES: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "still_detached": ("Do you still feel detached or confused?", _PLAIN),
    "fall": ("Did you fall?", _EITHER),
    "head": (
        "How is your head?",
        (("clear", "clear"), ("a_little_foggy", "a little foggy"), ("foggy", "foggy"), ("very_foggy", "very foggy")),
    ),
    "heart": (
        "How is your heart?",
        (("light", "light"), ("as_usual", "as usual"), ("heavy", "heavy"), ("very_heavy", "very heavy")),
    ),
    "urine_often": ("Do you pass urine more often than you used to?", _PLAIN),
    "urine_pain": ("Does it hurt to pass urine?", _PLAIN),
    "urine_blood": ("Is there blood in your urine?", _EITHER),
    "memory": ("Do you have trouble with your memory?", _PLAIN),
    "craving": ("Do you crave ketamine?", _EITHER),
    "ketamine_outside": ("Have you used ketamine outside the clinic?", _EITHER),
}  # fmt: skip
# Asked on the arrival sheet only: product.md, "Arrival sheet". Nobody is offered to drive.
ON_ARRIVAL: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "way_home": (
        "How do you get home?",
        (("somebody", "somebody takes me"), ("taxi", "a taxi"), ("accompanied", "bus or train, with somebody"), ("not_yet", "not arranged yet")),
    ),
}  # fmt: skip
EVERY_CHOICE = {**CHOICES, **ON_ARRIVAL}
PAIN_NOW = "pain_now"  # 0 to 10, at this moment
ASKING = ("urine_often", "urine_pain", "urine_blood", "memory", "craving", "ketamine_outside")
GRADED_URINE = ("urine_often", "urine_pain")
URINE = (*GRADED_URINE, "urine_blood")
# "None of these"; that she has come to its end, or confirmed the sheet; that the nurse goes through it with her.
MARKS = ("none", "done", "with_nurse")
WORDS = {CHECKIN: "insight", INTENTION: "intention"}  # like a note: private or shared
OWN = "own"
FIELDS: Mapping[str, tuple[str, ...]] = {
    CHECKIN: (*EFFECTS, "none", OWN, *EMERGENCIES, *CHOICES, "insight", "done"),
    INTENTION: ("intention",),
    ARRIVAL: (PAIN_NOW, OWN, *URINE, "fall", "way_home", "done", "with_nurse"),
}
DRIVE = "Do not drive until the day after, after a night’s sleep, and not if you still feel odd."
LONGEST_OWN = 400
LONGEST_WORDS = 10_000

# When ---------------------------------------------------------------------------------------------

DAYS = (0, 1, 2, 3, 7)  # days after an infusion; 0 is the same evening, 1 the next morning
EVENING = 17  # the hour of her clock from which the same evening's check-in is due
TIGHT = timedelta(days=7)
MORNINGS_FROM = 3  # of infusions less than 7 days apart, from the third on only the next morning
MOST_A_WEEK = 3
USUAL_FROM = 3
MOST_USUAL = 4
ASK_OFTEN, ASK_SELDOM = timedelta(days=14), timedelta(days=28)
ALONE_AFTER = timedelta(days=3)  # so long the asking waits for a check-in that may carry it
IN_TREATMENT = timedelta(days=56)
BEFORE_FIRST = timedelta(days=7)
INTENTION_BEFORE = timedelta(days=3)
HORIZON = timedelta(days=35)
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Given:
    """An infusion as far as the schedule asks: its uuid, number, day, time ("" unknown) and whether it is done."""

    id: UUID
    number: int
    day: date
    at_time: str = ""
    is_done: bool = True


@dataclass(frozen=True)
class Due:
    """A check-in of one day: its infusion, how many days after it, whether the asking is in it, and from which hour.

    `after` is negative where only the asking is due, before the first infusion.
    """

    day: date
    target: UUID
    number: int
    after: int
    asks: bool
    is_asking_only: bool = False

    @property
    def from_hour(self) -> int:
        return EVENING if self.after == 0 else 0

    @property
    def steps(self) -> tuple[str, ...]:
        """The pages of it, by their names in the address: none of them tells what it asks."""
        if self.is_asking_only:
            return ("ask",)
        morning = ("morning",) if self.after == 1 else ()
        return ("first", *morning, "mind", *(("ask",) if self.asks else ()), "words")

    @property
    def name(self) -> str:
        """ "The morning after infusion 14"."""
        return name_of(self.after, self.number, self.is_asking_only)

    @property
    def says_drive(self) -> bool:
        """To everybody, on the evening and the next morning."""
        return self.after in (0, 1) and not self.is_asking_only


def name_of(after: int, number: int, is_asking_only: bool = False) -> str:
    """What a check-in is called, by its days after an infusion."""
    if after < 0:
        return f"Before infusion {number}"
    if is_asking_only:
        return "From time to time"
    if after == 0:
        return f"The evening of infusion {number}"
    if after == 1:
        return f"The morning after infusion {number}"
    return f"Day {after} after infusion {number}"


def check_ins(
    given: Iterable[Given],
    today: date,
    asked_on: date | None = None,
    days: Sequence[int] = DAYS,
    horizon: timedelta = HORIZON,
) -> list[Due]:
    """The check-ins of the days from `today` to 35 days on, as the infusions stand now; at most one a day.

    given: a patient's infusions in any order, cancelled ones left out. asked_on: the last day on which the asking
    (urinary symptoms, memory, craving) was answered, before today; None for never. days: after an infusion.
    Source: product.md, "Check-ins"; clinical.md, section 4.
    """
    given = sorted(given, key=lambda one: (one.day, one.at_time, one.number))
    done = [one for one in given if one.is_done]
    begin = min([today, *(one.day for one in done)])
    found: list[Due] = []
    mornings: list[date] = []
    day = max(begin, today - 3 * TIGHT)
    while day <= today + horizon:
        due = _check_in(done, day, mornings, days)
        in_the_morning = _check_in([one for one in done if one.day < day], day, mornings, days)
        if in_the_morning is not None and in_the_morning[1]:
            mornings.append(day)  # asked then, also where that day's own infusion came after it
        if day >= today:
            one = _with_asking(given, done, day, due[0] if due else None, asked_on)
            if one is not None:
                found.append(one)
                if one.asks:
                    asked_on = day
        day += A_DAY
    return found


def _check_in(
    done: Sequence[Given], day: date, mornings: Sequence[date], days: Sequence[int]
) -> tuple[Due, bool] | None:
    """The check-in of a day, and whether it is one of the mornings of a tight schedule, of which three a week are most.

    They belong to the latest infusion only.
    """
    latest = next((place for place in range(len(done) - 1, -1, -1) if done[place].day <= day), None)
    if latest is None:
        return None
    last = done[latest]
    after = (day - last.day).days
    is_tight = _place_in_run(done[: latest + 1]) >= MORNINGS_FROM
    if after not in ((1,) if is_tight else days):
        return None
    if is_tight and sum(day - TIGHT < one < day for one in mornings) >= MOST_A_WEEK:
        return None
    return Due(day, last.id, last.number, after, asks=False), is_tight


def _place_in_run(done: Sequence[Given]) -> int:
    """How many infusions, each less than 7 days after the one before, end with the last one; two on a day are one.

    Counted no further than matters.
    """
    run = 1
    for earlier, later in zip(done[-2::-1], done[:0:-1], strict=True):
        if run >= MORNINGS_FROM or later.day - earlier.day >= TIGHT:
            break
        run += later.day != earlier.day
    return run


def _with_asking(
    given: Sequence[Given], done: Sequence[Given], day: date, due: Due | None, asked_on: date | None
) -> Due | None:
    """The day's check-in with the asking where that is due; the asking alone where no check-in came to carry it."""
    before = [one for one in done if one.day <= day]
    if not before:
        first = next((one for one in given if not one.is_done and one.day >= day), None)
        is_soon = first is not None and first.day - day <= BEFORE_FIRST
        if first is None or not is_soon or asked_on is not None:
            return due
        return Due(day, first.id, first.number, (day - first.day).days or -1, asks=True, is_asking_only=True)
    since = asked_on or before[0].day - ASK_SELDOM
    waited = day - since - _interval(before, day)
    last = before[-1]
    if waited < timedelta(0) or day - last.day > IN_TREATMENT:
        return due
    if due is not None:
        return Due(due.day, due.target, due.number, due.after, asks=True)
    if waited < ALONE_AFTER:
        return None
    after = (day - last.day).days
    return Due(day, last.id, last.number, after, asks=True, is_asking_only=True) if after else None


def _interval(before: Sequence[Given], day: date) -> timedelta:
    """Two weeks while infusions are weekly or more often, else four."""
    if len(before) < 2 or day - before[-1].day > ASK_OFTEN:
        return ASK_SELDOM
    return ASK_OFTEN if before[-1].day - before[-2].day <= TIGHT else ASK_SELDOM


def due_on(
    given: Iterable[Given], today: date, asked_on: date | None, days: Sequence[int] = DAYS
) -> Due | None:
    """The check-in of one day, if there is one; as `check_ins`."""
    return next(iter(check_ins(given, today, asked_on, days, timedelta(0))), None)


def intention_for(given: Iterable[Given], today: date) -> Given | None:
    """The planned infusion for which an intention is offered: the next one, from three days before to its day."""
    ahead = [one for one in given if not one.is_done and timedelta(0) <= one.day - today <= INTENTION_BEFORE]
    return min(ahead, key=lambda one: (one.day, one.at_time), default=None)


def when_words(on: date, at_time: str, today: date) -> str:
    """ "tomorrow at 10:00": when an infusion is, for somebody reading today."""
    name = {0: "today", 1: "tomorrow"}.get((on - today).days, f"on {words.weekday(on)}")
    return f"{name} at {at_time}" if at_time else name


def usual_effects(
    earlier: Iterable[tuple[UUID, Mapping[str, Any]]], number: int, unasked: Collection[str] = ()
) -> tuple[str, ...]:
    """Her own usual side effects, the most frequent first: those marked after two infusions at least.

    earlier: (infusion, fields) of the check-ins of other infusions; unasked: what the clinic leaves out. Empty before
    the third infusion, and where fewer than two are usual: then the whole list is asked.
    """
    if number < USUAL_FROM:
        return ()
    after: dict[str, set[UUID]] = {}
    for infusion, fields in earlier:
        for key in EFFECTS:
            if fields.get(key) and key not in unasked:
                after.setdefault(key, set()).add(infusion)
    order = list(EFFECTS)
    often = [key for key, which in after.items() if len(which) >= 2]
    often.sort(key=lambda key: (-len(after[key]), order.index(key)))
    return tuple(often[:MOST_USUAL]) if len(often) >= 2 else ()


def unasked_of(text: str) -> frozenset[str]:
    """The side effects that a clinic leaves out, as it keeps them ("vision itching"); never one of those always asked."""
    return frozenset(text.split()) & set(EFFECTS) - set(ALWAYS_ASKED)


# Safety -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fired:
    """A rule that an answer fires: its key in safety/rules.json, what makes it one matter, and the answer in words."""

    rule: str
    matter: str
    answer: str


@dataclass(frozen=True)
class Asked:
    """One earlier asking: its day, whether no infusion was done before it, and its answers."""

    day: date
    is_before_first: bool
    fields: Mapping[str, Any]


def fires_from(earlier: Iterable[Asked]) -> dict[str, int]:
    """By urinary question the grade (1 mild to 3 severe) from which its next answer fires; absent where none does.

    "New or worse at two askings running": above her level before the infusions at the last asking, and again now.
    Her level is that of the asking before the first infusion; without one it counts as none, so that a symptom is
    told once too often rather than never.
    """
    askings = sorted(earlier, key=lambda one: one.day)
    found = {}
    for name in GRADED_URINE:
        answered = [one for one in askings if one.fields.get(name)]
        if not answered:
            continue
        level = max((_grade(one.fields[name]) for one in answered if one.is_before_first), default=0)
        last = answered[-1]
        if not last.is_before_first and _grade(last.fields[name]) > level:
            found[name] = level + 1
    return found


def _grade(value: Any) -> int:
    return GRADES.index(value) if value in GRADES else 0


def matter_of(kind: str, target: UUID, given: Iterable[Given]) -> UUID:
    """The infusion after which something happened: for the arrival sheet the last one that was done before its own.

    So a fall that a check-in told of, and the sheet again, is one matter.
    """
    if kind != ARRIVAL:
        return target
    given = list(given)
    own = next((one for one in given if one.id == target), None)
    before = [one for one in given if own and one.is_done and one.id != target and one.day <= own.day]
    return max(before, key=lambda one: (one.day, one.at_time)).id if before else target


def fired(fields: Mapping[str, Any], target: UUID, urine_from: Mapping[str, int]) -> list[Fired]:
    """The rules that the answers of one write fire, each once; `urine_from` as `fires_from` gives it.

    fields: the typed values of the write, whatever becomes of them; target: as `matter_of` gives it.
    Source: clinical.md, section 6.
    """
    about = f"checkin:{target.hex}"
    signs = [name for key, name in EMERGENCIES.items() if fields.get(key) == "yes"]
    found = []
    if signs:
        found.append(Fired("emergency_after_infusion", about, "; ".join(signs)))
    if fields.get("fall") == "yes":
        found.append(Fired("fall", about, "A fall: yes"))
    if fields.get("still_detached") in GRADES[2:]:
        found.append(
            Fired("detached_next_day", about, f"Still detached or confused: {fields['still_detached']}")
        )
    urine = ["Blood in urine: yes"] if fields.get("urine_blood") == "yes" else []
    names = {"urine_often": "Passing urine more often", "urine_pain": "Pain on passing urine"}
    for name, label in names.items():
        least = urine_from.get(name)
        if least is not None and _grade(fields.get(name)) >= least:
            urine.append(f"{label}: {fields[name]}, the second time running")
    if urine:
        found.append(Fired("urinary", "urinary", "; ".join(urine)))
    outside = [
        words_
        for name, words_ in (
            ("craving", "Craving: yes"),
            ("ketamine_outside", "Ketamine outside the clinic: yes"),
        )
        if fields.get(name) == "yes"
    ]
    if outside:
        found.append(Fired("ketamine_outside", "ketamine", "; ".join(outside)))
    return found


def rules_by_answer(urine_from: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """By field and value the rule that it fires, for the page's own marks: the phone shows help before it sends."""
    found: dict[str, dict[str, str]] = {}
    nobody = UUID(int=0)
    for name in FIELDS[CHECKIN]:
        for value in (*GRADES, "yes"):
            for one in fired({name: value}, nobody, urine_from):
                found.setdefault(name, {})[value] = one.rule
    return found


# What was shown and what was typed ------------------------------------------------------------------


def touched(shown: Mapping[str, Merged], typed: Mapping[str, Any], settles: bool = False) -> dict[str, Any]:
    """The typed fields that differ from what was shown; where two answers were shown, either is a choice."""
    found = {}
    for name, value in typed.items():
        merged = shown.get(name)
        if isinstance(value, Note):
            value = Note(value.text, value.private) if value.text else None
        if merged is None:
            is_nothing = value is None
        else:
            is_nothing = value == merged.value and not (settles and merged.conflicts)
        if not is_nothing:
            found[name] = value
    return found


def is_answered(fields: Mapping[str, Any]) -> bool:
    """Whether anything of a check-in is told."""
    return any(value is not None for value in fields.values())


def is_urine_answered(fields: Mapping[str, Any]) -> bool:
    """Whether it says anything of passing urine, which check-ins and arrival sheets both ask."""
    return any(fields.get(name) is not None for name in URINE)


def is_asked(fields: Mapping[str, Any]) -> bool:
    """Whether the asking was answered in it, in part at least."""
    return any(fields.get(name) is not None for name in ASKING)


def value_words(name: str, value: Any) -> str:
    """An answer in words: "moderate"; "marked" has no strength, and says so."""
    if value is None:
        return ""
    if name in EFFECTS:
        return "strength not said" if value == "marked" else str(value)
    if name in EVERY_CHOICE:
        return dict(EVERY_CHOICE[name][1]).get(value, str(value))
    return str(value.text or "") if isinstance(value, Note) else str(value)


def is_open_at(due: Due, there: datetime) -> bool:
    """Whether a check-in may be shown at a moment of her own clock: the evening's from 17:00 on, to 04:00."""
    return there.hour >= due.from_hour or there.date() > due.day
