"""What a clinic lets its patients tick about a day: every page, phone, comparison and export knows it; nothing is lost."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zipfile import ZipFile

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.models import Clinic, ClinicFactor, Membership
from diary.careteam.rules import Role
from diary.entries import actions as entries
from diary.entries.queries import all_days, clinic_factors, factors_for_phone
from diary.exchange import queries as exchange
from diary.exchange.queries.period import period_data
from tests import factories
from tests.conftest import stored
from tests.sync.phones import NOW, a_body, days, put

TODAY = date(2026, 11, 23)
GIVEN = TODAY - timedelta(days=20)


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def drive(app, cast):
    """ "long drive" on the list of Alice's clinic: the key of its field."""
    with db.write() as s:
        clinic = s.get_one(Clinic, cast.alice.clinic_id)
        actions.set_factors(s, access.OPERATOR, clinic, ["long drive"], datetime(2026, 1, 2, tzinfo=UTC))
        (one,) = stored(s, ClinicFactor)
        return f"factor_{one.uuid.hex}"


def save(client_as, text, who="dana"):
    return client_as(who).post("/clinic/factors", {"factors": text}, follow=True)


def on_list(who, s):
    viewer = access.viewer_of(s, s.get_one(access.Person, who.id))
    return [one["name"] for one in factors_for_phone(s, viewer, who.id)]


def ticked(client_as, *names):
    fields = dict.fromkeys(names, "yes")
    return client_as("alice").post(f"/days/{TODAY}/more", {"regions": "", **fields})


def test_a_list_is_saved_in_its_order_and_another_clinic_has_none_of_it(client_as, cast):
    page = save(client_as, " long  drive\n\nVisitors\r\nnoise ")
    assert "Saved" in page.words(page.one("p", role="status"))
    assert page.one("textarea", id="factors").text.strip() == "long drive\nVisitors\nnoise"
    ids = {}
    with db.read() as s:
        ids = {one.name: one.uuid for one in stored(s, ClinicFactor)}
        assert (
            on_list(cast.alice, s) == ["long drive", "Visitors", "noise"] and on_list(cast.charlie, s) == []
        )
        assert len(stored(s, AuditEvent, action="clinic.factors")) == 1
    save(client_as, "noise\nLong drive")
    with db.read() as s:
        assert on_list(cast.alice, s) == ["noise", "long drive"]
    save(client_as, "visitors")
    with db.read() as s:
        assert on_list(cast.alice, s) == ["Visitors"]
        assert {one.name: one.uuid for one in stored(s, ClinicFactor)} == ids, (
            "named again it is the same one"
        )


def test_a_day_by_plain_forms_and_what_everybody_reads_of_it(client_as, cast, drive):
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, pain=4)
        factories.infusion(s, cast.alice, GIVEN)
    alice = client_as("alice")
    assert alice.get(f"/days/{TODAY}/more").one("input", name=drive, type="checkbox").get("checked") is None
    assert ticked(client_as, drive, "factor_stress").status == 303
    more = alice.get(f"/days/{TODAY}/more")
    assert more.one("input", name=drive, type="checkbox").get("checked") is not None
    assert "Also: stress, long drive." in alice.get(f"/story?day={TODAY}&span=all").words()
    path = f"/patients/{cast.alice.uuid}?span=all&day={TODAY}"
    assert "Also: stress, long drive." in client_as("bob").get(path).words()
    save(client_as, "")
    assert (
        alice.get(f"/days/{TODAY}/more").one("input", name=drive, type="checkbox").get("checked") is not None
    )
    assert "Also: stress, long drive." in client_as("bob").get(path).words(), "off the list it keeps its days"
    yesterday = TODAY - timedelta(days=1)
    assert not alice.get(f"/days/{yesterday}/more").all("input", name=drive)
    base = more.one("input", name="base").get("value")
    assert alice.post(f"/days/{TODAY}/more", {"regions": "", drive: "", "base": base}).status == 303
    assert "long drive" not in client_as("bob").get(path).words()


def test_a_phone_that_was_offline_while_it_left_the_list(client_as, cast, drive):
    alice = client_as("alice")
    status, plan, _ = days(alice, cast.alice, since=str(TODAY), until=str(TODAY))
    assert status == 200 and [one["key"] for one in plan["plan"]["factors"]] == [drive]
    save(client_as, "")
    assert days(alice, cast.alice, since=str(TODAY), until=str(TODAY))[1]["plan"]["factors"] == []
    assert put(alice, a_body(cast.alice, {drive: "yes"}))[0] in (200, 201)
    with db.read() as s:
        assert all_days(s, access.OPERATOR, cast.alice.id)[-1].factors == (drive,)


