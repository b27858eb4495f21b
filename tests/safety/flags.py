"""Flags for tests, raised as the product raises them."""

from datetime import UTC, datetime, timedelta

from diary import db
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.safety import actions
from diary.safety.models import Flag, FlagEvent
from tests.conftest import stored

MONDAY = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
WEEK = ", ".join(f"{day} 08:00-18:00" for day in ("mon", "tue", "wed", "thu", "fri"))


def raise_flag(person, rule="fall", matter="checkin:1", now=MONDAY, answer="A fall: yes", **more):
    with db.write() as s:
        viewer = access.Viewer(person.id)
        actions.open_flag(
            s, viewer, person.id, rule, matter, now - timedelta(minutes=3), now, answer=answer, **more
        )
    return latest(person)


def latest(person):
    with db.read() as s:
        return max(stored(s, Flag, patient_id=person.id), key=lambda flag: flag.id)


def kinds(flag):
    with db.read() as s:
        return [event.kind for event in sorted(stored(s, FlagEvent, flag_id=flag.id), key=lambda e: e.number)]


def set_hours(person, opening=WEEK):
    with db.write() as s:
        s.get(Clinic, person.clinic_id).opening = opening
