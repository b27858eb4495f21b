"""The words of a response, made from its data alone and shared by page, phone and PDF.

Figures are rounded half up, and a difference is the difference of the figures shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from diary.lib.symptoms import BY_KEY
from diary.lib.words import date_full, date_long, half_up, lower_first, number, percent, plural, span_short
from diary.response.rules.courses import (
    Course,
    Duration,
    InfusionResponse,
    Run,
    Week,
    counts_at,
    is_tight,
)
from diary.response.rules.days import BASELINE_LOW, RESPONDER, SUBSTANTIAL, TOLERANCE, WINDOW_DAYS

POINTS = "That was under 3 of 10, so only the change in points is shown."
OPEN_DAYS = 7  # how long a day can be written (the contract's rule of the day's form)
BROUGHT_FORWARD = "If infusions were brought forward because relief was fading, the true time is shorter."


def first_relief(infusion: InfusionResponse) -> str:
    """The table's cell "First relief"."""
    match infusion.status:
        case "response":
            return f"day {infusion.onset_day}"
        case "carried":
            return "relief was there already"
        case "no_response":
            return "no response"
        case "not_yet":
            return f"not by day {infusion.window_days}"
        case "not_enough_days":
            return f"not enough days: {infusion.known_early} of {infusion.needed_early}"
        case "no_baseline":
            return "no level before"
        case "baseline_low":
            return "level before under 3"
        case _:
            return "no day yet"


def deepest(infusion: InfusionResponse) -> str:
    """The cell "Deepest": the greatest relief of one day."""
    return percent(infusion.peak_relief) if infusion.peak_relief is not None else ""


def deepest_on(infusion: InfusionResponse) -> str:
    return f"day {infusion.peak_day}" if infusion.peak_day is not None else ""


def week_share(relief: float) -> str:
    """Mean relief of a first week in per cent; rounding never lifts it over the 30 or 50 % by which a response counts."""
    bound = next(
        (one for one in (RESPONDER, SUBSTANTIAL) if relief < one - TOLERANCE and half_up(relief, 2) >= one),
        None,
    )
    if bound is None:
        return percent(relief)
    return percent(relief, 1) if half_up(relief, 3) < bound else f"under {percent(bound)}"


def first_week(infusion: InfusionResponse) -> str:
    """The cell "First week": mean relief of the first seven days."""
    if infusion.week_relief is not None:
        return week_share(infusion.week_relief)
    if infusion.peak_relief is None:
        return ""
    return "too short" if infusion.window_days < 7 else "too few days"


def lasted(infusion: InfusionResponse) -> str:
    """The cell "Lasted": a number, a range, "at least", none, or not counted."""
    if infusion.duration is not None:
        return lasting(infusion.duration)
    return "none" if infusion.status == "no_response" else "not counted"


def lasting(duration: Duration | Run) -> str:
    """ "8 days", "7 to 8 days", "at least 15 days"."""
    if duration.censored or duration.high is None:
        return f"at least {plural(duration.low, 'day')}"
    if duration.low == duration.high:
        return plural(duration.low, "day")
    return f"{duration.low} to {plural(duration.high, 'day')}"


def logged(infusion: InfusionResponse) -> str:
    """The cell "Logged": "13 of 16, 1 unwell"."""
    unwell = f", {infusion.unwell_days} unwell" if infusion.unwell_days else ""
    return f"{infusion.logged_days} of {infusion.window_days}{unwell}"


def change(before: float | None, now: float | None, places: int = 1) -> str:
    """ "eased by 2.6", "rose by 0.4", "unchanged": the difference of the two figures as they are shown."""
    if before is None or now is None:
        return ""
    difference: Decimal = half_up(before, places) - half_up(now, places)
    if not difference:
        return "unchanged"
    return f"{'eased' if difference > 0 else 'rose'} by {number(float(abs(difference)), places)}"


def swing_words(course: Course) -> str:
    """How far a day strays from the level before without a reason; twice the figure that is shown, not a hidden one."""
    if course.swing is None:
        return ""
    shown = float(half_up(course.swing))
    if not shown:
        return "Usual swing 0."
    return f"Usual swing {number(shown)}: a day within {number(2 * shown)} points is usual day-to-day change."


