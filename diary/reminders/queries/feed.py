"""What stands in a person's calendar: the next 60 days, as their plan and their visits are now."""

from datetime import datetime, time

from sqlmodel import Session

from diary.accounts.models import Person
from diary.careteam import access
from diary.infusions.queries import infusions_of
from diary.lib import clock
from diary.reminders.queries.facts import facts_of_many
from diary.reminders.queries.links import Feed
from diary.reminders.queries.wishes import own_wishes
from diary.reminders.rules.calendar import AHEAD, Event, meeting, reminder, visit
from diary.reminders.rules.message import INFUSION, SESSION
from diary.reminders.rules.plan import plan
from diary.sessions.queries import sessions_of

VISITS = frozenset({INFUSION, SESSION})


def events_of(s: Session, feed: Feed, now: datetime) -> tuple[list[Event], str]:
    """(the entries of a calendar that its link opens, the zone of its person)."""
    person = s.get_one(Person, feed.person_id)
    viewer = access.viewer_of(s, person)
    return [*_reminders(s, viewer, person, now), *_visits(s, viewer, person, now)], person.zone


def _reminders(s: Session, viewer: access.Viewer, person: Person, now: datetime) -> list[Event]:
    """What the plan holds, one for a moment; infusions and sessions stand there themselves."""
    own = own_wishes(s, viewer, person.id)
    found = facts_of_many(s, viewer, [person.id], now, now + AHEAD).get(person.id)
    if found is None or not own.is_chosen:
        return []
    first: dict[datetime, Event] = {}
    for one in plan(own.wishes, found.facts, now, now + AHEAD):
        if one.kind not in VISITS:
            event = reminder(person.uuid, one.kind, one.thing, one.due_at, person.zone)
            first.setdefault(one.due_at, event)
    return list(first.values())


def _visits(s: Session, viewer: access.Viewer, person: Person, now: datetime) -> list[Event]:
    """Infusions and sessions that are planned, from today on."""
    today = clock.local(now, person.zone).date()
    last = today + AHEAD
    found = [
        visit(
            person.uuid,
            one.uuid,
            one.day,
            time.fromisoformat(one.at_time) if one.at_time else None,
            one.minutes,
            person.zone,
        )
        for one in infusions_of(s, viewer, person.id, ("planned",))
        if today <= one.day <= last
    ]
    return found + [
        meeting(person.uuid, one.uuid, one.starts_at, one.ends_at, one.zone)
        for one in sessions_of(s, viewer, person.id)
        if one.status == "planned"
        and now <= one.ends_at
        and clock.local(one.starts_at, person.zone).date() <= last
    ]
