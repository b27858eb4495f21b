"""The sheet before a session: what it says is what the diary says, and nobody reads what is not shared with them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from tests import factories
from tests.conftest import stored
from tests.reports import reading

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
TODAY = date(2026, 3, 30)
GIVEN, MET = date(2026, 3, 15), date(2026, 3, 18)
BEFORE = [7, 8, 7, 6, 7, 8, 7, 7, 6, 7, 8, 7, 7, 7]
AFTER = [7, 6, 4, 3, 3, 4, 4, 5, 6, 7, 7, 7]  # example A of the definitions: relief ends on day 7


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


@pytest.fixture
def alice(written, cast):
    with written() as s:
        factories.days(date(2026, 3, 1), BEFORE + AFTER + ["x", "x", "x", "u"], s, cast.alice)
        factories.infusion(s, cast.alice, GIVEN)
        factories.entry(s, cast.alice, date(2026, 3, 20), note="To the pier and back.", note_private="no")
        factories.entry(s, cast.alice, date(2026, 3, 21), note="Only mine.", note_private="yes")
        factories.session(
            s,
            cast.alice,
            MET,
            commitment_1="Ten quiet minutes",
            counted_1="yes",
            commitment_2="Ask Jon",
            counted_2="no",
        )
        factories.session(s, cast.alice, date(2026, 3, 31), status="planned")
        factories.goal(s, cast.alice, "To the harbour")
        factories.infusion(s, cast.alice, date(2026, 4, 10), status="planned")
    return cast.alice


def sheet(client, alice):
    page = client.get(f"/patients/{alice.uuid}/prep")
    assert page.status == 200
    return page


def test_the_figures_are_those_of_the_diary(client_as, alice):
    page = sheet(client_as("cora"), alice)
    row = page.words(page.one("tbody").find("tr"))
    # 14 days to the 18th: 5 to 18 March; since then 19 to 30 March, 8 of 12 scored.
    assert "Pain" in row and "14 of 14" in row and "8 of 12" in row
    before = sum([7, 8, 7, 7, 6, 7, 8, 7, 7, 7, 7, 6, 4, 3]) / 14
    since = sum([3, 4, 4, 5, 6, 7, 7, 7]) / 8
    assert f"{before:.1f}" in row and f"{since:.1f}" in row
    assert f"eased by {round(before, 1) - round(since, 1):.1f}" in row


def test_a_session_that_nobody_recorded_is_named(client_as, alice, clock_at):
    said = "The one of 31 March is not recorded yet."
    assert said not in sheet(client_as("cora"), alice).text
    clock_at(datetime(2026, 3, 31, 20, tzinfo=UTC))
    page = sheet(client_as("cora"), alice)
    assert f"No session is planned. Last session 18 March. {said}" in page.words()
    with db.write() as s:
        factories.session(s, alice, date(2026, 3, 31), start="15:00", end="16:00")
    assert said not in sheet(client_as("cora"), alice).text


def test_a_first_session_that_nobody_recorded_is_named(client_as, cast):
    with db.write() as s:
        factories.session(s, cast.alice, date(2026, 3, 29), status="planned")
    text = sheet(client_as("cora"), cast.alice).words()
    assert "No session is planned. The one of 29 March is not recorded yet." in text


def test_what_to_ask_is_made_from_the_data(client_as, alice):
    text = sheet(client_as("cora"), alice).text
    assert "How were the days from Sunday 22 March on, when relief of pain had ended?" in text
    assert "What made 30 Mar too bad to log?" in text
    assert "Nothing is logged from 27 Mar to 29 Mar: what was going on?" in text
    assert "“Ten quiet minutes” has no day yet: is it still the right one?" in text
    assert "What became of “Ask Jon”?" in text


def test_shared_words_are_there_and_private_ones_nowhere(client_as, alice):
    client = client_as("cora")
    for path in ("prep", "prep/text"):
        text = client.get(f"/patients/{alice.uuid}/{path}").text
        assert "To the pier and back." in text and "Only mine." not in text
    text = reading.flat(client.http.get(f"/patients/{alice.uuid}/prep.pdf").data)
    assert "To the pier and back." in text and "Only mine." not in text


def test_it_prints_on_one_page_of_either_paper_and_the_same_twice(client_as, alice):
    client = client_as("cora")
    with db.write() as s:
        for step in range(12):
            factories.entry(
                s, alice, MET + timedelta(days=step), note=f"{step} " + "many words " * 800, note_private="no"
            )
    for paper in ("a4", "letter"):
        body = client.http.get(f"/patients/{alice.uuid}/prep.pdf?paper={paper}").data
        assert len(reading.opened(body).pages) == 1
        assert "To the harbour" in reading.flat(body)
        assert client.http.get(f"/patients/{alice.uuid}/prep.pdf?paper={paper}").data == body


def test_without_consent_to_sessions_and_notes_it_says_so(client_as, alice, cast):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, alice.id, cast.cora.id, [Kind.SESSIONS, Kind.NOTES], NOW)
    client = client_as("cora")
    text = sheet(client, alice).text
    assert "Notes are not shared with you." in text and "Sessions are not shared with you." in text
    for words in ("To the pier", "Ten quiet", "Ask Jon", "To the harbour"):
        assert words not in text
        assert words not in client.get(f"/patients/{alice.uuid}/prep/text").text
        assert words not in reading.flat(client.http.get(f"/patients/{alice.uuid}/prep.pdf").data)


def test_a_first_session_and_an_empty_diary(client_as, cast):
    text = sheet(client_as("cora"), cast.alice).text
    assert (
        "No session is planned." in text
        and "No session before." in text
        and "No goal is written down yet." in text
    )


def test_the_look_is_noted_by_what_was_shown(client_as, alice, cast):
    sheet(client_as("cora"), alice)
    with db.read() as s:
        seen = {event.action for event in stored(s, AuditEvent, actor_id=cast.cora.id, patient_id=alice.id)}
    assert seen >= {"view.scores", "view.notes", "view.infusions", "view.sessions"}


@pytest.mark.parametrize("who", ["charlie", "erin", "dana", "alice"])
@pytest.mark.parametrize("path", ["prep", "prep.pdf", "prep/text"])
def test_a_stranger_gets_404(client_as, alice, who, path):
    assert client_as(who).http.get(f"/patients/{alice.uuid}/{path}").status_code == 404


def test_other_scripts_come_from_the_bundled_fonts(client_as, alice):
    with db.write() as s:
        factories.entry(s, alice, MET + timedelta(days=3), note="שלום مرحبا Здравей 中", note_private="no")
    body = client_as("cora").http.get(f"/patients/{alice.uuid}/prep.pdf").data
    names = " ".join(reading.fonts(reading.opened(body))).replace("-", "")
    assert all(part in names for part in ("Hebrew", "Arabic")) and all(
        reading.fonts(reading.opened(body)).values()
    )
    assert "U+4E2D" in reading.flat(body)
