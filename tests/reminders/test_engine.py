"""The engine on both databases: once, only if not done, late at most once, whoever dies and whatever the clock does."""

import itertools
import threading
from collections import Counter
from datetime import date, time, timedelta
from uuid import uuid4

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.reminders.actions import wishes as actions
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings, Tick
from diary.reminders.rules.message import Outcome
from diary.reminders.worker import WINDOWS, Worker
from tests import factories
from tests.conftest import stored
from tests.reminders.engine import Engine, Sink, at, wish
from tests.safety.flags import raise_flag

pytestmark = pytest.mark.both
DAY = date(2026, 3, 9)  # a Monday; London is on UTC


class Died(BaseException):
    """The worker's process is gone."""


@pytest.fixture
def engine(app, clock_at):
    """The audit trail's clock stands too."""
    found = Engine("2026-03-09T12:00")
    clock_at(found.now)
    return found


def states() -> list[tuple[str, str, str]]:
    with db.read() as s:
        return sorted((row.kind, row.state, row.reason) for row in stored(s, Delivery))


def phone(someone, seen: str = "2026-03-01T12:00", failing: str | None = None) -> int:
    with db.write() as s:
        row = PushSubscription(
            person_id=someone.id, endpoint_index=uuid4().bytes * 2, made_at=at(seen), checked_at=at(seen),
            failing_since=at(failing) if failing else None,
        )  # fmt: skip
        row.endpoint, row.keys = "https://push.example/1", '{"p256dh": "a", "auth": "b"}'
        s.add(row)
        s.flush()
        return row.id


