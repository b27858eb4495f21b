"""Check-ins and intentions through the outbox: the same protocol as a day, with a target."""

import random
from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.audit.models import SyncWrite
from diary.checkins.models import Checkin, CheckinRevision
from diary.entries.rules import digest_of
from diary.lib import sealing
from diary.lib.types import to_ms
from diary.safety.models import Flag, FlagEvent
from diary.sync import rules
from tests import factories
from tests.sync.phones import NOW, TODAY, a_body, days, put

pytestmark = pytest.mark.both
YESTERDAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def target(app, cast):
    with db.write() as s:
        return factories.infusion(s, cast.alice, YESTERDAY).uuid


def body(who, target, fields, **changed):
    return a_body(who, fields, **({"kind": "checkin", "target": str(target)} | changed))


def all_of(model):
    with db.read() as s:
        return s.exec(select(model)).all()


FALL = {"fall": "yes", "still_detached": "moderate", "help_shown": "yes"}


def test_a_check_in_is_stored_once_and_told_once(client_as, cast, target):
    alice, write_id = client_as("alice"), uuid4()
    status, said, _ = put(alice, body(cast.alice, target, FALL), write_id)
    assert status == 200, said
    assert (said["id"], said["outcome"]) == (str(write_id), {"fall": "applied", "still_detached": "applied"})
    assert put(alice, body(cast.alice, target, FALL), write_id)[:2] == (200, said)
    assert len(all_of(CheckinRevision)) == 1 and all_of(CheckinRevision)[0].help_shown
    assert {flag.rule for flag in all_of(Flag)} == {"fall", "detached_next_day"}
    assert len(all_of(FlagEvent)) == 2


def test_what_the_phone_asks_for_holds_them_and_the_plan(client_as, cast, target):
    alice, write_id = client_as("alice"), uuid4()
    put(alice, body(cast.alice, target, FALL | {"insight": "a boat", "insight_private": "yes"}), write_id)
    _, said, _ = days(alice, cast.alice)
    found = said["checkins"][f"checkin/{target}/{TODAY}"]
    assert found["values"]["fall"] == {"value": "yes", "ids": [str(write_id)]}
    assert found["values"]["insight"]["value"] == {"text": "a boat", "private": True}
    assert found["values"]["help_shown"]["value"] == NOW.isoformat(timespec="milliseconds")
    due = said["plan"]["due"][0]
    assert (due["day"], due["target"], due["name"]) == (TODAY, str(target), "The morning after infusion 1")
    assert due["steps"] == ["first", "morning", "mind", "ask", "words"] and due["drive"]


def test_two_phones_keep_both_answers_until_one_is_chosen(client_as, cast, target):
    alice = client_as("alice")
    first, second, third = uuid4(), uuid4(), uuid4()
    put(alice, body(cast.alice, target, {"nausea": "mild"}), first)
    put(alice, body(cast.alice, target, {"nausea": "severe"}, device="Tablet"), second)
    found = days(alice, cast.alice)[1]["checkins"][f"checkin/{target}/{TODAY}"]
    shown, other = found["values"]["nausea"]["value"], found["conflicts"]["nausea"][0]["value"]
    assert {shown, other} == {"mild", "severe"}
    base = {"nausea": [str(first), str(second)]}
    put(alice, body(cast.alice, target, {"nausea": "mild"}, base=base), third)
    found = days(alice, cast.alice)[1]["checkins"][f"checkin/{target}/{TODAY}"]
    assert found["values"]["nausea"]["value"] == "mild" and not found["conflicts"]


@pytest.mark.parametrize("whose", ["nobody", "charlie", "cancelled"])
def test_not_your_target_is_404(client_as, cast, whose):
    target = uuid4()
    if whose != "nobody":
        with db.write() as s:
            owner = cast.charlie if whose == "charlie" else cast.alice
            status = "cancelled" if whose == "cancelled" else "done"
            target = factories.infusion(s, owner, YESTERDAY, status=status).uuid
    status, said, _ = put(client_as("alice"), body(cast.alice, target, FALL))
    assert status == 404 and said["error"] == "not_found" and "target" in said["fields"]
    assert all_of(Checkin) == [] and all_of(Flag) == []


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"target": None}, "target"),
        ({"target": "5"}, "target"),
        ({"fields": {"fall": "maybe"}}, "fall"),
        ({"fields": {"pain": "4"}}, "pain"),
        ({"fields": {"insight": "alone"}}, "insight"),
        ({"fields": {"help_shown": "yes"}}, "fields"),
        ({"fields": {"fall": "no"}, "base": {"pain": []}}, "base"),
        ({"kind": "intention", "fields": {"fall": "yes"}}, "fall"),
        ({"kind": "day", "fields": {"pain": "4"}}, "target"),
    ],
)
def test_what_is_wrong_is_named(client_as, cast, target, changed, name):
    wrong = body(cast.alice, target, {"fall": "yes"}) | changed
    status, said, _ = put(
        client_as("alice"), {key: value for key, value in wrong.items() if value is not None}
    )
    assert status == 422 and name in said["fields"], said
    assert all_of(Checkin) == [] and all_of(Flag) == []


