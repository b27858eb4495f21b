"""A report with dates that are none: the page says what is wrong, in the shell of whoever asks, with a way back."""

from datetime import UTC, date, datetime

import pytest

from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Kind
from diary.reports.forms import parse_period
from tests import factories
from tests.reports import reading

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["20261101", "2026-W11-1", "2026W111", "2026-11-01T00:00", "2026-02-30", "x", "٢٠٢٦-١١-٠١"]
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_date_is_written_in_one_way(name, text):
    asked, errors = parse_period({name: text}, TODAY, TODAY)
    assert asked is None and "is no date" in errors[name]


def test_a_good_period():
    asked, errors = parse_period({"since": "2026-10-01", "until": "2026-11-01"}, TODAY, TODAY)
    assert errors == {} and (asked.since, asked.until) == (date(2026, 10, 1), date(2026, 11, 1))


def test_staff_get_the_desk_and_a_way_back(client_as, cast):
    base = f"/patients/{cast.alice.uuid}"
    page = client_as("bob").get(f"{base}/report.pdf?since=20261101&until=2026-11-01&paper=letter")
    assert page.status == 422
    assert page.one("nav", class_="side") is not None
    assert "20261101" in page.error_of("since")
    assert page.one("input", name="until").get("value") == "2026-11-01"
    assert base in [a.get("href") for a in page.all("a")]
    assert page.one("main").find(".//button").get("class") == "btn primary"
    chosen = [o.get("value") for o in page.all("option") if o.get("selected") is not None]
    assert chosen == ["dates", "letter"]


def test_a_patient_gets_the_phone_and_a_way_back(client_as):
    page = client_as("alice").get("/report.pdf?since=2026-12-01&until=2026-11-30")
    assert page.status == 422
    assert page.one("nav", class_="tabs") is not None
    assert page.error_of("until") == "That day has not come yet."
    assert "/more" in [a.get("href") for a in page.one("main").iter("a")]


def test_an_unknown_name_is_said_and_harmless(client_as):
    page = client_as("alice").get("/report.pdf?colour=%00%3Cb%3E&since=%00")
    assert page.status == 422
    assert "Neap does not know this: colour" in page.words()
    assert "\x00" not in page.text


class TestPeriods:
    """Every way to choose the days, and the odd ones."""

    def asked(self, text, session_on=None):
        given = dict(part.split("=") for part in text.split("&")) if text else {}
        return parse_period(given, TODAY, TODAY, session_on)

    @pytest.mark.parametrize(
        ("text", "since", "until"),
        [
            ("", date(2026, 8, 27), TODAY),
            ("period=usual", date(2026, 8, 27), TODAY),
            ("period=usual&until=2026-03-31", date(2026, 1, 1), date(2026, 3, 31)),
            ("period=dates&since=2026-11-24", TODAY, TODAY),
            ("period=dates&since=1900-01-01&until=2026-11-24", date(1900, 1, 1), TODAY),
            ("period=session&since=2026-01-01", date(2026, 11, 13), TODAY),
        ],
    )
    def test_good_ones(self, text, since, until):
        asked, errors = self.asked(text, date(2026, 11, 12))
        assert errors == {} and (asked.since, asked.until) == (since, until)

    @pytest.mark.parametrize(
        ("text", "session_on", "field", "words"),
        [
            ("period=dates", None, "since", "With which day should it begin?"),
            ("since=2026-03-02&until=2026-03-01", None, "since", "The first day lies after the last one."),
            ("since=1899-12-31", None, "since", "Neap begins with 1 January 1900."),
            ("period=session", None, "period", "No session is recorded yet. Please choose two dates."),
            (
                "period=session",
                TODAY,
                "period",
                "The last session was today, so no day has passed since. Please choose two dates.",
            ),
            (
                "period=session",
                "Sessions are not shared with you.",
                "period",
                "Sessions are not shared with you.",
            ),
            (
                "period=all",
                None,
                "period",
                "The period is the last 90 days, since the last session, or two dates.",
            ),
        ],
    )
    def test_bad_ones_say_what_is_wrong_at_the_field(self, text, session_on, field, words):
        asked, errors = self.asked(text, session_on)
        assert asked is None and errors == {field: words}


def test_the_patients_page_offers_the_days(client_as):
    page = client_as("alice").get("/report")
    assert page.status == 200
    assert page.one("form", action="/report.pdf") is not None
    values = [one.get("value") for one in page.all("input") if one.get("type") == "radio"]
    assert values == ["usual", "session", "dates"]
    assert "/report" in [a.get("href") for a in client_as("alice").get("/more").all("a")]


@pytest.mark.parametrize("name", ["bob", "cora", "dana"])
def test_the_patients_page_is_no_place_for_staff(client_as, name):
    assert client_as(name).get("/report").status == 404


def test_since_the_last_session(client_as, cast, written):
    bob = client_as("bob")
    path = f"/patients/{cast.alice.uuid}/report.pdf?period=session"
    page = bob.get(path)
    assert page.status == 422 and "No session is recorded yet" in page.error_of("period")
    with written() as s:
        factories.session(s, cast.alice, date(2026, 11, 12))
        factories.session(s, cast.alice, date(2026, 11, 30), status="planned")
        factories.entry(s, cast.alice, date(2026, 11, 20), pain=3)
    assert "13 to 23 November 2026" in reading.flat(bob.get(path).data)
    assert "since the last session" in bob.get(f"/patients/{cast.alice.uuid}/reports").words().lower()
    with written() as s:
        careteam.withdraw_consent(
            s,
            access.OPERATOR,
            cast.alice.id,
            cast.bob.id,
            [Kind.SESSIONS],
            datetime(2026, 11, 24, tzinfo=UTC),
        )
    page = bob.get(path)
    assert page.status == 422 and "not shared with you" in page.error_of("period")
    assert page.one("select", name="paper") is not None


def test_a_period_before_the_first_entry_is_an_honest_page(client_as, cast, written):
    with written() as s:
        factories.entry(s, cast.alice, date(2026, 11, 20), pain=3)
    text = reading.flat(client_as("alice").get("/report.pdf?since=2016-01-01&until=2025-12-31").data)
    assert "0 of 3,653 days logged" in text
    assert "No day was logged in this period. The diary begins on 20 November 2026, after it." in text
