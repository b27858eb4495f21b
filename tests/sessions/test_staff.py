"""Staff plan, record, amend, share, cancel and copy sessions; strangers get 404."""

from datetime import date

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.sessions import queries
from diary.sessions.models import CareSession, CareSessionRevision, Commitment
from tests import factories
from tests.conftest import stored
from tests.sessions.conftest import GOOD, NOW


def base(cast):
    return f"/patients/{cast.alice.uuid}/sessions"


def rows(cast):
    with db.read() as s:
        return queries.sessions_of(s, access.OPERATOR, cast.alice.id)


def agreed(cast):
    with db.read() as s:
        return queries.commitments_of(s, access.OPERATOR, cast.alice.id)


def withdraw(cast, staff):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, staff.id, [Kind.SESSIONS], NOW)


def test_cora_records_a_session_and_shares_it(client_as, cast):
    client = client_as("cora")
    answer = client.post(base(cast) + "/new", GOOD)
    (row,) = rows(cast)
    assert (answer.status, answer.location.partition("?")[0]) == (303, f"{base(cast)}/{row.uuid}")
    page = client.get(answer.location)
    assert page.words(page.one("p", role="status")) == "The session is saved and shared."
    assert (row.kind, row.who, row.day, row.note) == (
        "integration",
        "Cora Lindqvist",
        date(2026, 11, 26),
        GOOD["note"],
    )
    assert [(one.words, one.until_on, one.is_counted) for one in agreed(cast)] == [
        ("Ten quiet minutes", date(2026, 12, 10), True),
        ("Nobody visits on Tuesday", None, False),
    ]
    with db.read() as s:
        (event,) = stored(s, AuditEvent, action="session.create")
        assert len(stored(s, CareSessionRevision)) == 1
    assert (event.actor_id, event.patient_id) == (cast.cora.id, cast.alice.id)


def test_a_planned_one_stands_in_the_list(client_as, cast):
    client = client_as("cora")
    texts = {
        "kind": "coaching",
        "status": "planned",
        "date": "2026-12-10",
        "start": "9:30",
        "end": "10:20",
        "share": "no",
    }
    assert client.post(base(cast) + "/new", texts).status == 303
    assert "Coaching, Thursday 10 December 2026, 09:30 to 10:20" in client.get(base(cast)).words()


def test_what_was_agreed_before_is_asked_about_and_answered(client_as, cast, recorded):
    recorded(date="2026-11-12")
    client = client_as("cora")
    page = client.get(base(cast) + "/new")
    earlier = agreed(cast)
    assert "Ten quiet minutes" in page.words() and "0 of 13 days" in page.words()
    texts = GOOD | {f"became_{earlier[0].uuid}": "partly", f"became_{earlier[1].uuid}": "let_go"}
    assert client.post(base(cast) + "/new", texts).status == 303
    assert [one.outcome for one in agreed(cast)] == ["partly", "let_go", "", ""]


def test_amending_keeps_a_revision_and_a_commitment_taken_back_is_gone(client_as, cast, recorded):
    uuid = recorded()
    client = client_as("cora")
    changed = GOOD | {"revision": "1", "note": "Other words.", "commitment_2": "", "until_2": ""}
    assert client.post(f"{base(cast)}/{uuid}", changed).status == 303
    assert (rows(cast)[0].note, [one.words for one in agreed(cast)]) == (
        "Other words.",
        ["Ten quiet minutes"],
    )
    with db.read() as s:
        assert len(stored(s, CareSessionRevision)) == 2
        assert len(stored(s, Commitment)) == 2
    again = client.post(f"{base(cast)}/{uuid}", changed | {"revision": "2"})
    assert "saved=unchanged" in again.location
    with db.read() as s:
        assert len(stored(s, CareSessionRevision)) == 2


