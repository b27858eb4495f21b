"""The response of ten years: against touching each value once, and against one year, in one process."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from diary.response.rules import Course, courses_of
from tests.bench.measure import Line, again_when_void, median, ratio, steady

TITLE = "Response of ten years: 3,650 days, five symptoms, 520 infusions"
FIRST = date(2016, 1, 4)
YEAR = 365
SYMPTOMS = 5
ROUNDS, EACH = 7, 5
GOALS = {
    "response_10_years_over_touching_each_value": "<= 40",
    "response_10_years_over_1_year": "<= 12",
}
Diary = tuple[list[dict[date, float]], set[date], list[date]]


def run() -> Iterator[Line]:
    long, short = diary(10), diary(1)
    courses = response(long)
    lasting = sum(infusion.status == "response" for course in courses for infusion in course.infusions)
    print(
        f"  {len(courses)} courses, {lasting} responses, medians {[c.summary.median_duration for c in courses]}"
    )
    assert lasting > 100, "too few responses for the work to be that of a real diary"
    yield from again_when_void(lambda: in_turn(long, short), GOALS)


def diary(years: int, seed: int = 1) -> Diary:
    """Scores of five symptoms that fall after each infusion and come back within twelve days; 8 % missing, 2 % unwell."""
    chance = random.Random(seed)
    days = years * YEAR
    given = sorted(chance.sample(range(14, days - 10), 52 * years))
    scores: list[dict[date, float]] = [{} for _ in range(SYMPTOMS)]
    unwell, place = set(), -1
    for step in range(days):
        while place + 1 < len(given) and given[place + 1] < step:
            place += 1
        after = step - given[place] if place >= 0 else 99
        on = FIRST + timedelta(days=step)
        if chance.random() < 0.02:
            unwell.add(on)
            continue
        for found in scores:
            if chance.random() > 0.08:
                relief = 5 * min(after, 3) / 3 * max(0, 1 - after / 12)
                found[on] = float(max(0, min(10, round(7 - relief + chance.uniform(-1, 1)))))
    return scores, unwell, [FIRST + timedelta(days=step) for step in given]


def response(made: Diary) -> list[Course]:
    scores, unwell, infused = made
    return [course for found in scores for course in courses_of(found, unwell, infused)]


def touch(made: Diary) -> int:
    return sum(sum(1 for score in found.values() if score is not None) for found in made[0])


def in_turn(long: Diary, short: Diary) -> Iterator[Line]:
    programs: dict[str, Callable[[], object]] = {
        "touch": lambda: touch(long),
        "ten years": lambda: response(long),
        "one year": lambda: response(short),
    }
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            took[name].append(median([seconds(program) for _ in range(EACH)]))
    print(
        "  " + ", ".join(f"{name} {median(values) * 1e3:.2f} ms" for name, values in took.items()), flush=True
    )
    steady(took["touch"])
    limits = zip(GOALS.items(), ("touch", "one year"), strict=True)
    for (name, goal), limit in limits:
        yield Line(name, ratio(took["ten years"], took[limit]), goal)


def seconds(program: Callable[[], object]) -> float:
    """Of this thread's own work: both programs only compute, and a busy neighbour is no part of either."""
    began = time.thread_time()
    program()
    return time.thread_time() - began