def infusion_sentence(infusion: InfusionResponse, today: date | None = None) -> str:
    """One infusion for its patient: "relief from day 2, for 13 to 16 days"; `today` None: its days go on."""
    match infusion.status:
        case "response":
            assert infusion.duration is not None
            until = ", until the next one" if infusion.duration.by == "next_infusion" else ""
            return f"relief from day {infusion.onset_day}, for {lasting(infusion.duration)}{until}"
        case "carried":
            return "relief was there already, so none is counted for this one"
        case "no_response":
            return f"no relief on two days running, {infusion.logged_days} of {plural(infusion.window_days, 'day')} logged"
        case "not_yet":
            after = "; it can still come" if _is_now(_last_day(infusion), today) else ""
            return f"not by day {infusion.window_days}{', then the next infusion came' if infusion.is_over else after}"
        case "not_enough_days":
            return lower_first(few_words(infusion, today)).removesuffix(".")
        case "no_baseline":
            return "no level before the infusions to compare with"
        case "baseline_low":
            return "it was under 3 before the infusions, so no relief is counted"
        case _:
            return "no day after it yet"


@dataclass(frozen=True, slots=True)
class Finding:
    """The sentence above Story: what stands large, and its evidence beneath."""

    sentence: str
    evidence: str


def story(
    courses: Sequence[Course],
    key: str,
    last_day: date | None,
    today: date | None = None,
    is_whole: bool = True,
) -> Finding:
    """What the patient reads first, from the last course alone; never more than its days can say.

    `last_day`: the symptom's last known day; `today`: the day on which this is read, by which "has been", "this week"
    and "yet" are said or not (None: the last day); `is_whole`: whether the scores have no decimals.
    """
    name = BY_KEY[key].name.lower()
    today = today or last_day
    if not courses:
        return Finding(
            "No infusion is recorded yet.",
            "Your days before the first one show your level before the infusions.",
        )
    course = courses[-1]
    if course.baseline is None and course.reference_mean is None:
        return Finding(
            f"Not enough days before the infusions: {course.baseline_days} of 4.",
            "So relief can't be counted here. Your days are drawn as they are.",
        )
    if course.baseline is None:
        return _points(
            course, name, "Compared with your first two weeks here, already in treatment.", last_day, today
        )
    if course.baseline < BASELINE_LOW:
        return _points(
            course, name, f"Compared with your level before the infusions. {POINTS}", last_day, today
        )
    counted = _counted(course, is_whole)
    if is_tight(course) and course.weeks:
        return _weeks_finding(course, name, counted, last_day, today)
    return _after_the_last(course.infusions[-1], name, counted, today)


def _after_the_last(infusion: InfusionResponse, name: str, counted: str, today: date | None) -> Finding:
    """What followed the last infusion, by its status."""
    logged_words = f"Logged on {infusion.logged_days} of {plural(infusion.window_days, 'day')}. {counted}"
    match infusion.status:
        case "response":
            return _response_finding(infusion, name, counted, today)
        case "carried":
            return Finding(
                "Relief was there already before the last infusion.",
                f"So none is counted for it alone. {logged_words}",
            )
        case "no_response":
            return Finding(
                f"No relief from {name} on two days running {_time_after(infusion, today)}.", logged_words
            )
        case "not_enough_days":
            is_open = can_fill(infusion, today) and not is_all_unwell(infusion)
            how = "After the last infusion a few more logged days are needed."
            rarely = "Too few days after the last infusion were logged."
            if is_all_unwell(infusion):
                rarely = "Without a score there is nothing to compare."
            return Finding(few_words(infusion, today), f"{how if is_open else rarely} {counted}")
        case "no_window":
            return Finding(
                "No day after the last infusion yet.",
                f"Relief can be counted from the day after it. {counted}",
            )
        case _:
            end = _last_day(infusion)
            then = (
                "; it can still come" if _is_now(end, today) else f", its last logged day, {date_full(end)}"
            )
            return Finding(f"No relief from {name} by day {infusion.window_days}{then}.", logged_words)


def _response_finding(infusion: InfusionResponse, name: str, counted: str, today: date | None) -> Finding:
    """Relief that ended, that outlasted the 56 days, that goes on, or of which the diary's end is all that is known."""
    assert infusion.duration is not None
    assert infusion.onset_day is not None
    of = f"{infusion.logged_days} of {infusion.window_days}"
    end, time = _last_day(infusion), lasting(infusion.duration)
    if not infusion.duration.censored:
        return Finding(
            f"After the last infusion, relief from {name} began on day {infusion.onset_day} and lasted {time}.",
            f"Logged on {of} days. {counted}",
        )
    if infusion.is_over:
        return Finding(
            f"In the {plural(infusion.window_days, 'day')} after the last infusion, relief from {name} "
            f"began on day {infusion.onset_day} and lasted {time}.",
            f"Longer is not counted. Logged on {of} days. {counted}",
        )
    if not _is_now(end, today):
        return Finding(
            f"After the last infusion, relief from {name} began on day {infusion.onset_day} and lasted {time}.",
            f"Its last logged day is {date_full(end)}. Logged on {of} days. {counted}",
        )
    if infusion.onset_day + infusion.duration.low - 1 < infusion.window_days:
        return Finding(
            f"After the last infusion, relief from {name} began on day {infusion.onset_day} and has lasted {time}.",
            f"The last day was without; one such day does not end it. Logged on {of} days. {counted}",
        )
    return Finding(
        f"Relief from {name} since day {infusion.onset_day}: {time} so far.",
        f"It can still go on. Logged on {of} days. {counted}",
    )


