"""A person's wishes: the form, the choices that are stored, pauses, "Later", "Not today", another zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.reminders.actions import wishes as actions
from diary.reminders.forms import parse_pause, parse_time, parse_wishes, texts_of
from diary.reminders.models import Delivery, Nudge, ReminderSettings
from diary.reminders.queries.wishes import own_wishes
from diary.reminders.rules.wishes import Chosen, Wishes, later_at
from tests.conftest import stored

NOW = datetime(2026, 3, 30, 18, 0, 20, tzinfo=UTC)  # 19:00 in London
TODAY = date(2026, 3, 30)
EACH = Chosen(
    daily=(time(20, 30), None, time(6, 5), None, None, None, time(0, 0)),
    checkins=False, by_email=True, by_push=True, email_instead=True, quiet=(time(23), time(7)),
)  # fmt: skip


def own(s, cast, name="alice"):
    someone = getattr(cast, name)
    viewer = access.Viewer(someone.id, roles=frozenset({(someone.clinic_id, "patient")}))
    return viewer, access.own(s, viewer)


@pytest.mark.parametrize("chosen", [Chosen(), EACH, Chosen(daily=(None,) * 7, quiet=None, ahead=False)])
def test_what_the_form_shows_it_reads_again(chosen):
    assert parse_wishes(texts_of(chosen)).value == chosen


def test_an_absent_switch_is_off():
    nothing = parse_wishes({}).value
    assert nothing == Chosen((None,) * 7, False, False, False, quiet=None)
    assert nothing.channels == ()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"daily": "on", "time": "24:00"}, "time"),
        ({"daily": "on", "time": "8 pm"}, "time"),
        ({"daily": "on", "time": ""}, "time"),
        ({"daily": "on"}, "time"),
        ({"daily": "on", "by_weekday": "on", "time_wed": "20:60"}, "time_wed"),
        ({"quiet": "on", "quiet_from": "22:00"}, "quiet_until"),
        ({"quiet": "on", "quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"by_email": "please"}, "by_email"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(typed, field):
    found = parse_wishes(typed)
    assert found.value is None
    assert set(found.errors) == {field}


@pytest.mark.parametrize(
    ("text", "at"), [("8:05", time(8, 5)), (" 20.30 ", time(20, 30)), ("00:00", time(0))]
)
def test_times_as_people_type_them(text, at):
    assert parse_time(text) == at


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-03-30", "2026-03-29", "2027-04-02", "2026-02-30", "20260401"]
)
def test_a_pause_ends_on_a_day_to_come(text):
    until, words = parse_pause(text, TODAY)
    assert until is None
    assert words


@pytest.mark.parametrize(
    ("choice", "now", "due"),
    [
        ("ten_minutes", "2026-03-30T18:00", "2026-03-30T18:10"),
        ("an_hour", "2026-03-30T18:00", "2026-03-30T19:00"),
        ("evening", "2026-03-30T12:00", "2026-03-30T19:00"),  # 20:00 in London
        ("evening", "2026-03-30T18:30", "2026-03-30T19:30"),
        ("evening", "2026-03-30T22:30", "2026-03-30T23:30"),
    ],
)
def test_later(choice, now, due):
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, due)]
    assert later_at(choice, moments[0], "Europe/London") == moments[1]


@pytest.mark.both
def test_choices_are_stored_and_the_plan_is_looked_at(app, cast):
    with db.write() as s:
        viewer, patient = own(s, cast)
        assert own_wishes(s, viewer, patient.id).wishes == Wishes(zone="Europe/London")
        actions.change_wishes(s, viewer, patient, EACH, NOW)
    with db.read() as s:
        found = own_wishes(s, viewer, cast.alice.id)
        row = s.get_one(ReminderSettings, cast.alice.id)
        (event,) = stored(s, AuditEvent, action="reminders.change")
    assert found.is_chosen
    assert found.wishes.chosen == EACH
    assert row.wake_at == row.looked_at == NOW.replace(microsecond=0)
    assert (event.patient_id, event.thing) == (cast.alice.id, "")


def test_nobody_changes_or_reads_the_wishes_of_another(app, cast):
    bob = access.Viewer(cast.bob.id, roles=frozenset({(cast.bob.clinic_id, "clinician")}))
    charlie = access.Viewer(cast.charlie.id, roles=frozenset({(cast.charlie.clinic_id, "patient")}))
    with db.write() as s:
        _, alice = own(s, cast)
        for viewer in (bob, charlie):
            with pytest.raises(access.Hidden):
                own_wishes(s, viewer, alice.id)
            for change in (
                lambda v: actions.change_wishes(s, v, alice, EACH, NOW),
                lambda v: actions.pause(s, v, alice, TODAY + timedelta(days=3), NOW),
                lambda v: actions.resume(s, v, alice, NOW),
                lambda v: actions.say_not_today(s, v, alice, TODAY, NOW),
                lambda v: actions.move_to_zone(s, v, alice, "Asia/Tokyo", NOW),
            ):
                with pytest.raises(access.Hidden):
                    change(viewer)
        assert s.get(ReminderSettings, alice.id) is None


@pytest.mark.both
def test_a_pause_not_today_and_going_on(app, cast):
    with db.write() as s:
        viewer, patient = own(s, cast)
        actions.pause(s, viewer, patient, date(2026, 4, 3), NOW)
        actions.say_not_today(s, viewer, patient, TODAY, NOW)
        actions.say_not_today(s, viewer, patient, TODAY - timedelta(days=1), NOW)  # an old notification
    with db.read() as s:
        wishes = own_wishes(s, viewer, patient.id).wishes
    assert (wishes.paused_until, wishes.not_today) == (date(2026, 4, 3), TODAY)
    assert [wishes.is_paused(TODAY + timedelta(days=n)) for n in range(6)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert replace(wishes, paused_until=None).is_paused(TODAY)
    with db.write() as s:
        actions.resume(s, viewer, patient, NOW)
    with db.read() as s:
        assert not own_wishes(s, viewer, patient.id).wishes.is_paused(TODAY)


def test_what_was_due_already_is_still_decided_after_a_change(app, cast):
    """20:30 is past, no round came yet, and she changes her quiet hours: the 20:30 is not forgotten."""
    due = NOW - timedelta(seconds=20)
    with db.write() as s:
        viewer, patient = own(s, cast)
        s.add(
            ReminderSettings(
                person_id=patient.id, wake_at=due, looked_at=due - timedelta(hours=9), changed_at=due
            )
        )
    with db.write() as s:
        actions.change_wishes(s, viewer, patient, EACH, NOW)
    with db.read() as s:
        row = s.get_one(ReminderSettings, patient.id)
    assert (row.wake_at, row.looked_at) == (due, due - timedelta(hours=9))


@pytest.mark.both
def test_later_is_kept_once(app, cast):
    with db.write() as s:
        viewer, patient = own(s, cast)
        sent = Delivery(
            person_id=patient.id, kind="daily_log", thing="2026-03-30T20:30", day=TODAY, due_at=NOW, channel="email",
            state="sent", expires_at=NOW, claimed_at=NOW,
        )  # fmt: skip
        s.add(sent)
        s.flush()
        for _ in range(2):
            due = actions.ask_later(s, viewer, patient, sent.uuid, "an_hour", NOW)
        charlie, other = own(s, cast, "charlie")
        with pytest.raises(access.Hidden):
            actions.ask_later(s, charlie, other, sent.uuid, "an_hour", NOW)
    with db.read() as s:
        (nudge,) = stored(s, Nudge)
    assert due == nudge.due_at == datetime(2026, 3, 30, 19, 0, tzinfo=UTC)
    assert (nudge.kind, nudge.thing, nudge.day) == ("daily_log", "2026-03-30T20:30", TODAY)


def test_another_zone(app, cast):
    with db.write() as s:
        viewer, patient = own(s, cast)
        with pytest.raises(ValueError, match="time zone"):
            actions.move_to_zone(s, viewer, patient, "Mars/Olympus", NOW)
        actions.move_to_zone(s, viewer, patient, "Pacific/Kiritimati", NOW)
    with db.read() as s:
        assert own_wishes(s, viewer, patient.id).wishes.zone == "Pacific/Kiritimati"
        assert access.own(s, viewer).zone == "Pacific/Kiritimati"
        assert len(stored(s, AuditEvent, action="zone.change")) == 1
