"""How long a pause lasts that is chosen as a number of days."""

from datetime import date, datetime, time, timedelta

PAUSES = {"1": "1 day", "3": "3 days", "7": "1 week", "14": "2 weeks"}


def pause_until(local: datetime, days: int, daily: time) -> date:
    """The first day on which reminders come again: none within so many times 24 hours from `local`, the wall clock.

    `daily` is when the day's reminder comes. At nine in the evening "1 day" spares tomorrow's too, in the morning
    today's only; before 04:00 it is still the day before.
    """
    day = (local - timedelta(hours=4)).date()
    is_past = (local - timedelta(hours=4)).time() > _since_four(daily)
    return day + timedelta(days=days + is_past)


def _since_four(at: time) -> time:
    """The time of day as it is counted in the diary's day, which begins at 04:00."""
    return time((at.hour - 4) % 24, at.minute)
