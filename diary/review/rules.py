"""Who needs somebody today, and why, in words made from the data alone; adherence; what changed most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean

from diary.lib.symptoms import BY_KEY, SYMPTOMS
from diary.lib.words import date_short, lower_first, number, plural, time_hm, weekday

SHOWN_DAYS = 21
SQUARES = 14
SILENT_DAYS = 4
SCORED_DAYS = 7
LEAST_BEFORE = 4
WATCHED = ("pain", "mood")
KEYS = tuple(symptom.key for symptom in SYMPTOMS)


@dataclass(frozen=True, slots=True)
class DayState:
    """A day as the caseload reads it: scores by key, and whether it was late or too unwell to log."""

    on: date
    scores: Mapping[str, float | None]
    late: frozenset[str] = frozenset()
    unwell: bool = False
    sleep_hours: float | None = None

    @property
    def given(self) -> int:
        return sum(1 for score in self.scores.values() if score is not None)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody stands where they stand: a few words, and a sentence. `rule` is the safety rule that it meets."""

    order: int
    title: str
    words: str
    rule: str = ""


def state_of(day: DayState | None) -> str:
    """The square of a day: logged (all five), partly, late, unwell or missing."""
    if day is None or (not day.given and not day.unwell):
        return "missing"
    if not day.given:
        return "unwell"
    scored = {key for key, score in day.scores.items() if score is not None}
    if scored <= day.late:
        return "late"
    return "logged" if len(scored) == len(KEYS) else "partly"


def adherence(days: Mapping[date, DayState], until: date, count: int = SQUARES) -> list[str]:
    """States of the last `count` days ending at `until`, oldest first."""
    return [state_of(days.get(until - timedelta(days=back))) for back in range(count - 1, -1, -1)]


def adherence_words(states: Sequence[str]) -> str:
    """ "12 of 14 days logged, 1 late, 1 too unwell"."""
    logged = sum(1 for state in states if state in ("logged", "partly", "late"))
    words = f"{logged} of {plural(len(states), 'day')} logged"
    for state, name in (("late", "late"), ("unwell", "too unwell")):
        count = states.count(state)
        if count:
            words += f", {count} {name}"
    return words


def changed_most(days: Sequence[DayState], but: str = "pain") -> str | None:
    """The symptom whose last 3 scored days differ most from its first 3 shown; None where there are none.

    Ties go to the fixed order of the symptoms.
    """
    best, found = -1.0, None
    for key in KEYS:
        scores = [score for day in days if (score := day.scores[key]) is not None]
        if key == but or not scores:
            continue
        moved = abs(fmean(scores[-3:]) - fmean(scores[:3]))
        if moved > best + 1e-9:
            best, found = moved, key
    return found


def reasons(
    days: Sequence[DayState], today: date, infused: Sequence[date], relief_ended: tuple[int, str] | None = None,
    in_course: bool = False,
) -> list[Reason]:  # fmt: skip
    """Why this patient needs a look, most pressing kind first; `days` are stored days in order, up to today.

    `relief_ended` is (day after the infusion, words) when the last infusion's relief from pain has ended.
    """
    found = []
    above = above_usual(days, today)
    if above:
        found.append(above)
    silent = silence(days, today, in_course)
    if silent:
        found.append(silent)
    unwell = unwell_lately(days, today)
    if unwell:
        found.append(unwell)
    if relief_ended is not None:
        day, words = relief_ended
        found.append(Reason(4, f"Relief ended on day {day}", words))
    return sorted(found, key=lambda reason: reason.order)


def of_sessions(start: datetime | None, due_on: Sequence[date], today: date) -> list[Reason]:
    """A session today or tomorrow, and commitments whose last day has come: what a coach prepares for.

    start: the next session's beginning on the patient's wall clock; due_on: last days of open commitments, in order.
    """
    found = []
    if start is not None and (start.date() - today).days in (0, 1):
        when = "today" if start.date() == today else "tomorrow"
        found.append(Reason(5, f"Session {when} at {time_hm(start)}", "", "session"))
    ended = [day for day in due_on if 0 <= (today - day).days <= 7]
    if ended:
        what = plural(len(ended), "commitment")
        of_them = "it" if len(ended) == 1 else "them"
        found.append(
            Reason(6, f"{what} due", f"Until {date_short(ended[-1])}; nothing is said of {of_them} yet.")
        )
    return found


def of_severe(effect: str, number: int, after: int) -> Reason:
    """A side effect that a check-in of the last week calls severe."""
    return Reason(3, f"Severe {lower_first(effect)} after infusion {number}", f"Said on day {after}.")


def above_usual(days: Sequence[DayState], today: date) -> Reason | None:
    """Pain or low mood 2 points above the mean of the 14 scored days before, or 9-10, on 5 of 7 scored days."""
    for key in WATCHED:
        scored = _scored(days, key)
        if len(scored) >= SCORED_DAYS and (today - scored[-1][0]).days <= 3:
            found = _above(scored, key)
            if found is not None:
                return found
    return None


def _scored(days: Sequence[DayState], key: str) -> list[tuple[date, float]]:
    return [(day.on, score) for day in days if (score := day.scores[key]) is not None]


