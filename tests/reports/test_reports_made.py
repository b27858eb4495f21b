"""The page of a patient's reports: which were made, by whom, for which days; another one from there."""

from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from tests import factories
from tests.conftest import stored

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
DAYS = "since=2026-03-01&until=2026-03-28"


@pytest.fixture(autouse=True)
def alice(written, cast, clock_at):
    clock_at(NOW)
    with written() as s:
        factories.days(date(2026, 3, 1), [7, 6, 5] * 9, s, cast.alice)
    return cast.alice


def reports_of(client, alice, query=""):
    page = client.get(f"/patients/{alice.uuid}/reports{query}")
    assert page.status == 200
    return page


def rows(page) -> list[str]:
    return [page.words(row) for row in page.all("tr")[1:]]


def test_before_the_first_one(client_as, alice):
    page = reports_of(client_as("bob"), alice)
    assert "No report has been made here yet" in page.words()
    assert page.one("input", name="since").get("value") == "2025-12-31"
    assert page.one("input", name="until").get("value") == "2026-03-30"


def test_a_report_stands_in_the_list_with_who_asked(client_as, alice):
    made = client_as("cora").get(f"/patients/{alice.uuid}/report.pdf?{DAYS}&paper=letter")
    (row,) = rows(page := reports_of(client_as("bob"), alice))
    assert "1 Mar to 28 Mar 2026" in row and "Letter" in row and "Cora" in row
    assert f"{round(len(made.data) / 1000)} kB" in row
    again = client_as("bob").get(next(a for a in page.all("a") if page.words(a) == "Make again").get("href"))
    assert again.status == 200 and again.data == made.data  # the same data give the same file


def test_the_days_of_the_timeline_come_along(client_as, alice):
    timeline = client_as("bob").get(f"/patients/{alice.uuid}?span=30")
    (href,) = [a.get("href") for a in timeline.all("a") if "Make report" in timeline.words(a)]
    page = client_as("bob").get(href.partition("#")[0])
    assert page.one("input", name="since").get("value") == "2026-03-01"


@pytest.mark.parametrize("query", ["?since=x", "?since=2026-04-30", "?paper=a0", "?colour=red"])
def test_odd_words_in_the_address_are_as_none(client_as, alice, query):
    assert reports_of(client_as("bob"), alice, query).one("input", name="since").get("value") == "2025-12-31"


def test_what_the_patient_makes_is_the_patients_own(client_as, alice):
    client_as("alice").get(f"/report.pdf?period=dates&{DAYS}")
    assert not rows(reports_of(client_as("bob"), alice))
    assert "by you" in client_as("alice").get("/report").words()


def test_the_patient_sees_who_asked(client_as, alice):
    client_as("bob").get(f"/patients/{alice.uuid}/report.pdf?{DAYS}")
    words = client_as("alice").get("/report").words()
    assert "1 Mar to 28 Mar 2026" in words and "by Dr Bob" in words and "30 March 2026, 13:00" in words


def test_a_refused_one_is_not_in_the_list(client_as, alice):
    assert client_as("bob").get(f"/patients/{alice.uuid}/report.pdf?since=2026-03-31").status == 422
    assert not rows(reports_of(client_as("bob"), alice))


def test_it_is_in_the_trail(client_as, alice, cast):
    client_as("bob").get(f"/patients/{alice.uuid}/report.pdf?{DAYS}")
    with db.read() as s:
        (event,) = stored(s, AuditEvent, action="report.make")
        assert (event.actor_id, event.patient_id) == (cast.bob.id, alice.id)


@pytest.mark.parametrize("who", ["charlie", "erin", "dana", "alice"])
def test_a_stranger_gets_404(client_as, alice, who):
    assert client_as(who).get(f"/patients/{alice.uuid}/reports").status == 404


def test_with_everything_taken_back_there_is_no_such_page(client_as, alice, cast, written):
    with written() as s:
        actions.withdraw_consent(s, access.OPERATOR, alice.id, cast.bob.id, list(Kind), NOW)
    assert client_as("bob").get(f"/patients/{alice.uuid}/reports").status == 404
