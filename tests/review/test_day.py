"""The timeline's chosen day: what it tells, whose consent each part asks, days that cannot be chosen, the way by keyboard."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from diary import db
from diary.accounts.models import Person
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.lib import clock
from diary.review.queries import wrong_day
from diary.safety.actions import open_flag
from diary.sessions.models import Commitment
from tests import factories

TODAY = date(2026, 4, 20)
GIVEN, AFTER = date(2026, 3, 15), date(2026, 3, 16)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))


@pytest.fixture
def url(app, cast):
    """Alice's page with everything on 16 March, the day after her infusion."""
    then = datetime(2026, 3, 16, 18, tzinfo=UTC)
    with db.write() as s:
        factories.days(GIVEN - timedelta(days=14), [8] * 15, s, cast.alice)
        given = factories.infusion(s, cast.alice, GIVEN, dose_mg="41.7")
        factories.entry(
            s, cast.alice, AFTER, pain="3", mood="6", sleep_hours="6.5", note="Rain <b>all</b> day", note_private="no",
            written_by="helper",
        )  # fmt: skip
        factories.entry(s, cast.alice, date(2026, 3, 18), note="only mine", note_private="yes", unwell="yes")
        said = {"nausea": "severe", "insight": "seen through water", "insight_private": "no", "done": "yes"}
        factories.checkin(s, cast.alice, given, AFTER, then, **said)
        dose = {"dose": "10", "dose_unit": "mg", "times_per_day": "2"}
        factories.medication(s, cast.alice, "Oxycodone", AFTER, **dose)
        factories.session(s, cast.alice, AFTER, commitment_1="Rest at noon", until_1="2026-03-30")
        open_flag(s, access.Viewer(cast.alice.id), cast.alice.id, "fall", "m", then, then)
    return f"/patients/{cast.alice.uuid}"


def part(page):
    return page.words(page.one("div", id="day"))


def line(page, key):
    return page.words(page.one("div", class_=f"of-{key}"))


def test_everything_of_the_day(client_as, url):
    page = client_as("bob").get(f"{url}?day=2026-03-16")
    said = part(page)
    assert said.startswith("Monday 16 March 2026 Day 1 after infusion 1")
    assert "Pain 3" in said and "Fatigue not logged" in said and "Low mood 6" in said
    assert "Slept 6.5 hours." in said
    assert "Oxycodone: not taken to 10 mg twice a day" in line(page, "change")
    assert "Rain <b>all</b> day" in line(page, "note") and "seen through water" in line(page, "note")
    assert "The morning after infusion 1" in line(page, "checkin") and "nausea severe" in line(
        page, "checkin"
    )
    assert "Coaching, 11:00" in line(page, "session")
    assert "Rest at noon agreed on this day" in line(page, "pact")
    assert "A fall" in line(page, "flag")
    assert "Somebody else wrote" in line(page, "minded")
    assert line(page, "infusion").startswith("Infusion none")


def test_a_commitment_ends_with_what_became_of_it(client_as, cast, url):
    with db.write() as s:
        factories.session(
            s, cast.alice, date(2026, 3, 17), commitment_1="Nobody visits", until_1="2026-04-18",
            commitment_2="Ten quiet minutes", counted_2="yes",
        )  # fmt: skip
        for row in s.exec(select(Commitment)):
            if row.agreed_on == date(2026, 3, 17):
                row.outcome, row.outcome_at = "let_go", datetime(2026, 3, 27, 9, tzinfo=UTC)
    client = client_as("bob")
    assert "Nobody visits until 27 Mar" in line(client.get(f"{url}?day=2026-03-26"), "pact")
    there = client.get(f"{url}?day=2026-03-27")
    assert "Nobody visits said on this day: let go" in line(there, "pact")
    assert "Nobody visits, from 17 Mar 2026 to 27 Mar" in there.words()
    assert "Ten quiet minutes, from 17 Mar 2026 to 27 Mar" in there.words()
    later = line(client.get(f"{url}?day=2026-03-28"), "pact")
    assert "Rest at noon" in later and "Nobody visits" not in later and "Ten quiet" not in later


