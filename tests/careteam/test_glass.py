"""Break-glass: one record for an hour, to look only, with a reason; the patient and the admins are told."""

from datetime import timedelta

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.worker import send_mails
from diary.audit.models import AuditEvent, AuditReason
from diary.careteam import access, actions
from diary.careteam.models import BreakGlass
from diary.careteam.rules import Kind, Role
from diary.lib import clock
from diary.reminders.rules.message import Outcome
from tests import factories
from tests.conftest import stored
from tests.people import Someone

WHY = "She is unconscious in the emergency room of the harbour."
FORM = {"who": "Alice Marlow", "born_on": "", "reason": WHY}


@pytest.fixture
def ilse(app, cast, clock_at, passphrase_hash):
    """A clinician of Alice's clinic without a link; Alice has a diary with a shared and a private note."""
    now = clock.now()
    clock_at(now)
    with db.write() as s:
        person = create_person(s, "ilse@example.org", "Dr Ilse Varga", "Europe/London", now)
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, cast.alice.clinic_id, person.id, Role.CLINICIAN, now)
        day = clock.diary_day(now, "Europe/London")
        factories.entry(
            s, cast.alice, day - timedelta(days=2), pain=7, note="herons-by-the-weir", note_private="no"
        )
        factories.entry(
            s, cast.alice, day - timedelta(days=1), pain=6, note="for-my-own-eyes", note_private="yes"
        )
    return Someone(
        person.id, person.uuid, "ilse@example.org", "Dr Ilse Varga", "clinician", cast.alice.clinic_id
    )


@pytest.fixture
def client(app, ilse):
    from tests.page_client import PageClient

    return PageClient(app, ilse)


def record_of(cast) -> str:
    return f"/patients/{cast.alice.uuid}?span=all&table=1"


def test_the_record_opens_for_an_hour_and_closes_by_itself(client, cast, clock_at, client_as):
    assert client.get(record_of(cast)).status == 404
    answer = client.post("/break-glass", FORM)
    assert (answer.status, answer.location) == (303, f"/patients/{cast.alice.uuid}")
    page = client.get(record_of(cast))
    assert page.status == 200 and "herons-by-the-weir" in page.text
    assert client.get(f"/patients/{cast.alice.uuid}/report.pdf").status == 200
    opened = clock.now()
    for minutes in (25, 50, 60):  # a session of staff idles for half an hour at most
        clock_at(opened + timedelta(minutes=minutes, seconds=-1))
        assert client.get(record_of(cast)).status == 200
    clock_at(opened + timedelta(minutes=60))
    assert client.get(record_of(cast)).status == 404


def test_private_notes_stay_closed(client, cast):
    client.post("/break-glass", FORM)
    day = clock.diary_day(clock.now(), "Europe/London") - timedelta(days=1)
    for path in (
        record_of(cast),
        f"/patients/{cast.alice.uuid}?day={day}",
        f"/patients/{cast.alice.uuid}/prep",
    ):
        assert "for-my-own-eyes" not in client.get(path).text


def test_it_is_no_care_link(client, cast, ilse):
    """Not in the list, not in the search, and nothing is written under it."""
    client.post("/break-glass", FORM)
    assert "Alice Marlow" not in client.get("/patients").words()
    assert "Alice Marlow" not in client.get("/patients?q=alice").words()
    base = f"/patients/{cast.alice.uuid}"
    assert client.get(f"{base}/infusions/new").status == 404
    for path in ("infusions/new", "medications/new", "sessions/new", "goals", "courses/new"):
        assert client.post(f"{base}/{path}", {"words": "x"}).status == 404, path
    assert client.post(f"/people/{cast.alice.uuid}/codes").status == 404


def test_only_that_patient_for_that_clinician(client, cast, client_as):
    client.post("/break-glass", FORM)
    assert client.get(f"/patients/{cast.charlie.uuid}").status == 404
    assert client_as("erin").get(record_of(cast)).status == 404


def test_a_clinician_with_less_than_all_sees_all_for_the_hour(client_as, cast, clock_at, app):
    clock_at(clock.now())
    with db.write() as s:
        actions.withdraw_consent(
            s, access.OPERATOR, cast.alice.id, cast.bob.id, set(Kind) - {Kind.SCORES}, clock.now()
        )
    bob = client_as("bob")
    viewer = access.Viewer(cast.bob.id, roles=frozenset({(cast.bob.clinic_id, "clinician")}))
    assert bob.post("/break-glass", FORM).status == 303
    with db.read() as s:
        assert access.load_patient(s, viewer, cast.alice.uuid).kinds == set(Kind)
    clock_at(clock.now() + timedelta(hours=1))
    with db.read() as s:
        assert access.load_patient(s, viewer, cast.alice.uuid).kinds == {Kind.SCORES}


def test_every_look_under_it_is_written_down_as_such(client, cast, ilse):
    client.post("/break-glass", FORM)
    client.get(record_of(cast))
    with db.read() as s:
        events = stored(s, AuditEvent, actor_id=ilse.id, patient_id=cast.alice.id)
        (reason,) = stored(s, AuditReason)
        (opened,) = stored(s, BreakGlass)
    by_action = {e.action: e for e in events}
    assert by_action["break_glass.open"].thing == str(opened.uuid)
    assert (reason.event_id, reason.words) == (opened.event_id, WHY)
    assert by_action["break_glass.open"].id == opened.event_id
    views = [e for e in events if e.action.startswith("view.")]
    assert {e.action for e in views} >= {f"view.{kind}" for kind in Kind}
    assert {e.role for e in views} == {"clinician+break_glass"}
    assert not [e for e in events if WHY in e.thing + e.action]


