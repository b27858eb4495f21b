"""Ticks of a counted commitment through the outbox: the same protocol as a day, with a target."""

import json
from datetime import date, timedelta
from uuid import uuid4

import pytest

from diary import db
from diary.audit.models import SyncWrite
from diary.careteam.access import OPERATOR
from diary.entries.rules import digest_of
from diary.lib import sealing
from diary.lib.types import to_ms
from diary.sessions.models import TickRevision
from diary.sessions.queries import commitments_of
from diary.sync import rules
from tests import factories
from tests.conftest import stored
from tests.sync.phones import NOW, a_body, put

pytestmark = pytest.mark.both
TODAY = NOW.date()
AGREED = {
    "commitment_1": "Ten quiet minutes", "until_1": "2026-11-30", "counted_1": "yes", "commitment_2": "Rest",
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def agreed(app, cast):
    with db.write() as s:
        factories.session(s, cast.alice, date(2026, 11, 20), note="x", **AGREED)
    return rows(cast)


def rows(cast):
    with db.read() as s:
        return commitments_of(s, OPERATOR, cast.alice.id)


def body(who, target, done="yes", **changed):
    return a_body(who, {"done": done}, **({"kind": "commitment", "target": str(target)} | changed))


def test_a_tick_is_stored_once_and_its_repeat_is_answered(client_as, cast, agreed):
    alice, write_id = client_as("alice"), uuid4()
    status, said, _ = put(alice, body(cast.alice, agreed[0].uuid), write_id)
    assert (status, said["outcome"], said["revision"]) == (200, {"done": "applied"}, 1)
    assert put(alice, body(cast.alice, agreed[0].uuid), write_id)[:2] == (200, said)
    assert put(alice, body(cast.alice, agreed[0].uuid, "no"), write_id)[0] == 409
    assert rows(cast)[0].ticked == {TODAY}
    with db.read() as s:
        assert len(stored(s, TickRevision)) == len(stored(s, SyncWrite)) == 1


def test_of_two_phones_the_later_word_holds_and_what_was_seen_is_replaced(client_as, cast, agreed):
    alice, target = client_as("alice"), agreed[0].uuid
    first, second = uuid4(), uuid4()
    early = (NOW - timedelta(hours=1)).isoformat()
    put(alice, body(cast.alice, target, "yes"), first)
    status, said, _ = put(alice, body(cast.alice, target, "no", recorded_at=early), second)
    assert (status, said["outcome"]) == (200, {"done": "superseded"}) and rows(cast)[0].ticked == {TODAY}
    seen = {"done": [str(first), str(second)]}
    assert put(alice, body(cast.alice, target, "no", base=seen, recorded_at=early))[0] == 200
    assert rows(cast)[0].ticked == frozenset()
    with db.read() as s:
        assert len(stored(s, TickRevision)) == 3


def test_the_page_is_the_same_write(client_as, cast, agreed):
    alice, target = client_as("alice"), agreed[0].uuid
    put(alice, body(cast.alice, target, "yes"))
    assert alice.post(f"/commitments/{target}/days/{TODAY}", {"done": "no"}).status == 303
    assert rows(cast)[0].ticked == frozenset()
    with db.read() as s:
        last = max(stored(s, TickRevision), key=lambda row: row.number)
    assert (last.source, len(json.loads(last.base))) == ("page", 1)


@pytest.mark.parametrize("whose", ["nobody", "charlie", "not counted", "not agreed yet"])
def test_what_is_not_counted_is_404(client_as, cast, agreed, whose):
    who, target, changed = cast.alice, agreed[0].uuid, {}
    if whose == "nobody":
        target = uuid4()
    elif whose == "charlie":
        who = cast.charlie
    elif whose == "not counted":
        target = agreed[1].uuid
    else:
        changed = {"day": "2026-11-19"}
    status, said, _ = put(
        client_as("charlie" if who is cast.charlie else "alice"), body(who, target, **changed)
    )
    assert status == 404 and "counts no such commitment" in said["fields"]["target"]
    with db.read() as s:
        assert stored(s, TickRevision) == stored(s, SyncWrite) == []


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"fields": {"done": "maybe"}}, "done"),
        ({"fields": {"fall": "yes"}}, "fall"),
        ({"fields": {}}, "fields"),
        ({"base": {"fall": []}}, "base"),
        ({"target": None}, "target"),
        ({"day": "2026-11-14"}, "day"),
        ({"day": "2026-11-24"}, "day"),
    ],
)
def test_what_is_wrong_is_named(client_as, cast, agreed, changed, name):
    wrong = body(cast.alice, agreed[0].uuid) | changed
    status, said, _ = put(
        client_as("alice"), {key: value for key, value in wrong.items() if value is not None}
    )
    assert status == 422 and name in said["fields"], said
    assert rows(cast)[0].ticked == frozenset()


def test_after_a_restore_it_is_taken_by_its_receipt(client_as, cast, agreed):
    alice, write_id, sent = client_as("alice"), uuid4(), body(cast.alice, agreed[0].uuid)
    text = rules.receipt_text(to_ms(NOW - timedelta(days=20)), False)
    signed = rules.signed_part(cast.alice.uuid, write_id, digest_of(rules.digested(sent)), text)
    assert put(alice, sent | {"receipt": f"{text}.{sealing.signature(signed)}"}, write_id)[0] == 200
    assert rows(cast)[0].ticked == {TODAY}
