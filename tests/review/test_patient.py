"""One patient for staff: timeline, response, notes; each kind only with its consent; views are audited."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.lib import clock
from diary.safety.actions import open_flag
from tests import factories
from tests.conftest import stored

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))


@pytest.fixture
def diary_of_alice(app, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [5, 4, 4, 4, 8, 8, 8, 8], s, cast.alice)
        factories.infusion(s, cast.alice, DAY, dose_mg="41.7")
        factories.entry(
            s, cast.alice, date(2026, 4, 1), note="by the weir <script>alert(1)</script>", note_private="no"
        )
        factories.entry(s, cast.alice, date(2026, 4, 2), note="only mine", note_private="yes")
    return f"/patients/{cast.alice.uuid}"


def withdraw(cast, staff, *kinds):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, staff.id, kinds, clock.now())


def test_bob_sees_the_whole(client_as, diary_of_alice):
    page = client_as("bob").get(diary_of_alice)
    assert page.status == 200
    assert len(page.all("svg", role="img")) >= 6
    assert "After infusion 1 relief from pain began on day 1 and lasted 4 days" in page.words()
    assert "by the weir <script>alert(1)</script>" in page.words()
    assert "only mine" not in page.text


def row_of(page, name):
    return next(words for one in page.all("div", class_="nm") if name in (words := page.words(one)))


def test_today_is_no_gap_until_it_is_over(client_as, cast, diary_of_alice):
    with db.write() as s:
        factories.days(date(2026, 4, 11), [5] * 8 + ["x"], s, cast.alice)
    client = client_as("bob")
    page = client.get(f"{diary_of_alice}?span=30")
    assert "10 of 29 days" in page.words()
    assert "6 of 7 logged" in row_of(page, "Pain")  # 13 to 19 April, the 19th is missing
    with db.write() as s:
        factories.entry(s, cast.alice, date(2026, 4, 20), pain="2")
    page = client.get(f"{diary_of_alice}?span=30")
    assert "11 of 30 days" in page.words()
    assert "6 of 7 logged" in row_of(page, "Pain") and "last 7 days 4.5" in row_of(page, "Pain")


def test_days_still_to_come_are_no_gap_either(client_as, cast, clock_at, diary_of_alice):
    """A course shows two weeks from its first infusion on, though they are not over."""
    clock_at(datetime(2026, 3, 19, 12, tzinfo=UTC))
    page = client_as("bob").get(f"{diary_of_alice}?span=course")
    assert "19 of 19 days" in page.words() and "7 of 7 logged" in row_of(page, "Pain")


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, diary_of_alice, who):
    assert client_as(who).get(diary_of_alice).status == 404


def test_signed_out(client_as, diary_of_alice):
    assert client_as().get(diary_of_alice).status == 303


@pytest.mark.parametrize(
    ("kind", "gone", "words"),
    [
        (Kind.SCORES, "counts at", "Scores are not shared with you"),
        (Kind.NOTES, "by the weir", "Notes are not shared with you"),
        (Kind.INFUSIONS, "lasted 4 days", "needs both scores and infusions"),
    ],
)
def test_each_kind_has_its_own_consent_from_the_next_request_on(
    client_as, cast, diary_of_alice, kind, gone, words
):
    client = client_as("cora")
    assert gone in client.get(diary_of_alice).text
    withdraw(cast, cast.cora, kind)
    page = client.get(diary_of_alice)
    assert gone not in page.text and words in page.text


def test_no_kind_at_all_is_404(client_as, cast, diary_of_alice):
    withdraw(cast, cast.cora, *Kind)
    assert client_as("cora").get(diary_of_alice).status == 404


def test_views_by_others_are_noted_once_in_ten_minutes(client_as, cast, diary_of_alice, clock_at):
    client = client_as("cora")
    client.get(diary_of_alice)
    client.get(diary_of_alice)
    with db.read() as s:
        seen = [e.action for e in stored(s, AuditEvent, patient_id=cast.alice.id, actor_id=cast.cora.id)]
    assert sorted(seen) == sorted(f"view.{kind}" for kind in Kind)
    clock_at(clock.now() + timedelta(minutes=11))
    client.get(diary_of_alice)
    with db.read() as s:
        assert len(stored(s, AuditEvent, action="view.scores")) == 2


def test_staff_pages_are_never_cached(client_as, diary_of_alice):
    assert client_as("bob").get(diary_of_alice).headers["Cache-Control"] == "no-store"


def test_the_same_as_a_table(client_as, diary_of_alice):
    page = client_as("bob").get(f"{diary_of_alice}?table=1&span=90")
    rows = [page.words(row) for row in page.one("div", id="table").iter("tr")]
    assert len(rows) == 91
    assert "15 Mar 2026 8 not logged not logged not logged not logged infusion 1" in rows


@pytest.mark.parametrize("query", ["?span=99", "?span=all", "?span=30&table=1"])
def test_odd_and_other_queries(client_as, diary_of_alice, query):
    assert client_as("bob").get(diary_of_alice + query).status == 200


def test_a_patient_without_entries(client_as, cast):
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}")
    assert page.status == 200
    assert "Nothing is logged yet" in page.text and "No infusion is recorded yet" in page.text
    assert page.words(page.one("h2", id="timeline")) == "Before the first day"
    assert page.text.count("not enough days yet: 0 of 4") == 5


def test_a_patient_without_entries_whose_first_infusion_is_planned(client_as, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 5, 4), status="planned")
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}")
    assert "Infusion 1 is planned for 4 May 2026, in 14 days." in page.words()
    assert "infusion 1, planned 4 May" in page.text and "None taken, or not asked?" in page.words()


@pytest.mark.parametrize(("hour", "day"), [(1, 20), (5, 20), (12, 20)])
def test_an_infusion_of_this_night_is_todays(client_as, cast, diary_of_alice, clock_at, hour, day):
    """Before 04:00 the diary is still in the day before; an infusion's day is the calendar's."""
    clock_at(datetime(2026, 4, 20, hour, 30, tzinfo=UTC))
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 4, day), time="00:40")
    words = client_as("bob").get(diary_of_alice).words()
    assert "Infusion 2 today" in words and "Day -1" not in words


def test_what_was_done_is_said_once_reached(client_as, cast, diary_of_alice):
    client = client_as("bob")
    page = client.get(f"{diary_of_alice}?saved=recorded")
    assert page.words(page.one("p", role="status")) == "The infusion is recorded."
    assert client.get(diary_of_alice).all("p", role="status") == []


def test_only_the_clinician_is_offered_to_record(client_as, diary_of_alice):
    assert "Record infusion" in client_as("bob").get(diary_of_alice).text
    assert "Record infusion" not in client_as("cora").get(diary_of_alice).text


def test_an_open_flag_stands_in_the_head(client_as, cast, diary_of_alice):
    client = client_as("bob")
    assert not client.get(diary_of_alice).all("p", class_="openf")
    then = clock.now() - timedelta(minutes=20)
    with db.write() as s:
        open_flag(s, access.Viewer(cast.alice.id), cast.alice.id, "fall", "m", then, then)
    page = client.get(diary_of_alice)
    said = page.words(page.one("p", class_="openf"))
    assert said == "Open: a fall , today, 12:40 (high), with you. Open the flag"
    assert "with Dr Bob Ansah" in client_as("cora").get(diary_of_alice).words()


def test_a_flag_is_of_one_moment_everywhere(client_as, cast, diary_of_alice):
    """When it was said, not when it came in; the flag's own page tells both."""
    then = clock.now() - timedelta(minutes=20)
    with db.write() as s:
        open_flag(
            s, access.Viewer(cast.alice.id), cast.alice.id, "fall", "m", then, then + timedelta(minutes=1)
        )
    client = client_as("bob")
    for path in (
        diary_of_alice,
        f"{diary_of_alice}?day=2026-04-20",
        f"{diary_of_alice}/prep",
        "/patients",
        "/flags",
    ):
        words = client.get(path).words()
        assert "12:40" in words and "12:41" not in words, path
