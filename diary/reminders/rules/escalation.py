"""Who is told that a flag waits, and when: until somebody acknowledges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, takewhile
from uuid import UUID

from diary.careteam.rules import Role, is_open_at, next_opening
from diary.reminders.rules.message import FLAG_OPENED, FLAG_OVERDUE, FLAG_WAITS
from diary.safety.rules import Unanswered, timer

AGAIN = timedelta(hours=1)
MOST_AGAIN = 3  # after the first escalation: 1, 2 and 4 hours later, then at each opening
OF_USE = timedelta(days=7)  # so long a mail that could not be sent is tried again


@dataclass(frozen=True)
class Told:
    """That one person is told at a moment; `kind` as in message.py."""

    person_id: int
    kind: str
    flag_id: UUID
    due_at: datetime


def told(flag: Unanswered, until: datetime) -> list[Told]:
    """What has been due for a flag up to an aware moment, of each person the last one; nothing for a normal flag.

    The owner at once and again after 15 minutes; after 60 minutes in opening hours, else at opening, everybody of
    the clinic who may act (clinical.md, section 6, the first line), and again 1, 2 and 4 hours later, then at each
    opening, for as long as nobody has acknowledged it. Without an owner who is there, everybody from the start. A
    clinic without hours is told again every 8 hours.
    """
    runs = timer(flag.level, flag.waits_since, flag.opening, flag.zone)
    if runs is None:
        return []
    everybody = _everybody(flag.staff)
    mine = [flag.owner_id] if flag.owner_id in everybody else everybody
    moments = [(FLAG_OPENED, runs.since, mine), (FLAG_WAITS, runs.reminder_at, mine)]
    moments += [(FLAG_OVERDUE, at, everybody) for at in _overdue(flag, runs.overdue_at, until)]
    last: dict[int, Told] = {}
    for kind, at, people in moments:
        if at <= until:
            last |= {person: Told(person, kind, flag.id, at) for person in people}
    return list(last.values())


def _everybody(staff: Sequence[tuple[int, str, bool]]) -> list[int]:
    """Clinicians, admins, and the coaches who care for the patient; each once."""
    return list(
        dict.fromkeys(
            person for person, role, cares in staff if role in (Role.CLINICIAN, Role.ADMIN) or cares
        )
    )


def _overdue(flag: Unanswered, first: datetime, until: datetime) -> list[datetime]:
    """The first escalation, those after it, and then one at each opening."""
    found = [first, *(first + AGAIN * 2**step for step in range(MOST_AGAIN))]
    if not flag.opening:
        last = found[-1]
        more = takewhile(lambda at: at <= until, (last + 8 * AGAIN * step for step in count(1)))
        return [at for at in [*found, *more] if at <= until]
    # Outside its hours nobody is there: what falls there is left to the next opening.
    found = [first, *(at for at in found[1:] if is_open_at(flag.opening, at, flag.zone))]
    at = next_opening(flag.opening, first, flag.zone)
    while at is not None and at <= until:
        found.append(at)
        at = next_opening(flag.opening, at, flag.zone)
    return sorted({at for at in found if at <= until})
