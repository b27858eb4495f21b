"""Help: one tap from everywhere, without signing in too, and never a number that can't be dialled."""

import json
from pathlib import Path

import pytest

from diary import db
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
