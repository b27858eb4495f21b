"""The chain without a database: whatever is done to a chain of lines without the key is found, and an untouched one is whole."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.audit.models import AuditEvent
from diary.audit.rules.chain import COLUMNS, START, Head, Line, Walk, chain_key, is_late, line_mac

KEY, OLD, OTHER = (chain_key(name * 8) for name in ("quay", "ebb ", "thief"))


def chain(events, *keys, at=()) -> list[Line]:
    """Lines over events; `at`: from which lines on each key after the first is used."""
    lines, mac, place = [], START, 0
    for seq, event in enumerate(events, 1):
        place += seq in at
        mac = line_mac(keys[place], mac, seq, event)
        lines.append(Line(seq, event[0], mac, event))
    return lines


def events_of(count, seed=0):
    rng = random.Random(seed)
    ids = sorted(rng.sample(range(1, 10 * count + 1), count))
    return [
        (n, 1_700_000_000_000 + n, rng.choice([1, 2, None]), "coach", 1, "view.scores", 7, "", "192.0.2.0/24", f"{n:016x}")
        for n in ids
    ]  # fmt: skip


def faults(lines, head=None, keys=(KEY,)):
    walk = Walk(keys, [("the head file", head)] if head else [])
    walk.over(lines)
    return walk.end()


def head_of(lines) -> Head:
    return Head(lines[-1].seq, lines[-1].mac, "2026-11-29")


def edited(line, column, value) -> Line:
    event = list(line.event)
    event[COLUMNS.index(column)] = value
    return replace(line, event=tuple(event))


def test_every_column_of_the_table_is_in_the_chain():
    """One that is added later would be free to be changed."""
    assert set(COLUMNS) == {column.name for column in AuditEvent.__table__.columns}


def test_the_key_is_hkdf_as_the_rfc_has_it():
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    assert chain_key("quay") == HKDF(SHA256(), 32, None, b"neap audit chain").derive(b"quay")


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_an_untouched_chain_is_whole(count):
    lines = chain(events_of(count), KEY) if count else []
    assert faults(lines, head_of(lines) if lines else None) == []


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("place", [0, 3, 9])
def test_any_column_of_any_event(column, place):
    lines = chain(events_of(10), KEY)
    old = lines[place].event[COLUMNS.index(column)]
    for value in (str(old) + "1", 4321, None if old is not None else 0):
        told = faults(
            [*lines[:place], edited(lines[place], column, value), *lines[place + 1 :]], head_of(lines)
        )
        assert told == [
            f"Event {lines[place].event_id} (line {place + 1} of the chain) was changed after it was appended."
        ]


def test_a_removed_event_is_named():
    lines = chain(events_of(10), KEY)
    gone = replace(lines[4], event=None)
    assert faults([*lines[:4], gone, *lines[5:]]) == [
        f"Event {gone.event_id} (line 5 of the chain) was removed."
    ]


def test_a_removed_event_with_its_line():
    lines = chain(events_of(10), KEY)
    assert faults([*lines[:4], *lines[5:]]) == ["Line 5 of the chain was removed."]
    assert faults([*lines[:4], *lines[7:]]) == ["Lines 5 to 7 of the chain were removed."]
    assert faults(lines[2:]) == ["Lines 1 to 2 of the chain were removed."]


def test_a_removed_event_whose_line_was_closed_up():
    lines = chain(events_of(10), KEY)
    moved = [replace(line, seq=line.seq - 1) for line in lines[5:]]
    told = faults([*lines[:4], *moved], head_of(lines))
    assert any("cut" in words for words in told) and len(told) > 1


@pytest.mark.parametrize(("one", "other"), [(2, 3), (2, 7), (0, 9), (8, 9), (0, 1)])
def test_reordered_in_each_way(one, other):
    lines = chain(events_of(10), KEY)
    first, second = lines[one], lines[other]
    wanted = f"Events {first.event_id} and {second.event_id} were reordered."

    def with_(a, b):
        changed = list(lines)
        changed[one], changed[other] = a, b
        return faults(changed, head_of(lines))

    # the chain's lines name each other's events
    assert wanted in with_(
        replace(first, event_id=second.event_id, event=second.event),
        replace(second, event_id=first.event_id, event=first.event),
    )
    # the events' contents changed places under their ids
    assert wanted in with_(
        replace(first, event=(first.event[0], *second.event[1:])),
        replace(second, event=(second.event[0], *first.event[1:])),
    )
    # whole lines changed their numbers
    told = with_(replace(second, seq=first.seq), replace(first, seq=second.seq))
    assert wanted in told and not any("changed after" in words for words in told)


def test_a_changed_line_is_told_from_a_changed_event():
    lines = chain(events_of(10), KEY)
    changed = replace(lines[4], mac=bytes(32))
    assert faults([*lines[:4], changed, *lines[5:]], head_of(lines)) == [
        f"Line 5 of the chain was changed; its event {changed.event_id} was not."
    ]


def test_a_cut_tail_is_found_by_the_head_alone():
    lines = chain(events_of(10), KEY)
    assert faults(lines[:7]) == []
    assert faults(lines[:7], head_of(lines)) == [
        "The chain's tail was cut: it ends at line 7, but the head file knows line 10 since 2026-11-29."
    ]
    assert faults([], head_of(lines))


def test_a_tail_that_was_cut_and_grew_again():
    events = events_of(12)
    before, after = chain(events[:10], KEY), chain([*events[:7], *events[10:], (999, *events[0][1:])], KEY)
    assert faults(after) == []
    assert faults(after, head_of(before)) == [
        "Line 10 of the chain is not the one that the head file holds since 2026-11-29."
    ]


@pytest.mark.parametrize("since", [0, 1, 4, 8])
def test_made_anew_without_the_key(since):
    events = events_of(10)
    lines = chain(events, KEY)
    forged = [*lines[:since], *chain(events, OTHER)[since:]]
    # honest to the forger's own chain: each line follows from the one before
    mac = forged[since - 1].mac if since else START
    for place in range(since, 10):
        mac = line_mac(OTHER, mac, place + 1, events[place])
        forged[place] = replace(forged[place], mac=mac)
    told = faults(forged, head_of(lines))
    assert any("made anew without the key" in words for words in told)
    assert any("Line 10 of the chain is not the one" in words for words in told)


def test_a_key_may_change_and_the_chain_goes_on():
    lines = chain(events_of(10), OLD, KEY, at={6})
    assert faults(lines, head_of(lines), (KEY, OLD)) == []
    assert faults(lines, head_of(lines), (KEY,))


def test_an_older_key_proves_nothing_after_a_newer_one():
    events = events_of(10)
    lines = chain(events, OLD, KEY, at={4})
    forged = list(lines)
    mac = forged[6].mac
    for place in range(7, 10):
        mac = line_mac(OLD, mac, place + 1, events[place])
        forged[place] = replace(forged[place], mac=mac)
    assert faults(forged, None, (KEY, OLD))


TAMPERINGS = ("edit", "remove", "remove_line", "swap", "cut", "anew", "insert", "copy", "mac")


def tampered(lines, how, rng) -> list[Line]:
    """One tampering of a kind, somewhere, with a chain that is not the one given."""
    lines, place = list(lines), rng.randrange(len(lines))
    other = rng.choice([n for n in range(len(lines)) if n != place])
    if how in ("edit", "anew", "insert") and any(line.event is None for line in lines):
        return lines  # an event that is gone says nothing any more
    if how == "edit":
        column = rng.randrange(len(COLUMNS))
        lines[place] = edited(lines[place], COLUMNS[column], f"{lines[place].event[column]}.")
    elif how == "remove":
        lines[place] = replace(lines[place], event=None)
    elif how == "remove_line":
        del lines[place]
    elif how == "swap":
        a, b = lines[place], lines[other]
        lines[place], lines[other] = replace(b, seq=a.seq), replace(a, seq=b.seq)
    elif how == "cut":
        del lines[place:]
    elif how == "anew":
        mac = lines[place - 1].mac if place else START
        for n in range(place, len(lines)):
            mac = line_mac(OTHER, mac, n + 1, lines[n].event)
            lines[n] = replace(lines[n], mac=mac)
    elif how == "insert":
        new = Line(place + 1, 10**6, rng.randbytes(32), (10**6, *lines[place].event[1:]))
        lines[place:] = [new, *(replace(one, seq=one.seq + 1) for one in lines[place:])]
    elif how == "copy":
        lines[place] = replace(lines[place], event=lines[other].event, event_id=lines[other].event_id)
    elif how == "mac":
        lines[place] = replace(lines[place], mac=rng.randbytes(32))
    return lines


@settings(max_examples=200)
@given(
    count=st.integers(2, 30),
    seed=st.integers(0, 2**32),
    hows=st.lists(st.sampled_from(TAMPERINGS), min_size=1, max_size=3),
)
def test_whatever_is_done_to_it_is_found(count, seed, hows):
    rng = random.Random(seed)
    lines = chain(events_of(count, seed), KEY)
    head, now = head_of(lines), lines
    assert faults(lines, head) == []
    for how in hows:
        if len(now) >= 2:
            now = tampered(now, how, rng)
    if now != lines:
        assert faults(now, head)


def test_a_wrong_key_on_a_long_chain_is_one_sentence():
    lines = chain(events_of(1500), KEY)
    assert len(faults(lines, head_of(lines), (OTHER,))) == 1


def test_what_came_late_and_what_was_put_in():
    """An id that was committed late is near in time; one that was put in much later is not."""
    hour = 3_600_000
    assert not is_late(5, 10 * hour, 9, 10 * hour + 60_000)
    assert is_late(5, 10 * hour, 9, 12 * hour)
    assert not is_late(10, 0, 9, 12 * hour)
