"""Invented infusions laid over the three real diaries by a fixed rule; run it to write the files again."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLUMNS = ("date", "time", "number", "dose_mg", "minutes", "weight_kg", "route", "series", "status")
STRETCH_GAP = 7  # a stretch of the diary ends where more than so many days are missing
STRETCH_BEFORE = 14  # logged days of a stretch before its infusion


def logged(name: str) -> list[date]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [date.fromisoformat(row["date"]) for row in csv.DictReader(file)]


def stretches(days: list[date]) -> list[list[date]]:
    found = [[days[0]]]
    for before, day in zip(days, days[1:], strict=False):
        if (day - before).days > STRETCH_GAP:
            found.append([])
        found[-1].append(day)
    return found


def one_a_stretch(name: str) -> list[date]:
    """The day after the 14th logged day of each stretch that has as many."""
    return [stretch[STRETCH_BEFORE] for stretch in stretches(logged(name)) if len(stretch) > STRETCH_BEFORE]


def six_then_twice_weekly(first: date) -> list[date]:
    """Six infusions in two weeks from a Monday on, then Mondays and Thursdays for a year."""
    six = [first + timedelta(days=step) for step in (0, 2, 4, 7, 9, 11)]
    weeks = [first + timedelta(days=14 + 7 * week) for week in range(52)]
    return six + [monday + timedelta(days=step) for monday in weeks for step in (0, 3)]


def sheet(days: list[date], induction: int) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number, day in enumerate(days, 1):
        dose = 40 + 5 * min(number - 1, 3)
        series = "induction" if number <= induction else "maintenance"
        writer.writerow([day, "10:00", number, dose, 40, 70, "IV", series, "done"])
    return out.getvalue()


FILES = {
    "participant1-infusions.csv": lambda: sheet(six_then_twice_weekly(date(2021, 3, 1)), 6),
    "participant2-infusions.csv": lambda: sheet(one_a_stretch("participant2"), 0),
    "participant7-infusions.csv": lambda: sheet(one_a_stretch("participant7"), 0),
}

if __name__ == "__main__":
    for name, make in FILES.items():
        (HERE / name).write_text(make(), encoding="utf-8", newline="")