def test_a_session_that_nobody_recorded_is_not_drawn_as_held(client_as, cast, url, clock_at):
    with db.write() as s:
        factories.session(s, cast.alice, TODAY, status="planned")  # 11:00 to 12:00 in London

    def lane(day):
        page = client_as("bob").get(f"{url}?day={day}")
        drawing = next(one for one in page.all("svg", role="img") if "Sessions, " in page.words(one))
        shapes = [one.get("class") for one in drawing.iter() if one.get("class") in ("sq", "sqf")]
        return page.words(drawing), shapes, line(page, "session")

    clock_at(datetime(2026, 4, 20, 10, 30, tzinfo=UTC))  # it goes on
    words, shapes, day = lane("2026-04-20")
    assert "next 20 Apr" in words and shapes == ["sqf", "sq"] and "planned" in day
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))
    words, shapes, _ = lane("2026-04-20")
    assert "20 Apr not recorded" in words and "last 20 Apr" not in words
    assert "coaching on 20 Apr 2026 (not recorded)" in words and shapes == ["sqf", "sq"]
    clock_at(datetime(2026, 4, 21, 12, tzinfo=UTC))
    assert "Coaching, 11:00 not recorded yet" in lane("2026-04-20")[2]


def test_the_chosen_day_is_an_ink_line_in_every_lane(client_as, url):
    client = client_as("bob")
    assert not client.get(url).all("path", class_="chosen-day")
    page = client.get(f"{url}?day=2026-03-16")
    lanes = page.all("svg", role="img")
    assert len(page.all("path", class_="chosen-day")) == len(lanes) >= 11
    assert "The chosen day, 16 Mar 2026: 3." in page.text


def test_every_mark_is_reached_by_links_alone(client_as, url):
    """From the infusion's day to whatever comes next of each kind, without a script."""
    client = client_as("bob")
    page = client.get(f"{url}?day=2026-03-15")
    for key in ("change", "note", "checkin", "session", "pact", "flag", "minded"):
        href = page.one("a", id=f"{key}-after").get("href")
        assert href == f"{url}?span=90&day=2026-03-16#day", key
    page = client.get(f"{url}?day=2026-03-16")
    assert page.one("a", id="infusion-before").get("href") == f"{url}?span=90&day=2026-03-15#day"
    assert page.one("a", id="day-before").get("href") == f"{url}?span=90&day=2026-03-15#day"
    assert page.one("a", id="day-after").get("href") == f"{url}?span=90&day=2026-03-17#day"


@pytest.mark.parametrize(
    ("kind", "lines", "gone"),
    [
        (Kind.NOTES, ["note"], ["Rain", "seen through water"]),
        (Kind.INFUSIONS, ["infusion", "change", "checkin"], ["Oxycodone", "nausea", "seen through water"]),
        (Kind.SESSIONS, ["session", "pact"], ["Rest at noon", "Coaching"]),
        (Kind.SCORES, ["minded"], ["Slept 6.5", "Somebody else wrote"]),
    ],
)
def test_a_part_without_consent_says_so(client_as, cast, url, kind, lines, gone):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, [kind], clock.now())
    page = client_as("cora").get(f"{url}?day=2026-03-16&span=all")
    for key in lines:
        assert "not shared" in line(page, key)
        assert not page.all("a", id=f"{key}-before") and not page.all("a", id=f"{key}-after")
    said = part(page)
    assert not [words for words in gone if words in said]
    assert ("Scores: not shared" in said) is (kind is Kind.SCORES)


def test_private_words_are_never_told(client_as, url):
    page = client_as("bob").get(f"{url}?day=2026-03-18")
    assert line(page, "note").startswith("Own words none")
    assert "Too unwell to log" in part(page)
    assert "only mine" not in page.text


