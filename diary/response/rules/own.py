"""One infusion in the words of its patient, made from the data alone; each says its n.

A finding is the sentence that stands large with its evidence beneath; a fact is a term, what is known and from how much.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_full, half_up, lower_first, number, percent, plural
from diary.response.rules.courses import Course, InfusionResponse, counts_at, is_responder, is_tight
from diary.response.rules.days import BASELINE_DAYS, BASELINE_LEAST, WINDOW_DAYS
from diary.response.rules.words import (
    POINTS,
    Finding,
    can_fill,
    few_words,
    infusion_sentence,
    is_all_unwell,
    lasting,
    week_share,
)

WEEK_LEAST = 4  # scored days of the first seven that a mean of the week needs


@dataclass(frozen=True, slots=True)
class Fact:
    """A term, what is known, and from how much."""

    term: str
    words: str
    small: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One symptom's days as an infusion is told from: scores 0-10 by day, the days too unwell to log, and today."""

    scores: Mapping[date, float]
    unwell: Collection[date]
    today: date

    @property
    def is_whole(self) -> bool:
        return all(score == int(score) for score in self.scores.values())

    def between(self, first: date, last: date) -> list[float]:
        """The scores from a day to a day, both included, oldest first."""
        days = range((last - first).days + 1)
        found = (self.scores.get(first + timedelta(days=step)) for step in days)
        return [score for score in found if score is not None]


@dataclass(frozen=True, slots=True)
class Few:
    """Days that a comparison needs: so many of so many are there; and what that means."""

    have: int
    need: int
    sentence: str
    words: str


def one_infusion(course: Course, infusion: InfusionResponse, key: str, seen: Seen) -> Finding:
    """What followed one infusion, by its status (`response.md`, term 7)."""
    name = BY_KEY[key].name.lower()
    n = f"Logged on {_logged(infusion)}."
    match infusion.status:
        case "response":
            return _relief(infusion, name, n, seen.today)
        case "carried":
            return Finding(
                f"Relief from {name} was there already.",
                f"It began before this infusion, so its start and its length are not counted here. {n}",
            )
        case "no_response":
            return Finding(
                f"No relief from {name} on two days running.",
                f"{_what_counts(course, seen)} {n}",
            )
        case "not_yet":
            return _not_yet(infusion, name, n, seen.today)
        case "not_enough_days":
            return _not_enough(infusion, seen.today)
        case "no_window":
            return _no_day(infusion, seen.today)
        case "baseline_low":
            return _low(course, infusion, key, n)
        case _:
            return _no_level(course, infusion, key, seen)


def _logged(infusion: InfusionResponse) -> str:
    """ "50 of 56 days, too unwell on 2"."""
    unwell = f", too unwell on {infusion.unwell_days}" if infusion.unwell_days else ""
    return f"{infusion.logged_days} of {plural(infusion.window_days, 'day')}{unwell}"


def _what_counts(course: Course, seen: Seen) -> str:
    return f"Two logged days running at {_at(course, seen)} or less would count."


def _at(course: Course, seen: Seen) -> str:
    return number(counts_at(course.baseline, seen.is_whole))


def _is_now(infusion: InfusionResponse, today: date) -> bool:
    """Whether the infusion's last known day is today or yesterday, so that it may be told as going on."""
    return not infusion.is_over and (today - infusion.on).days - infusion.window_days <= 1


def _last_logged(infusion: InfusionResponse) -> str:
    return f"Its last logged day is {date_full(infusion.on + timedelta(days=infusion.window_days))}."


def _relief(infusion: InfusionResponse, name: str, n: str, today: date) -> Finding:
    """From which day to which: a number, a range where days are missing, or what ended the counting first."""
    assert infusion.duration is not None
    assert infusion.onset_day is not None
    duration, onset = infusion.duration, infusion.onset_day
    last = onset + duration.low - 1
    if duration.high is not None and duration.high > duration.low:
        missing = duration.high - duration.low
        are = "One day at its end is" if missing == 1 else f"{_counted(missing)} days at its end are"
        return Finding(
            f"Relief from {name}: day {onset} to somewhere between day {last} and day {last + missing}.",
            f"{are} missing, so it is a range: {lasting(duration)}. Then came two days running without it. {n}",
        )
    if not duration.censored:
        return Finding(
            f"Relief from {name}: day {onset} to day {last}.",
            f"It lasted {lasting(duration)}. Then came two days running without it. {n}",
        )
    if _is_now(infusion, today):
        blip = (
            " The last day was without; one such day does not end it." if last < infusion.window_days else ""
        )
        return Finding(
            f"Relief from {name} since day {onset}: {lasting(duration)} so far.",
            f"It can still go on.{blip} {n}",
        )
    why = {
        "next_infusion": "Then the next infusion came, so its whole length can’t be told.",
        "window": f"Days after the {WINDOW_DAYS}th are not counted.",
    }
    return Finding(
        f"Relief from {name}: day {onset} to day {last} at least.",
        f"That is {lasting(duration)}. {why.get(duration.by or '') or _last_logged(infusion)} {n}",
    )


