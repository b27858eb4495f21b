"""Own symptoms: named, renamed and retired at /own-scores, scored with the day; at most five, and 0 is an answer."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.entries.models import Entry, EntryRevision, OwnSymptom
from diary.entries.queries import all_days, own_symptoms
from tests import factories
from tests.entries.test_more import sent
from tests.sync.phones import a_body, days, put

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)
URL = f"/days/{TODAY}/more"


@pytest.fixture
def alice(client_as, clock_at):
    clock_at(NOW)
    return client_as("alice")


def named(client, *names) -> list[str]:
    """The fields' names of own symptoms that were named so."""
    for name in names:
        assert client.post("/own-scores", {"name": name}).location == "/own-scores"
    return keys()


def keys() -> list[str]:
    return [f"own_{one.uuid.hex}" for one in all_of(OwnSymptom)]


def all_of(model):
    with db.read() as s:
        return s.exec(select(model).order_by(model.id)).all()


def test_named_renamed_retired_and_asked_for_again(alice, cast):
    with db.write() as s:
        factories.days(TODAY - timedelta(days=4), [5] * 4, s, cast.alice)
    (key,) = named(alice, "  Tingling  hands ")
    one = all_of(OwnSymptom)[0]
    assert one.name == "Tingling hands" and b"Tingling" not in one.name_sealed
    alice.post(URL, sent(alice.get(URL), **{key: "4"}), csrf=False)
    path = f"/own-scores/{one.uuid}"
    assert alice.post(path, {"name": "Pins and needles"}).status == 303
    assert "Pins and needles 4" in alice.get(f"/story?day={TODAY}").words()
    assert alice.post(f"{path}/retirement").status == 303
    page = alice.get("/own-scores")
    assert "Not asked any more" in page.words() and "until 23 November 2026" in page.words()
    assert "Pins and needles 4" in alice.get(f"/story?day={TODAY}").words(), "a retired one keeps its scores"
    assert alice.post(f"{path}/return").status == 303
    assert "Not asked any more" not in alice.get("/own-scores").words()
    done = [event.action for event in all_of(AuditEvent) if event.action.startswith("symptom.")]
    assert done == ["symptom.name", "symptom.rename", "symptom.retire", "symptom.resume"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (" ", "Please write what"),
        ("x" * 41, "at most 40 fit"),
        ("tingling", "already"),
        ("a\x00b", "can't be shown"),
    ],
)
def test_a_name_that_can_not_be_taken_comes_back(alice, name, words):
    named(alice, "Tingling")
    said = alice.post("/own-scores", {"name": name})
    assert said.status == 422 and words in said.words() and len(keys()) == 1


def test_the_sixth_is_refused_until_one_is_retired(alice):
    named(alice, *"abcde")
    said = alice.post("/own-scores", {"name": "f"})
    assert said.status == 422 and "Five is the most" in said.words() and len(keys()) == 5
    first = all_of(OwnSymptom)[0].uuid
    alice.post(f"/own-scores/{first}/retirement")
    named(alice, "f")
    said = alice.post(f"/own-scores/{first}/return")
    assert said.status == 422 and "Five is the most" in said.words()


@pytest.mark.parametrize("name", ["bob", "charlie", "dana"])
@pytest.mark.parametrize("path", ["", "/retirement", "/return"])
def test_nobody_else_changes_them(alice, client_as, name, path):
    named(alice, "Tingling")
    one = all_of(OwnSymptom)[0]
    assert client_as(name).post(f"/own-scores/{one.uuid}{path}", {"name": "Mine"}).status == 404
    assert all_of(OwnSymptom)[0].name == "Tingling" and all_of(OwnSymptom)[0].retired_at is None


def test_unanswered_is_not_zero_and_zero_is_an_answer(alice, cast):
    first, second = named(alice, "Tingling", "Dizzy")
    alice.post(URL, sent(alice.get(URL), **{first: "0"}), csrf=False)
    page = alice.get(URL)
    assert page.one("input", name=first, checked="").get("value") == "0"
    assert not page.all("input", name=second, checked="")
    assert all_of(Entry)[0].extras == f'{{"{first}":0}}'
    with db.read() as s:
        assert all_days(s, access.OPERATOR, cast.alice.id)[0].own == {first: 0}
    assert "1 score of your own" in alice.get("/today").words()
    alice.post(URL, sent(alice.get(URL), **{first: ""}) | {first: ""}, csrf=False)
    assert all_of(Entry)[0].extras is None and len(all_of(EntryRevision)) == 2


@pytest.mark.parametrize("value", ["11", "-1", "4.5", "x"])
def test_a_score_is_a_whole_number_to_ten(alice, value):
    (key,) = named(alice, "Tingling")
    assert alice.post(URL, sent(alice.get(URL), **{key: value}), csrf=False).status == 422
    assert put(alice, a_body(_alice(alice), {key: value}))[0] == 422 and all_of(Entry) == []


def _alice(client):
    with db.read() as s:
        from diary.accounts.models import Person

        return s.get_one(Person, all_of(OwnSymptom)[0].person_id)


def test_the_phone_is_told_what_to_ask_and_sends_it(alice, client_as, cast):
    (key,) = named(alice, "Tingling")
    assert days(alice, cast.alice)[1]["plan"]["own"] == [{"key": key, "name": "Tingling"}]
    write_id = uuid4()
    alice.post(f"/own-scores/{all_of(OwnSymptom)[0].uuid}/retirement")
    assert days(alice, cast.alice)[1]["plan"]["own"] == []
    body = a_body(cast.alice, {key: "7"}, base={key: []})
    assert put(alice, body, write_id)[0] == 200, "a phone may not know yet that it is retired"
    assert days(alice, cast.alice)[1]["days"]["2026-11-23"]["values"][key]["value"] == 7
    # Of another person, or of nobody, it is none.
    for who, name in ((cast.charlie, key), (cast.alice, f"own_{uuid4().hex}")):
        client = alice if who is cast.alice else client_as("charlie")
        status, said, _ = put(client, a_body(who, {name: "7"}))
        assert (status, [*said["fields"]]) == (422, [name])
    assert len(all_of(EntryRevision)) == 1


def test_two_phones_are_two_answers_until_one_is_chosen(alice, cast):
    (key,) = named(alice, "Tingling")
    put(alice, a_body(cast.alice, {key: "7"}))
    put(alice, a_body(cast.alice, {key: "2"}, device="Tablet"))
    page = alice.get("/today")
    assert "Two answers" in page.words() and "Tingling" in page.words(page.one("section", id=f"two-{key}"))
    assert "Say which counts" in alice.get(URL).words()


def test_the_care_team_reads_them_with_the_scores_only(alice, client_as, cast):
    (key,) = named(alice, "Tingling")
    alice.post(URL, sent(alice.get(URL), **{key: "7", "regions": "neck", "factor_stress": "yes"}), csrf=False)
    address = f"/patients/{cast.alice.uuid}"
    assert (
        "Hurts: neck. Also: stress. Own words, 0 to 10: Tingling 7." in client_as("bob").get(address).words()
    )
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.SCORES], NOW)
    assert "Tingling" not in client_as("bob").get(address).text
    assert client_as("erin").get(address).status == 404
    with db.read() as s, pytest.raises(access.Hidden):
        own_symptoms(s, access.viewer_of(s, _person(s, cast.bob)), cast.alice.id)


def _person(s, someone):
    from diary.accounts.models import Person

    return s.get_one(Person, someone.id)
