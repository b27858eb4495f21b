"""Seals everything anew with the present key, in short turns, while others read and write.

A turn reads some rows, seals their texts anew outside any transaction, and then changes each row in one, but only
where it still holds what was read: what somebody wrote meanwhile was sealed with the present key anyway. So it can be
stopped at any line and begun again. What each turn does to a row is all or nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary, and_, func, or_, select, tuple_, update
from sqlmodel import SQLModel

from diary import db
from diary.lib import sealing

ROWS = (
    25  # a turn: 100 took up to half a second on a busy machine, of which others wait for the writing alone
)
PASSES = 3
SAID_EVERY = 40
TRIES, PAUSE = 20, 0.02


@dataclass(frozen=True)
class Place:
    """A table with what is sealed in it, and what is an index: (column, its property) each."""

    model: Any
    sealed: dict[str, str]
    indexed: dict[str, sealing.Indexed]

    @property
    def table(self) -> str:
        return self.model.__tablename__


@dataclass
class Done:
    """What a rotation did; `unreadable` counts values that no key of this install opens."""

    sealed: int = 0
    indexed: int = 0
    turns: int = 0
    longest: float = 0.0  # seconds that others may have waited for one turn
    unreadable: Counter[str] = field(default_factory=Counter)


@dataclass
class Used:
    """How much still needs a key; `kept` counts by table what stays with it."""

    sealed: int = 0
    indexed: int = 0
    kept: Counter[str] = field(default_factory=Counter)


def places() -> list[Place]:
    """Every table that holds something sealed or an index, by name."""
    found = []
    for mapper in SQLModel._sa_registry.mappers:
        own = {name: one for cls in reversed(mapper.class_.__mro__) for name, one in vars(cls).items()}
        seals = {one.column: name for name, one in own.items() if isinstance(one, sealing.Sealed)}
        indexes = {one.column: one for one in own.values() if isinstance(one, sealing.Indexed)}
        if seals or indexes:
            found.append(Place(mapper.class_, seals, indexes))
    return sorted(found, key=lambda place: place.table)


def rotate(say: Callable[[str], None] = lambda _words: None) -> Done:
    """Seal and index everything with the present key; `say` is told now and then how far it is."""
    done = Done()
    for _ in range(PASSES):
        before = done.sealed + done.indexed
        done.unreadable.clear()
        for place in places():
            if place.sealed or _remade(place):
                _rotate_table(place, done, say)
        if done.sealed + done.indexed == before:
            break
    return done


def _rotate_table(place: Place, done: Done, say: Callable[[str], None]) -> None:
    keys = list(place.model.__table__.primary_key.columns)
    last: Sequence[Any] | None = None
    while True:
        with db.read_anew() as s:
            wanted = select(place.model).order_by(*keys).limit(ROWS)
            if last is not None:
                wanted = wanted.where(tuple_(*keys) > tuple_(*last))
            if not _remade(place):
                wanted = wanted.where(_older(place))
            rows = s.scalars(wanted).all()
            s.expunge_all()  # what is set on them below is written by `_apply` alone
            changes = [change for row in rows if (change := _change(place, row, done))]
        if changes:
            _apply(place, changes, done)
            if done.turns % SAID_EVERY == 0:
                say(f"{done.sealed + done.indexed:,} so far, at {place.table}")
        if len(rows) < ROWS:
            return
        last = [getattr(rows[-1], column.key) for column in keys]


def _remade(place: Place) -> bool:
    """Whether the table holds an index that can be made again: whether it has to be shows only by making it."""
    return any(one.text_of for one in place.indexed.values())


def _older(place: Place) -> Any:
    present = bytes([sealing.VERSION]) + sealing.marks()[0]
    return or_(*(_start(_column(place, name), 3) != present for name in place.sealed))


def _column(place: Place, name: str) -> Any:
    return place.model.__table__.c[name]


def _start(column: Any, size: int) -> Any:
    return func.substr(column, 1, size, type_=LargeBinary)


def _change(place: Place, row: Any, done: Done) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """(what the row holds, what it shall hold) of the columns to be changed; nothing where all is as it should be."""
    present = bytes([sealing.VERSION]) + sealing.marks()[0]
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    try:
        for column, name in place.sealed.items():
            blob = getattr(row, column)
            if not blob or blob[:3] == present:
                continue
            text = getattr(row, name)
            setattr(row, name, text)
            old[column], new[column] = blob, getattr(row, column)
        for column, one in place.indexed.items():
            text = one.text_of(row) if one.text_of else None
            if text and getattr(row, column) != (made := sealing.index(text)):
                old[column], new[column] = getattr(row, column), made
    except sealing.Unsealable as error:
        done.unreadable[str(error)] += 1
        return None
    if not new:
        return None
    key = {column.key: getattr(row, column.key) for column in place.model.__table__.primary_key.columns}
    return key | old, new


def _apply(place: Place, changes: list[tuple[dict[str, Any], dict[str, Any]]], done: Done) -> None:
    """One turn: each row where it still holds what was read; Busy comes again until there is a turn."""
    for attempt in range(TRIES):
        try:
            began = time.monotonic()
            with db.write() as s:
                for held, shall in changes:
                    where = and_(*(_column(place, name) == value for name, value in held.items()))
                    changed = s.execute(update(place.model.__table__).where(where).values(shall))
                    if changed.rowcount:  # type: ignore[attr-defined]
                        done.sealed += sum(name in place.sealed for name in shall)
                        done.indexed += sum(name in place.indexed for name in shall)
            done.turns += 1
            done.longest = max(done.longest, time.monotonic() - began)
            break
        except db.Busy:
            if attempt == TRIES - 1:
                raise
            time.sleep(PAUSE)
    time.sleep(PAUSE)  # SQLite gives the next turn to whoever asks at the right moment: ask less often


def used() -> dict[bytes, Used]:
    """By the mark of each key of the install, present first, and of others that the store names: what needs it."""
    found = {mark: Used() for mark in sealing.marks()}
    with db.read_anew() as s:
        for place in places():
            for name in place.sealed:
                for start, number in _counted(s, _start(_column(place, name), 3), _column(place, name)):
                    found.setdefault(start[1:3], Used()).sealed += number
            for name, one in place.indexed.items():
                column = _column(place, name)
                for mark, number in _counted(s, _start(column, 2), column, _live(place, one)):
                    # Without a mark of this install: from before indexes bore one, by the oldest key.
                    of = found[mark if mark in found else sealing.marks()[-1]]
                    if one.text_of:
                        of.indexed += number
                    else:
                        of.kept[place.table] += number
    return found


def _counted(s: Any, start: Any, column: Any, *where: Any) -> Iterator[tuple[bytes, int]]:
    wanted = select(start, func.count()).where(column.is_not(None), func.length(column) > 0, *where)
    for mark, number in s.execute(wanted.group_by(start)):
        yield bytes(mark), number


def _live(place: Place, one: sealing.Indexed) -> Any:
    if not one.until:
        return True
    until = _column(place, one.until)
    return until != "closed" if one.until == "state" else until.is_(None)
