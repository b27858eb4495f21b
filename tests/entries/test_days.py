"""GET and POST /days/<day>: late days, closed days, days to come, and the hours before four."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary.accounts.models import Person
from diary.entries.models import Entry
from tests import factories
from tests.conftest import stored
from tests.entries.forms_of import fresh, ids, row, sent_by

TODAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)


@pytest.fixture
def alice(client_as, clock_at):
    clock_at(EVENING)
    return client_as("alice")


@pytest.fixture
def entry(written, cast):
    def look(day):
        with written() as s:
            found = stored(s, Entry, person_id=cast.alice.id, day=day)
            return found[0] if found else None

    return look


def url(ago):
    return f"/days/{TODAY - timedelta(days=ago)}"


def test_yesterday_is_marked_late(alice, entry):
    page = alice.get(url(1))
    assert page.words(page.one("h1")) == "Yesterday" and "A day later is fine. Marked “late”." in page.text
    assert alice.post(url(1), {"pain": "4", **ids(page)}).status == 303
    assert entry(TODAY - timedelta(days=1)).late == 1
    page = alice.get(url(1))
    assert "late" in row(page, "pain") and "late" not in row(page, "mood")


def test_what_was_given_in_time_stays_in_time(alice, entry, clock_at):
    alice.post("/today", {"pain": "4", **fresh()})
    clock_at(EVENING + timedelta(days=1))
    alice.post(url(0), {**sent_by(alice.get(url(0))), "pain": "6", "mood": "2"})
    found = entry(TODAY)
    assert (found.pain, found.mood, found.late) == (6, 2, 1 << 3)


def test_the_form_posts_to_the_day_shown(alice, entry, clock_at):
    """Midnight, and four in the morning, move nothing."""
    page = alice.get("/today")
    action = page.one("form", id="day-form").get("action")
    clock_at(datetime(2026, 11, 24, 4, 1, tzinfo=UTC))
    alice.post(action, {"pain": "4", **ids(page)})
    assert entry(TODAY).pain == 4 and entry(TODAY).late == 1
    assert entry(TODAY + timedelta(days=1)) is None


def test_before_four_it_is_still_the_day_before(alice, clock_at):
    clock_at(datetime(2026, 11, 24, 3, 59, tzinfo=UTC))
    page = alice.get("/today")
    assert "Monday 23 November" in page.text
    assert "Until 4:00 this is still Monday." in page.text
    clock_at(datetime(2026, 11, 24, 4, 0, tzinfo=UTC))
    page = alice.get("/today")
    assert "Tuesday 24 November" in page.text and "this is still" not in page.text


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Pacific/Auckland", datetime(2026, 11, 23, 14, 59, tzinfo=UTC), "Monday 23 November"),
        ("Pacific/Auckland", datetime(2026, 11, 23, 15, 0, tzinfo=UTC), "Tuesday 24 November"),
        ("America/Los_Angeles", datetime(2026, 11, 24, 11, 59, tzinfo=UTC), "Monday 23 November"),
        ("Asia/Kolkata", datetime(2026, 11, 23, 22, 29, tzinfo=UTC), "Monday 23 November"),
        ("Asia/Kolkata", datetime(2026, 11, 23, 22, 30, tzinfo=UTC), "Tuesday 24 November"),
        (
            "Europe/London",
            datetime(2026, 10, 25, 3, 59, tzinfo=UTC),
            "Saturday 24 October",
        ),  # a day of 25 hours
        ("Europe/London", datetime(2026, 3, 29, 2, 59, tzinfo=UTC), "Saturday 28 March"),  # and one of 23
        ("Europe/London", datetime(2026, 3, 29, 3, 0, tzinfo=UTC), "Sunday 29 March"),
    ],
)
def test_today_follows_the_persons_zone(client_as, written, cast, clock_at, zone, moment, day):
    with written() as s:
        s.get(Person, cast.alice.id).zone = zone
    clock_at(moment)
    assert day in client_as("alice").get("/today").text


@pytest.mark.parametrize("ago", range(8))
def test_seven_days_back_can_be_written(alice, entry, ago):
    assert alice.get(url(ago)).all("form", id="day-form")
    assert alice.post(url(ago), {"pain": "3", **fresh()}).status == 303
    assert entry(TODAY - timedelta(days=ago)).pain == 3


def test_days_are_linked_by_name(alice):
    alice.post("/today", {"pain": "3", "base": ""})  # before the first answer ever there is a welcome instead
    assert [el.get("href") for el in alice.get("/today").all("a", class_="go")] == [url(1)]
    page = alice.get(url(2))
    assert [page.words(el) for el in page.all("a", class_="go")] == ["Friday", "Yesterday"]
    assert [el.get("href") for el in alice.get(url(1)).all("a", class_="go")] == [url(2), "/today"]
    assert [el.get("href") for el in alice.get(url(7)).all("a", class_="go")] == [url(6)]


def test_older_days_are_for_reading(alice, written, cast, entry):
    day = TODAY - timedelta(days=8)
    with written() as s:
        factories.entry(
            s,
            cast.alice,
            day,
            pain=5.5,
            sleep_hours=7.25,
            times_awake=2,
            note="<b>long ago</b>",
            note_private="no",
        )
    page = alice.get(url(8))
    assert page.status == 200 and not page.all("form", action=url(8)) and not page.all("fieldset")
    assert "5.5" in row_of(page, "Pain") and "7.25" in page.text and "&lt;b&gt;long ago" in page.text
    assert "Shared with your care team." in page.text
    refused = alice.post(url(8), {"pain": "1", "note": "what I typed", **ids_of_nothing()})
    assert refused.status == 422 and "a day can be written for 7 days" in refused.text
    assert "what I typed" in refused.text and "Pain: 1" in refused.text
    assert entry(day).pain == 5.5


def row_of(page, name):
    return next(page.words(li) for li in page.all("li") if name in page.words(li))


def ids_of_nothing():
    return fresh()


def test_an_older_day_without_an_entry(alice):
    assert "Nothing was logged on this day." in alice.get(url(400)).text


def test_days_to_come(alice, entry):
    assert alice.get(url(-1)).status == 404
    page = alice.post(url(-1), {"pain": "4", "note": "what I typed", **fresh()})
    assert page.status == 422 and "This day has not begun yet." in page.text and "what I typed" in page.text
    assert entry(TODAY + timedelta(days=1)) is None


def test_a_day_that_was_written_is_never_future(alice, written, cast, entry):
    """She wrote in Auckland, and the same evening looks from Honolulu, where it is still the day before."""
    with written() as s:
        s.get(Person, cast.alice.id).zone = "Pacific/Auckland"
    day = TODAY + timedelta(days=1)
    assert alice.post(f"/days/{day}", {"pain": "4", **fresh()}).status == 303
    with written() as s:
        s.get(Person, cast.alice.id).zone = "Pacific/Honolulu"
    page = alice.get(f"/days/{day}")
    assert page.status == 200 and page.words(page.one("h1")) == "Tomorrow"
    assert alice.post(f"/days/{day}", {**sent_by(page), "pain": "5"}).status == 303
    assert entry(day).pain == 5


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-13-01", "20261123", "yesterday", "0000-00-00", "2026-11-23x"]
)
def test_no_such_day(alice, day):
    assert alice.get(f"/days/{day}").status == 404
    assert alice.post(f"/days/{day}", {"pain": "4", **fresh()}).status == 404


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar(alice, day):
    assert alice.get(f"/days/{day}").status in (200, 404)
    assert alice.post(f"/days/{day}", {"pain": "4", **fresh()}).status == 422


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_get_404(client_as, who, clock_at):
    clock_at(EVENING)
    assert client_as(who).get(url(0)).status == 404
    assert client_as(who).post(url(0), {"pain": "4", **fresh()}).status == 404


def test_a_stranger_reads_only_their_own(client_as, alice, clock_at):
    alice.post(url(0), {"note": "of alice", **fresh()})
    assert "of alice" not in client_as("charlie").get(url(0)).text
    assert client_as().get(url(0)).location == f"/sign-in?next=/days/{TODAY}"
