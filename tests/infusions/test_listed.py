"""The staff's list of a patient's infusions, doses added up by course, and one as plain text."""

from datetime import UTC, date, datetime

import pytest

from diary import db
from tests import factories


@pytest.fixture
def given(app, cast, clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))
    with db.write() as s:
        old = factories.infusion(s, cast.alice, date(2026, 3, 2), dose_mg="40", weight_kg="80")
        factories.infusion(s, cast.alice, date(2026, 11, 3), dose_mg="50", weight_kg="")
        last = factories.infusion(
            s, cast.alice, date(2026, 11, 10), dose_mg="35", weight_kg="70", note="5 < 6 & calm"
        )
        factories.infusion(s, cast.alice, date(2026, 11, 17), dose_mg="900", status="cancelled")
        factories.infusion(s, cast.alice, date(2026, 12, 1), dose_mg="700", status="planned")
    return old, last


def test_planned_given_by_course_and_cancelled(client_as, cast, given):
    page = client_as("cora").get(f"/patients/{cast.alice.uuid}/infusions")
    headings = [page.words(h) for h in page.one("main").iter("h2")]
    assert headings[0] == "Planned" and headings[-1] == "Cancelled"
    assert [h.split(",")[0] for h in headings[1:-1]] == ["Course 2", "Course 1"]
    assert "85 mg in 2 infusions; 0.50 mg/kg over the 1 with a weight" in page.words()
    assert "40 mg in 1 infusion; 0.50 mg/kg" in page.words()


def test_only_a_clinician_is_offered_to_record(client_as, cast, given):
    path = f"/patients/{cast.alice.uuid}/infusions"
    assert "Record an infusion" in client_as("bob").get(path).text
    assert "Record an infusion" not in client_as("cora").get(path).text


def test_before_the_first(client_as, cast):
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/infusions")
    assert "No infusion is recorded yet" in page.text


def test_the_record_adds_up_its_own_course(client_as, cast, given):
    client, base = client_as("bob"), f"/patients/{cast.alice.uuid}/infusions"
    assert "40 mg in 1 infusion" in client.get(f"{base}/{given[0].uuid}").words()
    assert "85 mg in 2 infusions" in client.get(f"{base}/{given[1].uuid}").words()


def test_one_as_plain_text(client_as, cast, given):
    client = client_as("bob")
    answer = client.http.get(f"/patients/{cast.alice.uuid}/infusions/{given[1].uuid}/text")
    assert answer.mimetype == "text/plain"
    assert "Dose: 35 mg (0.50 mg/kg)\nLength:" in answer.text
    assert "Note:\n5 < 6 & calm" in answer.text, "plain text escapes nothing"


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, cast, given, who):
    base = f"/patients/{cast.alice.uuid}/infusions"
    assert client_as(who).get(base).status == 404
    assert client_as(who).get(f"{base}/{given[1].uuid}/text").status == 404


def test_the_name_stands_in_what_is_printed(client_as, cast, given):
    """The row of links above is left out on paper; the heading is not."""
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/infusions/{given[1].uuid}")
    assert cast.alice.name in page.words(page.one("div", class_="head"))


def test_the_history_names_who_wrote_each_revision(client_as, cast, given):
    client, base = client_as("bob"), f"/patients/{cast.alice.uuid}/infusions/{given[1].uuid}"
    client.post(f"{base}/cancellation", {"reason": "Recorded twice"})
    rows = list(client.get(base).one("tbody").iter("tr"))
    assert len(rows) == 2 and cast.bob.name in "".join(rows[1].itertext())
