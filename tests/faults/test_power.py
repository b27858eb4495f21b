"""The power goes: what SQLite wrote and synced is played again to random moments without what was not synced.

`synchronous=FULL`, which Neap runs with, loses nothing that was acknowledged; NORMAL and OFF must lose something
here, or this would prove nothing. (A killed process loses nothing with any of them: the kernel keeps its writes.)
"""

import os
import random
import shutil
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from tests.faults.disk import WAYS, Disk, Op, record
from tests.serving import ROOT

LONG = bool(os.environ.get("NEAP_LONG"))
WRITES, CUTS = (600, 400) if LONG else (190, 16)


def stored(folder: Path, name: str, files: dict[str, bytes]) -> set[UUID] | None:
    """The writes that a database holds after the cut, or None where it is broken or can't be opened."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    connection = sqlite3.connect(folder / name)
    try:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return None
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            return None
        receipts = {UUID(bytes=row[0]) for row in connection.execute("SELECT id FROM sync_write")}
        revisions = [UUID(bytes=row[0]) for row in connection.execute("SELECT write_id FROM entry_revision")]
        assert len(revisions) == len(set(revisions)) and receipts == set(revisions), "a write came apart"
        return receipts
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()


def cut_again_and_again(ops: list[Op], first: dict[str, bytes], name: str, folder: Path, chance) -> Counter:
    """Counts of cuts, of acknowledged writes at them, of those missing, and of databases that broke."""
    notes = [n for n, op in enumerate(ops) if op.kind == "note"]
    moments = sorted(
        {*chance.sample(range(notes[0], len(ops)), CUTS), *chance.sample(notes, min(len(notes), CUTS))}
    )
    disk, acknowledged, counts, at = Disk(first), set(), Counter(), 0
    for moment in moments:
        for op in ops[at : moment + 1]:
            if op.kind == "note":
                acknowledged.add(UUID(bytes=op.data))
            disk.apply(op)
        at = moment + 1
        for way in WAYS:
            counts["cuts"] += 1
            counts["acknowledged"] += len(acknowledged)
            found = stored(folder, name, disk.cut(way, chance))
            if found is None:
                counts["broken"] += 1
            else:
                counts["missing"] += len(acknowledged - found)
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["FULL", "NORMAL", "OFF"] if LONG else ["FULL"])
def test_the_power_goes(store, tmp_path, capsys, mode):
    database, noted = tmp_path / "power.db", tmp_path / "acknowledged"
    shutil.copy(store[0].removeprefix("sqlite:///"), database)
    first = {database.name: database.read_bytes()}
    alice = store[1].alice
    writer = [
        sys.executable,
        "-m",
        "tests.faults.writer",
        database,
        mode,
        WRITES,
        noted,
        alice.id,
        alice.uuid,
    ]
    ops = record([str(part) for part in writer], database, noted, ROOT)
    told = [UUID(bytes=op.data) for op in ops if op.kind == "note"]
    assert len(told) == WRITES
    everything = Disk(first)
    for op in ops:
        everything.apply(op)
    real = {
        path.name: path.read_bytes()
        for path in tmp_path.glob("power.db*")
        if path.suffix in (".db", ".db-wal")
    }
    assert everything.whole() == real, "the record of what was written is not whole"
    back = sum(op.kind == "write" and op.name == database.name for op in ops)
    assert back, "the log was never written back into the database: that moment was not proved"
    counts = cut_again_and_again(ops, first, database.name, tmp_path / "after", random.Random(11))
    kinds = Counter(op.kind for op in ops)
    with capsys.disabled():
        print(
            f"\npower cut, synchronous={mode}: {WRITES} writes acknowledged, {kinds['write']} writes to disk "
            f"({back} of them back from the log), "
            f"{kinds['sync']} syncs, {counts['cuts']} cuts, {counts['broken']} databases broken, "
            f"{counts['missing']} of {counts['acknowledged']} acknowledged writes missing"
        )
    if mode == "FULL":
        assert counts["missing"] == counts["broken"] == 0
    else:
        assert counts["missing"] > 0
    if mode == "NORMAL":
        assert counts["broken"] == 0
