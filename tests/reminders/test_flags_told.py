"""A flag that waits is told by mail until somebody acknowledges it, whatever the mail server does, on both databases."""

from datetime import timedelta

import pytest

from diary import db
from diary.careteam import access
from diary.reminders.models import Delivery, PushSubscription
from diary.reminders.rules.message import Outcome
from diary.reminders.worker import WINDOWS
from diary.safety import actions
from tests.conftest import stored
from tests.reminders.engine import Engine
from tests.safety.flags import MONDAY, latest, raise_flag, set_hours

pytestmark = pytest.mark.both
REFUSED = Outcome("retry", "connect")


@pytest.fixture
def engine(app, cast, clock_at):
    set_hours(cast.alice)
    found = Engine("2026-11-23T08:12")
    assert found.now == MONDAY
    clock_at(MONDAY)
    return found


def after(minutes):
    return MONDAY + timedelta(minutes=minutes)


def names(engine, cast):
    """(whom, kind) of what was sent since the last look."""
    by_id = {cast.bob.id: "bob", cast.cora.id: "cora", cast.dana.id: "dana"}
    found = sorted((by_id.get(person, person), kind) for person, kind, _ in engine.sink.said)
    engine.sink.took.clear()
    return found


def acknowledge(cast, now):
    flag = latest(cast.alice)
    with db.write() as s:
        viewer = access.Viewer(cast.bob.id, roles=frozenset({(cast.bob.clinic_id, "clinician")}))
        actions.acknowledge(s, viewer, flag.uuid, "I call her.", flag.events, now)


def test_the_owner_at_once_then_again_then_everybody(engine, cast):
    raise_flag(cast.alice)
    engine.tick(after(0))
    assert names(engine, cast) == [("bob", "flag_opened")]
    engine.tick(after(14))
    assert names(engine, cast) == []
    engine.tick(after(15))
    assert names(engine, cast) == [("bob", "flag_waits")]
    engine.tick(after(60))
    assert names(engine, cast) == [(one, "flag_overdue") for one in ("bob", "cora", "dana")]
    engine.tick(after(61))
    assert names(engine, cast) == []


def test_the_mail_says_only_that_something_waits(engine, cast):
    raise_flag(cast.alice)
    engine.tick(after(0))
    (parcel,) = engine.sink.sent
    assert parcel.to == "bob@example.org"
    assert (parcel.message.title, parcel.message.body) == ("Neap", "Something waits for you in Neap.")
    assert parcel.message.path == "/flags"
    assert parcel.unsubscribe == ""  # nobody is unsubscribed from this by a click


def test_acknowledged_nobody_is_told_any_more(engine, cast):
    raise_flag(cast.alice)
    engine.tick(after(0))
    acknowledge(cast, after(5))
    engine.sink.took.clear()
    for minute in (15, 60, 120, 24 * 60):
        engine.tick(after(minute))
    assert names(engine, cast) == []


def test_while_the_mail_server_is_away_it_is_tried_again_until_acknowledged(engine, cast):
    engine.sink.answers["email", None] = REFUSED
    raise_flag(cast.alice)
    for minute in range(15):
        engine.tick(after(minute))
    tries = [parcel.message.kind for parcel, _, _ in engine.sink.took]
    assert 4 <= len(tries) <= 8 and set(tries) == {"flag_opened"}
    ids = {parcel.message.id for parcel, _, _ in engine.sink.took}
    assert len(ids) == 1  # the same mail, the same Message-ID
    engine.sink.took.clear()
    del engine.sink.answers["email", None]
    engine.tick(after(20))
    assert names(engine, cast) == [("bob", "flag_waits")]  # one mail, not the first one as well


def test_acknowledged_while_it_could_not_be_sent(engine, cast):
    engine.sink.answers["email", None] = REFUSED
    raise_flag(cast.alice)
    engine.tick(after(0))
    acknowledge(cast, after(1))
    del engine.sink.answers["email", None]
    engine.sink.took.clear()
    engine.tick(after(10))
    assert names(engine, cast) == []
    with db.read() as s:
        (row,) = stored(s, Delivery)
    assert (row.state, row.reason) == ("skipped", "acknowledged")


@pytest.mark.parametrize("window", WINDOWS)
def test_wherever_the_process_dies_it_is_told(engine, cast, window):
    """Once, or, where nobody knows whether the first one went, twice with the same Message-ID."""
    raise_flag(cast.alice)

    class Died(BaseException):
        pass

    def die(here):
        if here == window:
            raise Died

    engine.worker.at = die
    with pytest.raises(Died):
        engine.tick(after(0))
    engine.worker.at = lambda _window: None
    engine.tick(after(7))
    assert len({parcel.message.id for parcel, _, _ in engine.sink.took}) == 1
    assert names(engine, cast) == [("bob", "flag_opened")] * (2 if window in ("sent", "settle") else 1)


def test_on_their_phone_as_well(engine, cast):
    with db.write() as s:
        row = PushSubscription(
            person_id=cast.bob.id, endpoint_index=b"1" * 32, made_at=MONDAY, checked_at=MONDAY
        )
        row.endpoint, row.keys = "https://push.example/1", '{"p256dh": "a", "auth": "b"}'
        s.add(row)
    raise_flag(cast.alice)
    engine.tick(after(0))
    assert [parcel.channel for parcel in engine.sink.sent] == ["email", "push"]


def test_the_pages_say_whether_it_could_be_told(engine, cast, client_as, clock_at):
    flag = raise_flag(cast.alice)
    path = f"/flags/{flag.uuid}"
    bob = client_as("bob")
    assert "Nobody yet." in bob.get(path).text
    engine.sink.answers["email", None] = REFUSED
    engine.tick(after(0))
    clock_at(after(1))
    page = bob.get(path)
    assert "Dr Bob Ansah, mail" in page.text and "not sent yet" in page.text and "1 try so far" in page.text
    assert "1 mail or message about open flags could not be sent yet" in bob.get("/flags").text
    assert client_as("charlie").get(path).status == 404
    del engine.sink.answers["email", None]
    engine.tick(after(3))
    clock_at(after(4))
    assert "Dr Bob Ansah, mail: sent." in page.words(bob.get(path).all("section")[-2])
    assert "could not be sent" not in bob.get("/flags").text


def test_a_stranger_learns_nothing_of_who_was_told(engine, cast):
    from diary.reminders.queries.tellings import held_up, tellings

    flag = raise_flag(cast.alice)
    engine.sink.answers["email", None] = REFUSED
    engine.tick(after(0))
    with db.read() as s:
        stranger = access.Viewer(cast.charlie.id, roles=frozenset({(cast.charlie.clinic_id, "patient")}))
        with pytest.raises(access.Hidden):
            tellings(s, stranger, flag.uuid, after(1))
        assert held_up(s, stranger, after(1)) == 0