def test_a_daily_reminder_comes_once_at_its_minute(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    assert engine.tick("2026-03-09T12:01")["claimed"] == 0
    with db.read() as s:
        assert s.get_one(ReminderSettings, cast.alice.id).wake_at == at("2026-03-09T20:30")
    assert engine.tick("2026-03-09T20:29")["looked_at"] == 0
    counts = engine.tick("2026-03-09T20:30")
    assert (counts["claimed"], counts["sent"], counts["late"]) == (1, 1, 0)
    (parcel,) = engine.sink.sent
    assert parcel.to == "alice@example.org"
    assert (parcel.message.path, parcel.message.title) == ("/today", "Neap")
    assert parcel.unsubscribe.startswith("/unsubscribe/")
    for minute in (31, 32, 33, 59):
        assert engine.tick(f"2026-03-09T20:{minute}")["claimed"] == 0
    assert engine.tick("2026-03-10T20:30")["sent"] == 1
    with db.read() as s:
        (tick,) = stored(s, Tick)
    assert tick.ended_at == at("2026-03-10T20:30")


@pytest.mark.parametrize("fields", [{"pain": 4}, {"unwell": "yes"}, {"note": "words"}, {"times_awake": 2}])
def test_a_day_that_is_done_is_never_reminded_of(engine, cast, fields):
    wish(cast.alice, "2026-03-09T12:00")
    with db.write() as s:
        factories.entry(s, cast.alice, DAY, **fields)
    counts = engine.tick("2026-03-09T20:30")
    assert counts["skipped_done"] == 1
    assert engine.sink.took == []


def test_done_between_two_tries(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    engine.sink.answers["email", None] = Outcome("retry", "unreachable")
    assert engine.tick("2026-03-09T20:30")["waiting"] == 1
    with db.write() as s:
        factories.entry(s, cast.alice, DAY, pain=4)
    engine.sink.answers.clear()
    assert engine.tick("2026-03-09T20:31")["skipped_done"] == 1
    assert len(engine.sink.took) == 1
    assert states() == [("daily_log", "skipped", "done")]


def test_a_day_that_is_undone_again_is_reminded_of(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    with db.write() as s:
        factories.entry(s, cast.alice, DAY, pain=4)
    engine.tick("2026-03-09T12:01")
    with db.write() as s:
        factories.entry(s, cast.alice, DAY, pain=5)
        s.get_one(ReminderSettings, cast.alice.id)
        from sqlalchemy import text

        s.execute(text("UPDATE entry SET pain = NULL"))
    assert engine.tick("2026-03-09T20:30")["sent"] == 1


def test_a_pause_and_not_today(engine, cast):
    patient = wish(cast.alice, "2026-03-09T12:00")
    with db.write() as s:
        actions.say_not_today(s, access.OPERATOR, patient, DAY, at("2026-03-09T12:00"))
    assert engine.tick("2026-03-09T20:30")["skipped_paused"] == 1
    with db.write() as s:
        actions.pause(s, access.OPERATOR, patient, DAY + timedelta(days=3), at("2026-03-09T22:00"))
    engine.tick("2026-03-10T20:30")
    engine.tick("2026-03-11T20:30")
    assert engine.sink.took == []
    engine.tick("2026-03-12T20:30")
    assert engine.sink.said == [(cast.alice.id, "daily_log", "2026-03-12")]


def test_later_comes_once_more_unless_done(engine, cast):
    patient = wish(cast.alice, "2026-03-09T12:00")
    engine.tick("2026-03-09T20:30")
    with db.write() as s:
        (sent,) = stored(s, Delivery)
        actions.ask_later(s, access.OPERATOR, patient, sent.uuid, "ten_minutes", at("2026-03-09T20:31"))
    engine.tick("2026-03-09T20:32")
    assert len(engine.sink.sent) == 1
    engine.tick("2026-03-09T20:41")
    engine.tick("2026-03-09T20:42")
    assert len(engine.sink.sent) == 2
    with db.write() as s:
        actions.ask_later(s, access.OPERATOR, patient, sent.uuid, "an_hour", at("2026-03-09T20:43"))
        factories.entry(s, cast.alice, DAY, pain=4)
    engine.tick("2026-03-09T21:43")
    assert len(engine.sink.sent) == 2


def test_what_comes_together_is_one_message_that_opens_today(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7)
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned", time="10:00")
    engine.tick("2026-03-09T18:00")
    (parcel,) = engine.sink.sent
    assert (parcel.message.kind, parcel.message.path) == ("infusion", "/today")
    assert states() == [
        ("baseline", "skipped", "coalesced"), ("infusion", "sent", ""), ("intention", "skipped", "coalesced"),
    ]  # fmt: skip


def test_a_moved_infusion_moves_its_reminder_and_a_cancelled_one_ends_it(engine, cast, clock_at):
    wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7, checkins=False)
    engine.tick("2026-03-09T12:00")
    with db.write() as s:
        given = factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned", time="10:00")
    assert engine.tick("2026-03-09T12:01")["changed"] == 1
    edit(cast.alice, given, clock_at, "2026-03-09T17:59", date="2026-03-12", status="planned")
    engine.tick("2026-03-09T18:00")
    assert engine.sink.took == []
    with db.read() as s:
        assert s.get_one(ReminderSettings, cast.alice.id).wake_at <= at("2026-03-10T18:00")
    for day in (10, 11, 12):
        engine.tick(f"2026-03-{day}T18:00")
    assert engine.sink.said == [(cast.alice.id, "infusion", "2026-03-11")]
    with db.write() as s:
        other = factories.infusion(s, cast.alice, date(2026, 3, 20), status="planned", time="10:00")
    edit(cast.alice, other, clock_at, "2026-03-19T17:59:30", date="2026-03-20", status="cancelled")
    engine.tick("2026-03-19T18:00")
    assert len(engine.sink.sent) == 1


def edit(someone, infusion, clock_at, moment, **fields):
    from diary.infusions import actions as infusions
    from diary.infusions import forms

    clock_at(at(moment))
    typed = {"dose_mg": "40", "minutes": "40", "weight_kg": "70", "route": "IV", "time": "10:00"} | fields
    form = forms.parse_infusion(typed, date(2030, 1, 1))
    assert not form.errors, form.errors
    with db.write() as s:
        ref = access.load_patient(s, access.OPERATOR, someone.uuid)
        row = s.get_one(type(infusion), infusion.id)
        infusions.amend(s, access.OPERATOR, ref, row, form.value, at(moment))


def test_six_hours_down_gives_one_late_reminder(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7)
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned", time="10:00")
    counts = engine.tick("2026-03-09T23:55")
    assert (counts["sent"], counts["late"], counts["skipped_coalesced"]) == (1, 1, 2)
    assert engine.sink.sent[0].message.is_late


def test_nothing_comes_when_its_window_has_closed(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    counts = engine.tick("2026-03-10T04:00")  # the day has ended
    assert (counts["sent"], counts["skipped_expired"]) == (0, 1)
    counts = engine.tick("2026-03-13T12:00")  # three days later
    assert (counts["sent"], counts["skipped_expired"]) == (0, 3)


def test_a_clock_that_jumps_back_sends_nothing_twice(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    for moment in (
        "2026-03-09T20:30",
        "2026-03-09T17:00",
        "2026-03-09T20:29",
        "2026-03-09T20:30",
        "2026-03-09T20:31",
    ):
        engine.tick(moment)
    assert len(engine.sink.took) == 1
    engine.tick("2026-03-10T20:30")
    assert len(engine.sink.took) == 2


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(hours=12), timedelta(days=30)])
def test_a_clock_that_was_ahead_for_a_round_keeps_nothing_back(engine, cast, ahead):
    """What was due by it may have come too early, once; what was of no use any more by it comes in its time."""
    wish(cast.alice, "2026-03-09T12:00")
    engine.tick("2026-03-09T17:31")
    engine.tick(at("2026-03-09T17:32") + ahead)
    assert len(engine.sink.took) == (ahead < timedelta(hours=12))
    engine.tick("2026-03-09T17:33")
    for day in (9, 10, 11):
        engine.tick(f"2026-03-{day:02}T20:30")
        engine.tick(f"2026-03-{day:02}T20:31")
    assert [day for _, _, day in engine.sink.said] == ["2026-03-09", "2026-03-10", "2026-03-11"]


@pytest.mark.parametrize("ahead", [timedelta(hours=6), timedelta(days=30)])
def test_what_waits_is_not_put_off_by_a_clock_that_was_ahead(engine, cast, ahead):
    wish(cast.alice, "2026-03-09T12:00")
    engine.sink.answers["email", None] = Outcome("retry", "unreachable")
    engine.tick("2026-03-09T20:30")
    engine.tick(at("2026-03-09T20:40") + ahead)
    engine.sink.answers.clear()
    engine.tick("2026-03-09T20:41")
    engine.tick("2026-03-09T20:46")
    assert len(engine.sink.sent) == 1
    assert engine.sink.sent[0].message.is_late


@pytest.mark.parametrize("ahead", [timedelta(hours=12), timedelta(days=2)])
def test_after_a_clock_that_was_ahead_a_scheduler_that_was_down_still_looks_back(engine, cast, ahead):
    wish(cast.alice, "2026-03-09T12:00")
    engine.tick(at("2026-03-09T17:32") + ahead)
    engine.tick("2026-03-09T17:33")
    engine.tick("2026-03-09T23:00")  # down for more than five hours
    assert [day for _, _, day in engine.sink.said] == ["2026-03-09"]
    assert engine.sink.sent[0].message.is_late


def test_a_change_is_noticed_though_the_clock_was_ahead(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7)
    engine.tick("2026-04-09T12:00")
    engine.tick("2026-03-09T12:01")
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned", time="10:00")
    engine.tick("2026-03-09T12:02")
    engine.tick("2026-03-09T18:00")
    assert ("infusion", "sent", "") in states()


def test_a_flag_does_not_wait_for_the_end_of_a_long_round(engine, cast):
    """Two reminders by a slow server; while the first goes somebody falls."""
    wish(cast.alice, "2026-03-09T12:00")
    wish(cast.charlie, "2026-03-09T12:00")
    engine.worker.batch = 1

    def slowly():
        if not engine.sink.took:
            engine.now += timedelta(seconds=61)
            raise_flag(cast.alice, now=engine.now)
        return Outcome("sent")

    engine.sink.answers["email", None] = slowly
    engine.tick("2026-03-09T20:30")
    assert [parcel.message.kind for parcel in engine.sink.sent] == ["daily_log", "flag_opened", "daily_log"]


def test_of_all_that_waits_a_flag_goes_first(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    wish(cast.charlie, "2026-03-09T12:00")
    engine.sink.answers["email", None] = Outcome("retry", "unreachable")
    engine.tick("2026-03-09T20:30")
    engine.sink.answers.clear()
    engine.worker.batch = 1
    raise_flag(cast.alice, now=at("2026-03-09T20:40"))
    engine.tick("2026-03-09T20:40")
    assert [parcel.message.kind for parcel in engine.sink.sent] == ["flag_opened", "daily_log", "daily_log"]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(engine, cast, window):
    wish(cast.alice, "2026-03-09T12:00")
    engine.now = at("2026-03-09T20:30")
    dies(engine, window)
    second = Engine("2026-03-09T20:31")
    second.tick()
    second.tick("2026-03-09T20:36")  # the lease is over
    second.tick("2026-03-09T20:45")
    took = len(engine.sink.took) + len(second.sink.took)
    if window in ("begun", "sent", "settle"):  # marked, and nobody knows
        assert states() == [("daily_log", "unknown", "unknown")]
        assert took == (window != "begun")
    else:
        assert states() == [("daily_log", "sent", "")]
        assert took == 1


@pytest.mark.parametrize("is_of_safety", [False, True])
def test_an_outcome_that_comes_too_late_changes_nothing(engine, cast, is_of_safety):
    """Its lease ended while it sent. Another one said that nobody knows or, of a flag, is at it once more."""
    wish(cast.alice, "2026-03-09T12:00")
    engine.now = at("2026-03-09T20:30")
    if is_of_safety:
        wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7)
        raise_flag(cast.alice, now=engine.now)
    second = Engine("2026-03-09T20:36")
    died: list = []
    engine.worker.at = once(
        "sent", lambda: died.append(dies(second, "begun") if is_of_safety else second.tick())
    )
    engine.tick()
    assert died and len(engine.sink.sent) == 1 and second.sink.took == []
    assert states() == [
        ("flag_opened", "sending", "") if is_of_safety else ("daily_log", "unknown", "unknown")
    ]


def once(window, does):
    """At the first time that a worker reaches the window."""
    left = [does]

    def at_(here):
        if here == window and left:
            left.pop()()

    return at_


def dies(engine, window) -> bool:
    """A round of which nothing is left from there on."""

    def die(here):
        if here == window:
            raise Died

    engine.worker.at = die
    with pytest.raises(Died):
        engine.tick()
    return True


def test_what_waits_and_what_is_due_now_come_together(engine, cast):
    """Of a try again and a reminder of the same minute one goes, and opens Today."""
    wish(cast.alice, "2026-03-09T12:00", daily=(time(17, 58),) * 7, checkins=False)
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned", time="10:00")
    engine.sink.answers["email", None] = Outcome("retry", "429", 120)
    engine.tick("2026-03-09T17:58")
    engine.sink.answers.clear()
    engine.tick("2026-03-09T18:00")
    (parcel,) = engine.sink.sent
    assert (parcel.message.kind, parcel.message.path) == ("infusion", "/today")
    assert states() == [("daily_log", "skipped", "coalesced"), ("infusion", "sent", "")]


def test_many_people_in_several_batches(engine, cast, written):
    """Seven people of two zones and several times, three at once: each once, and each looked at again in time."""
    zones = itertools.cycle(("Europe/London", "Europe/Berlin"))
    with written() as s:
        people = [create_person(s, f"p{n}@example.org", f"P {n}", next(zones), engine.now) for n in range(7)]
        for n, person in enumerate(people):
            careteam.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, engine.now)
            own = f"20:{15 * (n % 3):02}"
            row = ReminderSettings(
                person_id=person.id, daily=",".join([own] * 7), by_email=True, wake_at=engine.now,
                looked_at=engine.now, changed_at=engine.now,
            )  # fmt: skip
            s.add(row)
    engine.worker.batch = 3
    counts = engine.tick("2026-03-09T20:59")
    assert (counts["claimed"], counts["sent"], counts["looked_at"]) == (7, 7, 7)
    assert Counter(engine.sink.said) == Counter((one.id, "daily_log", "2026-03-09") for one in people)
    with db.read() as s:
        next_at = {row.person_id: row.wake_at for row in stored(s, ReminderSettings)}
    assert [f"{next_at[one.id]:%H:%M}" for one in people] == [
        "20:00", "19:15", "20:30", "19:00", "20:15", "19:30", "20:00",
    ]  # fmt: skip
    assert engine.tick("2026-03-09T21:00")["looked_at"] == 0


def test_two_workers_at_once(app, cast, clock_at):
    """Both people due in the same minute, two workers in threads of their own, six times."""
    clock_at(at("2026-03-09T12:00"))
    people = [cast.alice, cast.charlie]
    for someone in people:
        wish(someone, "2026-03-09T12:00")
    sink = Sink()
    moment = at("2026-03-09T20:30")
    for day in range(6):
        now = moment + timedelta(days=day)
        both = threading.Barrier(2)

        def work(now=now, both=both):
            with app.app_context():
                worker = Worker(sink.ways(), now=lambda: now, batch=1, threads=1)
                both.wait()
                worker.round()

        threads = [threading.Thread(target=work) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    said = sink.said
    assert len(said) == len(set(said)) == 12
    assert {state for _, state, _ in states()} == {"sent"}


def test_a_server_that_is_down_is_tried_again_until_it_is_of_no_use(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    engine.sink.answers["email", None] = Outcome("retry", "unreachable")
    moment, tries = at("2026-03-09T20:30"), []
    while moment < at("2026-03-10T05:00"):
        before = len(engine.sink.took)
        engine.tick(moment)
        tries += [moment] * (len(engine.sink.took) - before)
        moment += timedelta(minutes=1 if len(tries) < 5 else 16)
    waits = [(b - a).total_seconds() / 60 for a, b in itertools.pairwise(tries)]
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == 64  # an hour, in steps of 16 minutes
    assert states() == [("daily_log", "failed", "unreachable")]
    assert {parcel.message.id for parcel, _, _ in engine.sink.took} == {engine.sink.took[0][0].message.id}


def test_it_waits_as_long_as_the_other_side_asks(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", by_email=False, by_push=True)
    it = phone(cast.alice)
    engine.sink.answers["push", it] = Outcome("retry", "429", 1800)
    engine.tick("2026-03-09T20:30")
    engine.sink.answers.clear()
    assert engine.tick("2026-03-09T20:59")["sent"] == 0
    assert engine.tick("2026-03-09T21:00")["sent"] == 1


def test_several_phones_only_those_without_it_are_tried_again(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", by_email=False, by_push=True)
    one, two, three = phone(cast.alice), phone(cast.alice), phone(cast.alice)
    engine.sink.answers["push", two] = Outcome("retry", "500")
    engine.sink.answers["push", three] = Outcome("gone", "410")
    engine.tick("2026-03-09T20:30")
    assert [p.id for _, p, _ in engine.sink.took] == [one, two, three]
    engine.sink.answers.clear()
    engine.tick("2026-03-09T20:35")
    assert [p.id for _, p, _ in engine.sink.took[3:]] == [two]
    assert states() == [("daily_log", "sent", "")]
    with db.read() as s:
        phones = {row.id: row for row in stored(s, PushSubscription)}
    assert (phones[three].ended_at, phones[three].ended_why) == (at("2026-03-09T20:30"), "410")
    assert phones[two].failing_since is None
    assert phones[two].sent_at == at("2026-03-09T20:35")


@pytest.mark.parametrize(
    ("failing", "seen", "is_allowed", "channels"),
    [
        ("2026-03-06T20:00", "2026-03-01T12:00", True, ["email"]),
        ("2026-03-06T20:00", "2026-03-01T12:00", False, ["push"]),
        ("2026-03-06T21:00", "2026-03-01T12:00", True, ["push"]),  # not three days yet
        ("2026-03-06T20:00", "2026-03-09T08:00", True, ["push"]),  # the phone said since that it is there
        (None, "2026-03-01T12:00", True, ["push"]),
    ],
)
def test_mail_after_three_days_without_the_phone_if_allowed(
    engine, cast, failing, seen, is_allowed, channels
):
    wish(cast.alice, "2026-03-09T12:00", by_email=False, by_push=True, email_instead=is_allowed)
    phone(cast.alice, seen, failing)
    engine.tick("2026-03-09T20:30")
    assert [parcel.channel for parcel in engine.sink.sent] == channels


def test_no_phone_left(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", by_email=False, by_push=True)
    engine.tick("2026-03-09T20:30")
    assert states() == [("daily_log", "failed", "no_phone")]


def test_both_ways_each_once(engine, cast):
    wish(cast.alice, "2026-03-09T12:00", by_push=True)
    phone(cast.alice)
    engine.tick("2026-03-09T20:30")
    assert sorted(parcel.channel for parcel in engine.sink.sent) == ["email", "push"]


@pytest.mark.parametrize("died_at", ["claimed", "waiting", "sending"])
def test_a_lease_that_ran_out(engine, cast, died_at):
    """Before sending it is sent; while sending it counts as unknown. Those of safety: test_flags_told.py."""
    kind = "daily_log"
    wish(cast.alice, "2026-03-08T21:00", daily=(None,) * 7)
    with db.write() as s:
        s.get_one(ReminderSettings, cast.alice.id).daily = ",".join(["20:30"] * 7)
        row = Delivery(
            person_id=cast.alice.id, kind=kind, thing="2026-03-09T20:30", day=DAY, due_at=at("2026-03-09T20:30"),
            channel="email", state=died_at, attempts=1, try_at=at("2026-03-09T20:36"),
            expires_at=at("2026-03-10T04:00"), claimed_at=at("2026-03-09T20:31"),
        )  # fmt: skip
        s.add(row)
    engine.tick("2026-03-09T20:35")
    assert engine.sink.took == []
    engine.tick("2026-03-09T20:36")
    engine.tick("2026-03-09T20:50")
    if died_at == "sending":
        assert states() == [(kind, "unknown", "unknown")]
        assert engine.sink.took == []
    else:
        assert states() == [(kind, "sent", "")]
        assert [parcel.message.id for parcel in engine.sink.sent] == [row.uuid]


def test_an_error_that_nobody_foresaw_stops_nobody_else(engine, cast):
    wish(cast.alice, "2026-03-09T12:00")
    wish(cast.charlie, "2026-03-09T12:00")

    def break_once():
        engine.sink.answers.clear()
        raise RuntimeError("not foreseen")

    engine.sink.answers["email", None] = break_once
    counts = engine.tick("2026-03-09T20:30")
    assert (counts["sent"], counts["waiting"]) == (1, 1)
    assert engine.tick("2026-03-09T20:31")["sent"] == 1
    assert len(set(engine.sink.said)) == 2


def test_who_is_no_patient_any_more_gets_nothing(engine, cast):
    from diary.accounts.models import Person

    wish(cast.alice, "2026-03-09T12:00")
    engine.tick("2026-03-09T12:01")
    with db.write() as s:
        s.get_one(Person, cast.alice.id).ended_at = at("2026-03-09T13:00")
    engine.tick("2026-03-09T20:30")
    assert engine.sink.took == []


def test_an_unconfirmed_newcomer_is_told_nothing_of_what_was_there_before(engine, cast):
    from diary.careteam.models import Membership

    wish(cast.alice, "2026-03-09T12:00", daily=(None,) * 7)
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=1), status="planned")
        (membership,) = stored(s, Membership, person_id=cast.alice.id)
        membership.accepted_at = at("2026-03-09T11:00")
    engine.tick("2026-03-09T18:00")
    assert engine.sink.took == []
