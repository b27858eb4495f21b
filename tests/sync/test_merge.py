"""The merge rule against an oracle written apart from it: any order, any names, rings and repeats."""

import itertools
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from diary.entries.rules import (
    SCORES,
    Note,
    Write,
    base_of,
    effective_moment,
    merge,
    project,
    touched,
    why_closed,
)
from diary.lib.types import to_ms
from diary.sync.rules import is_clock_unknown
from tests.faults import oracle

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIELDS = ("pain", "mood", "unwell", "note")
ZONES = ("UTC", "Europe/London", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")
VALUES = {
    "pain": st.sampled_from([None, 0, 3, 7]),
    "mood": st.sampled_from([None, 2]),
    "unwell": st.booleans(),
    "note": st.sampled_from([None, Note("a", True), Note("a", False), Note("b", True)]),
}
fields_of = st.fixed_dictionaries({}, optional=VALUES).filter(bool)
# Few moments and few ids, so that ties, rings and names of what never comes are common.
moments = st.integers(-30, 30).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def histories(draw, most=7):
    """Writes that name each other at random: forwards, backwards, themselves, and ids that are not stored."""
    ids = [UUID(int=n) for n in draw(st.permutations(range(1, most + 3)))]
    number = draw(st.integers(1, most))
    some = st.lists(st.sampled_from(ids), max_size=3, unique=True)
    return [
        Write(
            ids[n],
            draw(moments),
            draw(fields_of),
            draw(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, some))),
            draw(st.sampled_from(["self", "helper"])),
            draw(st.booleans()),
            zone=draw(st.sampled_from(ZONES)),
        )
        for n in range(number)
    ]


def told(write: Write) -> oracle.W:
    base = {name: tuple(ids) for name, ids in write.base.items()}
    return oracle.W(
        write.id, to_ms(write.effective_at), write.fields, base, write.zone, write.is_timed, write.written_by
    )


def agree(writes: list[Write]) -> None:
    merged, wanted = merge(writes), oracle.values(map(told, writes))
    assert set(merged) == set(wanted)
    for name, field in merged.items():
        assert field.value == wanted[name].value and field.by == wanted[name].by
        assert set(field.ids) == wanted[name].heads
        assert {write for _, write in field.conflicts} == wanted[name].conflicts
    seen = project(writes, DAY)
    assert seen.late == oracle.late(map(told, writes), DAY)
    assert seen.skipped == {name for name in SCORES if name in wanted and wanted[name].value is None}
    assert seen.has_conflict == any(v.conflicts for v in wanted.values())


@settings(max_examples=400, deadline=None)
@given(histories())
def test_every_history_ends_as_the_oracle_says(writes):
    agree(writes)


@settings(max_examples=150, deadline=None)
@given(histories(5), st.randoms(use_true_random=False))
def test_every_order_and_every_repeat_gives_the_same(writes, chance):
    wanted = project(writes, DAY)
    for order in itertools.islice(itertools.permutations(writes), 130):
        assert project(order, DAY) == wanted
    for _ in range(5):
        again = [*writes, *chance.choices(writes, k=3)]
        chance.shuffle(again)
        assert project(again, DAY) == wanted


@settings(max_examples=200, deadline=None)
@given(histories())
def test_no_answer_vanishes_unnamed(writes):
    """Whatever nobody names in the end shows, or stands beside what shows."""
    for name, field in merge(writes).items():
        named = {i for w in writes if name in w.fields for i in w.base.get(name, ()) if i != w.id}
        for write in writes:
            if name in write.fields and write.id not in named:
                kept = [field.value, *(value for value, _ in field.conflicts)]
                assert write.fields[name] in kept


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_ring_counts_as_none(size):
    ids = [UUID(int=n) for n in range(1, size + 1)]
    ring = [
        Write(ids[n], NOON + timedelta(hours=n), {"pain": n}, {"pain": [ids[(n + 1) % size]]})
        for n in range(size)
    ]
    field = merge(ring)["pain"]
    assert field.value == size - 1 and len(field.ids) == size
    after = Write(UUID(int=99), NOON - timedelta(days=9), {"pain": 10}, {"pain": ids})
    assert merge([after, *ring])["pain"] == merge([*ring, after])["pain"]
    assert (merge([*ring, after])["pain"].value, merge([*ring, after])["pain"].conflicts) == (10, ())


