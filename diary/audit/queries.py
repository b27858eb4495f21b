"""Reads of the audit trail: for the chain, for a clinic's admin, and for the patient."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import bindparam, column, exists, func, or_, select, table
from sqlmodel import Session

from diary.audit.models import AuditEvent, AuditReason
from diary.audit.rules.chain import COLUMNS, START, Event, Line, is_late
from diary.audit.rules.looked import Told
from diary.audit.rules.trail import Wanted
from diary.lib import clock
from diary.lib.errors import Hidden

# As it is stored, without the columns' types: what somebody put there may be of another one.
_event = table("audit_event", *map(column, COLUMNS))
_chain = table("audit_chain", column("seq"), column("event_id"), column("mac"))
LINES = 1000
ALL = -(2**63)  # somebody may have put in an id below 1

_tail = select(_chain.c.seq, _chain.c.mac).order_by(_chain.c.seq.desc()).limit(1)
_newest = (
    select(_event.c.id, _event.c.at)
    .join(_chain, _chain.c.event_id == _event.c.id)
    .order_by(_event.c.id.desc())
    .limit(1)
)
_lacking = (
    select(_event)
    .where(
        _event.c.id > bindparam("since"),
        ~exists().where(_chain.c.event_id == _event.c.id),
    )
    .order_by(_event.c.id)
)
_over = (
    select(_chain.c.seq, _chain.c.event_id, _chain.c.mac, *_event.c)
    .select_from(_chain.outerjoin(_event, _event.c.id == _chain.c.event_id))
    .where(_chain.c.seq > bindparam("last"))
    .order_by(_chain.c.seq)
    .limit(LINES)
)


def tail(s: Session) -> tuple[int, bytes]:
    """The chain's last line: its number and its mac."""
    row = s.execute(_tail).first()
    return (row.seq, _bytes(row.mac)) if row else (0, START)


def line_at(s: Session, seq: int) -> bytes | None:
    """The mac of one line of the chain."""
    mac = s.scalar(select(_chain.c.mac).where(_chain.c.seq == seq))
    return None if mac is None else _bytes(mac)


def newest_appended(s: Session) -> int:
    """The highest id of an event in the chain."""
    return s.scalar(select(func.max(_chain.c.event_id))) or 0


def waiting(s: Session, since: int, most: int | None = None) -> list[Event]:
    """Events after the id `since` that the chain lacks, in their order; without those that came too late to be real."""
    return [event for event, is_real in _judged(s, since, most) if is_real]


def never_appended(s: Session) -> list[Event]:
    """Events that the chain does not take: it holds later ones, and these are far older than they are."""
    return [event for event, is_real in _judged(s, ALL, None) if not is_real]


def _judged(s: Session, since: int, most: int | None) -> Iterator[tuple[Event, bool]]:
    newest = s.execute(_newest).first()
    found = 0
    for row in s.execute(_lacking, {"since": since}):
        is_real = newest is None or not is_late(row.id, _whole(row.at), newest.id, _whole(newest.at))
        found += is_real
        yield tuple(row), is_real
        if most is not None and found == most:
            return


def _whole(stored: object) -> int:
    """A moment as it should be stored; what somebody put there instead is as old as can be."""
    return stored if isinstance(stored, int) else 0


def _bytes(stored: object) -> bytes:
    return bytes(stored) if isinstance(stored, bytes | memoryview) else b""


def count_events(s: Session) -> int:
    return s.scalar(select(func.count()).select_from(_event)) or 0


def lines(s: Session) -> Iterator[Sequence[Line]]:
    """The whole chain from its start, in blocks."""
    last = ALL
    while rows := s.execute(_over, {"last": last}).all():
        last = rows[-1].seq
        yield [
            Line(row.seq, row.event_id, _bytes(row.mac), None if row.id is None else tuple(row)[3:])
            for row in rows
        ]


# Who looked ---------------------------------------------------------------------------------------


