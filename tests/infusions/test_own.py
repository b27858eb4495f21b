"""GET /infusions/<uuid>: what followed one infusion, in the patient's words, and her own words around it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from diary import db
from tests import factories

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))


@pytest.fixture
def given(app, cast):
    """Alice's first infusion, with four days of relief after it."""
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [5, 4, 4, 4, "x", 8, 8, "u"], s, cast.alice)
        return factories.infusion(s, cast.alice, DAY, dose_mg="42.5")


def test_the_sentence_the_chart_and_the_facts(client_as, given):
    page = client_as("alice").get(f"/infusions/{given.uuid}")
    words = page.words()
    assert page.status == 200 and "Course 1, infusion 1" in words and "Sunday 15 March 2026" in words
    assert "42.5 mg over 40 minutes." in words
    assert "Relief from pain: day 1 to somewhere between day 4 and day 5." in words
    assert "One day at its end is missing, so it is a range: 4 to 5 days." in words
    assert len(page.all("svg", role="img")) == 1
    facts = {page.words(row) for row in page.one("dl", class_="facts")}
    assert "Logged 6 of 8 days hatched days are missing, not zero; too unwell on 1" in facts
    assert "Level before 8 before the first infusion, 14 of 14 days (baseline)" in facts


def test_another_symptom_and_the_table(client_as, given, cast):
    page = client_as("alice").get(f"/infusions/{given.uuid}?symptom=mood&table=1")
    assert "Not enough days before: 0 of 4." in page.words() and "17 Mar 2026" in page.text
    assert "Relief from pain" in client_as("alice").get(f"/infusions/{given.uuid}?symptom=nonsense").words()


def test_her_words_before_and_after_and_who_reads_them(client_as, given, cast):
    with db.write() as s:
        factories.checkin(
            s, cast.alice, given, DAY + timedelta(days=1), insight="a warm hand", insight_private="yes"
        )
        factories.checkin(
            s, cast.alice, given, DAY + timedelta(days=3), insight="the stairs", insight_private="no"
        )
    page = client_as("alice").get(f"/infusions/{given.uuid}")
    said = [page.words(one) for one in page.all("blockquote")]
    assert said == [
        "a warm hand day 1, Monday 16 March, only you can read this",
        "the stairs day 3, Wednesday 18 March, shared with your care team",
    ]
    kept_out = [one.get("data-not-kept") is not None for one in page.all("blockquote")]
    assert kept_out == [True, False], "private words are never kept on the phone with the page"


def test_the_neighbours_are_one_tap_away(client_as, given, cast):
    with db.write() as s:
        second = factories.infusion(s, cast.alice, DAY + timedelta(days=21))
    page = client_as("alice").get(f"/infusions/{given.uuid}")
    assert "The next one came 21 days later." in page.words()
    assert (
        page.one("nav", aria_label="Other infusions")[0].get("href")
        == f"/infusions/{second.uuid}?symptom=pain"
    )


def test_two_on_a_day_are_one_in_the_response(client_as, given, cast):
    with db.write() as s:
        other = factories.infusion(s, cast.alice, DAY, time="16:00")
    for uuid in (given.uuid, other.uuid):
        assert "Relief from pain: day 1" in client_as("alice").get(f"/infusions/{uuid}").words()


def test_without_a_diary_it_says_so(client_as, cast):
    with db.write() as s:
        bare = factories.infusion(s, cast.alice, DAY)
    words = client_as("alice").get(f"/infusions/{bare.uuid}").words()
    assert "No day after it is logged." in words and "no day after it" in words


def test_the_address_and_title_say_nothing_of_health(client_as, given):
    page = client_as("alice").get(f"/infusions/{given.uuid}")
    assert page.words(page.all("title")[0]) == "One date - Neap"


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_only_what_was_given_has_a_page(client_as, cast, status):
    with db.write() as s:
        fields = {"status": status, **({"reason": "ill"} if status == "cancelled" else {})}
        planned = factories.infusion(s, cast.alice, date(2026, 5, 1), **fields)
    assert client_as("alice").get(f"/infusions/{planned.uuid}").status == 404


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "erin"])
def test_staff_have_no_such_page(client_as, given, who):
    assert client_as(who).get(f"/infusions/{given.uuid}").status == 404


def test_charlie_never_sees_it(client_as, given):
    assert client_as("charlie").get(f"/infusions/{given.uuid}").status == 404
    assert client_as("charlie").get(f"/infusions/{uuid4()}").status == 404


def test_signed_out(client_as, given):
    assert client_as().get(f"/infusions/{given.uuid}").status == 303