def _counted(count: int) -> str:
    """Small numbers at the beginning of a sentence."""
    return ("No", "One", "Two", "Three", "Four", "Five", "Six")[count] if count < 7 else str(count)


def _not_yet(infusion: InfusionResponse, name: str, n: str, today: date) -> Finding:
    by = f"No relief from {name} by day {infusion.window_days}"
    if infusion.is_over:
        return Finding(f"{by}.", f"Then the next infusion came: too soon to tell, so it is not counted. {n}")
    if _is_now(infusion, today):
        return Finding(f"{by} yet.", f"It can still come. {n}")
    return Finding(f"{by}.", f"{_last_logged(infusion)} {n}")


def _not_enough(infusion: InfusionResponse, today: date) -> Finding:
    first = f"the first {infusion.window_days} days" if infusion.window_days < 7 else "the first week"
    if infusion.window_days == 1:
        first = "the first day"
    if is_all_unwell(infusion):
        why = "Without a score there is nothing to compare."
    elif can_fill(infusion, today):
        why = f"Half of {first} after it is enough. A day can be written up to a week later."
    else:
        why = f"Half of {first} after it would have been enough."
    return Finding(few_words(infusion, today), why)


def _no_day(infusion: InfusionResponse, today: date) -> Finding:
    if infusion.is_over:
        return Finding("No day lies between this infusion and the next one.", "So nothing can be told of it.")
    if can_fill(infusion, today):
        return Finding("No day after it yet.", "What it does is counted from the day after it.")
    return Finding("No day after it is logged.", "So nothing can be told of it.")


def _low(course: Course, infusion: InfusionResponse, key: str, n: str) -> Finding:
    """Under 3 before the infusions: what changed is said in points only."""
    why = "Your level before was under 3 of 10, so only the change in points is shown."
    if infusion.mean_change is None or course.baseline is None:
        return Finding("No score after it.", f"{why} {n}")
    return Finding(
        moved(BY_KEY[key].name, course.baseline, course.baseline + infusion.mean_change, "after it"),
        f"The mean of the logged days beside your level before. {POINTS} {n}",
    )


def _no_level(course: Course, infusion: InfusionResponse, key: str, seen: Seen) -> Finding:
    """Without a level before: the first week in points against the first two weeks here, where there are enough days."""
    week = first_week_scores(infusion, seen)
    if course.reference_mean is None:
        return Finding(
            f"Not enough days before: {course.baseline_days} of {BASELINE_LEAST}.",
            f"So relief can’t be counted. Logged after it on {_logged(infusion)}.",
        )
    few = f"Before the first infusion only {course.baseline_days} of the {BASELINE_LEAST} days needed are logged."
    why = f"{few} So it is compared with your first two weeks here, already in treatment"
    if week is None:
        return Finding(
            "Not enough days in its first week to compare.",
            f"{why}: {number(course.reference_mean)}. Logged after it on {_logged(infusion)}.",
        )
    return Finding(
        moved(BY_KEY[key].name, course.reference_mean, fmean(week), "in the week after it"),
        f"{why}. Logged on {len(week)} of 7 days.",
    )


def one_line(course: Course, infusion: InfusionResponse, key: str, seen: Seen) -> str:
    """One infusion in a list: what relief did, or in points where relief can't be counted."""
    if infusion.status not in ("no_baseline", "baseline_low"):
        return infusion_sentence(infusion, seen.today)
    line = lower_first(one_infusion(course, infusion, key, seen).sentence).removesuffix(".")
    week = first_week_scores(infusion, seen)
    if infusion.status == "baseline_low" and infusion.mean_change is not None:
        return f"{line}, {infusion.logged_days} of {plural(infusion.window_days, 'day')} logged"
    is_told = course.reference_mean is not None and week is not None
    return f"{line}, {len(week or ())} of 7 days logged" if is_told else line


def curve_words(course: Course, infusion: InfusionResponse, key: str, seen: Seen) -> str:
    """The same under a curve, as a sentence with its n."""
    line = one_line(course, infusion, key, seen)
    line = f"{line[:1].upper()}{line[1:]}."
    if infusion.status in ("response", "carried", "not_yet"):
        line += f" Logged on {_logged(infusion)}."
    return line


