"""Recording a check-in: merged by field, told in the same transaction, nothing of a stranger's."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from diary import db
from diary.audit.models import AuditEvent, SyncWrite
from diary.careteam import access
from diary.checkins import actions, queries
from diary.checkins.models import Checkin, CheckinRevision
from diary.checkins.rules import CHOICES, EFFECTS, EMERGENCIES, fired
from diary.entries.actions import Closed
from diary.safety import actions as safety
from diary.safety.models import Flag, FlagEvent
from tests import factories
from tests.checkins.said import checkin, viewer

DAY = date(2026, 11, 22)
MORNING = DAY + timedelta(days=1)
NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)


@pytest.fixture
def target(app, cast):
    with db.write() as s:
        return factories.infusion(s, cast.alice, DAY).uuid


def rows(model):
    with db.read() as s:
        return s.scalars(select(model).order_by(model.id)).all()


@pytest.mark.both
def test_a_fall_is_stored_and_told_at_once(app, cast, target):
    with db.write() as s:
        became = checkin(s, cast.alice, target, MORNING, {"fall": "yes", "still_detached": "moderate", "help_shown": "yes"}, NOW)  # fmt: skip
    assert became.fired == ("fall", "detached_next_day") and became.outcome["fall"] == "applied"
    assert sorted(flag.rule for flag in rows(Flag)) == ["detached_next_day", "fall"]
    assert rows(CheckinRevision)[0].fired == "fall detached_next_day"
    assert json.loads(rows(Checkin)[0].answers) == {"fall": "yes", "still_detached": "moderate"}
    assert "help.shown" in {event.action for event in rows(AuditEvent)}


def test_the_words_are_sealed(app, cast, target):
    texts = {"insight": "the sea was flat", "insight_private": "no", "own": "tingling"}
    with db.write() as s:
        checkin(s, cast.alice, target, MORNING, texts)
    row, revision = rows(Checkin)[0], rows(CheckinRevision)[0]
    assert (row.words, row.words_private, row.own) == ("the sea was flat", False, "tingling")
    assert (revision.words, revision.own) == ("the sea was flat", "tingling")
    for text in (row.answers, revision.fields):
        assert "sea" not in text and "tingling" not in text


def test_two_phones_are_merged_by_field(app, cast, target):
    with db.write() as s:
        checkin(s, cast.alice, target, MORNING, {"nausea": "mild", "fall": "no"}, NOW)
        checkin(
            s, cast.alice, target, MORNING, {"nausea": "severe", "head": "clear"}, NOW + timedelta(minutes=1)
        )
    assert json.loads(rows(Checkin)[0].answers) == {"nausea": "severe", "fall": "no", "head": "clear"}
    assert rows(Checkin)[0].has_conflict and rows(Checkin)[0].revisions == 2
    with db.read() as s:
        found = queries.own_checkin(s, viewer(cast.alice), cast.alice.id, "checkin", target, MORNING)
    assert [value for value, _ in found.fields["nausea"].conflicts] == ["mild"]


def test_an_answer_that_is_overtaken_is_told_all_the_same(app, cast, target):
    with db.write() as s:
        checkin(s, cast.alice, target, MORNING, {"fall": "no"}, NOW + timedelta(minutes=5))
        became = checkin(s, cast.alice, target, MORNING, {"fall": "yes"}, NOW)
    assert became.outcome == {"fall": "superseded"}
    assert [flag.rule for flag in rows(Flag)] == ["fall"]


def test_the_same_write_again_changes_nothing(app, cast, target):
    write_id = uuid4()
    for _ in range(2):
        with db.write() as s:
            checkin(s, cast.alice, target, MORNING, {"fall": "yes"}, NOW, id=write_id)
    assert len(rows(CheckinRevision)) == len(rows(FlagEvent)) == len(rows(Flag)) == 1


def test_sent_again_after_a_restore_it_is_told_again_and_marked(app, cast, target):
    with db.write() as s:
        checkin(s, cast.alice, target, MORNING, {"fall": "yes"}, NOW, is_settled=True)
    assert rows(Flag)[0].resent and rows(FlagEvent)[0].resent and rows(CheckinRevision)[0].resent


def test_blood_once_and_the_same_trouble_at_two_askings(app, cast, target):
    with db.write() as s:
        checkin(s, cast.alice, target, MORNING, {"urine_often": "mild", "urine_pain": "no"}, NOW)
    assert rows(Flag) == []
    later = MORNING + timedelta(days=14)
    with db.write() as s:
        again = factories.infusion(s, cast.alice, later - timedelta(days=1)).uuid
        checkin(s, cast.alice, again, later, {"urine_often": "mild"}, NOW + timedelta(days=14))
    assert [flag.rule for flag in rows(Flag)] == ["urinary"]
    with db.write() as s:
        checkin(s, cast.alice, again, later, {"urine_blood": "yes"}, NOW + timedelta(days=14))
    assert len(rows(Flag)) == 1 and len(rows(FlagEvent)) == 2, "one flag for one matter"


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_nobody_writes_for_somebody_else(app, cast, target, name):
    other = getattr(cast, name)
    write = actions.CheckinWrite(
        uuid4(), "checkin", target, MORNING, {"fall": "yes"}, NOW, NOW, "Europe/London"
    )
    with pytest.raises(access.Hidden), db.write() as s:
        actions.record_checkin(s, viewer(other), cast.alice.id, write)
    with pytest.raises(access.Hidden), db.write() as s:
        checkin(s, cast.charlie, target, MORNING, {"fall": "yes"}, NOW)
    assert rows(Checkin) == [] and rows(Flag) == []


def test_a_cancelled_infusion_takes_nothing_new(app, cast):
    with db.write() as s:
        cancelled = factories.infusion(s, cast.alice, DAY, status="cancelled").uuid
    with pytest.raises(access.Hidden), db.write() as s:
        checkin(s, cast.alice, cancelled, MORNING, {"nausea": "mild"}, NOW)
    with db.write() as s:  # but what was taken before the database was restored
        checkin(s, cast.alice, cancelled, MORNING, {"nausea": "mild"}, NOW, is_settled=True)


@pytest.mark.parametrize(("day", "words"), [(NOW.date() - timedelta(days=8), "closed"), (NOW.date() + timedelta(days=1), "not begun")])  # fmt: skip
def test_a_day_that_is_over_or_to_come_is_closed(app, cast, target, day, words):
    with pytest.raises(Closed, match=words), db.write() as s:
        checkin(s, cast.alice, target, day, {"nausea": "mild"}, NOW)


# No answer that fires without its flag ----------------------------------------------------------------

ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from(("mild", "severe", "")) for key in list(EFFECTS)[:3]},
        **{key: st.sampled_from(("yes", "")) for key in EMERGENCIES},
        **{name: st.sampled_from([value for value, _ in CHOICES[name][1]]) for name in CHOICES},
    },
)


@given(st.lists(ANSWERS.filter(bool), min_size=1, max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_answer_that_fires_is_stored_without_its_flag(app, cast, target, writes):
    """After each transaction: every rule that a stored write fires has an event with that write's id, and no other has."""
    for texts in writes:
        with db.write() as s:
            checkin(s, cast.alice, target, MORNING, texts, NOW)
    assert_all_told(target)