def _last_day(infusion: InfusionResponse) -> date:
    """The last day of its window."""
    return infusion.on + timedelta(days=infusion.window_days)


def _is_now(day: date, today: date | None) -> bool:
    """Whether what held on the last known day may be said of now: it is today or yesterday."""
    return today is None or (today - day).days <= 1


def few_words(infusion: InfusionResponse, today: date | None) -> str:
    """ "Not enough days yet: 2 of 4.", or that every known day was too bad for a score."""
    if is_all_unwell(infusion):
        return f"Too unwell to log on {plural(infusion.unwell_days, 'day')}, and no score."
    yet = " yet" if can_fill(infusion, today) else ""
    return f"Not enough days{yet}: {infusion.known_early} of {infusion.needed_early}."


def is_all_unwell(infusion: InfusionResponse) -> bool:
    """Whether enough days are known, and not one of them has a score."""
    return not infusion.logged_days and infusion.known_early >= infusion.needed_early > 0


def can_fill(infusion: InfusionResponse, today: date | None) -> bool:
    """Whether the first week after an infusion can still get days: it is not over, or open for writing."""
    return not infusion.is_over and (today is None or (today - infusion.on).days <= 7 + OPEN_DAYS)


def _time_after(infusion: InfusionResponse, today: date | None) -> str:
    """The time that the last infusion's figures are of: "since the last infusion", or until when."""
    if infusion.is_over:
        return f"in the {plural(infusion.window_days, 'day')} after the last infusion"
    end = _last_day(infusion)
    if _is_now(end, today):
        return "since the last infusion"
    return f"after the last infusion, until its last logged day, {date_full(end)}"


def says(courses: Sequence[Course], key: str, last_day: date | None = None, today: date | None = None) -> str:
    """One symptom in a sentence: its level before, and the last week or the time since the last infusion.

    "Fatigue eased: 7.8 to 6.6 this week (from 13 and 7 days)"; both figures with the days they come from.
    `last_day` and `today` as for `story`.
    """
    if not courses or courses[-1].reference_mean is None:
        return ""
    course = courses[-1]
    before = course.reference_mean
    is_before = course.reference == "baseline"
    compared = str(course.baseline_days) if is_before else "your first two weeks here"
    if is_tight(course) or not is_before:
        if not course.weeks:
            return ""
        is_last = course.weeks[-1].mean_change is None and len(course.weeks) > 1
        week = course.weeks[-2] if is_last else course.weeks[-1]
        when = _week_words(
            course, week, last_day, today or last_day or _week_end(course, course.weeks[-1], None)
        )
        changed, days, missing = week.mean_change, week.logged_days, f"{week.logged_days} of 3"
    else:
        last = course.infusions[-1]
        if not last.window_days:
            return "No day after the last infusion yet."
        changed = last.mean_change if last.status != "not_enough_days" else None
        days, when = last.logged_days, _time_after(last, today or last_day)
        missing = f"{last.known_early} of {last.needed_early}"
    if changed is None or before is None:
        return f"Not enough days {when}: {missing}."
    n = f"(from {compared} and {plural(days, 'day')})"
    return _moved(BY_KEY[key].name, before, before + changed, f"{when} {n}")


def _week_end(course: Course, week: Week, last_day: date | None) -> date:
    """The week's last day, or the last known day within it."""
    end = course.started_on + timedelta(days=7 * week.week - 1)
    return min(end, last_day) if last_day is not None else end


def _week_words(course: Course, week: Week, last_day: date | None, today: date) -> str:
    """Which week of a course it is, seen from today: "this week", "last week", or until when it went."""
    ago = (today - (course.started_on + timedelta(days=7 * (week.week - 1)))).days // 7
    if ago <= 1:
        return "last week" if ago == 1 else "this week"
    return f"in the week until {date_full(_week_end(course, week, last_day))}"


