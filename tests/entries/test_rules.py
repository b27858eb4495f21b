"""Merging a day's writes: any order, repeats, rings, both values of a conflict; lateness and the day's edges."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.entries.rules import (
    SCORES,
    Note,
    Write,
    base_of,
    digest_of,
    effective_moment,
    is_open,
    late_bits,
    merge,
    names_of_bits,
    project,
    renamed,
    signed_anew,
    touched,
    why_closed,
)
from diary.lib import clock

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ident(n: int) -> UUID:
    return UUID(int=n)


def write(
    n: int, minutes: int = 0, base=None, by: str = "self", timed: bool = True, zone="UTC", **fields
) -> Write:
    named = {name: tuple(ident(i) for i in ids) for name, ids in (base or {}).items()}
    return Write(ident(n), NOON + timedelta(minutes=minutes), fields, named, by, timed, None, zone)


def values(writes):
    return {name: merged.value for name, merged in merge(writes).items()}


def oracle(writes, name):
    """Line 13 by brute force: (value, conflicting values) over what is stored."""
    touching = {w.id: w for w in writes if name in w.fields}
    edges = {(w.id, i) for w in touching.values() for i in w.base.get(name, ()) if i in touching}
    reach = set(edges)
    for middle in touching:
        reach |= {(a, d) for a, b in reach if b == middle for c, d in reach if c == middle}
    named = {old for new, old in edges if (old, new) not in reach and new != old}
    left = [w for w in touching.values() if w.id not in named]
    last = max(left, key=lambda w: (w.effective_at, w.id))
    return last.fields[name], {w.fields[name] for w in left} - {last.fields[name]}


@st.composite
def schedules(draw):
    """Up to seven writes of two fields; a base names any writes at all, so that rings occur too."""
    size = draw(st.integers(1, 7))
    made = []
    for n in range(1, size + 1):
        names = draw(st.lists(st.sampled_from(["pain", "mood"]), min_size=1, unique=True))
        fields = {name: draw(st.one_of(st.none(), st.integers(0, 2))) for name in names}
        base = {name: draw(st.lists(st.integers(1, size), max_size=3)) for name in names}
        made.append(write(n, draw(st.integers(0, 3)), base, **fields))
    return made


@given(schedules(), st.randoms(use_true_random=False))
def test_every_order_of_arrival_gives_the_oracles_values(writes, chance):
    shuffled = list(writes)
    chance.shuffle(shuffled)
    assert merge(shuffled) == merge(writes)
    assert project(shuffled, DAY) == project(writes, DAY)
    for name, merged in merge(writes).items():
        value, others = oracle(writes, name)
        assert merged.value == value
        assert {other for other, _ in merged.conflicts} == others


@given(schedules(), st.data())
def test_a_repeat_changes_nothing(writes, data):
    again = data.draw(st.sampled_from(writes))
    assert merge([*writes, again]) == merge(writes)


@given(schedules(), st.integers(0, 2))
def test_no_silent_overwrite(writes, score):
    """A new write replaces exactly what it names: what it had not seen shows beside it."""
    before = merge(writes)
    seen = {name: merged for name, merged in before.items() if name == "pain"}
    new = Write(ident(99), NOON + timedelta(hours=1), {"pain": score}, base_of(seen, ["pain"]))
    after = merge([*writes, new])
    assert after["pain"].value == score and not after["pain"].conflicts
    assert {k: v for k, v in after.items() if k != "pain"} == {k: v for k, v in before.items() if k != "pain"}
    blind = Write(ident(99), NOON + timedelta(hours=1), {"pain": score})
    hidden = {v for v, _ in merge([*writes, blind])["pain"].conflicts} | {score}
    if "pain" in before:
        assert {before["pain"].value, *(v for v, _ in before["pain"].conflicts)} <= hidden


@pytest.mark.parametrize(
    ("writes", "value", "conflicts"),
    [
        ([write(1, pain=4)], 4, []),
        ([write(1, pain=4), write(2, 5, {"pain": [1]}, pain=6)], 6, []),
        ([write(1, 9, pain=4), write(2, 0, {"pain": [1]}, pain=6)], 6, []),  # whatever the clocks say
        ([write(1, pain=4), write(2, 5, pain=6)], 6, [4]),
        ([write(1, pain=4), write(2, 5, pain=4)], 4, []),  # equal answers are no conflict
        ([write(1, pain=4), write(2, 0, pain=6)], 6, [4]),  # same moment: the greater id
        ([write(1, pain=4), write(2, 5, pain=6), write(3, 9, {"pain": [1, 2]}, pain=4)], 4, []),
        ([write(1, pain=4), write(2, 5, pain=6), write(3, 9, {"pain": [2]}, pain=7)], 7, [4]),
        ([write(2, 5, {"pain": [1]}, pain=6)], 6, []),  # names what is not stored yet
        ([write(1, 0, {"pain": [2]}, pain=4), write(2, 5, {"pain": [1]}, pain=6)], 6, [4]),  # a ring
        ([write(1, 0, {"pain": [1]}, pain=4)], 4, []),  # a ring of one
        ([write(1, pain=4), write(2, 5, {"pain": [1]}, pain=None)], None, []),  # cleared
        ([write(1, pain=4), write(2, 5, {"mood": [1]}, mood=6)], 4, []),  # other fields stay
    ],
)
def test_merging(writes, value, conflicts):
    for order in permutations(writes):
        merged = merge(order)["pain"]
        assert merged.value == value
        assert [other for other, _ in merged.conflicts] == conflicts


def test_a_ring_does_not_shield_what_it_names():
    ring = [write(1, 0, {"pain": [2]}, pain=1), write(2, 1, {"pain": [1, 3]}, pain=2), write(3, 9, pain=3)]
    assert merge(ring)["pain"].value == 2


def test_a_long_day_is_quick():
    chain = [write(n, n, {"pain": [n - 1]} if n > 1 else None, pain=n % 11) for n in range(1, 2001)]
    assert merge(chain)["pain"].ids == (ident(2000),)


def test_a_note_and_its_privacy_are_one_field():
    mine, shared = Note("for me", True), Note("for all", False)
    merged = merge([write(1, note=mine), write(2, 5, note=shared)])["note"]
    assert merged.value == shared and merged.conflicts == ((mine, ident(1)),)


# Lateness ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
)
def test_late_begins_at_four_in_the_writers_zone(zone):
    end = clock.day_end(DAY, zone)
    at = lambda moment: [Write(ident(1), moment, {"pain": 4}, zone=zone)]  # noqa: E731
    assert project(at(end - timedelta(seconds=1)), DAY).late == frozenset()
    assert project(at(end), DAY).late == {"pain"}
    assert clock.diary_day(end - timedelta(minutes=1), zone) == DAY  # 03:59
    assert clock.diary_day(end, zone) == DAY + timedelta(days=1)  # 04:00


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 6, 1), 24)]
)
def test_days_of_23_and_25_hours(day, hours):
    begin, end = clock.day_end(day - timedelta(days=1), "Europe/London"), clock.day_end(day, "Europe/London")
    assert end - begin == timedelta(hours=hours)
    last = Write(ident(1), end - timedelta(seconds=1), {"pain": 4}, zone="Europe/London")
    assert not project([last], day).late
    assert clock.diary_day(last.effective_at, "Europe/London") == day


NEXT_DAY = 24 * 60


@pytest.mark.parametrize(
    ("writes", "late"),
    [
        ([write(1, pain=4)], set()),
        ([write(1, NEXT_DAY, pain=4)], {"pain"}),
        # once given in time, a later change is not late, and the other way round in whatever order they came
        ([write(1, pain=4), write(2, NEXT_DAY, {"pain": [1]}, pain=5)], set()),
        ([write(2, NEXT_DAY, pain=5), write(1, pain=4)], set()),
        (
            [write(1, pain=None), write(2, NEXT_DAY, {"pain": [1]}, pain=5)],
            {"pain"},
        ),  # "skipped" is no answer
        ([write(1, NEXT_DAY, pain=4, timed=False)], set()),  # a file that did not say when
        ([write(1, pain=4), write(2, NEXT_DAY, mood=4)], {"mood"}),
    ],
)
def test_late(writes, late):
    assert project(writes, DAY).late == late


def test_skipped_is_not_untouched():
    shown = project([write(1, pain=None, mood=3)], DAY)
    assert shown.skipped == {"pain"} and "sleep" not in shown.fields


def test_a_helper_marks_the_day_until_all_is_written_anew():
    mine, theirs = write(1, pain=4), write(2, 1, mood=3, by="helper")
    assert project([mine, theirs], DAY).written_by == "helper"
    shown = merge([mine, theirs])
    fields = signed_anew(shown, shown)
    anew = Write(ident(3), NOON + timedelta(hours=1), fields, base_of(shown, fields))
    assert project([mine, theirs, anew], DAY).written_by == "self"
    newer = merge([mine, theirs, write(4, 9, {"pain": [1]}, pain=9)])
    assert signed_anew(shown, newer) == {"mood": 3}  # what the page has not seen is not written over


# What a page touches -------------------------------------------------------------------------------


def test_only_what_differs_is_touched():
    shown = merge([write(1, pain=4, sleep_hours=7.5, note=Note("a", True))])
    typed = {"pain": 4, "sleep_hours": 7.5, "note": Note("a", None), "mood": 2}
    assert touched(shown, typed) == {"mood": 2}
    assert touched(shown, {"pain": None}) == {"pain": None}
    assert touched(shown, {"note": Note("a", False)}) == {"note": Note("a", False)}
    assert touched(shown, {"note": Note("", None)}) == {"note": None}


def test_an_empty_score_is_an_answer_and_other_empty_fields_are_none():
    typed = {"pain": None, "worst_pain": None, "sleep_hours": None, "unwell": False, "note": Note("", True)}
    assert touched({}, typed) == {"pain": None}


def test_of_two_answers_either_one_is_a_choice_for_who_saw_both():
    shown = merge([write(1, pain=4), write(2, 5, pain=6)])
    assert touched(shown, {"pain": 6}, settles=True) == {"pain": 6}
    assert touched(shown, {"pain": 4}, settles=True) == {"pain": 4}
    assert touched(shown, {"pain": 6}) == {}
    assert set(base_of(shown, ["pain"])["pain"]) == {ident(1), ident(2)}


def test_a_new_note_is_private_unless_shared():
    assert touched({}, {"note": Note("x", None)}) == {"note": Note("x", True)}
    assert touched({}, {"note": Note("x", False)}) == {"note": Note("x", False)}
    assert touched({}, {"note": Note(None, False)}) == {}


# Days and moments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "is_writable"), [(-1, False), (0, True), (7, True), (8, False)])
def test_open_days(ago, is_writable):
    day = DAY - timedelta(days=ago)
    assert is_open(day, DAY) is is_writable
    assert (why_closed(day, DAY) is None) is is_writable
    if ago < 0:
        assert why_closed(day, DAY, has_revision=True) is None


@pytest.mark.parametrize(
    ("recorded", "sent", "skew", "expected"),
    [
        (None, None, 0, (0, False)),  # a file without moments: receipt
        (-60, -1, 0, (-60, False)),  # written an hour before it could be sent
        (-60, -1, 9, (-60, False)),  # within ten minutes the phone is believed
        (-60, -1, 30, (-30, True)),  # its clock is half an hour behind
        (-60, -1, -30, (-90, True)),
        (5, -1, 0, (0, True)),  # recorded after it was sent: nonsense
    ],
)
def test_effective_moment(recorded, sent, skew, expected):
    at = lambda minutes: None if minutes is None else NOON + timedelta(minutes=minutes)  # noqa: E731
    moment, is_off = effective_moment(at(recorded), at(sent), timedelta(minutes=skew), NOON)
    assert (moment, is_off) == (at(expected[0]), expected[1])


def test_the_digest_is_of_the_canonical_json():
    assert digest_of({"b": 1, "a": "ü"}) == digest_of({"a": "ü", "b": 1})
    assert digest_of({"a": "ü"}) == hashlib.sha256('{"a":"ü"}'.encode()).digest()
    assert renamed(ident(1), digest_of({"a": 1})) == renamed(ident(1), digest_of({"a": 1}))
    assert renamed(ident(1), digest_of({"a": 1})) != renamed(ident(1), digest_of({"a": 2}))


@given(st.sets(st.sampled_from(SCORES)))
def test_bits(names):
    assert names_of_bits(late_bits(names)) == names
