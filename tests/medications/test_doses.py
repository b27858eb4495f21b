"""She says how many doses of an as-needed medicine she took; the day's MME counts them."""

import json
from datetime import date

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.medications.models import DoseTaken
from tests import factories
from tests.conftest import stored


@pytest.fixture
def tramadol(app, cast):
    with db.write() as s:
        dose = {"dose": "50", "dose_unit": "mg", "times_per_day": "4", "as_needed": "yes"}
        return factories.medication(s, cast.alice, "Tramadol", date(2026, 11, 20), **dose)


@pytest.fixture
def url(tramadol):
    return f"/medications/{tramadol.uuid}/doses"


def said():
    with db.read() as s:
        return [(row.day, row.times) for row in stored(s, DoseTaken)]


@pytest.mark.both
def test_what_she_took_counts_and_the_last_word_holds(client_as, cast, app, url):
    alice = client_as("alice")
    page = alice.post(url, {"times": "1", "day": "2026-11-24"}, follow=True)
    assert "Saved" in page.words(page.one("p", role="status")) and "1 taken today" in page.words()
    for _ in range(2):
        page = alice.post(url, {"times": "3", "day": "2026-11-24"}, follow=True)
    assert "stands here already" in page.words(page.one("p", role="status"))
    assert said() == [(date(2026, 11, 24), 1), (date(2026, 11, 24), 3)]
    args = ["medications", "alice@example.org", "--json", "--on"]
    day = json.loads(app.test_cli_runner().invoke(args=[*args, "2026-11-24"]).output)
    assert (day["mme"], day["as_needed_max"], day["items"][0]["mme"]) == (30, 0, 30)
    before = json.loads(app.test_cli_runner().invoke(args=[*args, "2026-11-23"]).output)
    assert (before["mme"], before["as_needed_max"], before["items"][0]["mme"]) == (0, 40, None)
    with db.read() as s:
        assert len(stored(s, AuditEvent, action="medication.taken", patient_id=cast.alice.id)) == 2


def test_staff_see_what_was_taken_and_the_maximum_elsewhere(client_as, cast, url):
    client_as("alice").post(url, {"times": "2", "day": "2026-11-23"})
    words = client_as("bob").get(f"/patients/{cast.alice.uuid}/medications").words()
    assert "Tramadol (2 taken)" in words and "20 MME a day mean of 1 day on which it was said" in words
    assert "maximum, on days without what was taken" in words


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"times": ""}, "times", "0 is an answer too"),
        ({"times": "2.5"}, "times", "whole number from 0 to 24"),
        ({"times": "25"}, "times", "whole number from 0 to 24"),
        ({"times": "\u0663"}, "times", "whole number"),
        ({"day": "2026-11-25"}, "day", "for today and the 7 days before"),
        ({"day": "2026-11-16"}, "day", "for today and the 7 days before"),
        ({"day": "2026-11-19"}, "day", "did not take this medicine on that day"),
        ({"day": "soon"}, "day", "not a date"),
    ],
)
def test_bad_input_stands_at_its_field(client_as, url, typed, field, words):
    page = client_as("alice").post(url, {"times": "2", "day": "2026-11-24"} | typed)
    assert page.status == 422 and words in page.error_of(field)
    assert said() == []


def test_what_is_regular_is_not_counted_by_the_dose(client_as, oxycodone):
    page = client_as("alice").post(
        f"/medications/{oxycodone.uuid}/doses", {"times": "2", "day": "2026-11-24"}
    )
    assert page.status == 422 and "taken as planned" in page.words() and said() == []


@pytest.mark.parametrize("who", ["bob", "cora", "charlie", "dana"])
def test_nobody_else_says_it(client_as, url, who):
    assert client_as(who).post(url, {"times": "2", "day": "2026-11-24"}).status == 404
    assert said() == []
