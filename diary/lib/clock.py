"""Time: moments are aware and UTC, days are the person's own, from 04:00 to 04:00 of the wall clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

DAY_BEGINS = time(4)
_set_moment: datetime | None = None


def now() -> datetime:
    """This moment, UTC. Only views, jobs and commands ask; rules get it as an argument."""
    return _set_moment or datetime.now(UTC)


def set_for_tests(moment: datetime | None) -> None:
    """Stop the clock at an aware moment, or let it go on with None."""
    global _set_moment
    _set_moment = moment


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name; raises KeyError (ZoneInfoNotFoundError) for an unknown one."""
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every IANA zone a person may choose, sorted."""
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def is_zone(name: str) -> bool:
    return name in zone_names()


def local(moment: datetime, zone: str) -> datetime:
    """The aware moment on the wall clock of a zone."""
    return moment.astimezone(zone_of(zone))


def diary_day(moment: datetime, zone: str) -> date:
    """The diary's day of a moment: before 04:00 on the wall clock it is still the day before."""
    there = local(moment, zone)
    return there.date() if there.time() >= DAY_BEGINS else there.date() - timedelta(days=1)


def day_end(day: date, zone: str) -> datetime:
    """The UTC moment at which a diary's day ends: the next 04:00 on the wall clock.

    Where 04:00 does not exist the offset before the gap counts; where it comes twice, the first.
    """
    return datetime.combine(day + timedelta(days=1), DAY_BEGINS, zone_of(zone)).astimezone(UTC)
