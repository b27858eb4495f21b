"""The patient's own list: what each infusion did, in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from tests import factories

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))


def test_before_anything_is_recorded(client_as):
    page = client_as("alice").get("/infusions")
    assert page.status == 200
    assert "No infusion is recorded yet" in page.text
    assert "Not enough days yet: 0 of 4." in page.words()
    assert page.one("div", class_="actions")[0].get("href") == "/today"


def test_before_the_first_one(client_as, cast):
    with db.write() as s:
        factories.days(date(2026, 4, 18), [8, 8], s, cast.alice)
        factories.infusion(s, cast.alice, date(2026, 4, 27), status="planned", time="10:00")
    page = client_as("alice").get("/infusions")
    assert "Monday 27 April" in page.text and "Not enough days yet: 2 of 4." in page.words()


def test_windows_that_are_over_cannot_come_true_any_more(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 18, s, cast.alice)
        for step in (0, 3, 30):
            factories.infusion(s, cast.alice, DAY + timedelta(days=step))
    page = client_as("alice").get("/infusions")
    assert "not by day 2, then the next infusion came" in page.text
    assert "no day after it yet" in page.text


def test_each_infusion_says_what_it_did(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [5, 4, 4, 4, 8, 8, 8, 8], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
        factories.infusion(s, cast.alice, date(2026, 4, 27), status="planned", time="10:00")
    page = client_as("alice").get("/infusions")
    assert "relief from day 1, for 4 days" in page.text
    assert "Monday 27 April" in page.text
    assert "1 of 1 can be judged by their first week" in page.text


def test_a_tight_schedule_is_told_by_weeks(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [4] * 9 + ["u", "x", 8, 4, 4], s, cast.alice)
        for step in (0, 3, 7, 10):
            factories.infusion(s, cast.alice, DAY + timedelta(days=step))
    page = client_as("alice").get("/infusions")
    assert "counted by weeks" in page.text
    assert "The run you are in" in page.text
    assert page.all("span", class_="u")


def test_every_week_of_a_long_course_can_be_seen(client_as, cast):
    since = DAY - timedelta(days=140)
    with db.write() as s:
        factories.days(since, [8] * 14 + [4] * 140, s, cast.alice)
        for step in range(14, 150, 4):
            factories.infusion(s, cast.alice, since + timedelta(days=step))
    page = client_as("alice").get("/infusions")
    assert len(page.all("span", class_="wkname")) == 20 and "The 8 weeks before" in page.text
    assert "too unwell" not in page.text, "the key lists what is drawn"


def test_every_row_leads_to_its_page(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [4] * 9, s, cast.alice)
        made = [factories.infusion(s, cast.alice, DAY + timedelta(days=step)).uuid for step in (0, 3, 7, 10)]
    page = client_as("alice").get("/infusions")
    assert "All 4 infusions" in page.words()
    links = [link.get("href") for link in page.one("ol", class_="inf-list").iter("a")]
    assert links == [f"/infusions/{uuid}" for uuid in reversed(made)]


@pytest.mark.parametrize(("day", "is_offered"), [(20, True), (23, True), (24, False)])
def test_an_intention_is_offered_when_one_may_be_written(client_as, cast, day, is_offered):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 4, day), status="planned", time="10:00")
    page = client_as("alice").get("/infusions")
    offered = [page.words(link) for link in page.all("a", href="/intention")]
    assert offered == (["Write an intention"] if is_offered else [])


def test_a_longer_gap_says_what_relief_did_in_it(client_as, cast):
    last = date(2026, 4, 12)
    with db.write() as s:
        factories.days(last - timedelta(days=24), [8] * 15 + [4] * 14 + [8, 8, 8], s, cast.alice)
        for back in (10, 7, 3, 0):
            given = factories.infusion(s, cast.alice, last - timedelta(days=back))
        factories.gap(s, cast.alice, given, 14)
    words = client_as("alice").get("/infusions").words()
    assert "14 days instead of about 3." in words
    assert (
        "In the longer gap so far relief from pain held to day 4, then came two days running without it."
        in words
    )
    assert "Day 7 of 14, logged on 7 of 7 days. This is one gap only" in words


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_have_no_such_page(client_as, who):
    assert client_as(who).get("/infusions").status == 404


def test_signed_out(client_as):
    assert client_as().get("/infusions").status == 303


def test_charlie_sees_his_own_only(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY)
    assert "No infusion is recorded yet" in client_as("charlie").get("/infusions").text
