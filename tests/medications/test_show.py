"""A patient's medicines for staff: totals, charts, changes, who said what, and who may look."""

from datetime import date

import pytest

from diary import db
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.lib import clock
from tests import factories


@pytest.fixture
def url(cast):
    return f"/patients/{cast.alice.uuid}/medications"


@pytest.fixture
def a_year(app, cast, oxycodone):
    """As the design's picture has it: a taper, an as-needed opioid, a patch that is not counted, and others."""
    with db.write() as s:
        for name, since, fields in (
            ("Oxycodone MR", date(2026, 7, 6), {"dose": "10 + 5", "reason": "After the induction"}),
            (
                "Tramadol",
                date(2026, 1, 5),
                {"dose": "50", "times_per_day": "2", "as_needed": "yes", "until": "2026-04-12"},
            ),
            ("Buprenorphine", date(2025, 12, 1), {"dose": "5", "dose_unit": "mcg/h", "until": "2026-01-11"}),
            ("Duloxetine", date(2026, 2, 2), {"dose": "60", "times_per_day": "1"}),
        ):
            factories.medication(s, cast.alice, name, since, **fields)
        factories.infusion(s, cast.alice, date(2026, 6, 10))


def test_the_page_says_totals_changes_and_what_is_not_counted(client_as, url, a_year):
    page = client_as("bob").get(url)
    words = page.words()
    assert "Regular opioids 0 to 22.5 MME a day" in words
    assert (
        "not for converting one opioid to another; particular caution with methadone and transdermal fentanyl"
        in words
    )
    assert "the line is too low by Buprenorphine" in words
    assert "CDC 2022, version 1" in words and "oxycodone 1.5" in words
    rows = [page.words(row) for row in page.all("tr")]
    assert any("6 Jul 2026" in row and "37.5 less" in row and "After the induction" in row for row in rows)
    assert any("13 Apr 2026" in row and "20 less at most" in row for row in rows)
    assert any("12 Jan 2026" in row and "not counted" in row for row in rows)
    assert any(
        row.startswith("Duloxetine approved for fibromyalgia in the US SNRI 60 mg once a day no MME")
        for row in rows
    )


def test_the_charts_are_named_and_told(client_as, url, a_year):
    page = client_as("bob").get(url)
    drawings = page.all("svg", role="img")
    titles = [page.words(next(iter(el))) for el in drawings]
    assert titles[0].startswith("Opioids, MME a day") and {"Buprenorphine", "Tramadol", "Duloxetine"} <= set(
        titles
    )
    told = page.words(drawings[0])
    assert "at most 20 more as needed" in told and "22.5 from 6 Jul 2026, 10 + 5 mg" in told
    assert "infusions" in told


@pytest.mark.parametrize("span", ["90", "365", "all", "nonsense"])
def test_every_period(client_as, url, a_year, span):
    assert client_as("cora").get(f"{url}?span={span}").status == 200


def test_who_said_the_beginning_and_who_the_end(client_as, cast, url, oxycodone):
    client_as("alice").post(f"/medications/{oxycodone.uuid}/end", {"until": "2026-11-23"})
    page = client_as("bob").get(url)
    rows = [page.words(row) for row in page.all("tr")]
    (ended,) = [row for row in rows if row.startswith("24 Nov 2026 Oxycodone MR")]
    (began,) = [row for row in rows if row.startswith("1 Mar 2026 Oxycodone MR")]
    assert ended.endswith("60 less Alice, not confirmed yet") and began.endswith(
        "60 more for her back from a file"
    )


def test_without_opioids_nothing_is_said_of_mme(client_as, cast, url, written):
    with written() as s:
        factories.medication(s, cast.alice, "Lyrica", date(2026, 3, 1), dose="75", times_per_day="2")
        factories.medication(s, cast.alice, "Turmeric", date(2026, 3, 1))
    words = client_as("bob").get(url).words()
    assert "Opioids none in this time" in words and "Not known to Neap Turmeric no class, no number" in words
    assert "converting one opioid" not in words and "CDC" not in words and "too low" not in words


def test_an_empty_list_says_what_to_do(client_as, url):
    assert "No medicine is recorded yet" in client_as("bob").get(url).words()


def test_a_coach_reads_and_can_change_nothing(client_as, url, a_year):
    page = client_as("cora").get(url)
    assert "Oxycodone MR" in page.words()
    assert not [
        a for a in page.all("a") if (a.get("href") or "").endswith(("/change", "/end", "/edit", "/new"))
    ]
    assert not [f for f in page.all("form") if "medications" in (f.get("action") or "")]


def test_not_shared_says_so_and_shows_nothing(client_as, cast, url, a_year):
    with db.write() as s:
        actions.withdraw_consent(
            s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.INFUSIONS], clock.now()
        )
    page = client_as("bob").get(url)
    assert page.status == 200 and "not shared with you" in page.words() and "Oxycodone" not in page.text
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, list(Kind), clock.now())
    assert client_as("bob").get(url).status == 404


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, url, a_year, who):
    assert client_as(who).get(url).status == 404


def test_who_looked_is_noted(client_as, cast, url, a_year):
    from diary.audit.models import AuditEvent
    from tests.conftest import stored

    client_as("bob").get(url)
    with db.read() as s:
        (event,) = stored(s, AuditEvent, action="view.infusions", actor_id=cast.bob.id)
    assert event.patient_id == cast.alice.id


def test_the_timeline_has_the_lane_with_what_changed(client_as, cast, a_year):
    with db.write() as s:
        factories.entry(s, cast.alice, date(2026, 11, 20), pain=5)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}?span=180")
    (lane,) = [el for el in page.all("svg", role="img") if "and changes" in page.words(next(iter(el)))]
    assert "Oxycodone MR 10 + 5 mg on 6 Jul 2026" in page.words(lane)
    with db.write() as s:
        actions.withdraw_consent(
            s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.INFUSIONS], clock.now()
        )
    assert "Oxycodone" not in client_as("bob").get(f"/patients/{cast.alice.uuid}?span=180").text
