"""The patient's own: sessions as far as they were shared, ticks of what she chose to count, goals."""

from datetime import UTC, datetime, timedelta

import pytest

from diary import db
from diary.careteam import access
from diary.sessions import queries
from tests.sessions.conftest import TODAY


def agreed(cast):
    with db.read() as s:
        return queries.commitments_of(s, access.OPERATOR, cast.alice.id)


def goals(cast):
    with db.read() as s:
        return queries.goals_of(s, access.OPERATOR, cast.alice.id)


def test_alice_reads_what_was_shared_and_never_the_private_notes(client_as, recorded):
    recorded()
    page = client_as("alice").get("/sessions")
    assert "We looked at the good week." in page.words() and "Ten quiet minutes" in page.words()
    assert "Wakes at four" not in page.text


def test_what_is_not_shared_yet_does_not_show(client_as, cast, recorded):
    recorded(is_shared=False)
    page = client_as("alice").get("/sessions")
    assert "Nothing of it is shared with you yet." in page.words()
    assert "good week" not in page.text and "quiet minutes" not in page.text


def test_a_counted_commitment_is_ticked_and_taken_back(client_as, cast, recorded):
    recorded()
    counted, other = agreed(cast)
    client = client_as("alice")
    url = f"/commitments/{counted.uuid}/days/{TODAY}"
    assert client.post(url, {}).status == 303
    assert agreed(cast)[0].ticked == {TODAY}
    assert "1 of 1 day" in client.get("/sessions").words()
    assert client.post(url, {}).status == 303  # twice is once
    assert client.post(url, {"done": "no"}).status == 303
    assert agreed(cast)[0].ticked == frozenset()
    assert client.post(f"/commitments/{other.uuid}/days/{TODAY}", {}).status == 404
    assert client.post(f"/commitments/{counted.uuid}/days/{TODAY + timedelta(days=1)}", {}).status == 404


@pytest.mark.parametrize("who", ["charlie", "bob", "dana"])
def test_nobody_else_ticks(client_as, cast, recorded, who):
    recorded()
    assert client_as(who).post(f"/commitments/{agreed(cast)[0].uuid}/days/{TODAY}", {}).status == 404
    assert agreed(cast)[0].ticked == frozenset()


def test_a_goal_is_set_changed_and_ended(client_as, cast):
    client = client_as("alice")
    assert client.post("/goals", {"words": "To the harbour", "until": ""}).status == 303
    (goal,) = goals(cast)
    assert (
        client.post(f"/goals/{goal.uuid}", {"words": "To the harbour, twice", "until": "2027-03-01"}).status
        == 303
    )
    (changed,) = goals(cast)
    assert (changed.words, changed.set_on, changed.uuid == goal.uuid) == (
        "To the harbour, twice",
        TODAY,
        False,
    )
    stale = client.post(f"/goals/{goal.uuid}", {"words": "from an old page", "until": ""})
    assert stale.status == 422 and "from an old page" in stale.text and "meanwhile" in stale.error_of("words")
    for _ in range(2):
        assert client.post(f"/goals/{changed.uuid}/end", {}).status == 303
    assert client.post(f"/goals/{changed.uuid}", {"words": "once more", "until": ""}).status == 422
    assert goals(cast)[0].ended_on == TODAY
    assert "ended 26 November 2026" in client.get("/goals").words()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"words": "", "until": ""}, "words", "Please write your goal."),
        ({"words": "x" * 301, "until": ""}, "words", "at most 300 fit"),
        ({"words": "To the harbour", "until": "2099-01-01"}, "until", "at most two years ahead"),
        ({"words": "To the harbour", "until": "2026-11-25"}, "until", "This day has passed."),
    ],
)
def test_a_goal_that_can_not_be_read_is_still_there(client_as, cast, typed, field, words):
    page = client_as("alice").post("/goals", typed)
    assert page.status == 422 and words in page.error_of(field)
    assert typed["words"] in page.text and goals(cast) == []


def test_an_old_goal_keeps_its_day_and_gets_no_other_that_has_passed(client_as, cast, clock_at):
    client = client_as("alice")
    assert client.post("/goals", {"words": "To the sea", "until": str(TODAY)}).status == 303
    clock_at(datetime(2026, 11, 29, 12, tzinfo=UTC))
    (goal,) = goals(cast)
    page = client.post(f"/goals/{goal.uuid}", {"words": "To the sea, twice", "until": "2026-11-27"})
    assert page.status == 422 and "This day has passed." in page.error_of("until")
    assert (
        client.post(f"/goals/{goal.uuid}", {"words": "To the sea, twice", "until": str(TODAY)}).status == 303
    )
    assert [(one.words, one.until_on) for one in goals(cast)] == [("To the sea, twice", TODAY)]


def test_a_goal_of_somebody_else_is_not_there(client_as, cast):
    client_as("alice").post("/goals", {"words": "To the harbour", "until": ""})
    uuid = goals(cast)[0].uuid
    for who in ("charlie", "bob"):
        client = client_as(who)
        assert client.post(f"/goals/{uuid}", {"words": "x", "until": ""}).status == 404
        assert client.post(f"/goals/{uuid}/end", {}).status == 404
    assert client_as("bob").get("/goals").status == 404
    assert goals(cast)[0].words == "To the harbour"
