"""Who needs somebody today, and why, in words made from the data alone; adherence; what changed most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from diary.lib.symptoms import BY_KEY, SYMPTOMS
from diary.lib.words import date_short, number, plural, weekday

SHOWN_DAYS = 21
SQUARES = 14
SILENT_DAYS = 4
KEYS = tuple(symptom.key for symptom in SYMPTOMS)


@dataclass(frozen=True, slots=True)
class DayState:
    """A day as the caseload reads it: scores by key, and whether it was late or too unwell to log."""

    on: date
    scores: Mapping[str, float | None]
    late: frozenset[str] = frozenset()
    unwell: bool = False

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


def above_usual(days: Sequence[DayState], today: date) -> Reason | None:
    """Pain or low mood 2 points above the mean of the 14 scored days before, or 9-10, on 5 of 7 scored days."""
    for key in ("pain", "mood"):
        scored = [(day.on, score) for day in days if (score := day.scores[key]) is not None]
        if len(scored) < 7 or (today - scored[-1][0]).days > 3:
            continue
        last, before = scored[-7:], scored[-21:-7]
        usual = fmean([score for _, score in before]) if len(before) == 14 else None
        high = [s for _, s in last if s >= 9 or (usual is not None and s >= usual + 2)]
        if len(high) >= 5:
            name = BY_KEY[key].name
            compared = (
                f"2 points or more above {number(usual)}, the mean of the 14 days before"
                if usual is not None
                else "9 or 10"
            )
            return Reason(
                1,
                f"{name} above the usual",
                f"{compared[0].upper() + compared[1:]}, on {len(high)} of the last 7 logged days.",
                "above_usual",
            )
    return None


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