def test_late_and_not_logged(client_as, cast, url):
    with db.write() as s:
        late = datetime(2026, 4, 12, 9, tzinfo=UTC)
        factories.entry(s, cast.alice, date(2026, 4, 10), pain="4", at=late)
    client = client_as("bob")
    page = client.get(f"{url}?day=2026-04-10")
    assert "Written after its day had ended" in line(page, "minded") and "Pain 4 late" in part(page)
    assert "Not logged" in part(client.get(f"{url}?day=2026-04-11"))
    assert "Not logged yet" in part(client.get(f"{url}?day=2026-04-20"))


@pytest.mark.parametrize(
    "typed", ["soon", "2026-02-30", "0001-01-01", "9999-12-31", "1" * 400, "-5", "2026-3-1", "1899-12-31"]
)
def test_a_day_that_cannot_be_chosen_says_why_and_keeps_the_page(client_as, url, typed):
    page = client_as("bob").get(f"{url}?day={typed}&span=180")
    assert page.status == 422
    field = page.one("input", id="day-field")
    assert field.get("aria-describedby") == "day-wrong"
    said = page.words(page.one("p", id="day-wrong"))
    assert "is not a day. Choose one" in said or said.startswith("Choose a day from 1 January 1900 to")
    assert page.all("svg", role="img") and len(said) < 200


def test_days_far_off_are_plain_words(client_as, url):
    client = client_as("bob")
    before = client.get(f"{url}?day=1999-01-01")
    assert before.status == 200 and "Before the diary’s first day" in part(before)
    coming = client.get(f"{url}?day=2027-01-01")
    assert coming.status == 200 and "Still to come" in part(coming)
    assert not coming.all("path", class_="chosen-day")


def test_a_day_outside_the_period_shows_the_whole_diary(client_as, url):
    page = client_as("bob").get(f"{url}?span=30&day=2026-03-10")
    assert page.one("a", id="span-all").get("aria-current") == "true"
    assert "10 March 2026 lies outside the period chosen before" in page.words()
    assert page.all("path", class_="chosen-day")


def test_a_period_nobody_knows_is_said(client_as, url):
    page = client_as("bob").get(f"{url}?span=4000000000000")
    assert "There is no period “4000000000000”; these are the last 90 days." in page.words()


def test_htmx_gets_the_part(client_as, url):
    page = client_as("bob").get(f"{url}?day=2026-03-16", headers={"HX-Request": "true"})
    assert "<html" not in page.text and 'id="patient"' in page.text
    assert page.headers["Vary"] and "HX-Request" in page.headers["Vary"]


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, url, who):
    assert client_as(who).get(f"{url}?day=2026-03-16").status == 404


@pytest.mark.parametrize(
    ("typed", "on", "is_wrong"),
    [
        ("", None, False),
        ("x", None, True),
        ("1900-01-01", date(1900, 1, 1), False),
        ("1899-12-31", date(1899, 12, 31), True),
        ("2028-04-19", date(2028, 4, 19), False),
        ("2028-04-20", date(2028, 4, 20), True),
    ],
)
def test_what_may_be_chosen(typed, on, is_wrong):
    assert bool(wrong_day(typed, on, TODAY)) is is_wrong


@pytest.mark.parametrize("name", ["نور بن يوسف", "דוד בן־אברהם", "王小明", "Zoë́̂ N̈guyễn"])
def test_names_and_words_in_other_scripts(client_as, cast, url, name):
    with db.write() as s:
        s.get_one(Person, cast.alice.id).name = name
        factories.entry(s, cast.alice, date(2026, 3, 17), note=f"{name} 日 يوم", note_private="no")
    page = client_as("bob").get(f"{url}?day=2026-03-17")
    assert page.words(page.one("h1")) == name
    note = page.one("q")
    assert page.words(note) == f"{name} 日 يوم" and note.get("dir") == "auto"
