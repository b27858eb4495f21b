"""The one sentence at the top of page one."""

from datetime import date
from decimal import Decimal

from diary.lib import words
from diary.lib.symptoms import BY_KEY
from diary.reports.rules import relief, said
from diary.reports.rules.changes import part_mean, parts, since_session
from diary.reports.rules.facts import Facts
from diary.response.rules import Course, InfusionResponse, is_tight
from diary.response.rules.staff import told_week

LAST = 3


def _name(facts: Facts) -> str:
    name = BY_KEY[facts.leading].name
    return name[:1].lower() + name[1:]


def _which(facts: Facts, infusion: InfusionResponse) -> str:
    numbers = [str(one.number) for one in facts.infusions or () if one.day == infusion.on]
    when = said.long(infusion.on, facts.until)
    return f"infusion {said.listed(numbers)} on {when}" if numbers else f"the infusion on {when}"


def _moved(before: float, after: float) -> str:
    """The difference of two figures as shown, after "was": "2.0 points lower", "0.3 points higher", "the same"."""
    return _apart(said.figure(after) - said.figure(before)) or "the same"


def _than(mean_change: float) -> str:
    """A change in points within a sentence, before what it is held against: "2.0 points lower than", "the same as"."""
    apart = _apart(said.figure(mean_change))
    return f"{apart} than" if apart else "the same as"


def _apart(gap: Decimal) -> str:
    return f"{abs(gap)} points {'lower' if gap < 0 else 'higher'}" if gap else ""


def _points(name: str, infusion: InfusionResponse, against: str) -> str:
    if infusion.mean_change is None:
        return f"no {name} was scored after it"
    return f"{name} was on average {_than(infusion.mean_change)} {against}"


def of_infusion(facts: Facts, course: Course, infusion: InfusionResponse) -> str:
    """What followed the last infusion, by its status (response.md, term 7)."""
    name, which = _name(facts), _which(facts, infusion)
    match infusion.status:
        case "response" if infusion.duration is not None:
            verb = "has lasted" if infusion.duration.by == "diary_end" else "lasted"
            onset, time = infusion.onset_day, relief.lasted(infusion.duration)
            return f"After {which} relief of {name} began on day {onset} and {verb} {time}."
        case "no_response":
            return f"After {which} there was no response of {name}: never two known days running at {relief.counting(facts, course)}."
        case "not_yet":
            return f"After {which} there was no relief of {name} by day {infusion.window_days}."
        case "carried":
            mean = said.share(infusion.mean_relief) if infusion.mean_relief is not None else "not known"
            return f"Relief of {name} was there already before {which}; mean relief since is {mean}."
        case "baseline_low":
            before = f"a level of {said.figure(course.baseline or 0)}, too low to speak of relief in per cent"
            return f"After {which} {_points(name, infusion, before)}."
        case "not_enough_days":
            of = relief.logged(infusion.logged_days, infusion.window_days, infusion.unwell_days)
            return f"After {which} not enough days were logged to speak of a response: {of}."
        case "no_baseline" if course.reference == "first_days" and course.reference_mean is not None:
            return f"The diary began in mid-treatment, so there is no level of {name} before the infusions, only points."
        case "no_baseline":
            return f"There is no level of {name} before the infusions: {course.baseline_days} of 14 days logged, 4 are needed."
    return f"{which[:1].upper() + which[1:]} was the last day of this report, or the next one came at once: nothing can be said of it yet."


def of_weeks(facts: Facts, course: Course) -> str:
    """The week that the response page tells of, where infusions come too close to speak of one of them."""
    week = told_week(course, _last_known(facts))
    name = BY_KEY[facts.leading].name
    if week is None or week.mean_change is None or course.reference_mean is None:
        return f"{name} has no level before the infusions; the weeks are shown below."
    level = said.figure(course.reference_mean)
    against = (
        "the level before the infusions"
        if course.reference == "baseline"
        else "the first scores here, already in treatment"
    )
    gap = _than(week.mean_change)
    text = f"In week {week.week} of the course {name[:1].lower() + name[1:]} was {gap} {level}, {against}"
    if week.responder_share is None:
        return text + "."
    days = round(week.responder_share * week.logged_days)
    return f"{text}, with relief on {days} of {words.plural(week.logged_days, 'logged day')}."


def _last_known(facts: Facts) -> date | None:
    """The last day on which the leading symptom was scored, or which was too unwell to log."""
    known = (day.day for day in facts.days or () if day.unwell or day.scores[facts.leading] is not None)
    return max(known, default=None)


def last_days(facts: Facts) -> str:
    """The last scores as they are, and the level before."""
    pairs = facts.last_scores(facts.leading, LAST)
    if not pairs:
        return ""
    name = BY_KEY[facts.leading].name
    scores = said.listed([words.number(score) for _, score in pairs])
    running = (facts.until - pairs[0][0]).days == len(pairs) - 1
    when = (
        words.plural(len(pairs), "day").removeprefix("1 ")
        if running
        else words.plural(len(pairs), "logged day").removeprefix("1 ")
    )
    text = f"{name} was {scores} on the last {when}"
    if not running:
        text += f", until {said.long(pairs[-1][0], facts.until)}"
    course = facts.course(facts.leading)
    if course is None or course.baseline is None:
        return text + "."
    return f"{text}; {said.figure(course.baseline)} was the level before the infusions."


def _of_parts(facts: Facts) -> str:
    shown = parts(facts)
    means = [part_mean(facts, facts.leading, part) for part in shown]
    name = BY_KEY[facts.leading].name
    if len(means) == 2 and means[0].value is not None and means[1].value is not None:
        gap = _moved(means[0].value, means[1].value)
        if since_session(facts) is not None:
            return f"Since the last session {name[:1].lower() + name[1:]} was {gap} on average."
        size = words.plural(shown[0].length, "day")
        return f"{name} was {gap} on average from the first to the last {size} of the period."
    return ""


def finding(facts: Facts) -> str:
    """One or two sentences with the main thing; honest where there is none."""
    if facts.days is None:
        return "Scores are not shared with the reader of this report."
    if not any(score is not None for day in facts.shown for score in day.scores.values()):
        unwell = sum(day.unwell for day in facts.shown)
        last = facts.days[-1].day if facts.days else None
        text = "No day was logged in this period."
        text += (
            f" {words.plural(unwell, 'day')} {'was' if unwell == 1 else 'were'} marked too unwell to log."
            if unwell
            else ""
        )
        if facts.begins_on is not None:
            return f"{text} The diary begins on {words.date_full(facts.begins_on)}, after it."
        return text + (
            f" The diary’s last day before it is {words.date_full(last)}."
            if last and last < facts.since
            else ""
        )
    course = facts.course(facts.leading)
    if course is None:
        first = _of_parts(facts)
    elif is_tight(course):
        first = of_weeks(facts, course)
    else:
        first = of_infusion(facts, course, course.infusions[-1])
    return f"{first} {last_days(facts)}".strip()