def _above(scored: Sequence[tuple[date, float]], key: str) -> Reason | None:
    """Whether the last 7 of these scored days, oldest first, are above the usual; in words."""
    last, before = scored[-SCORED_DAYS:], scored[-SCORED_DAYS - 14 : -SCORED_DAYS]
    usual = fmean([score for _, score in before]) if len(before) == 14 else None
    high = [s for _, s in last if s >= 9 or (usual is not None and s >= usual + 2)]
    if len(last) < SCORED_DAYS or len(high) < 5:
        return None
    compared = (
        f"2 points or more above {number(usual)}, the mean of the 14 days before"
        if usual is not None
        else "9 or 10"
    )
    return Reason(
        1,
        f"{BY_KEY[key].name} above the usual",
        f"{compared[0].upper() + compared[1:]}, on {len(high)} of the last 7 logged days.",
        "above_usual",
    )


def little_sleep(days: Sequence[DayState], end: date) -> Reason | None:
    """Two hours less sleep and fatigue 4 points lower than the mean of the 14 days before, on 3 days running.

    `end` is the third day. Each of the three needs both answers, the 14 days at least 4 of each. Source:
    clinical.md, section 6.
    """
    by_day = {day.on: day for day in days}
    three = [by_day.get(end - timedelta(days=back)) for back in (2, 1, 0)]
    before = [day for back in range(3, 17) if (day := by_day.get(end - timedelta(days=back))) is not None]
    slept = [day.sleep_hours for day in before if day.sleep_hours is not None]
    tired = [score for day in before if (score := day.scores["fatigue"]) is not None]
    if len(slept) < LEAST_BEFORE or len(tired) < LEAST_BEFORE:
        return None
    for day in three:
        fatigue = day.scores["fatigue"] if day is not None else None
        if day is None or day.sleep_hours is None or fatigue is None:
            return None
        if day.sleep_hours > fmean(slept) - 2 + 1e-9 or fatigue > fmean(tired) - 4 + 1e-9:
            return None
    return Reason(
        0,
        "Much less sleep without being tired",
        f"On 3 days running 2 hours less sleep than {number(fmean(slept))}, and fatigue 4 points lower than "
        f"{number(fmean(tired))}, the means of the 14 days before.",
        "little_sleep",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A rule over days that is met: what makes it one matter, and since when it has been met without a break.

    `since` is None where that lies before the days that were given.
    """

    rule: str
    matter: str
    since: date | None
    words: str


def over_days(
    days: Sequence[DayState], today: date, in_course: bool, infused_on: date | None = None
) -> list[Found]:
    """The safety rules over days that are met today; `days` are stored days in order, up to today.

    `infused_on` is the last infusion: who was infused less than 4 days ago and never wrote is not silent yet.
    """
    found = []
    for key in WATCHED:
        scored = _scored(days, key)
        reason = _above(scored, key) if scored and (today - scored[-1][0]).days <= 3 else None
        if reason is not None:
            since: date | None = scored[-1][0]
            for count in range(len(scored) - 1, SCORED_DAYS - 1, -1):
                if _above(scored[:count], key) is None:
                    break
                since = scored[count - 1][0]
            else:  # as far back as the days given go: their first day moves on, the matter stays the same
                since = None
            found.append(Found("above_usual", f"days:{key}", since, f"{reason.title}. {reason.words}"))
    end = next((d for d in (today, today - timedelta(days=1)) if little_sleep(days, d)), None)
    if end is not None:
        reason, since = little_sleep(days, end), end
        while little_sleep(days, since - timedelta(days=1)):
            since -= timedelta(days=1)
        found.append(Found("little_sleep", "days:sleep", since, reason.words if reason else ""))
    quiet = silence(days, today, in_course)
    last = max((day.on for day in days if day.given or day.unwell), default=None)
    waited = infused_on is not None and (today - infused_on).days > SILENT_DAYS
    if quiet is not None and (last is not None or waited):
        found.append(Found("silence", "days:silence", last, f"{quiet.title}. {quiet.words}"))
    return found


def silence(days: Sequence[DayState], today: date, in_course: bool) -> Reason | None:
    """No entry for 4 days in a course; today counts only once it is over."""
    if not in_course:
        return None
    said = [day.on for day in days if day.given or day.unwell]
    if not said:
        return Reason(2, "No entry yet", "The diary has not begun.", "silence")
    quiet = (today - said[-1]).days - 1
    if quiet < SILENT_DAYS:
        return None
    return Reason(
        2,
        f"No entry since {weekday(said[-1])[:3]} {date_short(said[-1])}",
        f"{plural(quiet, 'day')}, in mid-course.",
        "silence",
    )


def unwell_lately(days: Sequence[DayState], today: date) -> Reason | None:
    """Too unwell to log on two or more of the last seven days."""
    unwell = [day.on for day in days if day.unwell and not day.given and 0 <= (today - day.on).days < 7]
    if len(unwell) < 2:
        return None
    when = " and ".join([", ".join(weekday(d)[:3] for d in unwell[:-1]), weekday(unwell[-1])[:3]])
    return Reason(3, f"Too unwell to log, {plural(len(unwell), 'day')}", f"Said so on {when}.")