def moved(name: str, before: float, now: float, when: str) -> str:
    """ "Pain eased: 6 to 4.3 in the week after it.", by the figures as they are shown."""
    if half_up(before) == half_up(now):
        return f"{name} stayed the same: {number(now)} {when}."
    return f"{name} {'eased' if half_up(now) < half_up(before) else 'rose'}: {number(before)} to {number(now)} {when}."


def first_week_scores(infusion: InfusionResponse, seen: Seen) -> list[float] | None:
    """The scores of days 1 to 7; None where the window has fewer than 7 days, or under 4 of them are scored."""
    found = seen.between(infusion.on + timedelta(days=1), infusion.on + timedelta(days=7))
    return found if infusion.window_days >= 7 and len(found) >= WEEK_LEAST else None


# Facts --------------------------------------------------------------------------------------------


def facts_of(course: Course, infusion: InfusionResponse, seen: Seen) -> tuple[Fact, ...]:
    """Relief began, first week, lowest day, lasted, level before, week before, logged: what is not known says why."""
    found = [_began(course, infusion, seen), _first_week(course, infusion, seen)]
    if infusion.peak_relief is not None:
        found.append(_lowest(course, infusion))
    if infusion.status in ("response", "carried"):
        found.append(_lasted(course, infusion, seen))
    return (*found, _level(course), _week_before(infusion, seen), _logged_fact(infusion))


def _began(course: Course, infusion: InfusionResponse, seen: Seen) -> Fact:
    term = "Relief began"
    match infusion.status:
        case "response":
            small = f"the first of two logged days running at {_at(course, seen)} or less"
            return Fact(term, f"day {infusion.onset_day}", small)
        case "carried":
            return Fact(term, "before this infusion", "so it is not counted for this one")
        case "no_response":
            return Fact(term, "not here", f"no two logged days running at {_at(course, seen)} or less")
        case "not_yet":
            small = "the next infusion came first" if infusion.is_over else "no two logged days running yet"
            small = small if infusion.is_over or _is_now(infusion, seen.today) else "the diary ends there"
            return Fact(term, f"not by day {infusion.window_days}", small)
        case "not_enough_days":
            small = f"{infusion.known_early} of {infusion.needed_early} days that it needs"
            if is_all_unwell(infusion):
                small = f"no score, too unwell on {plural(infusion.unwell_days, 'day')}"
            return Fact(term, "not counted", small)
        case "no_baseline":
            small = f"{BASELINE_LEAST} days before the first infusion are needed; {course.baseline_days} of them are there"
            return Fact(term, "not counted", small)
        case "baseline_low":
            return Fact(term, "not counted", "under 3 of 10 before the first infusion")
        case _:
            return Fact(term, "not counted", "no day after it")


def _first_week(course: Course, infusion: InfusionResponse, seen: Seen) -> Fact:
    term, on = "First week", infusion.on
    week = first_week_scores(infusion, seen)
    logged = len(seen.between(on + timedelta(days=1), on + timedelta(days=min(7, infusion.window_days))))
    if week is None and infusion.window_days < 7:
        small = f"{infusion.window_days} of 7 days before the next infusion"
        if not infusion.is_over:
            small = f"{infusion.window_days} of 7 days so far"
        return Fact(term, "not a whole week", small)
    if week is None:
        yet = " yet" if can_fill(infusion, seen.today) else ""
        return Fact(term, f"not enough days{yet}: {logged} of {WEEK_LEAST}", "a mean needs 4 of the 7 days")
    before, now = course.reference_mean, fmean(week)
    share = f", {week_share(relief)}" if half_up(relief := infusion.week_relief or 0, 2) > 0 else ""
    against = f"{_away(before, now)}{share}; " if before is not None else ""
    return Fact(term, f"{number(now)} on average", f"{against}{logged} of 7 days logged")


def _away(before: float, now: float) -> str:
    """ "2.8 below 7.2": the difference of the two figures as they are shown."""
    difference = half_up(before) - half_up(now)
    if not difference:
        return f"the same as {number(before)}"
    return f"{number(float(abs(difference)))} {'below' if difference > 0 else 'above'} {number(before)}"


def _lowest(course: Course, infusion: InfusionResponse) -> Fact:
    """The deepest day, marked as usual change where it lies within twice the usual swing."""
    assert course.baseline is not None
    assert infusion.peak_relief is not None
    score = course.baseline * (1 - infusion.peak_relief)
    small = _away(course.baseline, score)
    if half_up(course.baseline) == half_up(score):
        return Fact("Lowest day", f"{number(score)}, on day {infusion.peak_day}", small)
    if half_up(infusion.peak_relief, 2) > 0:
        small += f", {percent(infusion.peak_relief)}"
    swing = float(half_up(course.swing)) if course.swing is not None else 0.0
    is_usual = abs(course.baseline - score) <= 2 * swing + 1e-9
    small += "; days change that much by themselves" if is_usual else "; one day alone"
    return Fact("Lowest day", f"{number(score)}, on day {infusion.peak_day}", small)


