"""The clinic's contacts and opening hours: its admin's alone, checked by field, used by the help page at once."""

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam.models import Clinic
from tests.conftest import stored

GOOD = {
    "phone": "020 7946 0100", "country": "GB", "zone": "Europe/London", "hours": "Closed on bank holidays",
    "mon_from": "08:00", "mon_until": "17:30", "tue_from": "8:00", "tue_until": "17:30",
}  # fmt: skip


def clinic_of(person):
    with db.read() as s:
        return stored(s, Clinic, id=person.clinic_id)[0]


def test_saving(client_as, cast):
    client = client_as("dana")
    done = client.post("/clinic/contacts", GOOD)
    assert done.status == 303
    page = client.get(done.location)
    assert "are saved" in page.words(page.one("p", role="status"))
    clinic = clinic_of(cast.dana)
    assert (clinic.phone, clinic.country, clinic.hours) == ("020 7946 0100", "GB", "Closed on bank holidays")
    assert clinic.opening == "mon 08:00-17:30, tue 08:00-17:30"
    assert page.one("input", id="tue_from").get("value") == "08:00"
    words = client_as("alice").get("/help").words()
    assert "Monday and Tuesday, 8:00 to 17:30" in words and "Closed on bank holidays" in words
    with db.read() as s:
        assert [e.clinic_id for e in stored(s, AuditEvent, action="clinic.contacts")] == [cast.dana.clinic_id]
    assert clinic_of(cast.charlie).opening == ""


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"phone": "call us"}, "phone"),
        ({"phone": "1"}, "phone"),
        ({"phone": "020\x00123"}, "phone"),
        ({"country": "XX"}, "country"),
        ({"country": ""}, "country"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"hours": "x" * 201}, "hours"),
        ({"mon_until": "07:00"}, "mon_until"),
        ({"mon_until": "08:00"}, "mon_until"),
        ({"mon_until": ""}, "mon_until"),
        ({"mon_from": ""}, "mon_until"),
        ({"sun_from": "25:00", "sun_until": "26:00"}, "sun_until"),
        ({"sun_from": "8", "sun_until": "9"}, "sun_until"),
    ],
)
def test_bad_input(client_as, cast, typed, field):
    page = client_as("dana").post("/clinic/contacts", {**GOOD, **typed})
    assert page.status == 422
    assert page.error_of(field)
    if field != "country":
        shown = page.one("input", id="mon_from").get("value")
        assert shown == typed.get("mon_from", "08:00"), "what was typed stays"
    assert clinic_of(cast.dana).opening == ""


def test_an_unknown_field(client_as, cast):
    assert client_as("dana").post("/clinic/contacts", {**GOOD, "is_demo": "1"}).status == 422
    assert not clinic_of(cast.dana).is_demo


def test_every_day_may_be_closed(client_as, cast):
    client = client_as("dana")
    client.post("/clinic/contacts", GOOD)
    closed = {name: "" if name[3:4] == "_" else value for name, value in GOOD.items()}
    assert client.post("/clinic/contacts", closed).status == 303
    assert clinic_of(cast.dana).opening == ""


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie"])
def test_strangers_get_404(client_as, cast, who):
    assert client_as(who).post("/clinic/contacts", GOOD).status == 404
    assert clinic_of(cast.dana).phone == ""


def test_signed_out(client_as):
    assert client_as().post("/clinic/contacts", GOOD).status == 303
