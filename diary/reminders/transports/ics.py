"""A person's calendar as a file that calendars read (RFC 5545)."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Timezone, TimezoneDaylight, TimezoneStandard
from icalendar import Event as Entry

from diary.reminders.rules.calendar import TITLE, Event, Observance, observances

WRITTEN_AS = 1  # another number whenever the same events are written in another way
HOW_OFTEN = timedelta(hours=4)


def calendar(events: Sequence[Event], zone: str, home: str, stamp: datetime) -> bytes:
    """The whole file; the same events give the same bytes. Zones other than the person's own are told in theirs."""
    found = Calendar()
    found.add("prodid", "-//Neap//Neap//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", TITLE)
    found.add("x-wr-timezone", zone)
    found.add("refresh-interval", HOW_OFTEN, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", HOW_OFTEN)
    named: dict[str, list[datetime]] = {}
    for event in events:
        if event.ends is not None:
            named.setdefault(str(event.starts.tzinfo), []).extend((event.starts, event.ends))
    for name, moments in sorted(named.items()):
        if name != "UTC":
            found.add_component(_timezone(name, observances(name, moments)))
    for event in sorted(events, key=lambda one: (one.starts.astimezone(UTC), one.uid)):
        found.add_component(_entry(event, home, stamp))
    return found.to_ical()


def tag_of(events: Sequence[Event], zone: str, home: str, stamp: datetime) -> str:
    """The same for the same file, without the file being written."""
    ordered = sorted(repr(one) for one in events)
    return hashlib.sha256(repr((WRITTEN_AS, ordered, zone, home, stamp)).encode()).hexdigest()[:32]


def _entry(event: Event, home: str, stamp: datetime) -> Entry:
    entry = Entry()
    entry.add("uid", event.uid)
    entry.add("dtstamp", stamp)
    entry.add("summary", event.title)
    entry.add("url", home + event.path)
    entry.add("class", "PRIVATE")
    if event.ends is None:
        entry.add("dtstart", event.starts.date())
        entry.add("dtend", event.starts.date() + timedelta(days=1))
    else:
        entry.add("dtstart", event.starts)
        entry.add("dtend", event.ends)
    entry.add("transp", "TRANSPARENT" if event.rings or event.ends is None else "OPAQUE")
    if event.rings:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event.title)
        alarm.add("trigger", timedelta(0))
        entry.add_component(alarm)
    return entry


def _timezone(name: str, changes: Sequence[Observance]) -> Timezone:
    found = Timezone()
    found.add("tzid", name)
    for change in changes:
        part = TimezoneDaylight() if change.is_summer else TimezoneStandard()
        part.add("dtstart", change.onset)
        part.add("tzoffsetfrom", change.before)
        part.add("tzoffsetto", change.after)
        part.add("tzname", change.name)
        found.add_component(part)
    return found
