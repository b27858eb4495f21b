"""The arrival sheet: /arrival for the patient, and its part of the infusion's page for staff."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.careteam.actions import withdraw_consent
from diary.checkins.models import Checkin, CheckinRevision
from diary.checkins.rules import Given, matter_of
from diary.infusions.models import Infusion
from diary.review.queries.arrival import pain_words
from diary.safety.models import Flag, FlagEvent
from tests import factories
from tests.checkins.said import checkin
from tests.sync.phones import a_body, put

pytestmark = pytest.mark.both
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def last(app, cast):
    with db.write() as s:
        return factories.infusion(s, cast.alice, TODAY - 4 * DAY).uuid


@pytest.fixture
def target(last, cast):
    with db.write() as s:
        return factories.infusion(s, cast.alice, TODAY, status="planned", time="10:00").uuid


def all_of(model):
    with db.read() as s:
        return s.exec(select(model)).all()


def said(page, key):
    """The words of a line of the sheet."""
    rows = page.one("ul", class_="arrival")
    return next(
        page.words(row)
        for row in rows.iter()
        if "r" in (row.get("class") or "").split() and key in page.words(row)
    )


def sent(client, page, **fields):
    form = page.one("form", id="arrival-form")
    names = ("target", "day", "base", "write_id", "step", "csrf_token")
    kept = {
        field.get("name"): field.get("value")
        for field in form.iter()
        if isinstance(field.tag, str) and field.get("name") in names
    }
    return client.post("/arrival", {**kept, **fields}, csrf=False)


def test_filled_from_the_diary_and_confirmed_by_one_tap(client_as, cast, target, last):
    with db.write() as s:
        factories.days(TODAY - 4 * DAY, [9, 4, "x", 6], s, cast.alice)
        texts = {
            "dizziness": "mild",
            "nausea": "moderate",
            "fall": "no",
            "urine_often": "no",
            "urine_blood": "no",
        }
        checkin(s, cast.alice, last, TODAY - 3 * DAY, texts)
        factories.medication(
            s, cast.alice, "Duloxetine", TODAY - 2 * DAY, dose=60, dose_unit="mg", times_per_day=1
        )
    alice = client_as("alice")
    page = alice.get("/arrival")
    assert "How strong is your pain right now?" in page.words()
    past = page.one("div", data_part="sheet done")
    assert past.get("hidden") is not None, "past pain would colour the answer"
    assert "4 and 6" not in page.words().replace(page.words(past), "")
    form = page.one("div", id="sheet")
    fields = {
        one.get("name"): one.get("value")
        for one in form.iter()
        if isinstance(one.tag, str) and one.get("type") == "hidden"
    }
    assert alice.post("/arrival", {**fields, "pain_now": "7"}, csrf=False).location == "/arrival?step=sheet"
    page = alice.get("/arrival?step=sheet")
    assert "Pain right now: 7 of 10" in page.words()
    assert "4 and 6 2 of 3 days, Friday to Sunday" in said(page, "Pain since the last infusion")
    assert "Dizziness mild, nausea moderate Friday; the others not marked" in said(page, "Side effects")
    assert "Duloxetine: 60 mg once a day" in said(page, "Changes of medicine")
    assert "No change asked on Friday" in said(page, "Passing urine")
    assert "No answered on Friday" in said(page, "A fall")
    assert "Not said yet" in said(page, "The way home")
    done = sent(alice, page, way_home="taxi", done="yes")
    assert (done.status, done.location) == (303, "/arrival?step=done")
    page = alice.get(done.location)
    assert "Thank you. The nurse can see this." in page.words() and "A taxi" in said(page, "The way home")
    row = next(one for one in all_of(Checkin) if one.kind == "arrival")
    assert row.answers == '{"done":"yes","pain_now":7,"way_home":"taxi"}', (
        "what the diary said is not said again"
    )
    assert all_of(Flag) == [] and page.one("section", id="help-now").get("hidden") is not None
    assert "arrival.create" in [event.action for event in all_of(AuditEvent)]


def test_a_fall_said_here_has_its_rule_and_help_at_once(client_as, cast, target, last):
    with db.write() as s:
        checkin(s, cast.alice, last, TODAY - 3 * DAY, {"fall": "yes"})
    assert [flag.rule for flag in all_of(Flag)] == ["fall"]
    alice = client_as("alice")
    page = alice.get(sent(alice, alice.get("/arrival?step=sheet"), fall="yes", done="yes").location)
    panel = page.one("section", id="help-now")
    assert panel.get("hidden") is None and "call your clinic about the fall" in page.words(panel)
    assert "told at 08:12" in page.words(panel)
    assert [flag.rule for flag in all_of(Flag)] == ["fall"], "the same fall is one matter"
    assert [event.kind for event in all_of(FlagEvent)] == ["opened", "said_again"]


def test_urine_twice_running_and_blood_once(client_as, cast, target, last):
    with db.write() as s:
        checkin(s, cast.alice, last, TODAY - 3 * DAY, {"urine_often": "mild"})
    alice = client_as("alice")
    page = alice.get("/arrival?step=sheet")
    assert "More often: mild" in said(page, "Passing urine")
    sent(alice, page, urine_often="mild", done="yes")
    assert [flag.rule for flag in all_of(Flag)] == ["urinary"]
    sent(alice, alice.get("/arrival?step=sheet"), urine_blood="yes")
    assert len(all_of(Flag)) == 1 and len(all_of(FlagEvent)) == 2


def test_what_the_sheet_asked_counts_for_the_next_check_in(client_as, cast, target, last):
    alice = client_as("alice")
    sent(alice, alice.get("/arrival?step=sheet"), urine_pain="moderate", done="yes")
    assert all_of(Flag) == []
    with db.write() as s:
        checkin(s, cast.alice, last, TODAY + DAY, {"urine_pain": "moderate"})
    assert [flag.rule for flag in all_of(Flag)] == ["urinary"]


@pytest.mark.parametrize(
    "fields",
    [{"pain_now": "11"}, {"pain_now": "4.5"}, {"way_home": "by car"}, {"fall": "maybe"}, {"own": "x" * 401}],
)
def test_what_can_not_be_taken_comes_back(client_as, target, fields):
    alice = client_as("alice")
    assert sent(alice, alice.get("/arrival?step=sheet"), done="yes", **fields).status == 422
    assert all_of(Checkin) == [] and all_of(Flag) == []


def test_only_on_the_day_of_a_planned_infusion(client_as, cast, target, clock_at):
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, pain=4)
    alice = client_as("alice")
    assert "/arrival" in [link.get("href") for link in alice.get("/today").all("a")]
    assert "/arrival" in [link.get("href") for link in alice.get("/infusions").all("a")]
    page = alice.get("/arrival?step=sheet")
    with db.write() as s:
        s.exec(select(Infusion).where(Infusion.uuid == target)).one().status = "cancelled"
    assert "No infusion is planned for today" in alice.get("/arrival").words()
    assert sent(alice, page, done="yes").status == 422
    assert "/arrival" not in [link.get("href") for link in alice.get("/today").all("a")]
    clock_at(NOW + DAY)
    assert "No infusion is planned for today" in alice.get("/arrival").words()


def test_the_nurse_does_it_with_her_and_it_is_the_plan_of_the_record(client_as, cast, target):
    alice = client_as("alice")
    sent(alice, alice.get("/arrival?step=sheet"), with_nurse="yes")
    path = f"/patients/{cast.alice.uuid}/infusions/{target}"
    bob = client_as("bob")
    page = bob.get(path)
    assert "Alice asked to go through it with the nurse" in page.words()
    form = page.one("form", action=f"{path}/arrival")
    fields = {one.get("name"): one.get("value") for one in form.iter() if one.get("type") == "hidden"}
    told = bob.post(
        f"{path}/arrival", {**fields, "pain_now": "0", "fall": "yes", "way_home": "somebody"}, csrf=False
    )
    assert told.status == 303
    page = bob.get(told.location.partition("#")[0])
    assert (
        "has opened a flag" in page.words()
        and "0 of 10" in page.words()
        and "Somebody takes me" in page.words()
    )
    assert [flag.rule for flag in all_of(Flag)] == ["fall"]
    revision = all_of(CheckinRevision)[-1]
    assert (revision.source, revision.actor_id) == ("staff", cast.bob.id)
    assert bob.get(f"{path}/edit?given=1").one("input", name="pain_before").get("value") == "0"
    bob.post(f"{path}/completion")
    with db.read() as s:
        infusion = s.exec(select(Infusion).where(Infusion.uuid == target)).one()
        assert infusion.status == "done" and '"pain_before":0' in infusion.given
    assert "Arrival sheet" in bob.get(path).words(), "what was said stays to be read"


def test_staff_see_what_consent_allows(client_as, cast, target, last):
    with db.write() as s:
        factories.days(TODAY - 3 * DAY, [4, 5, 6], s, cast.alice)
    path = f"/patients/{cast.alice.uuid}/infusions/{target}"
    assert "4, 5 and 6" in client_as("cora").get(path).words()
    assert f"{path}/arrival" not in [one.get("action") for one in client_as("cora").get(path).all("form")]
    with db.write() as s:
        withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, ["scores"], NOW)
    words = client_as("bob").get(path).words()
    assert "4, 5 and 6" not in words and "Not shared with you" in words
    with db.write() as s:
        withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, ["infusions"], NOW)
    assert client_as("bob").get(path).status == 404
    assert client_as("bob").post(f"{path}/arrival", {"pain_now": "4", "write_id": uuid4()}).status == 404


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"pain_now": "12", "write_id": str(uuid4())}, "unclear"), ({"pain_now": "2"}, "unclear")],
)
def test_a_clinicians_form_that_can_not_be_read(client_as, cast, target, fields, why):
    path = f"/patients/{cast.alice.uuid}/infusions/{target}/arrival"
    assert f"arrival={why}" in client_as("bob").post(path, fields).location
    assert all_of(Checkin) == []


def test_not_on_another_day(client_as, cast, target, clock_at):
    clock_at(NOW + DAY)
    path = f"/patients/{cast.alice.uuid}/infusions/{target}"
    told = client_as("bob").post(f"{path}/arrival", {"pain_now": "2", "write_id": str(uuid4())})
    assert "arrival=late" in told.location and all_of(Checkin) == []
    assert "Arrival sheet" not in client_as("bob").get(path).words()


def test_strangers(client_as, cast, target):
    path = f"/patients/{cast.alice.uuid}/infusions/{target}/arrival"
    for name in ("charlie", "erin", "cora", "dana", "alice"):
        assert client_as(name).post(path, {"pain_now": "2", "write_id": str(uuid4())}).status == 404
    for name in ("bob", "dana"):
        assert client_as(name).get("/arrival").status == 404
    form = {"target": str(target), "day": str(TODAY), "fall": "yes", "step": "sheet"}
    assert client_as("charlie").post("/arrival", form).status == 404
    assert all_of(Checkin) == [] and all_of(Flag) == []


def test_through_the_outbox(client_as, cast, target):
    body = a_body(
        cast.alice, {"fall": "yes", "pain_now": "3", "help_shown": "yes", "done": "yes"}, kind="arrival",
        target=str(target), recorded_at=NOW.isoformat(), sent_at=NOW.isoformat(),
    )  # fmt: skip
    write_id = uuid4()
    status, told, _ = put(client_as("alice"), body, write_id)
    assert status == 200 and told["outcome"] == dict.fromkeys(("done", "fall", "pain_now"), "applied"), told
    assert put(client_as("alice"), body, write_id)[:2] == (200, told)
    assert [flag.rule for flag in all_of(Flag)] == ["fall"] and len(all_of(CheckinRevision)) == 1
    status, told, _ = put(client_as("alice"), body | {"fields": {"nausea": "mild"}})
    assert status == 422 and "nausea" in told["fields"]


def test_the_matter_is_that_of_the_last_infusion():
    first, second, own = uuid4(), uuid4(), uuid4()
    given = [
        Given(second, 2, TODAY - DAY), Given(first, 1, TODAY - 9 * DAY), Given(own, 3, TODAY, "10:00", is_done=False),
    ]  # fmt: skip
    assert matter_of("arrival", own, given) == second
    assert matter_of("arrival", own, given[2:]) == own, "before the first it is its own"
    assert matter_of("checkin", own, given) == own


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([4], "4"),
        ([4, 4, 4], "4, 4 and 4"),
        ([1, 2, 3, 4, 5, 6], "3.5 on average, from 1 to 6"),
        ([4.5, 5], "4.5 and 5"),
    ],
)
def test_pain_in_words(scores, words):
    assert pain_words(scores) == words
