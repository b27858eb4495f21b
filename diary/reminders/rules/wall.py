"""A time on somebody's wall clock as a moment, and moments moved out of quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from diary.lib import clock

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


@lru_cache(maxsize=50_000)
def moment_of(day: date, at: time, zone: str) -> datetime:
    """The UTC moment at which the clocks of a zone show that time on that calendar day.

    A time that does not exist comes at the next valid minute; of one that comes twice the first counts. Both for whole
    days that a zone leaves out, too.
    """
    there = clock.zone_of(zone)
    first = datetime.combine(day, at, there)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    if after <= before:
        return first.astimezone(UTC)
    # In a gap: the clocks jump somewhere between the two readings of the time, at a whole minute.
    early, late = first.replace(fold=1).astimezone(UTC), first.astimezone(UTC)
    while late - early > A_MINUTE:
        middle = early + A_MINUTE * ((late - early) // A_MINUTE // 2)
        if middle.astimezone(there).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def is_quiet(moment: datetime, quiet: tuple[time, time] | None, zone: str) -> bool:
    """Whether the wall clock shows quiet hours: from the first time, included, to the second, over midnight or not."""
    if quiet is None:
        return False
    since, until = quiet
    at = clock.local(moment, zone).time()
    return since <= at < until if since < until else at >= since or at < until


def after_quiet(moment: datetime, quiet: tuple[time, time] | None, zone: str) -> datetime:
    """The moment itself, or the end of the quiet hours it lies in."""
    if quiet is None or not is_quiet(moment, quiet, zone):
        return moment
    there = clock.local(moment, zone)
    day = there.date() if there.time() < quiet[1] else there.date() + A_DAY
    end = moment_of(day, quiet[1], zone)
    if end <= moment:  # the hour that comes twice: its first end is over
        end = datetime.combine(day, quiet[1], clock.zone_of(zone)).replace(fold=1).astimezone(UTC)
    return end