def assert_all_told(target) -> int:
    """How many stored writes fire; each has its event, and each event its write."""
    told, firing = {}, 0
    with db.read() as s:
        for rule, write_id in s.execute(
            select(Flag.rule, FlagEvent.write_id).join(FlagEvent, FlagEvent.flag_id == Flag.id)
        ):
            told.setdefault(write_id, set()).add(rule)
        for revision in s.scalars(select(CheckinRevision)):
            wanted = {one.rule for one in fired(json.loads(revision.fields), target, {})}
            assert told.pop(revision.write_uuid, set()) == wanted == set(revision.fired.split())
            firing += bool(wanted)
    assert not told, "an event without its answer"
    return firing


def test_a_write_that_dies_at_any_statement_leaves_both_or_neither(app, cast, target, monkeypatch):
    """The transaction is broken before each of its statements in turn, then left to end: counts of what was left."""
    from sqlalchemy import event

    engine = app.extensions["database"].engine
    died = stored = 0
    for place in range(200):
        seen = 0

        def breaks(conn, cursor, statement, parameters, context, executemany, at=place):
            nonlocal seen
            seen += 1
            if seen > at:
                raise OSError("the server died")

        event.listen(engine, "before_cursor_execute", breaks)
        try:
            with db.write() as s:
                checkin(s, cast.alice, target, MORNING, {"fall": "yes", "still_detached": "severe"}, NOW)
            stored += 1
        except OSError:
            died += 1
        finally:
            event.remove(engine, "before_cursor_execute", breaks)
        firing = assert_all_told(target)
        assert firing == stored
        if stored:
            break
    assert stored == 1 and died > 8, f"killed {died} times, stored {stored}"
    print(
        f"killed before each of {died} statements: 0 answers without their flag, 0 flags without their answer"
    )


def test_a_flag_that_can_not_be_opened_takes_the_answer_with_it(app, cast, target, monkeypatch):
    def refuses(*args, **kwargs):
        raise OSError("no flag")

    monkeypatch.setattr(safety, "open_flag", refuses)
    with pytest.raises(OSError, match="no flag"), db.write() as s:
        checkin(s, cast.alice, target, MORNING, {"fall": "yes"}, NOW)
    with db.read() as s:
        assert s.scalar(select(func.count()).select_from(Checkin)) == 0
        assert s.scalar(select(func.count()).select_from(SyncWrite)) == 0
