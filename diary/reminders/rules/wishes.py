"""What a person chose to be reminded of, when and by which way; and the moments of "Later"."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from diary.lib import clock
from diary.reminders.rules.message import EMAIL, PUSH

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = time(20, 30)
QUIET = (time(22), time(8))
TEN_MINUTES, AN_HOUR, EVENING = "ten_minutes", "an_hour", "evening"
LATER = {TEN_MINUTES: "in 10 minutes", AN_HOUR: "in an hour", EVENING: "this evening"}
THIS_EVENING = time(20)


@dataclass(frozen=True)
class Chosen:
    """The choices of one person. `daily`: a time of the wall clock for each weekday, Monday first, or None.

    `email_instead`: mail while the phone could not be reached for days. `quiet`: from and until, over midnight or not.
    """

    daily: tuple[time | None, ...] = (USUAL,) * 7
    checkins: bool = True
    ahead: bool = True
    commitments: bool = True
    by_email: bool = False
    by_push: bool = False
    email_instead: bool = False
    quiet: tuple[time, time] | None = QUIET

    @property
    def channels(self) -> tuple[str, ...]:
        return (*((EMAIL,) if self.by_email else ()), *((PUSH,) if self.by_push else ()))

    @property
    def is_same_daily(self) -> bool:
        """Whether every weekday has the same time, or none has one."""
        return len(set(self.daily)) == 1


@dataclass(frozen=True)
class Wishes(Chosen):
    """The choices with what stands beside them: the zone, a pause (the first day after it), "Not today"."""

    zone: str = "UTC"
    paused_until: date | None = None
    not_today: date | None = None

    @property
    def chosen(self) -> Chosen:
        """The choices alone, for whoever changes some of them."""
        return Chosen(**{one.name: getattr(self, one.name) for one in fields(Chosen)})

    def is_paused(self, day: date) -> bool:
        """Whether nothing comes on a day of the diary."""
        return day == self.not_today or (self.paused_until is not None and day < self.paused_until)


def hm(at: time | None) -> str:
    """ "20:30", and nothing for no time."""
    return at.strftime("%H:%M") if at else ""


def later_at(choice: str, now: datetime, zone: str) -> datetime:
    """The moment of one of LATER; "this evening" is 20:00, or an hour from now where that is past or near.

    Raises KeyError for another choice.
    """
    if choice == TEN_MINUTES:
        return now + timedelta(minutes=10)
    in_an_hour = now + timedelta(hours=1)
    if choice == AN_HOUR:
        return in_an_hour
    if choice != EVENING:
        raise KeyError(choice)
    there = clock.local(now, zone)
    evening = datetime.combine(there.date(), THIS_EVENING, there.tzinfo)
    return in_an_hour if evening < in_an_hour else evening.astimezone(now.tzinfo)
