"""The line of moments: in order, as far apart as time asks but never closer than the words need."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest

from diary.charts.moments import LEAST, LEFT, RIGHT, Moment, moments

AT = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)


def drawn(minutes, now):
    points = [Moment(AT + timedelta(minutes=m), f"t{m}", f"what {m} <b>") for m in minutes]
    at = None if now is None else AT + timedelta(minutes=now)
    return moments(points, at, "now", "urgent", "Time line", "told in words")


def places(svg):
    return [float(x) for x in re.findall(r'class="moment" d="M([\d.]+) ', svg)]


@pytest.mark.parametrize(
    "minutes", [[0], [0, 15, 60], [0, 15, 3000], [0, 2985, 3000], [0, 1, 2, 3, 4], [0, 0, 0]]
)
def test_words_never_cover_each_other(minutes):
    found = places(drawn(minutes, 30))
    assert found[0] == LEFT and found[-1] <= RIGHT
    assert all(after - before >= LEAST - 0.2 for before, after in itertools.pairwise(found))


@pytest.mark.parametrize(("now", "between"), [(7, (0, 1)), (30, (1, 2)), (600, (2, None)), (0, (0, 1))])
def test_now_stands_between_its_neighbours(now, between):
    svg = drawn([0, 15, 60], now)
    (x,) = (float(x) for x in re.findall(r'<circle class="now urgent" cx="([\d.]+)"', svg))
    found = [*places(svg), RIGHT + 1]
    assert found[between[0]] <= x <= (found[between[1]] if between[1] else RIGHT)


def test_what_is_over_has_no_now():
    svg = drawn([0, 15, 60], None)
    assert "<circle" not in svg and f'axis0" d="M{LEFT} 40H{places(svg)[-1]:g}"' in svg


def test_words_are_escaped():
    assert "what 0 &lt;b&gt;" in drawn([0], 1)
