"""The response table of the leading symptom: per infusion, or by weeks and runs where infusions come thick and fast."""

from collections.abc import Sequence
from datetime import date, timedelta

from diary.lib import words
from diary.lib.symptoms import BY_KEY
from diary.reports.rules import said
from diary.reports.rules.facts import Facts, Given
from diary.reports.rules.model import Column, Line, Span, Table
from diary.response.rules import Course, Duration, InfusionResponse, Run, Week, counts_at, is_tight
from diary.response.rules.days import BASELINE_LOW
from diary.response.rules.words import week_share

SHOWN = 12
FASTER = "If infusions were brought forward because relief was fading, the true time is shorter."
FIRST_RELIEF = {
    "no_window": "no day after it yet",
    "no_baseline": "no level before",
    "baseline_low": "level before under 3",
    "not_enough_days": "not enough days",
    "carried": "relief was there already",
    "no_response": "no response",
}


def days_of(low: int, high: int | None, censored: bool) -> str:
    """ "8 days", "7 to 8 days" or "at least 15 days"."""
    if censored or high is None:
        return f"at least {words.plural(low, 'day')}"
    return words.plural(low, "day") if low == high else f"{low} to {words.plural(high, 'day')}"


def lasted(duration: Duration) -> str:
    return days_of(duration.low, duration.high, duration.censored)


def first_relief(infusion: InfusionResponse) -> str:
    """When relief began, or why that can't be said."""
    if infusion.status == "response":
        return f"day {infusion.onset_day}"
    if infusion.status == "not_yet":
        return f"not by day {infusion.window_days}"
    return FIRST_RELIEF[infusion.status]


def counting(facts: Facts, course: Course) -> str:
    """ "5 or less": the score from which a day counts as relief; "" without a level of 3 or more."""
    score = counts_at(course.baseline, facts.is_whole(facts.leading))
    return "" if score is None else f"{words.number(score)} or less"


def logged(days: int, of: int, unwell: int) -> str:
    return f"{days} of {of}" + (f", {unwell} unwell" if unwell else "")


def _week_relief(infusion: InfusionResponse) -> Span:
    if infusion.week_relief is not None:
        return Span(said.minus(week_share(infusion.week_relief)), "b")
    if infusion.peak_relief is None:
        return Span("")
    return Span("too short" if infusion.window_days < 7 else "not enough", "soft")


def _lasted(infusion: InfusionResponse) -> Span:
    if infusion.duration is not None:
        return Span(lasted(infusion.duration), "b")
    if infusion.status == "no_response":
        return Span("none", "b")
    if infusion.mean_change is not None and _is_in_points(infusion):
        return Span(said.points(infusion.mean_change))
    return Span("not counted" if infusion.status in ("carried", "not_yet") else "", "soft")


def _is_in_points(infusion: InfusionResponse) -> bool:
    """Whether there is no level that relief could be a share of: then its last column says the change."""
    return infusion.status in ("no_baseline", "baseline_low") and infusion.mean_change is not None


def _last_heading(shown: Sequence[InfusionResponse]) -> str:
    """What the column is of that says how long relief lasted, or how far the score changed."""
    if not any(map(_is_in_points, shown)):
        return "Lasted"
    is_lasting = any(one.duration is not None or one.status == "no_response" for one in shown)
    return "Lasted, or change" if is_lasting else "Change"


def _given(day: date, given: Sequence[Given]) -> tuple[str, str, str]:
    """Numbers, dose and mg/kg of what was given on a day; two on one day count as one, dose summed."""
    those = [one for one in given if one.day == day]
    dose = sum(one.dose_mg for one in those)
    weight = next((one.weight_kg for one in those if one.weight_kg), None)
    per_kg = f"{words.half_up(dose / weight, 2)}" if weight else ""
    return ", ".join(str(one.number) for one in those), f"{words.number(dose)} mg", per_kg