def test_looks_by_a_link_are_not_called_so(client_as, cast, app):
    client_as("bob").get(record_of(cast))
    with db.read() as s:
        roles = {e.role for e in stored(s, AuditEvent, actor_id=cast.bob.id, patient_id=cast.alice.id)}
    assert roles == {"clinician"}


def test_the_patient_is_told_until_they_have_seen_it(client, client_as, cast):
    alice = client_as("alice")
    assert not alice.get("/today").all("div", class_="told")
    client.post("/break-glass", FORM)
    for path in ("/today", "/sharing"):
        page = alice.get(path)
        assert "Dr Ilse Varga opened your record" in page.words(page.one("div", class_="told")), path
        assert WHY not in page.text
    (form,) = [f for f in alice.get("/sharing").all("form") if "/notices/" in (f.get("action") or "")]
    assert alice.post(form.get("action"), {"at": "sharing"}).location == "/sharing"
    assert not alice.get("/today").all("div", class_="told")
    assert "Opened without being asked Dr Ilse Varga" not in alice.get("/today").words()
    assert "Dr Ilse Varga" in alice.get("/sharing").words(), "the list stays"


def test_the_admins_are_told(client, client_as, cast):
    client.post("/break-glass", FORM)
    page = client_as("dana").get("/clinic")
    told = page.words(page.one("div", class_="told"))
    assert "Dr Ilse Varga opened the record of Alice Marlow" in told and "open now" in page.words()
    assert "Alice Marlow" not in client_as("erin").get("/patients").words()


def test_patient_and_admins_get_a_mail_that_says_only_that_there_is_something(client, cast):
    client.post("/break-glass", FORM)
    took = []

    def send(to, letter):
        took.append((to, f"{letter.body} {letter.words} {letter.address}".lower()))
        return Outcome("sent")

    send_mails(send)
    assert {to for to, _ in took} == {cast.alice.email, cast.dana.email}
    assert len(took) == 2
    for _, words in took:
        assert not any(word in words for word in ("unconscious", "ilse", "alice", "record", "emergency"))


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "erin", "dana"])
def test_nobody_elses_notice_is_seen_for_them(client, client_as, cast, who):
    client.post("/break-glass", FORM)
    form = client_as("alice").get("/sharing").one("div", class_="told").find(".//form")
    answer = client_as(who).post(form.get("action"))
    assert answer.status == (303 if who == "alice" else 404)


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie"])
def test_strangers_get_404(client_as, cast, who):
    assert client_as(who).get("/break-glass").status == 404
    assert client_as(who).post("/break-glass", FORM).status == 404
    with db.read() as s:
        assert not stored(s, BreakGlass)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "unconscious"}, "reason"),
        ({"reason": "a" + " " * 40 + "b"}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"who": ""}, "who"),
        ({"who": "Alice"}, "who"),
        ({"who": "Charlie Boone"}, "who"),
        ({"who": "charlie@example.org"}, "who"),
        ({"who": "Dr Ilse Varga"}, "who"),
        ({"born_on": "1972-05-05"}, "who"),
        ({"born_on": "yesterday"}, "born_on"),
    ],
)
def test_bad_input_opens_nothing_and_what_was_typed_stays(client, cast, typed, field):
    form = FORM | typed
    page = client.post("/break-glass", form)
    assert page.status == 422 and page.error_of(field)
    assert page.one("input", id="who").get("value") == form["who"]
    with db.read() as s:
        assert not stored(s, BreakGlass)


@pytest.mark.parametrize("who", ["alice@example.org", "  alice   marlow ", "ALICE MARLOW"])
def test_by_the_whole_name_or_the_address(client, cast, who):
    assert client.post("/break-glass", FORM | {"who": who, "born_on": "1972-05-04"}).status == 303


def test_two_of_one_name_need_the_birth_date(client, cast, app):
    with db.write() as s:
        other = create_person(
            s, "alice2@example.org", "Alice Marlow", "Europe/London", clock.now(), "1999-01-02"
        )
        actions.add_member(s, cast.alice.clinic_id, other.id, Role.PATIENT, clock.now())
    assert client.post("/break-glass", FORM).status == 422
    answer = client.post("/break-glass", FORM | {"born_on": "1999-01-02"})
    assert answer.location == f"/patients/{other.uuid}"


def test_names_are_not_to_be_tried_out(client, cast):
    wrong = FORM | {"who": "Somebody Else"}
    answers = [client.post("/break-glass", wrong).status for _ in range(11)]
    assert answers == [422] * 10 + [429]
    with db.read() as s:
        assert len(stored(s, AuditEvent, action="break_glass.refused")) == 10


def test_it_ends_with_either_membership(client, cast, ilse, app):
    client.post("/break-glass", FORM)
    dana = access.Viewer(cast.dana.id, roles=frozenset({(cast.dana.clinic_id, Role.ADMIN)}))
    with db.write() as s:
        actions.end_membership(s, dana, cast.dana.clinic_id, cast.alice.uuid, clock.now(), True)
    assert client.get(record_of(cast)).status == 404