def test_the_answers_come_in_the_protocols_order(client_as, cast, target):
    """A known id before the form; another body under it 409, of whatever kind; the form before the target."""
    alice, write_id = client_as("alice"), uuid4()
    put(alice, body(cast.alice, target, FALL), write_id)
    assert put(alice, body(cast.alice, target, {"fall": "maybe"}), write_id)[0] == 409
    assert put(alice, a_body(cast.alice), write_id)[0] == 409
    day_id = uuid4()
    put(alice, a_body(cast.alice), day_id)
    assert put(alice, body(cast.alice, target, FALL), day_id)[0] == 409
    assert put(alice, body(cast.alice, uuid4(), {"fall": "maybe"}))[0] == 422
    assert (
        put(alice, body(cast.alice, uuid4(), FALL, sent_at=(NOW - timedelta(hours=1)).isoformat()))[0] == 425
    )
    late = (NOW - timedelta(days=9)).isoformat()
    closed = body(cast.alice, target, FALL, recorded_at=late, day="2026-11-25")
    assert put(alice, closed)[1]["day"] == "2026-11-14"


def test_after_a_restore_it_is_told_again_and_marked(client_as, cast, target):
    alice, write_id = client_as("alice"), uuid4()
    sent = body(cast.alice, target, FALL)
    text = rules.receipt_text(
        to_ms(NOW - timedelta(days=3)), False
    )  # what the server said that was restored since
    signed = rules.signed_part(cast.alice.uuid, write_id, digest_of(rules.digested(sent)), text)
    assert put(alice, sent | {"receipt": f"{text}.{sealing.signature(signed)}"}, write_id)[0] == 200
    assert all_of(CheckinRevision)[0].resent and all(flag.resent for flag in all_of(Flag))
    assert len(all_of(Flag)) == 2


def test_an_intention_goes_the_same_way(client_as, cast):
    with db.write() as s:
        target = factories.infusion(s, cast.alice, date(2026, 11, 25), status="planned").uuid
    alice = client_as("alice")
    fields = {"intention": "let the music carry me", "intention_private": "no"}
    assert put(alice, body(cast.alice, target, fields, kind="intention"))[0] == 200
    found = days(alice, cast.alice)[1]
    assert found["plan"]["intentions"][0]["day"] == TODAY
    key = f"intention/{target}/{TODAY}"
    assert found["checkins"][key]["values"]["intention"]["value"]["text"] == "let the music carry me"
    assert all_of(Checkin)[0].words_private is False


WORDS = (
    "",
    "yes",
    "no",
    "mild",
    "severe",
    "moderate",
    "marked",
    "clear",
    "x" * 500,
    "a\x00",
    "\ud800",
    "７",
    "<b>",
    "=1",
)
NAMES = ("fall", "still_detached", "nausea", "none", "own", "insight", "insight_private", "help_shown", "urine_blood",
         "urine_often", "craving", "chest_pain", "done", "head", "pain", "note", "", "intention", "intention_private")  # fmt: skip
OTHER = (
    None,
    5,
    [],
    {},
    "",
    "day",
    "checkin",
    "intention",
    "answers",
    str(uuid4()),
    "../x",
    {"fall": "yes"},
    True,
)


def test_bent_bodies_break_nothing_and_no_answer_goes_untold(client_as, cast, target, clock_at, capsys):
    """From bodies that a phone would send: never a 5xx, never half a write, never an answer without its flag."""
    chance, alice = random.Random(7), client_as("alice")
    statuses = Counter()
    for number in range(400):
        clock_at(NOW + timedelta(seconds=number))
        now = (NOW + timedelta(seconds=number)).isoformat()
        fields = {name: chance.choice(WORDS) for name in chance.sample(NAMES, chance.choice((1, 1, 2, 3)))}
        if chance.random() < 0.6:
            fields = {chance.choice(("fall", "urine_blood", "craving")): chance.choice(("yes", "no"))} | (
                {"help_shown": "yes"} if chance.random() < 0.5 else {}
            )
        sent = body(cast.alice, target, fields, recorded_at=now, sent_at=now)
        if chance.random() < 0.4:
            sent[chance.choice(("kind", "target", "fields", "base", "day"))] = chance.choice(OTHER)
        status, said, _ = put(alice, sent)
        statuses[status] += 1
        assert status < 500 and isinstance(said, dict), (status, sent)
    revisions, receipts = all_of(CheckinRevision), all_of(SyncWrite)
    assert len(revisions) == len([one for one in receipts if one.checkin_id]) and statuses[200] >= 100
    told = {event.write_id for event in all_of(FlagEvent)}
    assert told == {one.write_uuid for one in revisions if one.fired}
    with capsys.disabled():
        print(f"\ncheck-ins fuzzed: {dict(sorted(statuses.items()))}, {len(told)} told, 0 untold, 5xx 0")
