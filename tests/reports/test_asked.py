"""A report with dates that are none: the page says what is wrong, in the shell of whoever asks, with a way back."""

from datetime import UTC, date, datetime

import pytest

from diary.reports.forms import parse_period

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
    assert chosen == ["letter"]


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
