"""Help: one tap from everywhere, without signing in too, and never a number that can't be dialled."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diary import db
from diary.careteam import actions as careteam
from diary.careteam.models import Clinic
from diary.safety import queries, rules

DATA = Path(rules.__file__).parent / "crisis_lines.json"


@pytest.mark.parametrize("who", [None, "alice", "bob", "dana"])
def test_everybody_may_open_it(client_as, who):
    page = client_as(who).get("/help")
    assert page.status == 200
    assert "Nobody watches your diary in real time" in page.text


def test_a_person_in_london_sees_british_numbers(client_as):
    page = client_as("alice").get("/help")
    assert {a.get("href") for a in page.all("a", class_="call")} == {"tel:999", "tel:116123"}


def test_signed_out_all_countries_are_there(client_as):
    hrefs = {a.get("href") for a in client_as().get("/help").all("a", class_="call")}
    assert {"tel:999", "tel:911", "tel:112", "tel:988", "sms:988", "tel:116123"} == hrefs


def test_the_clinics_own_number_and_country(client_as, cast):
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        clinic.phone, clinic.hours, clinic.country = "020 7946 0011", "Monday to Friday, 8:00 to 17:00", "US"
    page = client_as("alice").get("/help")
    assert page.one("a", href="tel:02079460011") is not None
    assert "Monday to Friday" in page.text
    assert page.one("a", href="sms:988") is not None
    assert "020 7946" not in client_as("charlie").get("/help").text


WEEK = "mon 08:00-17:00, tue 08:00-17:00, wed 08:00-17:00, thu 08:00-17:00, fri 08:00-17:00"


def set_up(cast, **values):
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        for name, value in {"phone": "020 7946 0011", "country": "GB", "opening": WEEK, **values}.items():
            setattr(clinic, name, value)


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        (23, 9, "Your clinic is open until 17:00."),
        (23, 7, "Your clinic opens today 8:00."),
        (23, 17, "Your clinic opens Tuesday 8:00."),
        (27, 18, "Your clinic opens Monday 8:00."),
    ],
)
def test_when_the_clinic_opens(client_as, cast, clock_at, day, hour, words):
    set_up(cast)
    clock_at(datetime(2026, 11, day, hour, tzinfo=UTC))
    said = client_as("alice").get("/help").words()
    assert words in said and "Monday to Friday, 8:00 to 17:00" in said
    until_then = "Until then: call Samaritans, 116 123. In danger: 999."
    assert (until_then in said) == ("opens" in words)


def test_the_clinics_clock_is_named_where_it_is_another(client_as, cast, clock_at):
    set_up(cast, zone="Europe/Athens")
    clock_at(datetime(2026, 11, 23, 5, 30, tzinfo=UTC))
    assert "Your clinic opens today 8:00." in client_as("alice").get("/help").words()
    assert "The clinic’s clock is that of Europe/Athens." in client_as("alice").get("/help").words()


def test_a_clinic_that_opens_once_a_week(client_as, cast, clock_at):
    set_up(cast, opening="mon 08:00-12:00")
    clock_at(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert "Your clinic opens Monday 30 November 8:00." in client_as("alice").get("/help").words()


def test_a_patient_of_two_clinics_sees_both(client_as, cast):
    set_up(cast)
    with db.write() as s:
        careteam.add_member(
            s, cast.charlie.clinic_id, cast.alice.id, "patient", datetime(2026, 1, 1, tzinfo=UTC)
        )
        s.get(Clinic, cast.charlie.clinic_id).phone = "020 7946 0099"
    page = client_as("alice").get("/help")
    assert (
        page.one("a", href="tel:02079460011") is not None
        and page.one("a", href="tel:02079460099") is not None
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("US", "Until then: call 988 Suicide and Crisis Lifeline, 988 or text 988. In danger: 911."),
        ("EU", "Until then, in danger: 112."),
    ],
)
def test_whom_to_call_until_then(code, words):
    assert rules.until_then(queries.COUNTRIES[code]) == words


def test_every_screen_has_help_in_its_head(client_as):
    for path in ("/more", "/passphrase", "/no-such-page"):
        assert client_as("alice").get(path).all("a", href="/help", class_="help")


def test_each_number_has_its_source_and_date():
    data = json.loads(DATA.read_text())
    assert data["version"]
    for country in queries.COUNTRIES.values():
        for line in (country.emergency, *country.lines):
            assert line.source.startswith("https://")


def test_a_broken_data_file_is_refused_by_name():
    data = json.loads(DATA.read_text())
    data["countries"]["US"]["lines"][0]["number"] = "call us"
    with pytest.raises(ValueError, match="US"):
        rules.countries(json.dumps(data))