def _moved(name: str, before: float, now: float, when: str) -> str:
    moved = change(before, now)
    if moved == "unchanged":
        return f"{name} is unchanged: {number(now)} {when}."
    return f"{name} {moved.split()[0]}: {number(before)} to {number(now)} {when}."


def _counted(course: Course, is_whole: bool) -> str:
    at = counts_at(course.baseline, is_whole)
    return f"A score of {number(at)} or less counts as relief." if at is not None else ""


def _points(course: Course, name: str, compared: str, last_day: date | None, today: date | None) -> Finding:
    """The change in points of the last week that has one, where no relief can be counted."""
    assert course.reference_mean is not None
    before = course.reference_mean
    last = next((w for w in reversed(course.weeks) if w.mean_change is not None), None)
    if last is None or last.mean_change is None:
        none = "No week since the first infusion has the 3 logged days to compare."
        if course.reference == "baseline":
            return Finding(f"Your {name} was {number(before)} before the infusions.", f"{none} {POINTS}")
        return Finding(f"Your {name} was {number(before)} in your first two weeks here.", none)
    now = before + last.mean_change
    moved = change(before, now)
    end = _week_end(course, last, last_day)
    days = (end - course.started_on).days % 7 + 1
    is_near = today is None or (today - end).days <= 7
    if moved == "unchanged":
        words = "is unchanged" if is_near else "was unchanged"
    else:
        words = moved.replace("eased", "has eased").replace("rose", "has risen") if is_near else moved
    until = "" if is_near else f", until {date_full(end)}"
    return Finding(
        f"Your {name} {words}: {number(before)} to {number(now)}.",
        f"On average in week {last.week}{until}, {last.logged_days} of {plural(days, 'day')} logged. {compared}",
    )


def _weeks_finding(
    course: Course, name: str, counted: str, last_day: date | None, today: date | None
) -> Finding:
    week = course.weeks[-1]
    end = _week_end(course, week, last_day)
    ago = ((today or end) - (course.started_on + timedelta(days=7 * (week.week - 1)))).days // 7
    when = {0: "this week", 1: "last week"}.get(max(ago, 0))
    runs = _run_words(course, counted, end, today)
    if not when:
        runs = f"It ended on {date_full(end)}. {runs}"
    if week.responder_share is None and not ago and len(course.weeks) > 1:
        before = course.weeks[-2]
        if (
            before.responder_share is not None
        ):  # a week that has just begun does not take the last one's place
            few = f"Not enough days yet this week: {week.logged_days} of 3."
            return Finding(f"Relief from {name} on {_relief_days(before)} last week.", f"{few} {runs}")
    if week.responder_share is None:
        few = f"{week.logged_days} of 3"
        yet = " yet" if not ago else ""
        sentence = f"Not enough days{yet} {when or 'in your last week here'}: {few}."
    else:
        sentence = f"Relief from {name} on {_relief_days(week)} {when or 'in your last week here'}."
    return Finding(sentence, runs)


def _relief_days(week: Week) -> str:
    """ "5 of 7 days": with relief, of those logged."""
    return f"{round((week.responder_share or 0) * week.logged_days)} of {plural(week.logged_days, 'day')}"


def _run_words(course: Course, counted: str, last_day: date, today: date | None) -> str:
    """The run of relief that the diary's end stands in; after the 56 days in which runs are counted, the last one."""
    is_now = _is_now(last_day, today)
    run = course.runs[-1] if course.runs else None
    if (last_day - course.infusions[-1].on).days > WINDOW_DAYS:
        until = f"Runs of relief are counted for {WINDOW_DAYS} days after the last infusion."
        if run is None:
            return f"{until} There was none. {counted}"
        return f"{until} The last one: {lasting(run)}, from {date_full(run.started_on)} on."
    if run is None or not run.censored:
        are = "are in no run of relief now" if is_now else "were in no run of relief then"
        return f"You {are}; it takes two such days running. {counted}"
    if is_now:
        return f"The run you are in: {lasting(run)}, since {date_long(run.started_on)}."
    return f"The run you were in: {lasting(run)}, from {date_full(run.started_on)} on."


def current_run(course: Course, last_day: date | None) -> Run | None:
    """The run of relief that the diary's end stands in, if there is one."""
    if not course.runs or last_day is None:
        return None
    run = course.runs[-1]
    return run if run.censored and run.by == "diary_end" else None


def longest_run(course: Course) -> Run | None:
    return max(course.runs, key=lambda run: (run.low, run.started_on), default=None)


def run_span(run: Run) -> str:
    """ "14 Oct to 10 Nov"."""
    return span_short(run.started_on, run.started_on + timedelta(days=run.low - 1))