def test_a_stale_page_overwrites_nothing(client_as, cast, recorded):
    uuid = recorded()
    client_as("bob").post(f"{base(cast)}/{uuid}", GOOD | {"revision": "1", "note": "Bob’s words."})
    answer = client_as("cora").post(f"{base(cast)}/{uuid}", GOOD | {"revision": "1", "note": "Cora’s words."})
    assert answer.status == 422
    assert "Bob’s words." in answer.words() and "Cora’s words." in answer.text
    assert rows(cast)[0].note == "Bob’s words."


def test_what_was_shared_stays_shared(client_as, cast, recorded):
    uuid = recorded()
    client_as("cora").post(f"{base(cast)}/{uuid}", GOOD | {"revision": "1", "note": "More.", "share": "no"})
    assert rows(cast)[0].shared_at is not None


def test_cancelling_keeps_it(client_as, cast, recorded):
    uuid = recorded(status="planned", date="2026-12-01")
    client = client_as("cora")
    assert client.post(f"{base(cast)}/{uuid}/cancellation").status == 303
    assert rows(cast)[0].status == "cancelled"
    assert agreed(cast) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"end": "10:00"}, "end", "The end lies before the start."),
        ({"start": "01:00", "end": "23:00"}, "end", "longer than 12 hours"),
        ({"until_1": "2026-11-25"}, "until_1", "lies before the session"),
        ({"goal_until": "2026-12-25"}, "goal", "no words for the goal"),
        ({"goal": "To the sea", "goal_until": "2020-01-01"}, "goal_until", "This day has passed."),
        ({"start": ""}, "start", "Please say when it begins."),
        ({"start": "quarter past"}, "start", "A time is written like 11:00"),
        ({"date": "2026-11-27"}, "date", "can't lie in the future"),
        ({"date": "2030-01-01", "status": "planned"}, "date", "more than two years ahead"),
        ({"date": "26.11.2026"}, "date", "not a date like 2026-03-15"),
        ({"note": "x" * 10_001}, "note", "10,001 characters; at most 10,000 fit"),
        ({"commitment_3": "", "until_3": "2026-12-01"}, "commitment_3", "no words for what was agreed on"),
        ({"until_1": "2099-01-01"}, "until_1", "at most two years ahead"),
        ({"commitment_1": "x" * 301}, "commitment_1", "at most 300 fit"),
    ],
)
def test_bad_input_stands_at_its_field_and_loses_nothing(client_as, cast, changes, field, words):
    page = client_as("cora").post(base(cast) + "/new", GOOD | changes)
    assert page.status == 422
    assert words in page.error_of(field)
    assert GOOD["private_note"] in page.text and rows(cast) == []


def test_unknown_fields_and_a_fourth_commitment_are_refused(client_as, cast):
    page = client_as("cora").post(base(cast) + "/new", GOOD | {"commitment_4": "one more"})
    assert (page.status, rows(cast)) == (422, [])


def test_a_fourth_session_on_a_day_is_asked_about(client_as, cast, recorded):
    for hour in (9, 13, 15):
        recorded(start=f"{hour}:00", end=f"{hour}:30")
    client = client_as("cora")
    asked = client.post(base(cast) + "/new", GOOD)
    assert asked.status == 422 and "There are 3 sessions on this day already." in asked.words()
    assert client.post(base(cast) + "/new", GOOD | {"confirm": "many"}).status == 303
    assert len(rows(cast)) == 4


def test_the_text_and_the_page_for_paper(client_as, cast, recorded):
    uuid = recorded()
    client = client_as("cora")
    text = client.get(f"{base(cast)}/{uuid}/text")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert "We looked at the good week." in text.text and "Wakes at four." in text.text
    assert "Wakes at four." in client.get(f"{base(cast)}/{uuid}/print").words()


