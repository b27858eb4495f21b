"""How a flag stands, in a sentence and as a line of moments."""

from datetime import datetime

from diary.charts import Moment, moments
from diary.safety.queries.flags import FlagPage, FlagRow
from diary.safety.rules import clock_words, wait_words


def standing(page: FlagPage, now: datetime) -> str:
    """Whose a flag is, and what happens next unless somebody acts."""
    row, flag = page.row, page.row.flag
    if flag.state == "closed":
        return _by(page, "closed", "Closed", now)
    if flag.state == "acknowledged":
        return f"{_by(page, 'acknowledged', 'Acknowledged', now)} It stays open until somebody closes it."
    whose = f"With {row.owner}." if row.owner else "Nobody has it yet: everybody of the clinic sees it."
    if row.timer is None:
        return f"{whose} No timer runs for it."
    at = clock_words(row.timer.overdue_at, now, row.zone)
    if row.overdue:
        return f"{whose} Overdue since {at}: nobody has acknowledged it."
    left = wait_words(row.timer.overdue_at - now)
    return f"{whose} Overdue: {at}, in {left}, unless acknowledged: 60 minutes in opening hours, else at opening."


def _by(page: FlagPage, kind: str, word: str, now: datetime) -> str:
    last = page.last(kind)
    if last is None:
        return ""
    return f"{word} by {last.actor or 'Neap'}, {clock_words(last.event.at, now, page.row.zone)}."


def line_of(page: FlagPage, now: datetime) -> str:
    """Opened, what happened since, now, and when it is overdue."""
    row, flag = page.row, page.row.flag
    points = [_point(row, flag.opened_at, now, "flag opened")]
    again = page.last("reopened") or page.last("handed_over")
    if again is not None and again.event.at == flag.waits_since != flag.opened_at:
        words = "opened again" if again.event.kind == "reopened" else f"handed to {again.owner}"
        points.append(_point(row, flag.waits_since, now, words))
    if flag.state == "open" and row.timer is not None:
        points.append(_point(row, row.timer.reminder_at, now, "15 minutes waited"))
        points.append(_point(row, row.timer.overdue_at, now, "overdue"))
    for kind in ("acknowledged", "closed"):
        done = page.last(kind)
        if done is not None and done.event.at >= flag.waits_since and flag.state in (kind, "closed"):
            points.append(_point(row, done.event.at, now, f"{kind} by {done.actor}"))
    is_over = flag.state == "closed"
    waited = wait_words(now - flag.waits_since)
    return moments(
        points, None if is_over else now, f"now, {clock_words(now, now, row.zone)}",
        flag.level if flag.state == "open" else "calm", "Time line",
        "; ".join(f"{point.time}: {point.words}" for point in points) + ("." if is_over else f"; now, {waited} on."),
    )  # fmt: skip


def _point(row: FlagRow, at: datetime, now: datetime, words: str) -> Moment:
    return Moment(at, clock_words(at, now, row.zone), words)
