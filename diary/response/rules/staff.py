"""The words of the response page for staff, made from the data of a course alone; each says its n."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from diary.careteam.rules import COURSE_GAP_DAYS
from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_full, date_short, half_up, number, plural
from diary.response.rules.courses import Course, InfusionResponse, Week, counts_at, is_tight
from diary.response.rules.days import BASELINE_DAYS, BASELINE_LEAST, BASELINE_LOW, RESPONDER, WINDOW_DAYS
from diary.response.rules.drawn import LEAST_FOR_CURVE, Line, WeekDays
from diary.response.rules.words import current_run, lasting, longest_run, run_span, swing_words

OPEN_DAYS = 7
LAST_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """A term, what is known, and from how much."""

    term: str
    words: str
    small: str = ""


def has_relief(course: Course) -> bool:
    """Whether relief is counted at all: there is a level before, of 3 or more."""
    return course.baseline is not None and course.baseline >= BASELINE_LOW


def headline(
    course: Course, infusion: InfusionResponse, named: str, key: str, line: Line, last_day: date | None, today: date
) -> str:  # fmt: skip
    """What followed one infusion, in a sentence or two with its evidence.

    `named`: the infusion's number; `line`: its logged days; `last_day`: the symptom's last known day, which with
    `today` decides whether "yet" and "so far" may be said.
    """
    name = BY_KEY[key].name.lower()
    if course.baseline is None:
        return _against_first_days(course, key, last_day)
    if course.baseline < BASELINE_LOW:
        return _in_points(course, infusion, named, key)
    is_now = last_day is None or (today - last_day).days <= 1
    after = f"after infusion {named}"
    all_days = f"Logged on {infusion.logged_days} of {plural(infusion.window_days, 'day')}."
    match infusion.status:
        case "response":
            return _response(infusion, named, name, line, is_now)
        case "carried":
            return (
                f"Relief from {name} was there already before infusion {named}, so neither its beginning nor its length "
                f"is counted for it. {all_days}"
            )
        case "no_response":
            time = f"in the {plural(infusion.window_days, 'day')} {after}"
            return f"No relief from {name} on two days running {time}. {_logged(line, infusion.window_days)}"
        case "not_enough_days":
            open_until = infusion.on + timedelta(days=7 + OPEN_DAYS)
            yet = " yet" if not infusion.is_over and today <= open_until else ""
            return f"Not enough days{yet} {after}: {infusion.known_early} of {infusion.needed_early}."
        case "no_window":
            return (
                f"No day between infusion {named} and the next one."
                if infusion.is_over
                else f"No day {after} yet."
            )
        case _:
            then = (
                ", then the next infusion came: too soon to tell, and counted nowhere"
                if infusion.is_over
                else ("; it can still come" if is_now else ", its last logged day")
            )
            return f"No relief from {name} by day {infusion.window_days} {after}{then}. {all_days}"


def _logged(line: Line, end: int) -> str:
    if end == 1:
        return "That day was logged." if line.logged(1, 1) else "That day was not logged."
    return f"Logged on {line.logged(1, end)} of those {end} days."


def _response(infusion: InfusionResponse, named: str, name: str, line: Line, is_now: bool) -> str:
    """Relief that ended on a day, or between two; that went on to the next infusion; or of which this is all so far."""
    duration, onset = infusion.duration, infusion.onset_day
    assert duration is not None
    assert onset is not None
    began = f"After infusion {named} relief from {name} began on day {onset} and"
    last = onset + duration.low - 1
    if not duration.censored and duration.high is not None:
        end = onset + duration.high - 1
        to = f"to day {last}" if end == last else f"to day {last} at least and day {end} at most"
        first = f"Logged on {line.logged(1, end)} of those first {end} days."
        return f"{began} lasted {lasting(duration)}, {to}. {first}"
    days = infusion.window_days
    blip = " The last day was without; one such day does not end it." if last < days else ""
    if duration.by == "next_infusion":
        return f"{began} lasted {lasting(duration)}, until the next infusion. {_logged(line, days)}"
    if duration.by == "window":
        return f"{began} lasted {lasting(duration)}; days after the {WINDOW_DAYS}th are not counted. {_logged(line, days)}"
    if is_now:
        return f"{began} has lasted {lasting(duration)} so far.{blip} {_logged(line, days)}"
    ended = date_full(infusion.on + timedelta(days=days))
    return f"{began} lasted {lasting(duration)}; the last logged day is {ended}. {_logged(line, days)}"


def _in_points(course: Course, infusion: InfusionResponse, named: str, key: str) -> str:
    """Under 3 before the infusions: what changed is said in points only."""
    name, before = BY_KEY[key].name, course.baseline
    assert before is not None
    why = "The level before is under 3 of 10, so only changes in points are shown."
    if infusion.mean_change is None:
        return f"No logged day after infusion {named}{'' if infusion.is_over else ' yet'}. {why}"
    n = f"the mean of {plural(infusion.logged_days, 'logged day')}"
    return f"{name} {moved(before, before + infusion.mean_change)} after infusion {named}, {n}. {why}"


def _against_first_days(course: Course, key: str, last_day: date | None) -> str:
    """Those who began the diary in mid-treatment: the last week against their first two weeks here."""
    name, before = BY_KEY[key].name, course.reference_mean
    if before is None:
        return (
            f"Not enough days before the infusions: {course.baseline_days} of {BASELINE_LEAST}. So relief from "
            f"{name.lower()} can't be counted; the days are drawn as they are."
        )
    why = "compared with the first two weeks here, already in treatment"
    week = told_week(course, last_day)
    if week is None or week.mean_change is None:
        return f"Not enough days in any week to compare; {name.lower()} was {number(before)} in the first two weeks here."
    return (
        f"{name} {moved(before, before + week.mean_change)} in week {week.week}, {why}. "
        f"Logged on {week.logged_days} of {plural(days_of(course, week, last_day), 'day')}."
    )


def moved(before: float, now: float) -> str:
    """ "eased from 6.5 to 3.6", "rose from 3 to 4.1", "is unchanged at 5": by the figures as they are shown."""
    if half_up(before) == half_up(now):
        return f"is unchanged at {number(now)}"
    return f"{'eased' if half_up(now) < half_up(before) else 'rose'} from {number(before)} to {number(now)}"


def tenths(x: float | None) -> str:
    """7.25 is "7.3" and 6 is "6.0", so that a column of means stands in line."""
    return "" if x is None else f"{half_up(x):f}"


def against(before: float | None, now: float | None) -> str:
    """ "eased 2.1", "worse 0.1", "the same": the difference of the two figures as shown; empty where one is missing."""
    if before is None or now is None:
        return ""
    difference = half_up(before) - half_up(now)
    if not difference:
        return "the same"
    return f"{'eased' if difference > 0 else 'worse'} {abs(difference):f}"


def days_of(course: Course, week: Week, last_day: date | None) -> int:
    """How many days of a week are over: 7, or fewer of the last one."""
    return 7 if last_day is None else max(1, min(7, (last_day - _begun(course, week)).days + 1))


def _begun(course: Course, week: Week) -> date:
    return course.started_on + timedelta(days=7 * (week.week - 1))


def told_week(course: Course, last_day: date | None, until: date | None = None) -> Week | None:
    """The last whole week that has a mean, else the last one that has; None for none.

    `until`: the day on which a planned longer gap begins, whose weeks are told by themselves.
    """
    weeks = [week for week in course.weeks if until is None or _begun(course, week) <= until]
    told = [week for week in weeks if week.mean_change is not None]
    whole = [week for week in told if days_of(course, week, last_day) == 7]
    found = whole or told
    return found[-1] if found else None


def weeks_headline(
    course: Course, key: str, last_day: date | None, today: date, gap: tuple[date, str] | None = None
) -> str:  # fmt: skip
    """A tight course in two sentences: its last whole week, and the run of relief it stands in or not.

    `gap`: (first day, sentence) of a planned longer gap, which then says how far relief held.
    """
    if course.baseline is None:
        return " ".join([_against_first_days(course, key, last_day), *(gap[1:] if gap else ())])
    name = BY_KEY[key].name
    week = told_week(course, last_day, gap[0] if gap else None)
    if week is None or week.mean_change is None or course.reference_mean is None:
        first = f"Not enough logged days in any week for a mean of {name.lower()}."
    else:
        before = course.reference_mean
        first = (
            f"{name} {moved(before, before + week.mean_change)} in week {week.week}, {week.logged_days} of "
            f"{plural(days_of(course, week, last_day), 'day')} logged."
        )
    return f"{first} {gap[1] if gap else _run_now(course, last_day, today)}".strip()


def _run_now(course: Course, last_day: date | None, today: date) -> str:
    if not has_relief(course) or last_day is None:
        return ""
    run = current_run(course, last_day)
    if (last_day - course.infusions[-1].on).days > WINDOW_DAYS:
        return ""
    is_now = (today - last_day).days <= 1
    if run is None:
        return (
            "No run of relief goes on now." if is_now else "No run of relief went on at the last logged day."
        )
    if is_now:
        return f"Relief has held for {lasting(run)}, since {date_short(run.started_on)}."
    return f"Relief had held for {lasting(run)} at the last logged day, {date_full(last_day)}."


def level_fact(course: Course, is_whole: bool = True) -> Fact:
    """What a day is compared with, how far it strays by itself, and which score counts."""
    if course.baseline is None:
        found = f"{course.baseline_days} of {BASELINE_DAYS} days logged, {BASELINE_LEAST} needed"
        if course.reference_mean is None:
            return Fact("Level before", "not enough days", found)
        return Fact(
            "First two weeks here",
            number(course.reference_mean),
            f"already in treatment; before it {found}",
        )
    swing = f", swing ±{number(course.swing)}" if course.swing is not None else ""
    at = counts_at(course.baseline, is_whole)
    counts = f"counts at {number(at)} or less" if at is not None else "under 3: changes in points only"
    return Fact(
        "Level before", number(course.baseline), f"{course.baseline_days} of {BASELINE_DAYS} days{swing}; {counts}"
    )  # fmt: skip


def facts(course: Course, is_whole: bool = True) -> tuple[Fact, ...]:
    """The facts of a course whose infusions stand far enough apart to be told from one another."""
    level = level_fact(course, is_whole)
    if not has_relief(course):
        return (level,)
    s = course.summary
    found = [level, _rate(course)]
    carried = sum(one.status == "carried" for one in course.infusions)
    if carried:
        short = carried - s.carried
        small = plural(carried, "infusion") + (f", {short} without a whole first week" if short else "")
        held = f"{s.held_30} of {s.carried} held 30\u00a0%" if s.carried else "none can be judged"
        found.append(Fact("Relief was there already", held, f"{small}; not in the rate"))
    if not s.responses or s.median_onset is None:
        return (*found, Fact("First relief", "none yet", "no infusion with a beginning of its own"))
    of = f"median of {plural(s.responses, 'response')}" if s.responses > 1 else "from one response"
    found += [Fact("First relief", f"day {number(s.median_onset)}", of), _lasted(course)]
    return tuple(found)


def _rate(course: Course) -> Fact:
    s = course.summary
    if not s.evaluable:
        return Fact(
            "Response in the first week",
            "none can be judged",
            "needs a whole week of its own, 4 of 7 days logged",
        )
    return Fact(
        "Response in the first week",
        f"{s.responders_30} of {s.evaluable} by 30\u00a0%, {s.responders_50} of {s.evaluable} by 50\u00a0%",
        f"mean of days 1 to 7. On at least one day: {s.reached_30} and {s.reached_50} of {s.evaluable}",
    )


def _lasted(course: Course) -> Fact:
    s = course.summary
    of = f"median of {s.responses}" if s.responses > 1 else "from one response"
    words = plural(s.median_duration, "day") if s.median_duration is not None else "not reached"
    return Fact("It lasted", words, f"{of}; 95\u00a0% interval {interval_words(course)}")


def interval_words(course: Course) -> str:
    """The 95 % interval of the median duration: "7 to not reached"."""
    low, high = course.summary.interval or (None, None)
    if low is None and high is None:
        return "not reached"
    return f"{low if low is not None else 'not reached'} to {high if high is not None else 'not reached'}"


def weeks_facts(
    course: Course, weeks: Sequence[WeekDays], last_day: date | None, is_whole: bool = True, until: date | None = None
) -> tuple[Fact, ...]:  # fmt: skip
    """The facts of a tight course: level, the last four whole weeks (until a planned gap begins), the longest run."""
    found = [level_fact(course, is_whole)]
    if not has_relief(course):
        return tuple(found)
    whole = [
        (week.week, days)
        for week, days in zip(course.weeks, weeks, strict=True)
        if days_of(course, week, last_day) == 7 and (until is None or days.start <= until)
    ][-LAST_WEEKS:]
    if whole:
        relief, logged = sum(days.relief for _, days in whole), sum(days.logged for _, days in whole)
        first, last = whole[0][0], whole[-1][0]
        term = f"Weeks {first} to {last}" if first != last else f"Week {first}"
        found.append(
            Fact(
                term,
                f"relief on {relief} of {plural(logged, 'day')}",
                f"logged, of {7 * len(whole)} days in all",
            )
        )
    run = longest_run(course)
    if run is None:
        found.append(Fact("Longest run of relief", "none", "never on two known days running"))
    else:
        inside = plural(run.infusions, "infusion") if run.infusions else "no infusion"
        found.append(Fact("Longest run of relief", lasting(run), f"{run_span(run)}, {inside} in it"))
    return tuple(found)


def spacing_words(course: Course) -> str:
    """How far the infusions stand apart, by the middle half of the gaps: "every 3 or 4 days"; empty for one alone."""
    days = [one.on for one in course.infusions]
    spaces = sorted((after - before).days for before, after in pairwise(days))
    if not spaces:
        return ""
    low, high = spaces[len(spaces) // 4], spaces[(3 * len(spaces)) // 4]
    if low == high:
        return "every day" if low == 1 else f"every {low} days"
    return f"every {low} {'or' if high == low + 1 else 'to'} {high} days"


def group_words(series: str, days: Sequence[date]) -> str:
    """A series in a line: "6 infusions in 12 days", "8 infusions, 14 to 21 days apart"."""
    n = plural(len(days), "infusion")
    if len(days) < 2:
        return n
    if series == "induction":
        return f"{n} in {plural((days[-1] - days[0]).days + 1, 'day')}"
    spaces = [(after - before).days for before, after in pairwise(days)]
    low, high = min(spaces), max(spaces)
    return f"{n}, {plural(low, 'day') if low == high else f'{low} to {high} days'} apart"


def few_responses(course: Course) -> str:
    """In place of the curve of durations where there are fewer than it needs; empty where there are enough."""
    lasted = [
        lasting(one.duration)
        for one in course.infusions
        if one.status == "response" and one.duration is not None
    ]
    if len(lasted) >= LEAST_FOR_CURVE:
        return ""
    if not lasted:
        return f"No response with a beginning of its own yet; the curve needs {LEAST_FOR_CURVE}."
    what = " and ".join([", ".join(lasted[:-1]), lasted[-1]] if len(lasted) > 1 else lasted)
    return f"{plural(len(lasted), 'response')} of the {LEAST_FOR_CURVE} that the curve needs: {what}."


BENCHMARKS = (
    "30 and 50\u00a0% are benchmarks for pain; for the other four symptoms they are a drawing line, not an established "
    "threshold. This shows what was logged; it does not say what to do."
)


def new_course(gap: int) -> str:
    """When a new course begins, told where the clinic has set its own number of days; else empty."""
    if gap == COURSE_GAP_DAYS:
        return ""
    return f"A new course begins after more than {gap} days without an infusion, as the clinic has set it."


def definitions(course: Course, is_whole: bool = True, gap: int = COURSE_GAP_DAYS) -> str:
    """What the words on the page mean, with this course's own score; the course gap where a clinic set its own."""
    return f"{_definitions(course, is_whole)} {new_course(gap)}".rstrip()


