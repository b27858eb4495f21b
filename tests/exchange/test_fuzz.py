"""Files that nobody should send: never a trace, never half a row, and what was refused is said in words by line.

`NEAP_SEED=n` runs one chunk alone.
"""

import os
import random
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from diary import db
from diary.exchange.rules import FORMATS
from tests.exchange import bent
from tests.faults import oracle
from tests.faults.conftest import LONG

CHUNK = 1000 if LONG else 240
CHUNKS = 100 if LONG else 1
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAST = re.compile(r"read (\d+), new (\d+), changed (\d+), unchanged (\d+), refused (\d+)")
KINDS = {"diary": "entry", "infusions": "infusion", "medications": "medication"}
NUMBERS = ", ".join(
    f"coalesce((SELECT max(id) FROM {table}), 0), coalesce((SELECT max(id) FROM {table}_revision), 0)"
    for table in KINDS.values()
)
REASON = re.compile(r"“[^”]*”|\d[\d,.]*")


def numbers() -> tuple[int, ...]:
    """The highest ids of things and of their revisions; none is ever given back."""
    with db.read_anew() as s:
        return tuple(s.connection().execute(text(f"SELECT {NUMBERS}")).one())


def without_days() -> int:
    """Take the days of earlier chunks away, or each would have thousands of versions; the last event there is."""
    with db.write() as s:
        for table in ("entry_revision", "sync_write", "entry"):
            s.connection().exec_driver_sql(f"DELETE FROM {table}")
        return s.connection().execute(text("SELECT coalesce(max(id), 0) FROM audit_event")).scalar_one()


def options(chance: random.Random) -> tuple[str, ...]:
    some = [one for one in ("--dry-run", "--all-or-nothing") if chance.random() < 0.2]
    return (*some, *(("--format", chance.choice(sorted(FORMATS))) if chance.random() < 0.1 else ()))


def judged(done, grew: tuple[int, ...], asked: tuple[str, ...]) -> str:
    """What is wrong with how an import ended; empty when nothing is."""
    found = LAST.fullmatch(done.last)
    if not found or done.code not in (0, 1, 2):
        return "it ended otherwise"
    read, new, changed, unchanged, refused = map(int, found.groups())
    things, revisions = sum(grew[::2]), sum(grew[1::2])
    is_idle = "--dry-run" in asked or ("--all-or-nothing" in asked and refused)
    if done.code == 2 and (read or not done.err.strip()):
        return "nothing was taken, without a word"
    if done.code != 2 and (done.code == 1) != bool(refused):
        return "the status tells another thing than the counts"
    if not is_idle and read != new + changed + unchanged + refused:
        return "rows are not accounted for"
    if "Traceback" in done.err or len(done.err.splitlines()) < refused:
        return "a refusal without a line"
    wanted = (0, 0) if is_idle else (new, new + changed)
    if (things, revisions) != wanted or sum(number > 0 for number in grew[1::2]) > 1:
        return "what is stored is not what was said"
    return ""


@pytest.mark.both
@pytest.mark.slow
def test_no_file_breaks_anything(app, store, commands, cast, clock_at, capsys):
    clock_at(NOW)
    seeds = [int(os.environ["NEAP_SEED"])] if "NEAP_SEED" in os.environ else range(CHUNKS)
    files, rows, reasons = Counter(), Counter(), Counter()
    wrong: list[str] = []
    for seed in seeds:
        chance = random.Random(seed)
        first_event = without_days()
        before = numbers()
        for number in range(CHUNK if store[0].startswith("sqlite") else CHUNK // (10 if LONG else 4)):
            how, content = bent.a_file(chance)
            asked = options(chance)
            done = commands.take(content, *asked)
            after = numbers()
            grew = tuple(b - a for a, b in zip(before, after, strict=True))
            before = after
            if why := judged(done, grew, asked):
                wrong.append(
                    f"seed {seed} input {number} ({how}): {why}: {done} grew {grew} for {asked} {content[:300]!r}"
                )
            files[("taken", "in part", "refused")[done.code]] += 1
            rows.update(
                dict(
                    zip(
                        ("read", "new", "changed", "unchanged", "refused"),
                        map(int, LAST.fullmatch(done.last).groups()),
                        strict=True,
                    )
                )
            )
            reasons.update(
                REASON.sub("…", line.rpartition("”: ")[2] if done.code == 1 else line)
                for line in done.err.splitlines()
            )
        broken = oracle.judge(store[0], oracle.Promises(), first_event)
        del broken["never issued"]  # no phone wrote these
        if broken:
            wrong.append(f"seed {seed}: the oracle: {dict(broken)}")
    with capsys.disabled():
        print(
            f"\nimports on {store[0].split(':')[0].split('+')[0]}: {files.total()} files {dict(files)}, rows {dict(rows)}, "
            f"{len(reasons)} reasons, half applied {len(wrong)}"
        )
        for reason, count in reasons.most_common(60 if LONG else 0):
            print(f"  {count:7} {reason[:100]}")
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:8])
    assert files["taken"] > files.total() / 5, "most never reached the store"
    assert all(rows[name] for name in ("new", "changed", "unchanged", "refused"))
