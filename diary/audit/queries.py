"""Reads of the audit trail: for the chain, for a clinic's admin, and for the patient."""

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, column, exists, func, select, table
from sqlmodel import Session

from diary.audit.rules.chain import COLUMNS, START, Event, Line, is_late

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
