"""What must be true of the stored writes, told a second time and otherwise: closures and lists, not the product's code.

`values` says line 13 of the phone's protocol over any writes; `judge` reads a database with SQL alone and compares
what phones were promised with what is stored.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text

SCORES = ("pain", "fatigue", "sleep", "mood", "cognition")
COLUMNS = (*SCORES, "worst_pain", "interference", "sleep_hours", "times_awake", "unwell")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class W:
    """A write as the oracle sees it: `at` in milliseconds, values as stored, names by field."""

    id: UUID
    at: int
    fields: Mapping[str, object]
    base: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    zone: str = "UTC"
    is_timed: bool = True
    written_by: str = "self"


@dataclass(frozen=True)
class Value:
    """A field: what shows, the writes nobody replaced, and those of them that say something else."""

    value: object
    heads: frozenset[UUID]
    conflicts: frozenset[UUID]
    by: UUID


def values(writes: Iterable[W]) -> dict[str, Value]:
    """Lines 12 and 13, by reachability: a name counts unless it can be followed back to who named it."""
    writes = list({w.id: w for w in writes}.values())
    found = {}
    for name in {name for w in writes for name in w.fields}:
        here = [w for w in writes if name in w.fields]
        reach = closure({w.id: set(w.base.get(name, ())) & {o.id for o in here} for w in here})
        gone = {
            target
            for w in here
            for target in w.base.get(name, ())
            if target in reach and w.id not in reach[target] and target != w.id
        }
        heads = sorted((w.at, w.id) for w in here if w.id not in gone)
        by_id = {w.id: w.fields[name] for w in here}
        last = heads[-1][1]
        differing = frozenset(i for _, i in heads if by_id[i] != by_id[last])
        found[name] = Value(by_id[last], frozenset(i for _, i in heads), differing, last)
    return found


def closure(edges: Mapping[UUID, set[UUID]]) -> dict[UUID, set[UUID]]:
    """What can be reached from each by one name or more; grown until nothing is added."""
    reach = {start: set(targets) for start, targets in edges.items()}
    while True:
        grown = {a: seen.union(*(reach[b] for b in seen)) if seen else seen for a, seen in reach.items()}
        if grown == reach:
            return reach
        reach = grown


def late(writes: Iterable[W], day: date) -> frozenset[str]:
    """Line 14: shown scores none of whose answers was given, or may have been, before the day's end in its zone."""
    writes = list(writes)
    shown = values(writes)
    found = set()
    for name in SCORES:
        if name not in shown or shown[name].value is None:
            continue
        answers = [w for w in writes if w.fields.get(name) is not None]
        if not any(not w.is_timed or w.at < ends(day, w.zone) for w in answers):
            found.add(name)
    return frozenset(found)


