"""The same finding in words."""

from collections.abc import Sequence
from datetime import date
from statistics import fmean

from diary.charts.model import Frame, Mark, Series, gaps, within
from diary.lib.words import date_full, date_short, number, plural


def period(since: date, until: date) -> str:
    """ "28 May to 23 Nov 2026", with both years where they differ."""
    year = f" {since.year}" if since.year != until.year else ""
    return f"{date_short(since)}{year} to {date_short(until)} {until.year}"


def title_of(series: Series, frame: Frame) -> str:
    """What the chart is of."""
    return f"{series.name}, {period(frame.since, frame.until)}, 0 none to 10 worst"


def describe(series: Series, frame: Frame, marks: Sequence[Mark]) -> str:
    """A few sentences that tell what the chart shows, with its n and its missing days."""
    days = within(series, frame)
    scores = [day.score for day in days if day.score is not None]
    text = f"{_counts(series, frame)}."
    if scores:
        first, last = scores[:7], scores[-7:]
        text += (
            f" Mean of the first {plural(len(first), 'logged day')} {number(fmean(first))},"
            f" of the last {len(last)} {number(fmean(last))}; lowest {number(min(scores))}, highest {number(max(scores))}."
        )
    inside = sum(1 for mark in marks if frame.holds(mark.on))
    if inside:
        text += f" {plural(inside, 'infusion')}."
    return text + _level(series) + " 0 is none, 10 the worst; lower is better."


def _counts(series: Series, frame: Frame) -> str:
    days = within(series, frame)
    scored = [day for day in days if day.score is not None]
    missing = sum((last - first).days + 1 for first, last in gaps(series, frame))
    parts = [
        f"{date_full(frame.since)} to {date_full(frame.until)}: {len(scored)} of {plural(frame.days, 'day')} logged"
    ]
    for count, words in (
        (sum(1 for day in scored if day.late), "of them late"),
        (sum(1 for day in days if day.unwell and day.score is None), "too unwell to log"),
        (missing, "not logged"),
        (sum(1 for day in days if day.helper and day.is_told), "written by somebody else"),
    ):
        if count:
            parts.append(f"{count} {words}")
    return ", ".join(parts)


def _level(series: Series) -> str:
    if series.level is None:
        return ""
    if series.level_word != "before":
        return f" Mean of the first two weeks here {number(series.level)}."
    counts = (
        f"; a day counts as relief at {number(series.counts_at)} or less"
        if series.counts_at is not None
        else ""
    )
    return f" Level before the infusions {number(series.level)}{counts}."
