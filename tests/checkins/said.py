"""Check-ins as the tests write them."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from diary.careteam import access
from diary.checkins import actions
from diary.checkins.forms import parse_checkin


def viewer(someone):
    return access.Viewer(
        someone.id, someone.name, "Europe/London", frozenset({(someone.clinic_id, "patient")})
    )


def checkin(s, person, target: UUID, day: date, texts, at: datetime | None = None, kind="checkin", **changed):
    """One write of a check-in, as a phone's that has seen nothing."""
    moment = at or datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    typed = parse_checkin(texts, kind)
    assert not typed.errors, typed.errors
    write = actions.CheckinWrite(
        id=changed.pop("id", None) or uuid4(), kind=kind, target=target, day=day, fields=typed.fields,
        received_at=moment, effective_at=moment, zone="Europe/London", source=actions.PHONE, digest=bytes(32),
        help_shown=typed.help_shown, **changed,
    )  # fmt: skip
    return actions.record_checkin(s, viewer(person), person.id, write)