def test_intentions_and_insights_stand_beside_it_for_who_may_read_notes(client_as, cast, recorded):
    recorded(date="2026-11-12")
    with db.write() as s:
        given = factories.infusion(s, cast.alice, date(2026, 11, 20))
        said = {"insight": "The sea was flat.", "insight_private": "no", "done": "yes"}
        factories.checkin(s, cast.alice, given, date(2026, 11, 21), **said)
        given = factories.infusion(s, cast.alice, date(2026, 11, 24))
        said = {"insight": "For me alone.", "insight_private": "yes", "done": "yes"}
        factories.checkin(s, cast.alice, given, date(2026, 11, 25), **said)
    page = client_as("cora").get(base(cast) + "/new")
    assert "Insight after infusion 1, Saturday 21 November “The sea was flat.”" in page.words()
    assert "For me alone" not in page.text
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, [Kind.NOTES], NOW)
    assert "The sea was flat" not in client_as("cora").get(base(cast) + "/new").text


def test_a_goal_is_added_with_the_session(client_as, cast):
    client_as("cora").post(base(cast) + "/new", GOOD | {"goal": "To the harbour", "goal_until": "2027-03-31"})
    with db.read() as s:
        (goal,) = queries.goals_of(s, access.OPERATOR, cast.alice.id)
    assert (goal.words, goal.until_on) == ("To the harbour", date(2027, 3, 31))


def test_a_goal_written_down_by_staff(client_as, cast):
    client = client_as("cora")
    url = f"/patients/{cast.alice.uuid}/goals"
    refused = client.post(url, {"words": " ", "until": ""})
    assert (refused.status, refused.error_of("words")) == (422, "Please write your goal.")
    assert client.post(url, {"words": "To the harbour", "until": "2027-03-31"}).status == 303
    assert "“To the harbour”" in client.get(base(cast)).words()


def test_without_consent_it_can_be_recorded_and_shows_nothing(client_as, cast, recorded):
    recorded()
    withdraw(cast, cast.cora)
    client = client_as("cora")
    answer = client.post(base(cast) + "/new", GOOD | {"start": "15:00", "end": "15:50"})
    assert answer.location.partition("?")[0] == base(cast)
    page = client.get(base(cast))
    assert "not shared with you" in page.words() and "quiet minutes" not in page.text
    assert "quiet minutes" not in client.get(base(cast) + "/new").text
    for row in rows(cast):
        for path in ("", "/text", "/print"):
            assert client.get(f"{base(cast)}/{row.uuid}{path}").status == 404
        assert client.post(f"{base(cast)}/{row.uuid}", GOOD | {"revision": "1"}).status == 404
    assert client.post(f"/patients/{cast.alice.uuid}/goals", {"words": "x"}).status == 404
    said = GOOD | {f"became_{agreed(cast)[0].uuid}": "let_go"}
    assert client.post(base(cast) + "/new", said).status == 404
    assert {one.outcome for one in agreed(cast)} == {""}


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_a_stranger_gets_404(client_as, cast, recorded, who):
    uuid = recorded()
    client = client_as(who)
    for path in ("", "/new", f"/{uuid}", f"/{uuid}/text", f"/{uuid}/print"):
        assert client.get(base(cast) + path).status == 404
    for path in ("/new", f"/{uuid}", f"/{uuid}/cancellation"):
        assert client.post(base(cast) + path, GOOD | {"revision": "1"}).status == 404
    assert client.post(f"/patients/{cast.alice.uuid}/goals", {"words": "x"}).status == 404
    with db.read() as s:
        assert len(stored(s, CareSession)) == 1


def test_the_caseload_names_a_session_tomorrow_and_a_commitment_due(client_as, cast, recorded):
    recorded(date="2026-11-12", until_1="2026-11-25")
    recorded(status="planned", date="2026-11-27", commitment_1="", until_1="", commitment_2="")
    page = client_as("cora").get("/patients")
    assert "Session tomorrow" in page.words() and "1 commitment due" in page.words()
    withdraw(cast, cast.cora)
    assert "Session tomorrow" not in client_as("cora").get("/patients").words()