def _infusion_row(infusion: InfusionResponse, given: Sequence[Given], until: date) -> Line:
    number, dose, per_kg = _given(infusion.on, given)
    soft = "" if infusion.status in ("response", "no_response") else "soft"
    peak, peak_on = "", ""
    if infusion.peak_relief is not None:
        peak, peak_on = said.share(infusion.peak_relief), f"day {infusion.peak_day}"
    of = logged(infusion.logged_days, infusion.window_days, infusion.unwell_days)
    return (
        Span(number),
        Span(said.short(infusion.on, until)),
        Span(dose),
        Span(per_kg),
        Span(first_relief(infusion), soft),
        Span(peak),
        Span(peak_on),
        _week_relief(infusion),
        _lasted(infusion),
        Span(of if infusion.window_days else ""),
    )


def _infusion_columns(shown: Sequence[InfusionResponse]) -> tuple[Column, ...]:
    return (
        Column("No"),
        Column("Date"),
        Column("Dose", "num"),
        Column("mg/kg", "num"),
        Column("First relief"),
        Column("Deepest", "num"),
        Column("on"),
        Column("First week", "num"),
        Column(_last_heading(shown)),
        Column("Logged", "num"),
    )


def infusion_table(facts: Facts, courses: Sequence[Course], most: int) -> Table:
    """The last infusions up to the period's end, of whatever course."""
    every = [infusion for course in courses for infusion in course.infusions]
    shown = every[-most:]
    rows = tuple(_infusion_row(one, facts.infusions or (), facts.until) for one in shown)
    of = f"the last {most} of {len(every)}" if len(every) > most else "all until the period’s end"
    counts = counting(facts, courses[-1])
    relief = f"; relief: two days running at {counts}, 30 % under the level before" if counts else ""
    name = BY_KEY[facts.leading].name
    key = "rt" if all(one.on.year == facts.until.year for one in shown) else "rt dated"
    return Table(key, f"{name} after each infusion", of + relief, _infusion_columns(shown), rows)


def _week_row(course: Course, week: Week, facts: Facts) -> Line:
    begins = course.started_on + timedelta(days=7 * (week.week - 1))
    ends = min(begins + timedelta(days=6), facts.until)
    given = sum(begins <= infusion.on <= ends for infusion in course.infusions)
    scores = facts.scores(facts.leading, begins, ends)
    mean = (
        Span(str(said.figure(sum(scores) / len(scores))), "b")
        if scores and week.mean_change is not None
        else Span("")
    )
    gap = said.points(week.mean_change) if week.mean_change is not None else "not enough days"
    relief = ""
    if week.responder_share is not None:
        relief = f"{round(week.responder_share * week.logged_days)} of {week.logged_days}"
    return (
        Span(str(week.week)),
        Span(said.short(begins, facts.until)),
        Span(str(given) if given else "none", "" if given else "soft"),
        mean,
        Span(gap, "" if week.mean_change is not None else "soft"),
        Span(relief),
        Span("" if week.mean_relief is None else said.share(week.mean_relief), "b"),
        Span(logged(week.logged_days, (ends - begins).days + 1, week.unwell_days)),
    )


def week_table(facts: Facts, course: Course, most: int) -> Table:
    """The last weeks of a course."""
    shown = course.weeks[-most:]
    level = "" if course.reference_mean is None else f" {said.figure(course.reference_mean)}"
    columns = (
        Column("Week"),
        Column("Begins"),
        Column("Infusions", "num"),
        Column("Mean", "num"),
        Column(f"Against{level}"),
        Column("Days with relief", "num"),
        Column("Mean relief", "num"),
        Column("Logged", "num"),
    )
    of = f"the last {most} of {len(course.weeks)}" if len(course.weeks) > most else "all weeks of the course"
    counts = counting(facts, course)
    about = of + (f"; a day with relief: {counts}, 30 % under the level before" if counts else "")
    rows = tuple(_week_row(course, week, facts) for week in shown)
    return Table("wk", f"{BY_KEY[facts.leading].name}, week by week", about, columns, rows)


def run_words(run: Run) -> str:
    return days_of(run.low, run.high, run.censored)