def _lasted(course: Course, infusion: InfusionResponse, seen: Seen) -> Fact:
    term, duration = "Lasted", infusion.duration
    if duration is None or infusion.onset_day is None:
        return Fact(term, "not counted", "relief was there already")
    parts, last = [], infusion.onset_day + duration.low - 1
    if duration.high is not None and duration.high > duration.low:
        missing = duration.high - duration.low
        parts.append(f"{plural(missing, 'day')} at its end {'is' if missing == 1 else 'are'} missing")
    elif duration.censored and _is_now(infusion, seen.today):
        parts.append("so far")
    elif duration.censored:
        ends = {"next_infusion": "then the next infusion came", "window": f"counted up to day {WINDOW_DAYS}"}
        parts.append(ends.get(duration.by or "", "the diary ends there"))
    if harder := _harder(course, infusion, seen):
        days = f"day {harder[0]}," if len(harder) == 1 else f"{len(harder)} in all,"
        one = "one harder day" if len(harder) == 1 else "single harder days"
        parts.append(
            f"{one} inside, {days} {'does' if len(harder) == 1 else 'do'} not end it; two running would"
        )
    return Fact(term, lasting(duration), "; ".join(parts) or f"from day {infusion.onset_day} to day {last}")


def _harder(course: Course, infusion: InfusionResponse, seen: Seen) -> list[int]:
    """Known days without relief between the first and the last day of relief, counted from the infusion."""
    assert infusion.duration is not None
    assert infusion.onset_day is not None
    found = []
    for day in range(infusion.onset_day, infusion.onset_day + infusion.duration.low):
        on = infusion.on + timedelta(days=day)
        score = seen.scores.get(on)
        if (score is not None or on in seen.unwell) and not is_responder(score, course.baseline or 0):
            found.append(day)
    return found


def _level(course: Course) -> Fact:
    of = f"{course.baseline_days} of {BASELINE_DAYS} days"
    if course.baseline is not None:
        return Fact("Level before", number(course.baseline), f"before the first infusion, {of} (baseline)")
    needed = f"{of} logged, {BASELINE_LEAST} are needed"
    if course.reference_mean is None:
        return Fact("Level before", "not enough days before", f"before the first infusion {needed}")
    return Fact(
        "First two weeks here", number(course.reference_mean),
        f"already in treatment; before the first infusion {needed}",
    )  # fmt: skip


def _week_before(infusion: InfusionResponse, seen: Seen) -> Fact:
    count = len(seen.between(infusion.on - timedelta(days=7), infusion.on - timedelta(days=1)))
    if infusion.infusion_baseline is None:
        return Fact("Week before", f"not enough days: {count} of 3", "just before this infusion")
    return Fact(
        "Week before", number(infusion.infusion_baseline),
        f"just before this infusion, {count} of 7 days; only to look at",
    )  # fmt: skip


def _logged_fact(infusion: InfusionResponse) -> Fact:
    if not infusion.window_days:
        return Fact("Logged", "no day to log" if infusion.is_over else "no day after it", "")
    small = []
    if infusion.logged_days + infusion.unwell_days < infusion.window_days:
        small.append("hatched days are missing, not zero")
    if infusion.unwell_days:
        small.append(f"too unwell on {infusion.unwell_days}")
    days = f"{infusion.logged_days} of {plural(infusion.window_days, 'day')}"
    return Fact("Logged", days, "; ".join(small) or "every one of them")


# What has too few days ----------------------------------------------------------------------------


def few_days(courses: Sequence[Course], today: date) -> Few | None:
    """Where the last course or infusion has too few days to be compared; None where it has enough.

    "Yet" can still fill; "before" is final.
    """
    if not courses:
        return None
    course = courses[-1]
    if course.baseline is None:
        sentence = f"Not enough days before: {course.baseline_days} of {BASELINE_LEAST}."
        words = "So it is compared with your first two weeks here, already in treatment, in points only."
        if course.reference_mean is None:
            words = "So relief can’t be counted here. Your days are drawn as they are."
        return Few(course.baseline_days, BASELINE_LEAST, sentence, words)
    last = course.infusions[-1]
    if is_tight(course) or last.status != "not_enough_days" or last.known_early >= last.needed_early:
        return None
    words = "Too few days after the last infusion were logged."
    if can_fill(last, today):
        words = "A few more days after the last infusion are needed."
    return Few(last.known_early, last.needed_early, few_words(last, today), words)
