"""POST /clinic/check-ins: an admin chooses on which later days patients are asked; the first two can't be taken away."""

from datetime import date, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam.models import Clinic
from diary.careteam.rules import checkin_days
from tests import factories
from tests.conftest import stored
from tests.sync.phones import NOW, days

GIVEN = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


def planned(client_as, cast) -> list[int]:
    with db.write() as s:
        factories.infusion(s, cast.alice, GIVEN)
    due = days(client_as("alice"), cast.alice)[1]["plan"]["due"]
    found = [(date.fromisoformat(one["day"]) - GIVEN).days for one in due if "first" in one["steps"]]
    return [day for day in found if day > 0]


def test_the_usual_days(client_as, cast):
    assert planned(client_as, cast) == [1, 2, 3, 7]


@pytest.mark.parametrize(
    ("typed", "kept", "wanted"), [("14, 3", "3 14", [1, 3, 14]), ("4 4", "4", [1, 4]), ("", "-", [1])]
)
def test_a_clinic_chooses_others(client_as, cast, typed, kept, wanted):
    dana = client_as("dana")
    page = dana.post("/clinic/check-ins", {"days": typed}, follow=True)
    assert "days of check-ins are saved" in page.words(page.one("p", role="status"))
    with db.read() as s:
        clinics = {row.id: row.checkin_days for row in stored(s, Clinic)}
        assert len(stored(s, AuditEvent, action="clinic.checkin_days")) == 1
    assert clinics == {cast.dana.clinic_id: kept, cast.charlie.clinic_id: ""}
    assert planned(client_as, cast) == wanted


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1", "always asked"), ("0", "always asked"), ("29", "from 2 to 28"), ("soon", "like 2, 3, 7"), ("-2", "like 2"),
        ("٣", "like 2"), ("2 3 4 5 6 7", "At most 5"), ("2.5", "like 2"),
    ],
)  # fmt: skip
def test_bad_input_stands_at_its_field(client_as, cast, typed, words):
    page = client_as("dana").post("/clinic/check-ins", {"days": typed})
    assert page.status == 422 and words in page.error_of("days")
    assert page.one("input", id="days").get("value") == typed
    with db.read() as s:
        assert {row.checkin_days for row in stored(s, Clinic)} == {""}


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "erin"])
def test_nobody_else(client_as, cast, who):
    assert client_as(who).post("/clinic/check-ins", {"days": "4"}).status == 404


def test_what_is_kept_is_read():
    assert [checkin_days(text) for text in ("", "-", "3 14")] == [(0, 1, 2, 3, 7), (0, 1), (0, 1, 3, 14)]
    assert GIVEN + timedelta(days=1) == NOW.date()
