"""A course planned as a pattern, and planned infusions moved together."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary import db
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.infusions.forms import parse_course, parse_days
from diary.infusions.models import Infusion
from diary.infusions.rules import course_days
from diary.lib import clock
from tests import factories
from tests.conftest import stored

TODAY = date(2026, 11, 24)  # a Tuesday
TYPED = {
    "count": "6",
    "date": "2026-11-30",
    "on_0": "1",
    "on_3": "1",
    "time": "09:30",
    "dose_mg": "40",
    "minutes": "40",
}
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@given(DAYS, st.integers(1, 60), st.frozensets(st.integers(0, 6), min_size=1))
def test_days_on_weekdays(first, count, weekdays):
    days = course_days(first, count, weekdays)
    assert len(days) == count and days[0] >= first and {day.weekday() for day in days} <= weekdays
    assert all(a < b for a, b in itertools.pairwise(days))
    between = (first + timedelta(days=n) for n in range((days[-1] - first).days + 1))
    assert [day for day in between if day.weekday() in weekdays] == days, "none is left out"


@given(DAYS, st.integers(1, 60), st.integers(1, 90))
def test_days_every_so_many(first, count, every):
    days = course_days(first, count, every=every)
    assert (days[0], len(days)) == (first, count)
    assert {(b - a).days for a, b in itertools.pairwise(days)} <= {every}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"count": "0"}, "count"), ({"count": "61"}, "count"), ({"count": ""}, "count"), ({"count": "²"}, "count"),
        ({"date": "2026-11-23"}, "date"), ({"date": ""}, "date"), ({"every": "7"}, "every"),
        ({"on_0": "", "on_3": ""}, "every"), ({"on_0": "", "on_3": "", "every": "0"}, "every"),
        ({"on_0": "", "on_3": "", "every": "91"}, "every"), ({"dose_mg": ""}, "dose_mg"), ({"time": "x"}, "time"),
        ({"count": "60", "on_0": "", "on_3": "", "every": "90"}, "count"),
    ],
)  # fmt: skip
def test_a_pattern_that_can_not_be(client_as, cast, changed, field):
    page = client_as("bob").post(f"/patients/{cast.alice.uuid}/courses/new", TYPED | changed)
    assert page.status == 422 and page.error_of(field)
    assert rows(cast) == []


@pytest.mark.parametrize(("text", "days"), [("7", 7), ("+1", 1), (" -3 ", -3), ("−3", -3), ("90", 90)])
def test_days_to_move(text, days):
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "0", "-0", "91", "1.5", "x", "٣", "--1", "9" * 500])
def test_days_that_are_none(text):
    with pytest.raises(ValueError, match="number of days"):
        parse_days(text)


def test_what_all_have_alike_and_nothing_else():
    values = parse_course(TYPED, TODAY).values
    assert [v.day.day for v in values] == [30, 3, 7, 10, 14, 17]
    assert {(v.status, v.dose_mg, v.at_time, v.number) for v in values} == {("planned", 40, "09:30", None)}


@pytest.fixture
def url(cast):
    return f"/patients/{cast.alice.uuid}/courses/new"


def rows(cast):
    with db.read() as s:
        return sorted(stored(s, Infusion, patient_id=cast.alice.id), key=lambda row: row.number)


def test_the_dates_are_shown_before_they_are_stored(client_as, cast, url):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 11, 10), dose_mg="40", number="4")
    client = client_as("bob")
    assert client.get(url).one("input", id="dose_mg").get("value") == "40"
    page = client.post(url, TYPED)
    assert page.status == 200 and len(list(page.one("ol", class_="dates").iter("li"))) == 6
    assert len(rows(cast)) == 1
    form = next(f for f in page.all("form") if any(b.get("value") == "plan" for b in f.iter("button")))
    sent = {i.get("name"): i.get("value") for i in form.iter("input")}
    page = client.post(url, sent | {"answer": "plan"}, follow=True)
    assert page.words(page.one("p", role="status")) == "The infusions are planned."
    assert [(row.number, row.status) for row in rows(cast)][1:] == [(n, "planned") for n in range(5, 11)]


def test_an_unusual_dose_is_asked_about(client_as, cast, url):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 11, 10), dose_mg="40")
    client, odd = client_as("bob"), TYPED | {"dose_mg": "400", "answer": "plan"}
    page = client.post(url, odd)
    assert page.status == 422 and "Is 400 mg right?" in page.words(page.one("div", class_="ask"))
    assert len(rows(cast)) == 1
    assert client.post(url, odd | {"confirm": "dose_mg=400"}).status == 303


@pytest.mark.parametrize(("answer", "status", "count"), [("plan", 422, 1), ("free", 303, 6), ("all", 303, 7)])
def test_a_day_that_has_one_already_is_asked_about(client_as, cast, url, answer, status, count):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 12, 3), time="14:00", status="planned")
    page = client_as("bob").post(url, TYPED | {"answer": answer})
    assert (page.status, len(rows(cast))) == (status, count)
    if status == 422:
        values = [b.get("value") for b in page.one("div", class_="ask").iter("button")]
        assert values == ["free", "all"] and "infusion 1 is on this day already" in page.words()


def test_at_the_same_moment_none_is_planned(client_as, cast, url):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 12, 3), time="09:30", status="planned")
    page = client_as("bob").post(url, TYPED | {"answer": "all"})
    assert page.status == 422 and "at this moment already" in page.error_of("time")
    assert len(rows(cast)) == 1


@pytest.fixture
def planned(cast):
    with db.write() as s:
        days = (date(2026, 12, 1), date(2026, 12, 4), date(2026, 12, 8))
        made = [factories.infusion(s, cast.alice, day, time="09:30", status="planned") for day in days]
        factories.infusion(s, cast.alice, date(2026, 11, 20), time="09:30")
    return made


def moved(client, cast, infusion, **typed):
    return client.post(f"/patients/{cast.alice.uuid}/infusions/{infusion.uuid}/move", typed)


@pytest.mark.parametrize("days", [3, 4, 7, -1])
def test_this_and_all_later_ones_move_and_keep_their_numbers(client_as, cast, planned, days):
    assert moved(client_as("bob"), cast, planned[1], days=str(days)).status == 303
    on = [date(2026, 12, 1), *(date(2026, 12, d) + timedelta(days=days) for d in (4, 8)), date(2026, 11, 20)]
    assert [(row.number, row.day) for row in rows(cast)] == list(enumerate(on, 1))
    assert [row.revisions for row in rows(cast)] == [1, 2, 2, 1]


def test_two_on_one_day_are_asked_about(client_as, cast, planned):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 12, 3), time="15:00", status="done")
    client = client_as("bob")
    page = moved(client, cast, planned[1], days="-1")
    assert page.status == 422 and "Infusion 5 is on Thursday 3 December already" in page.words()
    assert [row.revisions for row in rows(cast)] == [1] * 5
    assert moved(client, cast, planned[1], days="-1", confirm="days=-1").status == 303


@pytest.mark.parametrize(("which", "days", "words"), [(0, "-8", "before today"), (0, "x", "number of days")])
def test_a_move_that_can_not_be(client_as, cast, planned, which, days, words):
    page = moved(client_as("bob"), cast, planned[which], days=days)
    assert page.status == 422 and words in page.error_of("days")
    assert page.one("input", id="days").get("value") == days
    assert [row.revisions for row in rows(cast)] == [1] * 4


def test_what_is_done_is_not_moved(client_as, cast, planned):
    done = rows(cast)[3]
    page = moved(client_as("bob"), cast, done, days="1")
    assert page.status == 422 and "Only what is planned can be moved." in page.words()
    assert [row.revisions for row in rows(cast)] == [1] * 4


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, cast, url, planned, who):
    client = client_as(who)
    assert client.get(url).status == 404
    assert client.post(url, TYPED | {"answer": "plan"}).status == 404
    assert moved(client, cast, planned[0], days="1").status == 404
    assert [row.revisions for row in rows(cast)] == [1] * 4


def test_without_consent_there_is_no_course(client_as, cast, url):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, list(Kind), clock.now())
    assert client_as("bob").get(url).status == 404
    assert client_as("bob").post(url, TYPED | {"answer": "plan"}).status == 404
