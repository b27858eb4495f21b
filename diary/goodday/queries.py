"""Reads of a person's own word. It is private: nobody else has a loader for it, whatever the consent."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlmodel import Session

from diary.careteam import access
from diary.entries.queries import days_between
from diary.entries.rules import Merged, Write, merge
from diary.goodday.models import GoodDayWord
from diary.goodday.rules import BACK_DAYS, LEVEL_DAYS, WORD, Word, level, standing
from diary.infusions.queries import done_days
from diary.lib import sealing
from diary.response.rules import counts_at
from diary.response.rules.days import BASELINE_DAYS, BASELINE_LEAST, split_courses

_word = GoodDayWord.__table__  # type: ignore[attr-defined]
_stored = select(_word).where(_word.c.person_id == bindparam("person")).order_by(_word.c.number)


@dataclass(frozen=True)
class Stored:
    """A person's writes in the order they came, and the day of each."""

    writes: list[Write] = field(default_factory=list)
    days: dict[UUID, date] = field(default_factory=dict)
    began_at: datetime | None = None

    @cached_property
    def word(self) -> Word | None:
        return standing(self.writes, self.days)

    @cached_property
    def fields(self) -> dict[str, Merged]:
        return merge(self.writes)


@dataclass(frozen=True)
class Line:
    """What tells a good day from a hard one: the greatest score that is one, and the last days' pain.

    `pain` holds None for a day too unwell to log; days that nobody wrote are not there.
    """

    most: float | None
    pain: dict[date, float | None]


def _mine(viewer: access.Viewer, patient_id: int) -> None:
    if not viewer.operator and viewer.person_id != patient_id:
        raise access.Hidden


def stored(connection: Connection, patient_id: int) -> Stored:
    """All writes of a person's word; for actions and for its own page."""
    rows = connection.execute(_stored, {"person": patient_id}).all()
    if not rows:
        return Stored()
    writes = [_write_of(row) for row in rows]
    days = {write.id: row.day for write, row in zip(writes, rows, strict=True)}
    return Stored(writes, days, rows[0].received_at)


def _write_of(row: Any) -> Write:
    sealed = row.word_sealed
    text = sealing.unseal("good_day_word", row.write_id.hex(), "word", sealed) if sealed is not None else None
    return Write(
        id=UUID(bytes=row.write_id),
        effective_at=row.effective_at,
        fields={WORD: text},
        base={WORD: tuple(UUID(i) for i in json.loads(row.base))},
        names=UUID(bytes=row.names) if row.names else None,
        zone=row.zone,
    )


def own_word(s: Session, viewer: access.Viewer, patient_id: int) -> Stored:
    """The person's own word; what was there before a person who is not confirmed yet stays hidden."""
    _mine(viewer, patient_id)
    found = stored(s.connection(), patient_id)
    hidden = access.hidden_before(viewer, patient_id)
    is_hidden = hidden is not None and found.began_at is not None and found.began_at < hidden
    return Stored() if is_hidden else found


def line(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> Line:
    """The person's own line of pain as of a day, from the level before the latest course or else of late."""
    _mine(viewer, patient_id)
    courses = split_courses(done_days(s, viewer, patient_id, today), access.course_gap(s, patient_id))
    before: list[float] = []
    if courses:
        first = date.fromordinal(courses[-1][0])
        rows = days_between(s, viewer, patient_id, first - timedelta(BASELINE_DAYS), first - timedelta(1))
        before = [score for row in rows if (score := row.scores["pain"]) is not None]
    rows = days_between(s, viewer, patient_id, today - timedelta(LEVEL_DAYS), today)
    lately = [score for row in rows if row.day < today and (score := row.scores["pain"]) is not None]
    return Line(
        counts_at(level(before, lately, BASELINE_LEAST)),
        {
            row.day: row.scores["pain"]
            for row in rows
            if (today - row.day).days <= BACK_DAYS and (row.unwell or row.scores["pain"] is not None)
        },
    )


# For the phone ------------------------------------------------------------------------------------


def described(found: Stored) -> dict[str, Any]:
    """A word for the phone, as a day is; its value holds the day on which it was written."""
    merged = found.fields.get(WORD)
    if merged is None:
        return {"revision": 0, "values": {}, "conflicts": {}}
    ids = [str(i) for i in merged.ids]
    conflicts = [
        {"value": _value(text, found.days[write]), "id": str(write)} for text, write in merged.conflicts
    ]
    on = found.days[merged.by] if merged.by else None
    return {
        "revision": len(found.writes),
        "values": {WORD: {"value": _value(merged.value, on), "ids": ids}},
        "conflicts": {WORD: conflicts} if conflicts else {},
    }


def _value(text: str | None, on: date | None) -> dict[str, str] | None:
    return {"text": text, "on": on.isoformat()} if text and on else None


def for_phone(s: Session, viewer: access.Viewer, patient_id: int) -> dict[str, dict[str, Any]]:
    """The person's own word by the phone's key."""
    return {WORD: described(own_word(s, viewer, patient_id))}


def line_for_phone(s: Session, viewer: access.Viewer, patient_id: int, today: date) -> dict[str, Any]:
    """What a phone needs to tell a good day from a hard one without internet."""
    found = line(s, viewer, patient_id, today)
    return {"most": found.most, "pain": {day.isoformat(): score for day, score in found.pain.items()}}


def revisions_of(s: Session, viewer: access.Viewer, patient_id: int) -> Iterable[GoodDayWord]:
    """Every write, oldest first; for the person's own export."""
    _mine(viewer, patient_id)
    wanted = (
        select(GoodDayWord).where(GoodDayWord.person_id == patient_id).order_by(GoodDayWord.number)  # type: ignore[arg-type]
    )
    yield from s.execute(wanted).scalars()
