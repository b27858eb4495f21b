"""PUT /api/v1/sync/{id}: the protocol's answers, one after the other."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.accounts.actions import end_sessions
from diary.entries.models import Entry, EntryRevision
from diary.lib import clock
from diary.sync.actions import begin_epoch
from tests.sync.phones import HEADERS, NOW, TODAY, a_body, days, put

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def stored():
    with db.read() as s:
        revisions = s.exec(select(EntryRevision)).all()
        return s.exec(select(Entry)).all(), revisions


def test_a_write_is_stored_once(client_as, cast):
    alice, write_id = client_as("alice"), uuid4()
    body = a_body(cast.alice, {"pain": "4", "sleep_hours": "7:30", "note": "a\r\nb", "note_private": "yes"})
    status, said, response = put(alice, body, write_id)
    assert status == 200 and response.headers["Cache-Control"] == "no-store"
    assert said["id"] == str(write_id) and said["revision"] == 1
    assert said["outcome"] == {"note": "applied", "pain": "applied", "sleep_hours": "applied"}
    again = put(alice, body | {"sent_at": (NOW + timedelta(minutes=3)).isoformat(), "skew": 1}, write_id)
    assert again[:2] == (200, said)
    entries, revisions = stored()
    assert len(entries) == len(revisions) == 1
    assert (entries[0].pain, entries[0].sleep_hours, entries[0].note, entries[0].note_private) == (
        4,
        7.5,
        "a\nb",
        True,
    )
    assert (revisions[0].source, revisions[0].device) == ("phone", "Test phone")


def test_the_same_id_with_another_body_is_refused(client_as, cast):
    alice, write_id = client_as("alice"), uuid4()
    put(alice, a_body(cast.alice), write_id)
    assert put(alice, a_body(cast.alice, {"pain": "5"}), write_id)[:2] == (409, {"error": "id_reused"})
    assert stored()[0][0].pain == 4


def test_the_same_id_of_two_people_is_two_writes(client_as, cast):
    write_id = uuid4()
    assert put(client_as("alice"), a_body(cast.alice), write_id)[0] == 200
    assert put(client_as("charlie"), a_body(cast.charlie), write_id)[0] == 200
    assert len(stored()[0]) == 2


def test_somebody_elses_body_is_403(client_as, cast):
    assert put(client_as("charlie"), a_body(cast.alice))[:2] == (403, {"error": "other_person"})
    assert stored() == ([], [])


@pytest.mark.parametrize("name", ["bob", "cora", "dana"])
def test_staff_have_no_outbox(client_as, cast, name):
    assert put(client_as(name), a_body(cast.alice))[:2] == (404, {"error": "not_found"})
    assert days(client_as(name), cast.alice)[0] == 404


def test_nobody_is_signed_out(client_as, cast):
    assert put(client_as(), a_body(cast.alice))[:2] == (401, {"error": "signed_out", "wipe": False})
    assert days(client_as(), cast.alice)[:2] == (401, {"error": "signed_out", "wipe": False})


def test_a_revoked_session_is_told_to_wipe(client_as, cast):
    alice = client_as("alice")
    with db.write() as s:
        end_sessions(s, cast.alice.id, clock.now())
    assert put(alice, a_body(cast.alice))[:2] == (401, {"error": "signed_out", "wipe": True})


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Origin": "http://evil.example"}, 403, "origin"),
        ({"Origin": "null"}, 403, "origin"),
        ({"Origin": None}, 403, "origin"),
        ({"Neap-Client": "2"}, 400, "client"),
        ({"Neap-Client": None}, 400, "client"),
    ],
)
def test_only_our_own_pages(client_as, cast, headers, status, error):
    given = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    response = client_as("alice").http.put(f"/api/v1/sync/{uuid4()}", json=a_body(cast.alice), headers=given)
    assert (response.status_code, response.get_json()) == (status, {"error": error})


def test_another_content_type_is_415(client_as, cast):
    response = client_as("alice").http.put(
        f"/api/v1/sync/{uuid4()}",
        data=json.dumps(a_body(cast.alice)),
        content_type="text/plain",
        headers=HEADERS,
    )
    assert (response.status_code, response.get_json()) == (415, {"error": "content_type"})


def test_other_methods_and_ids_are_json_too(client_as):
    alice = client_as("alice")
    answers = [
        alice.http.post(f"/api/v1/sync/{uuid4()}", json={}, headers=HEADERS),
        alice.http.put("/api/v1/sync/not-an-id", json={}, headers=HEADERS),
    ]
    assert [(a.status_code, a.get_json()["error"]) for a in answers] == [(405, "method"), (404, "not_found")]


def test_a_large_body_is_413(client_as, cast):
    body = a_body(cast.alice, {"note": "x" * 70_000, "note_private": "yes"})
    assert put(client_as("alice"), body)[:2] == (413, {"error": "too_large"})


def test_another_version_is_426(client_as, cast):
    assert put(client_as("alice"), a_body(cast.alice, version=99))[:2] == (426, {"min": 1})


WRONG = [
    ({"fields": {}}, "fields"),
    ({"fields": {"pain": "11"}}, "pain"),
    ({"fields": {"pain": "-1"}}, "pain"),
    ({"fields": {"pain": "5.5"}}, "pain"),
    ({"fields": {"pain": "abc"}}, "pain"),
    ({"fields": {"pain": 4}}, "fields"),
    ({"fields": []}, "fields"),
    ({"fields": {"pain": "4", "steps": "9"}}, "steps"),
    ({"fields": {"note": "x" * 10_001, "note_private": "no"}}, "note"),
    ({"fields": {"note": "a\x00b", "note_private": "no"}}, "note"),
    ({"fields": {"note": "a\ud800b", "note_private": "no"}}, "note"),
    ({"fields": {"note": "alone"}}, "note"),
    ({"fields": {"written_by": "helper"}}, "fields"),
    ({"day": "2026-02-30"}, "day"),
    ({"day": "20261123"}, "day"),
    ({"day": 5}, "day"),
    ({"kind": "answers"}, "kind"),
    ({"kind": ["day"]}, "kind"),
    ({"recorded_at": "2026-11-23T20:41:00"}, "recorded_at"),
    ({"sent_at": "yesterday"}, "sent_at"),
    ({"skew": "0"}, "skew"),
    ({"skew": True}, "skew"),
    ({"skew": 1e300}, "skew"),
    ({"base": []}, "base"),
    ({"base": {"pain": "x"}}, "base"),
    ({"base": {"pain": ["not-an-id"]}}, "base"),
    ({"base": {"shoe": []}}, "base"),
    ({"device": "x" * 81}, "device"),
    ({"zone": 3}, "zone"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("changed", "name"), WRONG, ids=[f"{n}-{i}" for i, (_, n) in enumerate(WRONG)])
def test_what_is_wrong_is_named(client_as, cast, changed, name):
    status, said, _ = put(client_as("alice"), a_body(cast.alice) | changed)
    assert status == 422 and name in said["fields"], said
    assert stored() == ([], [])


@pytest.mark.parametrize(
    "data", ["", "{", "[]", "null", '{"a": NaN}', '{"a": 1e999}', "\xff", "[" * 5000, '"x"']
)
def test_what_is_not_json_is_422(client_as, data):
    status, said, _ = put(client_as("alice"), None, data=data.encode("latin-1"))
    assert status == 422 and "body" in said["fields"]


@pytest.mark.parametrize("person", [None, 3, "x", []])
def test_a_body_without_its_person_is_422(client_as, cast, person):
    assert put(client_as("alice"), a_body(cast.alice, person=person))[0] == 422


@pytest.mark.parametrize("ago", [8, 400])
def test_a_day_that_is_closed_names_the_diarys_day(client_as, cast, ago):
    day = (NOW.date() - timedelta(days=ago)).isoformat()
    status, said, _ = put(client_as("alice"), a_body(cast.alice, day=day))
    assert status == 422 and "closed" in said["fields"]["day"] and said["day"] == TODAY


def test_a_future_day_is_refused_and_a_late_delivery_is_not(client_as, cast):
    alice = client_as("alice")
    assert put(alice, a_body(cast.alice, day="2026-11-24"))[0] == 422
    before = NOW - timedelta(days=20)
    body = a_body(cast.alice, day=before.date().isoformat(), recorded_at=before.isoformat())
    assert put(alice, body)[0] == 200, "a delay on the way has no limit"
    assert stored()[0][0].late == 0


def test_a_clock_that_is_off_is_asked_to_say_so(client_as, cast):
    alice, write_id, off = client_as("alice"), uuid4(), timedelta(hours=-3)
    wrong = a_body(cast.alice, recorded_at=(NOW + off).isoformat(), sent_at=(NOW + off).isoformat())
    assert put(alice, wrong, write_id)[:2] == (425, {"now": "2026-11-23T20:41:00.000+00:00"})
    assert stored() == ([], [])
    assert put(alice, wrong | {"skew": 3 * 3600 * 1000}, write_id)[0] == 200
    assert (stored()[1][0].effective_at, stored()[1][0].clock_off) == (NOW, True)


def test_a_moment_after_it_was_sent_is_that_of_its_arrival(client_as, cast):
    body = a_body(cast.alice, recorded_at=(NOW + timedelta(days=3)).isoformat())
    assert put(client_as("alice"), body)[0] == 200
    assert (stored()[1][0].effective_at, stored()[1][0].clock_off) == (NOW, True)


def test_an_unknown_zone_is_the_accounts_and_marked(client_as, cast):
    assert put(client_as("alice"), a_body(cast.alice, zone="Mars/Base"))[0] == 200
    assert (stored()[1][0].zone, stored()[1][0].zone_assumed) == ("Europe/London", True)


def test_two_devices_one_day(client_as, cast):
    """Fields are merged; where both answered one, both answers are kept, and the later one shows."""
    alice, first, second = client_as("alice"), uuid4(), uuid4()
    put(alice, a_body(cast.alice, {"pain": "4", "mood": "2"}), first)
    earlier = (NOW - timedelta(minutes=5)).isoformat()
    status, said, _ = put(alice, a_body(cast.alice, {"pain": "7", "sleep": "3"}, recorded_at=earlier), second)
    assert status == 200 and said["outcome"] == {"pain": "superseded", "sleep": "applied"}
    _, told, _ = days(alice, cast.alice)
    day = told["days"][TODAY]
    assert day["values"]["pain"] == {"value": 4, "ids": sorted([str(first), str(second)])}
    assert day["conflicts"] == {"pain": [{"value": 7, "id": str(second)}]}
    assert day["revision"] == 2 and day["values"]["mood"]["ids"] == [str(first)]
    both = {"pain": [str(first), str(second)]}
    put(alice, a_body(cast.alice, {"pain": "7"}, base=both))
    assert days(alice, cast.alice)[1]["days"][TODAY]["conflicts"] == {}


def test_a_page_and_a_phone_meet_in_one_day(client_as, cast):
    """The page's form and the phone end in the same action and see each other's writes."""
    alice = client_as("alice")
    alice.post("/days/2026-11-23", {"pain": "3", "base": "", "write_id": str(uuid4())})
    shown = days(alice, cast.alice)[1]["days"][TODAY]["values"]["pain"]["ids"]
    put(alice, a_body(cast.alice, {"pain": "8"}, base={"pain": shown}))
    entry = stored()[0][0]
    assert (entry.pain, entry.has_conflict, entry.revisions) == (8, False, 2)


def test_after_a_restore_the_receipt_says_when(client_as, cast):
    """A write comes again to a database that lost it, long after: it is neither judged anew nor late."""
    alice, write_id = client_as("alice"), uuid4()
    before = NOW - timedelta(days=30)
    clock.set_for_tests(before)
    body = a_body(
        cast.alice, day=before.date().isoformat(), recorded_at=before.isoformat(), sent_at=before.isoformat()
    )
    _, first, _ = put(alice, body, write_id)
    with db.write() as s:
        for model in ("entry_revision", "sync_write", "entry"):
            s.connection().exec_driver_sql(f"DELETE FROM {model}")
        fresh = begin_epoch(s)
    clock.set_for_tests(NOW)
    alice = client_as("alice")
    odd = {"sent_at": (NOW - timedelta(hours=9)).isoformat()}
    assert put(alice, body | odd, write_id)[0] == 425, "without its receipt the clock is asked"
    forged = first["receipt"].replace(".", ".0", 1)
    assert put(alice, body | odd | {"receipt": forged}, write_id)[0] == 425
    status, said, _ = put(alice, body | odd | {"receipt": first["receipt"]}, write_id)
    assert status == 200 and said["epoch"] == fresh != first["epoch"]
    assert said["receipt"] == first["receipt"]
    entries, revisions = stored()
    assert revisions[0].effective_at == before and entries[0].late == 0


def test_days_are_the_persons_own(client_as, cast):
    assert days(client_as("charlie"), cast.alice)[:2] == (403, {"error": "other_person"})
    assert days(client_as("alice"), cast.alice, **{"from": "2026-01-01", "to": "2026-11-23"})[0] == 422
    status, said, _ = days(client_as("alice"), cast.alice, **{"from": "2026-11-01", "to": "2026-11-23"})
    assert status == 200 and said["days"] == {} and said["person"] == str(cast.alice.uuid)


def test_a_held_write_turns_into_503_when_the_store_is_busy(client_as, cast, monkeypatch):
    def busy():
        raise db.Busy

    alice = client_as("alice")
    monkeypatch.setattr(db, "write", busy)
    status, said, response = put(alice, a_body(cast.alice))
    assert (status, said) == (503, {"error": "busy"}) and response.headers["Retry-After"] == "2"
