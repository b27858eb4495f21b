"""Rules over days open their flag with the write that meets them, by page and by phone, and each morning; once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from diary import db, jobs
from diary.careteam import access
from diary.review import actions
from diary.review.queries.data import BOOK
from diary.review.rules import over_days
from diary.safety.models import Flag, FlagEvent
from tests import factories
from tests.conftest import stored
from tests.sync.phones import NOW, a_body, put

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def now(clock_at, app):
    clock_at(NOW)
    app.extensions.pop("looked_at_days", None)


def above(cast, high=4):
    """Fourteen days at 4, then high ones up to yesterday: one short of what fires."""
    with db.write() as s:
        scores = [4] * 14 + [4, 4] + [8] * high
        factories.days(TODAY - timedelta(days=len(scores)), scores, s, cast.alice)


def flags():
    with db.read() as s:
        return stored(s, Flag)


def test_a_write_on_the_page(client_as, cast):
    above(cast)
    client = client_as("alice")
    assert client.post("/today", {"fatigue": "8"}).status == 303
    assert flags() == []
    assert client.post("/today", {"pain": "8"}).status == 303
    (flag,) = flags()
    assert (flag.rule, flag.level, flag.owner_id) == ("above_usual", "normal", cast.cora.id)
    with db.read() as s:
        (opened,) = stored(s, FlagEvent)
    assert (
        opened.words.startswith("Pain above the usual. 2 points or more above 4")
        and opened.actor_id == cast.alice.id
    )


def test_a_write_of_a_phone(client_as, cast):
    above(cast)
    assert put(client_as("alice"), a_body(cast.alice, {"pain": "8"}))[0] == 200
    assert [flag.rule for flag in flags()] == ["above_usual"]


def test_much_less_sleep_is_with_the_clinician_at_once(client_as, cast):
    with db.write() as s:
        for back in range(16, 0, -1):
            slept, tired = (8, 7) if back > 2 else (5, 1)
            factories.entry(s, cast.alice, TODAY - timedelta(days=back), sleep_hours=slept, fatigue=tired)
    client_as("alice").post("/today", {"fatigue": "1", "sleep_hours": "5"})
    assert [(flag.rule, flag.level, flag.owner_id) for flag in flags()] == [
        ("little_sleep", "high", cast.bob.id)
    ]


def test_the_same_episode_is_raised_once_even_when_closed(client_as, cast):
    above(cast)
    client = client_as("alice")
    client.post("/today", {"pain": "8"})
    with db.write() as s:
        stored(s, Flag)[0].state = "closed"
    client.post("/today", {"mood": "8", "base": ""})
    put(client, a_body(cast.alice, {"pain": "9"}))
    jobs.look_at_days(NOW)
    assert len(flags()) == 1


@pytest.mark.parametrize(
    ("fields", "day"), [({"note": "x"}, TODAY), ({"pain": 8}, TODAY - timedelta(days=8))]
)
def test_a_write_that_no_rule_asks_of_is_not_looked_at(app, cast, fields, day):
    above(cast, high=6)
    viewer, said, engine = access.Viewer(cast.alice.id), [], db.engine()
    listen = lambda *args: said.append(args[2])  # noqa: E731
    with db.write() as s:
        event.listen(engine, "before_cursor_execute", listen)
        actions.look_after_write(s, viewer, cast.alice.id, day, fields, TODAY, NOW)
        event.remove(engine, "before_cursor_execute", listen)
    assert not said and flags() == []


def test_when_the_flag_can_not_be_opened_the_write_is_not_kept(client_as, cast, monkeypatch):
    above(cast)
    monkeypatch.setattr(actions, "open_flag", lambda *_args, **_more: 1 / 0)
    assert client_as("alice").post("/today", {"pain": "8"}).status == 500
    with db.read() as s:
        from diary.entries.models import Entry

        assert stored(s, Entry, day=TODAY) == []


def test_each_morning(app, cast):
    """Silence makes no write: the morning finds it, at six of the patient's own clock and once a day."""
    with db.write() as s:
        factories.days(TODAY - timedelta(days=20), [5] * 14, s, cast.alice)
        factories.infusion(s, cast.alice, TODAY - timedelta(days=12))
    assert jobs.look_at_days(datetime(2026, 11, 23, 5, 59, tzinfo=UTC)) == 0
    assert jobs.look_at_days(datetime(2026, 11, 23, 6, 0, tzinfo=UTC)) == 1
    assert [(flag.rule, flag.owner_id) for flag in flags()] == [("silence", cast.cora.id)]
    assert jobs.look_at_days(datetime(2026, 11, 23, 6, 1, tzinfo=UTC)) == 0
    assert jobs.look_at_days(datetime(2026, 11, 24, 6, 0, tzinfo=UTC)) == 1
    assert len(flags()) == 1


def test_a_look_that_finds_nothing_writes_nothing(app, cast):
    said, engine = [], db.engine()
    listen = lambda *args: said.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    jobs.look_at_days(NOW)
    event.remove(engine, "before_cursor_execute", listen)
    assert not [one for one in said if one.startswith(("BEGIN IMMEDIATE", "INSERT", "UPDATE"))]


def test_the_command_says_what_it_found(app, cast):
    with db.write() as s:
        factories.days(TODAY - timedelta(days=20), [5] * 14, s, cast.alice)
        factories.infusion(s, cast.alice, TODAY - timedelta(days=12))
    done = app.test_cli_runner().invoke(args=["jobs", "--once"])
    assert "diaries with a rule met: 1" in done.output


SCORED = st.fixed_dictionaries(
    {},
    optional={
        "pain": st.sampled_from([4, 9, 10]),
        "mood": st.sampled_from([9]),
        "fatigue": st.sampled_from([1, 7]),
        "sleep_hours": st.sampled_from(["8", "5"]),
    },
)


@given(st.lists(SCORED.filter(bool), min_size=7, max_size=8))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_day_that_meets_a_rule_is_stored_without_its_flag(app, cast, client_as, days):
    """After each day that a phone sends: what the rules find in the stored days stands among the flags."""
    alice = client_as("alice")
    above(cast, high=0)
    for back, fields in zip(range(len(days) - 1, -1, -1), days, strict=True):
        texts = {name: str(value) for name, value in fields.items()}
        day = TODAY - timedelta(days=min(back, 7))
        assert put(alice, a_body(cast.alice, texts, day=str(day)))[0] == 200
        with db.read() as s:
            found = actions._days(s, access.Viewer(cast.alice.id), cast.alice.id, TODAY)
        met = {one.rule for one in over_days(BOOK, found, TODAY, False)}
        assert met <= {flag.rule for flag in flags()}