def _run_sums(facts: Facts, course: Course) -> tuple[Line, ...]:
    """The longest run and the last one, and why no median duration is shown."""
    why = "Infusions come too close to ascribe relief to one of them: weeks and runs lead, no median duration is shown."
    count = words.plural(len(course.infusions), "infusion")
    begun = Span(f"{count} since {said.long(course.started_on, facts.until)}.", "b")
    if not course.runs:
        nothing = (
            ""
            if course.baseline is None or course.baseline < 3
            else " No run of relief: never two known days running."
        )
        return ((begun, Span(f"{nothing} {why}")),)
    longest = max(course.runs, key=lambda run: run.low)
    last = course.runs[-1]
    line = [
        begun,
        Span(" Longest run of relief: "),
        Span(run_words(longest), "b"),
        Span(_run_where(longest, facts)),
    ]
    if last is not longest:
        line += [Span("; the last: "), Span(run_words(last), "b"), Span(_run_where(last, facts))]
    runs = words.plural(len(course.runs), "run")
    return ((*line, Span(f"; {runs} in all. {why} {FASTER}")),)


def _run_where(run: Run, facts: Facts) -> str:
    given = words.plural(run.infusions, "infusion")
    return f" from {said.long(run.started_on, facts.until)}, {given} in it"


def _interval(course: Course) -> str:
    if course.summary.interval is None:
        return ""
    low, high = (end if end is not None else "not reached" for end in course.summary.interval)
    return "" if low == high == "not reached" else f"; 95 % interval {low} to {high}"


def _rates(course: Course) -> Line:
    whole = course.summary
    line: list[Span] = []
    if whole.evaluable:
        line += [
            Span(" Response in the first week: "),
            Span(f"{whole.responders_30} of {whole.evaluable}", "b"),
            Span(f" by 30 %, {whole.responders_50} of {whole.evaluable} by 50 %"),
            Span(f" (on at least one day: {whole.reached_30} and {whole.reached_50})", "small"),
            Span("."),
        ]
    elif course.baseline is not None and course.baseline < BASELINE_LOW:
        line.append(Span(" The level before is under 3: only changes in points are shown."))
    else:
        line.append(Span(" No infusion with enough days to say whether it was followed by a response."))
    if whole.carried:
        kept = f"held in {whole.held_30} of the {whole.carried} long enough to tell"
        line.append(Span(f" Where relief was there already, it was {kept}."))
    return tuple(line)


def course_sum(facts: Facts, course: Course) -> Line:
    """The course in two or three sentences: response rate, what was held, onset and duration."""
    count = len(course.infusions)
    opening = f"All {count}" if count > 1 else "The one infusion"
    line: Line = (Span(f"{opening} since {said.long(course.started_on, facts.until)}.", "b"), *_rates(course))
    whole = course.summary
    if whole.responses and whole.median_onset is not None:
        line += (
            Span(f" First relief on day {words.number(whole.median_onset)}, "),
            *_median(whole.median_duration),
        )
        line += (
            Span(f" (medians of {words.plural(whole.responses, 'response')}{_interval(course)}). {FASTER}"),
        )
    return line


def _median(days: int | None) -> Line:
    if days is None:
        return (Span("its median length not reached"),)
    return (Span("lasting "), Span(words.plural(days, "day"), "b"))


def _no_level(course: Course) -> Line:
    if course.reference == "first_days":
        how = "points against the first scores here, already in treatment"
    else:
        how = f"{course.baseline_days} of the 14 days before were logged, 4 are needed"
    return (Span("No level before the infusions: ", "b"), Span(how + "."))


def response(facts: Facts, most: int = SHOWN) -> tuple[Table | None, tuple[Line, ...]]:
    """The table of at most so many rows and the sentences under it; None where there is nothing given, or not shared."""
    courses = (facts.courses or {}).get(facts.leading) or ()
    if not courses:
        return None, ()
    course = courses[-1]
    notes = (_no_level(course),) if course.baseline is None else ()
    if is_tight(course):
        return week_table(facts, course, most), (*_run_sums(facts, course), *notes)
    sums: tuple[Line, ...] = (course_sum(facts, course), *notes)
    if len(courses) > 1:
        text = f"Before it {words.plural(len(courses) - 1, 'course')}, the first from {said.long(courses[0].started_on, facts.until)}; each row counts against the level before its own course."
        sums = (*sums, (Span(text),))
    return infusion_table(facts, courses, most), sums
