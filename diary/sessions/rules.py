"""What a session may be, how a commitment stands, and the words for both. Days are the patient's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from diary.lib.words import date_full, date_long, date_short, plural, time_hm

KINDS = {
    "integration": "Integration",
    "coaching": "Coaching",
    "therapy": "Therapy",
    "lifestyle": "Lifestyle work",
}
STATUSES = ("planned", "held", "cancelled")
OUTCOMES = {"done": "done", "partly": "partly", "not_yet": "not yet", "let_go": "let go"}
MOST_COMMITMENTS = 3
MANY_A_DAY = 3
DAYS_BACK = 7
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A commitment as it was agreed on: its words, until when, whether the patient chose to count it."""

    words: str
    until_on: date | None = None
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class CommitmentRow:
    """A commitment as it stands; `ticked` are the days on which it was done, where it is counted."""

    uuid: UUID
    session: UUID
    place: int
    words: str
    agreed_on: date
    until_on: date | None
    is_counted: bool
    outcome: str = ""
    ticked: frozenset[date] = frozenset()
    outcome_on: date | None = None

    def is_open(self, today: date) -> bool:
        """Whether it still runs: nothing became of it yet, and its last day is not over."""
        return not self.outcome and (self.until_on is None or self.until_on >= today)

    @property
    def told_on(self) -> date | None:
        """The day on which it was said what became of it; an outcome that was taken back is none."""
        return self.outcome_on if self.outcome else None

    @property
    def ends_on(self) -> date | None:
        """The last day on which it runs: its own, or the earlier one of its outcome; None while it runs on."""
        known = [day for day in (self.until_on, self.told_on) if day]
        if not known:
            return self.agreed_on if self.outcome else None
        return max(min(known), self.agreed_on)


def may_tick(row: CommitmentRow, day: date, today: date) -> bool:
    """Whether that day can be said now: counted ones only, since it was agreed on, today and seven days back."""
    if not row.is_counted or row.outcome:
        return False
    last = min(today, row.until_on) if row.until_on else today
    return max(row.agreed_on, today - timedelta(days=DAYS_BACK)) <= day <= last


@dataclass(frozen=True, slots=True)
class TickWrite:
    """One write of a day's tick: done or not, when it counts as said, and the writes its screen showed."""

    id: UUID
    effective_at: datetime
    is_done: bool
    base: tuple[UUID, ...] = ()


def standing(writes: Iterable[TickWrite]) -> TickWrite | None:
    """The write that holds: of those that no other names the greatest (effective_at, id); a ring counts as none.

    The phone's protocol, lines 12 and 13.
    """
    known = list(writes)
    named = {one for write in known for one in write.base if one != write.id}
    heads = [write for write in known if write.id not in named] or known
    return max(heads, key=lambda write: (write.effective_at, write.id), default=None)


def counted(row: CommitmentRow, today: date) -> tuple[int, int]:
    """(days done, days that were): from the day after it was agreed on to its last day.

    Today, and the day of its outcome, on which no tick is taken any more, count once they were ticked.
    """
    last = min(row.ends_on or today, today)
    is_whole = last < today and last != row.told_on
    ended = last if is_whole or last in row.ticked else last - A_DAY
    first = row.agreed_on if row.agreed_on in row.ticked else row.agreed_on + A_DAY
    days = max(0, (ended - first).days + 1)
    return sum(first <= day <= ended for day in row.ticked), days


def counted_before(row: CommitmentRow, today: date) -> tuple[int, int]:
    """As `counted`, without today: what a phone adds its own tick to."""
    return counted(replace(row, ticked=row.ticked - {today}), today)


def counted_words(row: CommitmentRow, today: date) -> str:
    """ "9 of 13 days", "no day yet"; nothing where it is not counted."""
    if not row.is_counted:
        return ""
    done, days = counted(row, today)
    return f"{done} of {plural(days, 'day')}" if days else "no day yet"


def due(rows: Iterable[CommitmentRow], today: date) -> list[CommitmentRow]:
    """Those whose last day is today or was in the last week, and of which nothing is said yet."""
    return [
        row
        for row in rows
        if not row.outcome and row.until_on is not None and timedelta(0) <= today - row.until_on <= 7 * A_DAY
    ]


def when_words(start: datetime, end: datetime) -> str:
    """ "Thursday 26 November 2026, 11:00 to 11:50"; both moments on the same wall clock."""
    return f"{date_long(start.date())} {start.year}, {time_hm(start)} to {time_hm(end)}"


def as_text(
    head: str, when: str, who: str, place: str, note: str, private_note: str, last: Sequence[tuple[CommitmentRow, str]],
    agreed: Sequence[CommitmentRow], goals: Sequence[tuple[str, date | None]],
) -> str:  # fmt: skip
    """A session as plain text for another record; parts that hold nothing are left out."""
    parts = [f"{head}\n{when}{', ' + place if place else ''}{', with ' + who if who else ''}"]
    if last:
        parts.append(
            "What became of the last commitments\n" + "\n".join(f"- {_became(*one)}" for one in last)
        )
    if goals:
        parts.append("Goals\n" + "\n".join(f"- {words}{_until(until)}" for words, until in goals))
    if note:
        parts.append(f"Notes, shared with the patient\n{note}")
    if private_note:
        parts.append(f"Private notes of the staff\n{private_note}")
    if agreed:
        parts.append(
            "Agreed on\n" + "\n".join(f"{one.place}. {one.words}{_until(one.until_on)}" for one in agreed)
        )
    return "\n\n".join(parts) + "\n"


def _became(row: CommitmentRow, said: str) -> str:
    tail = "; ".join(part for part in (OUTCOMES.get(row.outcome, "nothing said yet"), said) if part)
    return f"{row.words} (agreed {date_short(row.agreed_on)}): {tail}"


def _until(day: date | None) -> str:
    return f" (until {date_full(day)})" if day else ""
