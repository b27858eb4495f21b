"""The process that makes copies is killed with SIGKILL in each window, and another one, or two at once, make them whole."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from io import BytesIO

import pytest

from diary import db
from diary.careteam import access
from diary.copies.rules import LEASE
from diary.exchange.queries import export
from tests import factories
from tests.conftest import ENVIRON
from tests.copies.asked import NOW, ask, copies
from tests.copies.test_worker import zip_of
from tests.faults.conftest import LONG
from tests.serving import ROOT

WINDOWS = [("found", 1), ("claimed", 1), *(("part", nth) for nth in (1, 5, 9, 14, 20)), ("made", 1), ("made", 2), ("kept", 1)]  # fmt: skip
pytestmark = pytest.mark.skipif(
    not LONG, reason="processes cost much; tests/copies/test_worker.py has it in one"
)


@pytest.fixture
def rounds(store, tmp_path):
    """`rounds(now, ("part", 3), ...)`: processes at once, as many as ends are given; what each ended with."""
    environ = {**os.environ, **ENVIRON, "DATABASE_URL": store[0], "DATA_DIR": str(tmp_path)}
    making = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.copying"],
        cwd=ROOT, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def run(now, *ends):
        making.stdin.write(json.dumps([(now.isoformat(), *end) for end in ends]) + "\n")
        making.stdin.flush()
        return json.loads(making.stdout.readline())

    yield run
    making.stdin.close()
    making.wait()


@pytest.mark.both
def test_killed_in_every_window(rounds, store, cast, written, clock_at, capsys):
    clock_at(NOW)
    with written() as s:
        factories.days(NOW.date() - timedelta(days=20), [7.3] * 14, s, cast.alice)
        factories.entry(s, cast.charlie, NOW.date() - timedelta(days=3), note="mine", note_private="yes")
    counts: Counter[str] = Counter()
    now = NOW
    for window, nth in WINDOWS:
        for name in ("alice", "charlie"):
            ask(cast, name, now)
        assert rounds(now, (window, nth)) == [-signal.SIGKILL], (window, nth)
        now += LEASE + timedelta(seconds=1)
        assert rounds(now, ("", 1), ("", 1)) == [0, 0]
        for person in (cast.alice, cast.charlie):
            row = max(copies(person), key=lambda row: row.id)
            assert row.made_at is not None and row.failed_at is None, (window, nth)
            out = BytesIO()
            with db.read_anew() as s:
                export(s, access.OPERATOR, access.load_patient(s, access.OPERATOR, person.uuid), out)
            assert zip_of(row) == out.getvalue(), (window, nth)
            counts[f"tries {row.tries}"] += 1
        now += timedelta(hours=24)
    assert counts["tries 2"] >= len(WINDOWS) - 2 and set(counts) == {"tries 1", "tries 2"}
    with capsys.disabled():
        print(
            f"\ncopies, killed {len(WINDOWS)} times: {2 * len(WINDOWS)} made, each whole; {dict(counts)}",
            end="",
        )