class Reader(Protocol):
    """Whoever reads the trail: a patient their own, an admin that of their clinics."""

    @property
    def person_id(self) -> int | None: ...
    @property
    def hides_before(self) -> datetime | None: ...
    def clinics(self, *roles: str) -> frozenset[int]: ...


def about_me(
    s: Session, viewer: Reader, zone: str, before: date, most: int = 300
) -> tuple[list[Told], date | None]:
    """What others did with the viewer's own diary on the days before one, and whom the viewer let see what.

    Newest first, whole days of the zone, about so many events; and the day before which there are more.
    """
    wanted = _about_me(viewer).where(AuditEvent.at < _midnight(before, zone))
    found = list(s.scalars(wanted.limit(most + 1)))
    if len(found) <= most:
        return _told(s, found, zone), None
    last = clock.local(found[-1].at, zone).date()
    if clock.local(found[0].at, zone).date() == last:  # a day of more than that is shown all the same
        found = list(s.scalars(wanted.where(AuditEvent.at >= _midnight(last, zone))))
        return _told(s, found, zone), last
    whole = [event for event in found if clock.local(event.at, zone).date() > last]
    return _told(s, whole, zone), clock.local(whole[-1].at, zone).date()


def _about_me(viewer: Reader) -> Any:
    if viewer.person_id is None:
        raise Hidden
    mine = AuditEvent.actor_id == viewer.person_id
    wanted = (
        select(AuditEvent)
        .where(
            AuditEvent.patient_id == viewer.person_id,
            or_(
                AuditEvent.role == "operator",
                AuditEvent.actor_id.is_not(None) & ~mine,
                mine & AuditEvent.action.startswith("consent."),
            ),
        )
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    # Who took up an invitation that nobody has confirmed sees nothing of what was there before.
    return wanted.where(AuditEvent.at >= viewer.hides_before) if viewer.hides_before else wanted


def _told(s: Session, events: Sequence[AuditEvent], zone: str) -> list[Told]:
    because = select(AuditReason).where(AuditReason.event_id.in_([event.id for event in events]))
    reasons = {reason.event_id: reason.words for reason in s.scalars(because)}
    return [
        Told(e.id, clock.local(e.at, zone), e.actor_id, e.role, e.action, e.thing, reasons.get(e.id, ""))
        for e in events
    ]


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), clock.zone_of(zone)).astimezone(UTC)


# A clinic's trail, for its admin ------------------------------------------------------------------


def of_clinics(
    s: Session, viewer: Reader, people: Any, wanted: Wanted, before: int | None = None, most: int = 50
) -> tuple[list[AuditEvent], int | None]:
    """Events of the clinics that the viewer administers, the newest first, and the id before which there are more.

    people: the ids of everybody of these clinics, as part of a statement: what was not done in one clinic (signing in,
    or by somebody of several) is told where it concerns one of them.
    """
    clinics = viewer.clinics("admin")
    if not clinics:
        raise Hidden
    concerns = or_(
        AuditEvent.patient_id.in_(people), AuditEvent.patient_id.is_(None) & AuditEvent.actor_id.in_(people)
    )
    found = select(AuditEvent).where(
        or_(AuditEvent.clinic_id.in_(clinics), AuditEvent.clinic_id.is_(None) & concerns)
    )
    if wanted.since is not None:
        found = found.where(AuditEvent.at >= _midnight(wanted.since, wanted.zone))
    if wanted.until is not None:
        found = found.where(AuditEvent.at < _midnight(wanted.until + timedelta(days=1), wanted.zone))
    if wanted.actor is not None:
        found = found.where(AuditEvent.actor_id == wanted.actor)
    if wanted.role:
        found = found.where(AuditEvent.role == wanted.role)
    if wanted.patient is not None:
        found = found.where(AuditEvent.patient_id == wanted.patient)
    if wanted.actions is not None:
        found = found.where(AuditEvent.action.in_(wanted.actions))
    if before is not None:
        found = found.where(AuditEvent.id < before)
    events = list(s.scalars(found.order_by(AuditEvent.id.desc()).limit(most + 1)))
    return events[:most], events[most - 1].id if len(events) > most else None
