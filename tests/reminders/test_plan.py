"""What is due, and when: tables, and properties of any wishes and facts."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.checkins.rules import Given
from diary.reminders.rules.plan import Again, Facts, moments, plan
from diary.reminders.rules.wall import is_quiet
from diary.reminders.rules.wishes import Wishes

ONE = UUID(int=1)
DAY = date(2026, 3, 9)
NOBODY = dict.fromkeys(("checkins", "ahead", "commitments"), False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(wishes: Wishes, facts: Facts, since: str, until: str) -> list[tuple[str, str, str]]:
    """(kind, day, moment in UTC)"""
    return [
        (one.kind, str(one.day), f"{one.due_at:%m-%d %H:%M}")
        for one in plan(wishes, facts, at(since), at(until))
    ]


def test_the_contract_s_example():
    """2:30 does not exist on the 29th in Berlin: at 3:00, and it asks about the 28th."""
    wishes = Wishes(zone="Europe/Berlin", daily=(time(2, 30),) * 7, quiet=None)
    assert told(wishes, Facts(), "2026-03-29T00:00", "2026-03-29T12:00") == [
        ("daily_log", "2026-03-28", "03-29 01:00")
    ]


def test_times_by_weekday_quiet_hours_pauses_and_what_is_done():
    daily = (time(20, 30), None, time(23), time(20, 30), time(20, 30), time(6), time(20, 30))
    wishes = Wishes(
        daily=daily, quiet=(time(22), time(8)), paused_until=date(2026, 3, 9), not_today=date(2026, 3, 13)
    )
    facts = Facts(done=frozenset({date(2026, 3, 12)}))
    assert told(wishes, facts, "2026-03-08T00:00", "2026-03-16T00:00") == [
        ("daily_log", "2026-03-09", "03-09 20:30"),
        ("daily_log", "2026-03-11", "03-12 08:00"),  # Wednesday 23:00, moved; the day stays
        ("daily_log", "2026-03-14", "03-14 08:00"),  # Saturday 6:00
        ("daily_log", "2026-03-15", "03-15 20:30"),
    ]
    why = [
        (str(one.day), said)
        for one, said in moments(wishes, facts, at("2026-03-08T00:00"), at("2026-03-14T00:00"))
        if said
    ]
    assert why == [("2026-03-08", "paused"), ("2026-03-12", "done"), ("2026-03-13", "paused")]


def test_around_an_infusion():
    wishes = Wishes(daily=(None,) * 7, quiet=None, ahead=False)
    done = Facts(given=(Given(ONE, 1, DAY),), asked=(DAY - timedelta(days=1),))
    assert told(wishes, done, "2026-03-09T00:00", "2026-03-20T00:00") == [
        ("check_in", "2026-03-09", "03-09 18:00"),
        ("check_in", "2026-03-10", "03-10 09:00"),
        ("check_in", "2026-03-11", "03-11 18:00"),
        ("check_in", "2026-03-12", "03-12 18:00"),
        ("check_in", "2026-03-16", "03-16 18:00"),
    ]
    said = Facts(given=done.given, asked=done.asked, checkins=frozenset({(ONE, date(2026, 3, 10))}))
    assert ("check_in", "2026-03-10", "03-10 09:00") not in told(
        wishes, said, "2026-03-09T00:00", "2026-03-20T00:00"
    )


def test_the_day_before():
    wishes = Wishes(daily=(None,) * 7, quiet=None, zone="Pacific/Kiritimati")
    facts = Facts(
        given=(Given(ONE, 4, date(2026, 3, 12), "10:00", is_done=False), Given(UUID(int=2), 3, date(2026, 2, 20))),
        asked=(date(2026, 3, 1),), sessions={UUID(int=3): at("2026-03-12T21:00")}, commitments={UUID(int=4): date(2026, 3, 15)},
    )  # fmt: skip
    assert told(wishes, facts, "2026-03-09T00:00", "2026-03-16T00:00") == [
        ("infusion", "2026-03-11", "03-11 04:00"),
        ("intention", "2026-03-11", "03-11 04:00"),
        ("session", "2026-03-12", "03-12 04:00"),  # on Friday the 13th there
        ("commitment", "2026-03-14", "03-14 04:00"),
    ]


def test_days_before_a_course():
    """Each of the 14 days before its first infusion that is not written yet; not within a course."""
    wishes = Wishes(daily=(None,) * 7, quiet=None, ahead=False)
    first = Given(ONE, 1, date(2026, 3, 20), is_done=False)
    facts = Facts(given=(first,), done=frozenset({date(2026, 3, 7)}), asked=(date(2026, 3, 1),))
    days = [
        day
        for kind, day, _ in told(wishes, facts, "2026-03-01T00:00", "2026-04-01T00:00")
        if kind == "baseline"
    ]
    assert days == [f"2026-03-{n:02}" for n in (6, *range(8, 20))]
    within = Facts(given=(first, Given(UUID(int=2), 2, date(2026, 2, 20))), asked=(date(2026, 3, 1),))
    assert "baseline" not in {
        kind for kind, *_ in told(wishes, within, "2026-03-01T00:00", "2026-04-01T00:00")
    }


# Any wishes, any facts ------------------------------------------------------------------------------

ZONES = (
    "Europe/London",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Nuuk",
)
times = st.times().map(lambda one: one.replace(second=0, microsecond=0))
days = st.dates(date(2026, 3, 1), date(2026, 4, 15))
ids = st.integers(1, 4).map(lambda n: UUID(int=n))
somewhen = st.integers(0, 36 * 24 * 60).map(lambda n: datetime(2026, 3, 5, tzinfo=UTC) + timedelta(minutes=n))
wishes = st.builds(
    Wishes,
    daily=st.tuples(*[st.none() | times] * 7), checkins=st.booleans(), ahead=st.booleans(), commitments=st.booleans(),
    quiet=st.none() | st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]),
    zone=st.sampled_from(ZONES), paused_until=st.none() | days, not_today=st.none() | days,
)  # fmt: skip
infusions = st.lists(
    st.builds(Given, ids, st.integers(1, 9), days, st.sampled_from(["", "08:00"]), st.booleans()),
    max_size=4, unique_by=(lambda one: one.id),
).map(tuple)  # fmt: skip
facts = st.builds(
    Facts,
    done=st.frozensets(days), given=infusions, asked=st.lists(days, max_size=2).map(tuple),
    checkins=st.frozensets(st.tuples(ids, days), max_size=3), intentions=st.frozensets(ids, max_size=2),
    sessions=st.dictionaries(ids, somewhen, max_size=2), commitments=st.dictionaries(ids, days, max_size=2),
    again=st.lists(
        st.builds(Again, st.integers(1, 99), st.just("daily_log"), st.just("2026-03-09T20:30"), days, somewhen),
        max_size=2, unique_by=lambda one: one.id,
    ).map(tuple),
)  # fmt: skip


@given(wishes, facts, st.lists(somewhen, min_size=3, max_size=3).map(sorted))
@settings(max_examples=120)
def test_any_plan(wishes, facts, cuts):
    first, middle, last = cuts
    found = plan(wishes, facts, first, last)
    assert found == plan(wishes, facts, first, middle) + plan(wishes, facts, middle, last)
    assert [one.due_at for one in found] == sorted(one.due_at for one in found)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert first <= one.due_at < last
        assert not is_quiet(one.due_at, wishes.quiet, wishes.zone)
        assert not wishes.is_paused(one.day)
        if one.kind in ("daily_log", "baseline"):
            assert one.day not in facts.done
            assert one.due_at < one.expires_at


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_far_ends_of_the_world(zone):
    wishes = Wishes(zone=zone, daily=(time(20, 30),) * 7, quiet=None, **NOBODY)
    found = told(wishes, Facts(), "2026-03-01T12:00", "2026-03-08T12:00")
    assert len(found) == 7
    assert {moment[-5:] for *_, moment in found} == {"06:30" if zone == "Pacific/Kiritimati" else "07:30"}
