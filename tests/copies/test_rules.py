"""How many copies a day, and the words for a size."""

from datetime import timedelta
from uuid import UUID

import pytest

from diary.copies.rules import CopyRow, again_at
from tests.copies.asked import NOW

HOUR = timedelta(hours=1)


def row(**more):
    usual = dict.fromkeys(("made_at", "failed_at", "gone_at")) | {"parts_done": 0, "parts": 0, "size": 0}
    return CopyRow(uuid=UUID(int=1), asked_at=NOW, **(usual | more))


@pytest.mark.parametrize(
    ("hours_ago", "in_hours"),
    [
        ([], None),
        ([1, 2, 3, 4], None),
        ([1, 2, 3, 4, 5], 19),
        ([5, 4, 3, 2, 1], 19),
        ([1, 2, 3, 4, 24], None),
        ([1, 2, 3, 4, 5, 6], 19),
        ([25, 26, 27, 28, 29], None),
    ],
)
def test_five_within_a_day(hours_ago, in_hours):
    found = again_at([NOW - HOUR * ago for ago in hours_ago], NOW)
    assert found == (None if in_hours is None else NOW + HOUR * in_hours)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "1 kB"), (499, "1 kB"), (84_499, "84 kB"), (84_500, "85 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (1_250_000, "1.3 MB")],
)  # fmt: skip
def test_sizes_are_rounded_half_up(size, words):
    assert row(size=size).size_words == words


def test_states():
    assert (
        row().state == "running"
        and row(made_at=NOW).state == "ready"
        and row(failed_at=NOW).state == "failed"
    )
    assert not row().is_slow(NOW + timedelta(minutes=3)) and row().is_slow(NOW + timedelta(minutes=4))
    assert not row(made_at=NOW).is_slow(NOW + HOUR)
