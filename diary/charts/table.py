"""The same data as rows of a table."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from diary.charts.model import Day, Frame, Mark, Series
from diary.lib.words import number

Row = tuple[date, list[str], str]
_figure = lru_cache(256)(number)  # a diary of years has few different scores


def table_rows(series_list: Sequence[Series], frame: Frame, marks: Sequence[Mark] = ()) -> list[Row]:
    """(day, a cell for each series, remark) for every day of the frame, the newest first.

    A day that says nothing has empty cells and says why in its remark, as does one too unwell to log.
    """
    by_day = [{day.on: day for day in series.days} for series in series_list]
    begun = min((first for series in series_list if (first := series.first)), default=None)
    given: dict[date, list[int]] = {}
    for mark in marks:
        given.setdefault(mark.on, []).append(mark.number)
    rows = []
    for back in range(frame.days):
        on = frame.until - timedelta(days=back)
        found = [day for days in by_day if (day := days.get(on))]
        is_scored = any(day.score is not None for day in found)
        cells = [_cell(days.get(on), is_scored) for days in by_day]
        remarks = [f"infusion {number_}" for number_ in given.get(on, ())]
        rows.append((on, cells, ", ".join(remarks + _remarks(found, is_scored, on, frame, begun))))
    return rows


def _cell(day: Day | None, is_scored: bool) -> str:
    if day is not None and day.score is not None:
        return _figure(day.score)
    return "not logged" if is_scored else ""


def _remarks(found: Sequence[Day], is_scored: bool, on: date, frame: Frame, begun: date | None) -> list[str]:
    words = []
    if any(day.unwell for day in found):
        words.append("too unwell to log")
    elif not is_scored:
        is_before = begun is None or on < begun
        words.append(
            "not logged yet" if on == frame.today else "before the diary began" if is_before else "not logged"
        )
    if any(day.late and day.score is not None for day in found):
        words.append("late")
    if any(day.helper for day in found):
        words.append("written by somebody else")
    return words