def ends(day: date, zone: str) -> int:
    moment = datetime.combine(day + timedelta(days=1), time(4), ZoneInfo(zone))
    return (moment.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


# The database -------------------------------------------------------------------------------------


@dataclass
class Promises:
    """What phones and pages issued and were told; ids by person, since an id is unique per person only.

    `waiting` are writes that a phone still holds (unsent or refused): those may be missing.
    """

    issued: set[tuple[int, UUID]] = field(default_factory=set)
    acknowledged: set[tuple[int, UUID]] = field(default_factory=set)
    waiting: set[tuple[int, UUID]] = field(default_factory=set)
    recorded: set[tuple[int, UUID]] = field(default_factory=set)


REVISIONS = """SELECT e.id AS entry_id, e.person_id, e.day, r.number, r.write_id, r.names, r.effective_at, r.source,
 r.recorded_at, r.written_by, r.fields, r.base, r.zone, r.note_sealed
 FROM entry_revision r JOIN entry e ON e.id = r.entry_id ORDER BY r.entry_id, r.number"""


def uuid(value: object) -> UUID:
    return UUID(bytes=bytes(value))  # type: ignore[arg-type]


def as_day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def written(row) -> W:
    """A row of entry_revision as the oracle reads it; notes are compared by their sealed bytes' absence only."""
    fields = json.loads(row.fields)
    if fields.get("note") is not None:
        fields["note"] = ("note", row.write_id and bytes(row.write_id), fields["note"])
    return W(
        uuid(row.write_id), row.effective_at, fields,
        {name: tuple(UUID(i) for i in ids) for name, ids in json.loads(row.base).items()},
        row.zone, row.source != "import" or row.recorded_at is not None, row.written_by,
    )  # fmt: skip


def judge(url: str, promises: Promises, first_event: int = 0) -> Counter:
    """Counts of every break of the oracle, by its name; an empty Counter is what is wanted. Never raises for one."""
    engine = create_engine(url)
    with engine.connect() as c:
        rows = c.execute(text(REVISIONS)).all()
        receipts = Counter(
            (row.person_id, uuid(row.id), row.entry_id, row.revision)
            for row in c.execute(text("SELECT * FROM sync_write"))
        )
        entries = {row.id: row for row in c.execute(text("SELECT * FROM entry"))}
        events = c.execute(
            text("SELECT count(*) FROM audit_event WHERE action LIKE 'entry.%' AND id > :n"),
            {"n": first_event},
        ).scalar()
    engine.dispose()
    broken: Counter = Counter()
    revisions = Counter((row.person_id, uuid(row.write_id)) for row in rows)
    stored = {(row.person_id, uuid(row.write_id), row.entry_id, row.number) for row in rows}
    names = {(row.person_id, uuid(row.names)) for row in rows if row.names is not None}
    renamed = {(row.person_id, uuid(row.write_id)) for row in rows if row.names is not None}
    broken["doubled"] = sum(number > 1 for number in revisions.values()) + sum(
        n > 1 for n in receipts.values()
    )
    broken["receipt apart from revision"] = len(stored ^ set(receipts))
    broken["events apart from revisions"] = abs(events - len(rows))
    broken["never issued"] = len((set(revisions) - renamed - promises.issued) | (names - promises.issued))
    broken["lost"] = sum(revisions[key] != 1 for key in promises.acknowledged if revisions[key] < 1)
    broken["recorded and gone"] = len(
        promises.recorded - promises.acknowledged - promises.waiting - set(revisions)
    )
    for entry_id, entry in entries.items():
        mine = [row for row in rows if row.entry_id == entry_id]
        if sorted(row.number for row in mine) != list(range(1, entry.revisions + 1)):
            broken["gaps in an entry's numbers"] += 1
        broken.update(differences(entry, mine))
    return +broken


def differences(entry, rows) -> Counter:
    """How an entry's row differs from lines 13 and 14 over its stored writes."""
    broken: Counter = Counter()
    writes = [written(row) for row in rows]
    day = as_day(entry.day)
    shown = values(writes)
    for name in COLUMNS:
        wanted = shown[name].value if name in shown else None
        got = getattr(entry, name)
        if name == "unwell":
            wanted, got = bool(wanted), bool(got)
        if wanted != got:
            broken["a field other than line 13"] += 1
    note = shown["note"].value if "note" in shown else None
    if (note is not None) != (entry.note_sealed is not None):
        broken["a field other than line 13"] += 1
    elif note is not None and bool(note[2]) != bool(entry.note_private):  # type: ignore[index]
        broken["a private note turned shared, or back"] += 1
    # Notes of equal words are equal answers, which their sealed form can't say: left to `GET days`.
    disagree = any(v.conflicts for name, v in shown.items() if name != "note")
    if disagree and not entry.has_conflict:
        broken["a conflict hidden"] += 1
    if entry.has_conflict and not any(v.conflicts for v in shown.values()):
        broken["a conflict invented"] += 1
    bits = {name for place, name in enumerate(SCORES) if entry.late >> place & 1}
    if bits != late(writes, day):
        broken["lateness other than line 14"] += 1
    skipped = {name for place, name in enumerate(SCORES) if entry.skipped >> place & 1}
    if skipped != {name for name in SCORES if name in shown and shown[name].value is None}:
        broken["skipped other than stored"] += 1
    return broken


def contents(url: str, bodies: Mapping[tuple[int, UUID], Mapping]) -> Counter:
    """Whether each stored write holds what its phone wrote: its day, its scores, whom it names."""
    engine = create_engine(url)
    with engine.connect() as c:
        rows = {(row.person_id, uuid(row.write_id)): row for row in c.execute(text(REVISIONS))}
    engine.dispose()
    broken: Counter = Counter()
    for key, body in bodies.items():
        row = rows.get(key)
        if row is None:
            continue
        fields, typed = json.loads(row.fields), body["fields"]
        scores = {name: int(typed[name]) if typed[name] else None for name in SCORES if name in typed}
        if set(fields) != set(body["base"]) or str(as_day(row.day)) != body["day"]:
            broken["a write with other fields"] += 1
        if scores != {name: fields[name] for name in SCORES if name in fields}:
            broken["a write with other contents"] += 1
        names = {name: {UUID(i) for i in ids} for name, ids in body["base"].items() if ids}
        if names != {name: {UUID(i) for i in ids} for name, ids in json.loads(row.base).items()}:
            broken["a write that names others"] += 1
    return broken
