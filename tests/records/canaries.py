"""A row of somebody's in each table that erasing empties, every text of it a canary."""

import itertools
from datetime import UTC, date, datetime
from uuid import uuid4

from sqlalchemy import Table, insert, select
from sqlmodel import SQLModel

from diary.lib.types import Moment
from diary.records.rules import OWNED

CANARY = "canary"
MOMENT = datetime(2026, 3, 10, 12, tzinfo=UTC)
_number = itertools.count(9_000)


def fill(s, person_id: int, other_id: int, clinic_id: int) -> None:
    """A row a table; what belongs to another row belongs to the one made before."""
    made: dict[str, dict] = {}
    for table in SQLModel.metadata.sorted_tables:
        if table.name in OWNED or table.name in (
            "audit_event",
            "infusion",
            "flag",
            "flag_event",
            "login_session",
        ):
            made[table.name] = _row(s, table, person_id, other_id, clinic_id, made)


def _row(s, table: Table, person_id: int, other_id: int, clinic_id: int, made: dict[str, dict]) -> dict:
    row: dict = {}
    owner = OWNED.get(table.name, "patient_id" if "patient_id" in table.c else "person_id")
    for column in table.columns:
        targets = {key.column.table.name for key in column.foreign_keys}
        if column.name == owner or (column.name == "patient_id" and not targets):
            row[column.name] = person_id
        elif targets == {"person"} or column.name == "actor_id":
            row[column.name] = other_id
        elif targets == {"clinic"} or column.name == "clinic_id":
            row[column.name] = clinic_id
        elif targets and targets != {table.name}:
            row[column.name] = made[targets.pop()]["id"]
        elif targets:
            row[column.name] = None
        elif column.primary_key and table.name not in ("sync_write",) and column.name == "id":
            continue
        else:
            row[column.name] = _value(table, column)
    done = s.execute(insert(table).values(**row))
    key = done.inserted_primary_key
    return row | ({"id": key[0]} if key and "id" in table.c and "id" not in row else {})


def _value(table: Table, column):
    if column.name in ("ended_at", "withdrawn_at", "used_at", "taken_back_at"):
        return None
    if isinstance(column.type, Moment):
        return MOMENT
    kind = column.type.python_type
    canary = f"{CANARY}-{table.name}-{next(_number)}"
    if kind in (str, object):  # a text of any length calls itself an object
        return {"day": "2026-03-10", "state": "closed", "status": "done"}.get(column.name, canary)
    if kind is bytes:
        return canary.encode().ljust(32, b"!")
    values = {int: next(_number), float: 4.5, bool: False, date: date(2026, 3, 10)}
    return uuid4() if kind.__name__ == "UUID" else values[kind]


def traces(s, words: list[str | bytes]) -> list[str]:
    """table.column of every cell, of every table, in which one of these stands."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        for row in s.execute(select(table)).all():
            for column, value in zip(table.columns, row, strict=True):
                raw = value if isinstance(value, bytes) else str(value).encode()
                if any((word if isinstance(word, bytes) else word.encode()) in raw for word in words):
                    found.append(f"{table.name}.{column.name}")
    return sorted(set(found))