def _definitions(course: Course, is_whole: bool) -> str:
    at = counts_at(course.baseline, is_whole)
    if at is None:
        return (
            "Relief is counted against the mean of the 14 days before the first infusion, where 4 of them are logged and "
            f"it is 3 or more. Without it only changes in points are shown. {BENCHMARKS}"
        )
    share, usual = number(RESPONDER * 100), f"{swing_words(course)} ".lstrip()
    begins = (
        f"the first of two known days running at {number(at)} or less, {share}\u00a0% under the level before"
    )
    ends = "It ends at the first of two known days running above; a day too unwell to log counts as above."
    if is_tight(course):
        return (
            f"A run of relief begins on {begins}. {ends} “At least”: the diary, the course or the {WINDOW_DAYS} days that are "
            f"counted after its last infusion ended first. A range: days were missing around the end. Infusions in a run "
            "are those from its first day to its last; one that began the day after an infusion does not hold that one. "
            f"{usual}{BENCHMARKS}"
        )
    return (
        f"First relief: {begins}. {ends} Where relief was there already, neither its beginning nor its length can be this "
        "infusion’s. “Not by day 1”: the next infusion came too soon to tell; counted nowhere. “At least”: the next "
        "infusion, or the end of the diary, came first. A range: days were missing around the end. A response counts by "
        f"the mean of its first week, since one good day comes by chance as well. {usual}{BENCHMARKS}"
    )