def test_a_factor_of_no_clinic_of_theirs_is_refused_by_page_and_phone(client_as, cast, drive):
    charlie = client_as("charlie")
    assert put(charlie, a_body(cast.charlie, {drive: "yes"}))[0] == 422
    assert charlie.post(f"/days/{TODAY}/more", {"regions": "", drive: "yes"}).status == 422
    assert put(client_as("alice"), a_body(cast.alice, {drive: "no"}))[0] == 422
    with db.read() as s:
        assert clinic_factors(s, access.OPERATOR, cast.charlie.id) == []


def test_it_is_compared_within_the_same_days_after_an_infusion(client_as, cast, drive):
    with db.write() as s:
        factories.infusion(s, cast.alice, GIVEN)
        factories.days(GIVEN - timedelta(days=14), [8] * 14 + [4, 6] * 10, s, cast.alice)
        for n in range(1, 20, 2):  # the days with a 6
            on = GIVEN + timedelta(days=n)
            write = entries.DayWrite(
                id=uuid4(), day=on, fields={drive: True}, received_at=NOW, effective_at=NOW,
                zone="Europe/London", source=entries.IMPORT, digest=str(on).encode(),
            )  # fmt: skip
            entries.record_entry(s, access.OPERATOR, cast.alice.id, write)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/response")
    rows = [[page.words(cell) for cell in row] for row in page.all("tr")]
    place = next(place for place, row in enumerate(rows) if row and row[0] == "long drive")
    # Days 8 to 14: ticked on 9, 11 and 13; the other bands have too few.
    assert rows[place][1:] == ["marked", "6.0 of 3 days"]
    assert rows[place + 1] == ["not marked", "4.0 of 4 days"]


def test_it_is_in_the_export_and_in_the_report_s_data(app, client_as, cast, drive, tmp_path):
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, pain=4)
    ticked(client_as, drive, "factor_stress")
    save(client_as, "")
    with db.read() as s:
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        out = io.BytesIO()
        exchange.export(s, access.OPERATOR, ref, out)
        made = json.loads(period_data(s, access.OPERATOR, ref, TODAY, TODAY, NOW))
    with ZipFile(out) as bundle:
        rows = list(csv.reader(io.StringIO(bundle.read("ticked.csv").decode())))
        (day,) = csv.DictReader(io.StringIO(bundle.read("diary.csv").decode()))
    assert rows == [["date", "name", "id"], [str(TODAY), "long drive", drive.removeprefix("factor_")]]
    assert day["factors"] == "stress"
    assert made["days"][0]["factors"] == ["factor_stress", "long drive"]


@pytest.mark.both
def test_of_two_clinics_the_first_one_asks_and_both_are_known(cast, drive):
    with db.write() as s:
        other = s.get_one(Clinic, cast.charlie.clinic_id)
        actions.set_factors(s, access.OPERATOR, other, ["noise"], NOW)
        actions.add_member(s, other.id, cast.alice.id, Role.PATIENT, NOW)
    with db.write() as s:
        assert [(one.name, one.is_asked) for one in clinic_factors(s, access.OPERATOR, cast.alice.id)] == [
            ("long drive", True),
            ("noise", False),
        ]
        for place in stored(s, Membership, person_id=cast.alice.id, clinic_id=cast.alice.clinic_id):
            place.ended_at = NOW
            s.add(place)
        s.flush()
        assert [(one.name, one.is_asked) for one in clinic_factors(s, access.OPERATOR, cast.alice.id)] == [
            ("noise", True),
            ("long drive", False),
        ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("x" * 41, "at most 40"), ("Stress", "can tick this already"), ("a\nA", "twice"), ("bad\x07", "can't be shown"),
        ("\n".join("abcdefghi"), "At most 8"),
    ],
)  # fmt: skip
def test_bad_input_stands_at_its_field(client_as, cast, typed, words):
    page = client_as("dana").post("/clinic/factors", {"factors": typed})
    assert page.status == 422 and words in page.error_of("factors")
    with db.read() as s:
        assert stored(s, ClinicFactor) == []


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "erin"])
def test_nobody_else(client_as, cast, who):
    assert client_as(who).post("/clinic/factors", {"factors": "noise"}).status == 404
