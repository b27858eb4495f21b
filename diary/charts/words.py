"""The same finding in words, and the same data as rows of a table."""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import fmean

from diary.charts.model import FINEST, Frame, Mark, Series, bin_days
from diary.lib.words import date_full, number, plural


def describe(series: Series, frame: Frame, marks: Sequence[Mark]) -> str:
    """One or two sentences that tell what the chart shows, with its n and its missing days."""
    days = [day for day in series.days if frame.since <= day.on <= frame.until]
    scored = [day.score for day in days if day.score is not None]
    unwell = sum(1 for day in days if day.unwell and day.score is None)
    late = sum(1 for day in days if day.late and day.score is not None)
    parts = [
        f"{date_full(frame.since)} to {date_full(frame.until)}: {len(scored)} of {plural(frame.days, 'day')} logged"
    ]
    if late:
        parts.append(f"{late} of them late")
    if unwell:
        parts.append(f"{unwell} too unwell to log")
    text = ", ".join(parts) + "."
    if scored:
        first, last = scored[:7], scored[-7:]
        text += f" Mean of the first {len(first)} logged days {number(fmean(first))}, of the last {len(last)} {number(fmean(last))}."
        text += f" Lowest {number(min(scored))}, highest {number(max(scored))}."
    inside = sum(1 for mark in marks if frame.since <= mark.on <= frame.until)
    if inside:
        text += f" {plural(inside, 'infusion')}."
    if series.level is not None:
        text += (
            f" Level {series.level_word} the infusions {number(series.level)}."
            if series.level_word == "before"
            else f" First two weeks here {number(series.level)}."
        )
    return text + " 0 is none, 10 the worst; lower is better."


def bin_words(frame: Frame, width: float) -> str:
    """What a bar stands for where days are finer than pixels; empty where every day is drawn."""
    step = width / frame.days
    if step >= FINEST:
        return ""
    span = "one week" if bin_days(step) == 7 else "four weeks"
    return f"Each bar is {span}: from its lowest to its highest score, with a dot at its middle score."


def table_rows(
    series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark]
) -> list[tuple[date, list[str], str]]:
    """(day, a cell for each series, remark) for every day of the frame, the newest first."""
    by_day = [{day.on: day for day in series.days} for series in series_list]
    numbers = {mark.on: mark.number for mark in marks}
    rows = []
    for back in range(frame.days):
        on = frame.until - timedelta(days=back)
        found = [days.get(on) for days in by_day]
        cells = [number(day.score) if day and day.score is not None else "" for day in found]
        remarks = [f"infusion {numbers[on]}"] if on in numbers else []
        if any(day and day.unwell for day in found):
            remarks.append("too unwell to log")
        elif not any(cells):
            remarks.append("today, not logged yet" if on == frame.today else "not logged")
        if any(day and day.late for day in found):
            remarks.append("late")
        if any(day and day.helper for day in found):
            remarks.append("written by somebody else")
        rows.append((on, cells, ", ".join(remarks)))
    return rows