def test_a_ring_entered_from_outside_still_loses_to_who_names_it():
    a, b, c = (UUID(int=n) for n in (1, 2, 3))
    writes = [
        Write(a, NOON, {"pain": 1}, {"pain": [b]}),
        Write(b, NOON + timedelta(hours=5), {"pain": 2}, {"pain": [a]}),
        Write(c, NOON - timedelta(hours=5), {"pain": 3}, {"pain": [b]}),
    ]
    agree(writes)
    assert merge(writes)["pain"].value == 1 and set(merge(writes)["pain"].ids) == {a, c}


@settings(max_examples=300, deadline=None)
@given(histories(4), st.fixed_dictionaries({}, optional=VALUES), st.booleans())
def test_a_stale_page_rewrites_nothing(writes, typed, settles):
    """Line 8: what a page shows and sends back untouched is no write; what it changes is, and nothing else."""
    seen = merge(writes)
    shown = {name: field.value for name, field in seen.items()}
    plain = {name: value for name, value in shown.items() if not seen[name].conflicts}
    assert touched(seen, plain, settles) == {}
    found = touched(seen, typed, settles)
    for name, value in typed.items():
        if name == "note" and value is None and shown.get("note") is None and "note" in seen:
            continue
        differs = name in shown and shown[name] != value
        assert not differs or name in found
    assert set(found) <= set(typed)
    base = base_of(seen, found)
    assert set(base) == set(found)
    assert all(set(base[name]) == set(seen[name].ids) for name in found if name in seen)


@settings(max_examples=200, deadline=None)
@given(
    received=moments,
    clock_off_s=st.integers(-4000, 4000),
    skew_s=st.sampled_from([0, 1, -1, 599, 600, 601, -600, -601, 3000]),
    ago_s=st.integers(-3600, 40 * 86400),
)
def test_when_an_answer_counts_as_given(received, clock_off_s, skew_s, ago_s):
    """Line 11, told again: 425 for a clock off by other than it says, then whose moment is taken."""
    sent = received + timedelta(seconds=clock_off_s)
    recorded, skew = sent - timedelta(seconds=ago_s), timedelta(seconds=skew_s)
    assert is_clock_unknown(received, sent, skew) == (abs(-clock_off_s - skew_s) > 600)
    if ago_s < 0:
        wanted = (received, True)
    elif abs(skew_s) <= 600:
        wanted = (recorded, False)
    else:
        wanted = (recorded + skew, True)
    assert effective_moment(recorded, sent, skew, received) == wanted


@given(st.integers(-12, 12), st.booleans())
def test_which_days_are_open(ago, has_revision):
    closed = why_closed(DAY - timedelta(days=ago), DAY, has_revision)
    assert (closed is None) == (ago <= 7 and (ago >= 0 or has_revision))


class Phones(RuleBasedStateMachine):
    """Phones that see, change, deliver and repeat in any order, and two servers that get all of it otherwise."""

    made = Bundle("made")

    @initialize()
    def begin(self):
        self.writes: dict[UUID, Write] = {}
        self.server: list[Write] = []
        self.other: list[Write] = []

    @rule(target=made, given_fields=fields_of, at=moments, n=st.integers(1, 10**6))
    def record_blind(self, given_fields, at, n):
        return self._made(UUID(int=n * 1000 + len(self.writes)), at, given_fields, {})

    @rule(target=made, given_fields=fields_of, at=moments, n=st.integers(1, 10**6))
    def record_having_seen(self, given_fields, at, n):
        base = base_of(merge(self.server), given_fields)
        return self._made(UUID(int=n * 1000 + len(self.writes)), at, given_fields, base)

    @rule(target=made, before=made, value=VALUES["pain"], at=moments)
    def change_unsent(self, before, value, at):
        names = (before, *self.writes[before].base.get("pain", ()))
        return self._made(UUID(int=before.int + 10**12), at, {"pain": value}, {"pain": names})

    def _made(self, write_id, at, fields, base):
        self.writes.setdefault(write_id, Write(write_id, at, fields, base))
        return write_id

    @rule(write=made)
    def deliver(self, write):
        if all(w.id != write for w in self.server):
            self.server.append(self.writes[write])

    @rule(write=made)
    def deliver_to_the_other(self, write):
        self.other.insert(0, self.writes[write])

    @rule()
    def drain(self):
        have = {w.id for w in self.server}
        self.server.extend(w for i, w in self.writes.items() if i not in have)
        self.other.extend(reversed(list(self.writes.values())))
        assert project(self.server, DAY) == project(self.other, DAY)

    @invariant()
    def as_the_oracle_says(self):
        if getattr(self, "server", None):
            agree(self.server)


Phones.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPhones = Phones.TestCase
