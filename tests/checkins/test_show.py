"""GET and POST /check-in, /intention and /check-ins: the flow by plain forms, and what staff see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from diary import db
from diary.careteam import access
from diary.careteam.actions import withdraw_consent
from diary.careteam.models import Clinic
from diary.checkins.models import Checkin, CheckinRevision
from diary.safety.models import Flag
from tests import factories
from tests.checkins.said import checkin
from tests.sync.phones import days

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def target(app, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, TODAY + 2 * DAY, status="planned", time="10:00")
        return factories.infusion(s, cast.alice, TODAY - DAY).uuid


def all_of(model):
    with db.read() as s:
        return s.exec(select(model)).all()


def answer(client, page, path="/check-in", **fields):
    """What a browser sends of the step that the page asks: its inputs as they stand, and these."""
    form = page.one("form", id="checkin-form")
    sent = {}
    for field in form.iter():
        if not isinstance(field.tag, str) or field.get("name") is None or is_disabled(form, field):
            continue
        if field.get("type") in ("radio", "checkbox") and field.get("checked") is None:
            continue
        sent[field.get("name")] = (
            field.get("value") if field.tag == "input" else (field.text or "").lstrip("\n")
        )
    return client.post(path, {**sent, **fields}, csrf=False)


def is_disabled(form, field) -> bool:
    if field.get("disabled") is not None:
        return True
    outer = [one for one in form.iter() if one.tag == "fieldset" and one.get("disabled") is not None]
    return any(inner is field for one in outer for inner in one.iter())


def test_the_whole_way_by_plain_forms(client_as, cast, target):
    alice = client_as("alice")
    page = alice.get("/check-in")
    assert "The morning after infusion 2" in page.words() and "1 of 5" in page.words()
    assert "Do not drive until the day after" in page.words()
    said = answer(alice, page, nausea="marked")
    assert (said.status, said.location) == (303, "/check-in?step=how")
    said = answer(alice, alice.get(said.location), nausea="moderate")
    assert said.location == "/check-in?step=morning"
    said = answer(alice, alice.get(said.location), fall="yes", still_detached="no")
    page = alice.get(said.location)
    assert said.location == "/check-in?step=mind"
    panel = page.one("section", id="help-now")
    assert panel.get("hidden") is None and "Your clinic has been told at 08:12." in page.words(panel)
    said = answer(alice, page, head="clear")
    said = answer(alice, alice.get(said.location), urine_blood="no", craving="no")
    said = answer(
        alice, alice.get(said.location), insight="the sea was flat", insight_private="no", done="yes"
    )
    assert said.location == "/check-in?step=done"
    assert "Thank you" in alice.get(said.location).words()
    row = all_of(Checkin)[0]
    assert len(all_of(CheckinRevision)) == row.revisions == 6
    assert (
        '"fall":"yes"' in row.answers
        and '"nausea":"moderate"' in row.answers
        and row.words == "the sea was flat"
    )
    assert [flag.rule for flag in all_of(Flag)] == ["fall"]
    assert "/check-in" not in [link.get("href") for link in alice.get("/today").all("a")]


@pytest.mark.parametrize(
    ("step", "name", "rule"), [("morning", "fall", "fall"), ("ask", "urine_blood", "urinary")]
)
def test_the_words_of_help_stand_on_the_page_that_follows_a_plain_form(client_as, target, step, name, rule):
    alice = client_as("alice")
    said = answer(alice, alice.get(f"/check-in?step={step}"), **{name: "yes"})
    for path in (said.location, "/check-in?step=done"):
        page = alice.get(path)
        panel = page.one("section", id="help-now")
        assert "brief" not in panel.get("class").split(), path
        assert page.one("p", **{"data-help": rule}).get("hidden") is None
        assert "Nobody watches this in real time" in page.words(panel)


def test_none_of_these_is_one_tap(client_as, target):
    alice = client_as("alice")
    said = answer(alice, alice.get("/check-in"), none="yes")
    assert said.location == "/check-in?step=morning"
    assert all_of(Checkin)[0].answers == '{"none":"yes"}', "the twelve stay not marked"


def test_the_emergency_has_its_number_and_tells(client_as, target):
    alice = client_as("alice")
    page = alice.get("/check-in?step=now")
    assert "Chest pain" in page.words()
    answer(alice, page, chest_pain="yes")
    assert [flag.rule for flag in all_of(Flag)] == ["emergency_after_infusion"]
    assert alice.get("/check-in").one("a", data_call="emergency").get("hidden") is None


@pytest.mark.parametrize("fields", [{"fall": "maybe"}, {"own": "x" * 401}, {"base": "00000000-0000-4000-8000-000000000000", "nausea": "mild"}, {"day": "2026-11-01", "nausea": "mild"}])  # fmt: skip
def test_what_can_not_be_taken_comes_back(client_as, target, fields):
    alice = client_as("alice")
    said = answer(alice, alice.get("/check-in"), **fields)
    assert said.status == 422 and all_of(Checkin) == [] and all_of(Flag) == []


def test_a_check_in_for_a_cancelled_infusion_says_so_and_keeps_the_words(client_as, cast):
    with db.write() as s:
        cancelled = factories.infusion(s, cast.alice, TODAY - DAY, status="cancelled").uuid
    sent = {
        "target": str(cancelled),
        "day": str(TODAY),
        "step": "words",
        "insight": "a boat <3",
        "fall": "yes",
    }
    page = client_as("alice").post("/check-in", sent)
    assert page.status == 422
    assert "infusion was cancelled" in page.words() and "your clinic was not told" in page.words()
    assert "a boat <3" in page.words(page.one("blockquote")) and all_of(Flag) == all_of(Checkin) == []
    sent = {"target": str(cancelled), "day": str(TODAY), "intention": "breathe out"}
    assert "breathe out" in client_as("alice").post("/intention", sent).words()


def test_while_the_clinic_is_closed_it_says_when_it_opens_and_whom_to_call(client_as, cast, clock_at, target):
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        clinic.opening, clinic.country, clinic.zone = (
            "mon 08:00-17:00, tue 08:00-17:00",
            "GB",
            "Europe/London",
        )
        s.add(clinic)
    alice = client_as("alice")
    assert "116 123" not in alice.get("/check-in").words(), "it is Monday, 8:12"
    clock_at(NOW.replace(hour=19))
    words = alice.get("/check-in").words()
    assert "Your clinic opens Tuesday" in words and "116 123" in words and "In danger: 999." in words
    sent = days(alice, cast.alice)[1]["plan"]["call"]
    assert sent["opens"][0]["words"] == "Your clinic opens Tuesday 08:00." and "116 123" in sent["until"]


def test_nothing_is_due(client_as, cast, clock_at, target):
    assert "Nothing to check in about" in client_as("charlie").get("/check-in").words()
    clock_at(NOW + 70 * DAY)
    assert "Nothing to check in about" in client_as("alice").get("/check-in").words()


def test_the_evening_opens_at_five(client_as, cast, clock_at):
    with db.write() as s:
        factories.infusion(s, cast.alice, TODAY)
    alice = client_as("alice")
    assert "Nothing to check in about" in alice.get("/check-in").words()
    clock_at(NOW.replace(hour=17, minute=1))
    assert "The evening of infusion 1" in alice.get("/check-in").words()


def test_today_offers_what_is_due_after_its_questions(client_as, cast, target):
    assert "A check-in" not in client_as("alice").get("/today").words(), "it would colour the first answer"
    with db.write() as s:
        factories.entry(s, cast.alice, TODAY, pain=4)
    words = client_as("alice").get("/today").words()
    assert (
        words.index("Foggy thinking") < words.index("A check-in") < words.index("An intention for Wednesday")
    )
    assert "A check-in" not in client_as("charlie").get("/today").words()


def test_an_intention(client_as, cast, target):
    alice = client_as("alice")
    page = alice.get("/intention")
    assert "Before infusion 1, on Wednesday at 10:00" in page.words()
    said = answer(alice, page, "/intention", intention="let the music carry me", intention_private="no")
    assert (said.status, said.location) == (303, "/today")
    assert "let the music carry me" in alice.get("/intention").words()
    assert "let the music carry me" in alice.get("/check-ins").words()
    assert "let the music carry me" in client_as("cora").get(f"/patients/{cast.alice.uuid}/check-ins").words()


def test_staff_see_answers_and_never_private_words(client_as, cast, target):
    texts = {"nausea": "severe", "own": "tingling", "insight": "only mine", "insight_private": "yes"}
    with db.write() as s:
        checkin(s, cast.alice, target, TODAY, texts, NOW)
    path = f"/patients/{cast.alice.uuid}/check-ins"
    words = client_as("bob").get(path).words()
    assert "Nausea: severe" in words and "tingling" in words and "only mine" not in words
    with db.write() as s:
        withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, ["infusions"], NOW)
    assert "Nausea" not in client_as("bob").get(path).words()


def test_strangers_see_nothing(client_as, cast, target):
    path = f"/patients/{cast.alice.uuid}/check-ins"
    for name in ("erin", "charlie", "dana"):
        assert client_as(name).get(path).status == 404
    for name in ("bob", "dana"):
        for own in ("/check-in", "/intention", "/check-ins"):
            assert client_as(name).get(own).status == 404
    charlie = client_as("charlie")
    sent = {"target": str(target), "day": str(TODAY), "fall": "yes", "step": "first"}
    assert charlie.post("/check-in", sent).status == 404
    assert all_of(Checkin) == [] and all_of(Flag) == []


def test_a_check_in_without_an_answer_says_so(client_as, cast, target):
    with db.write() as s:
        checkin(s, cast.alice, target, TODAY, {"done": "yes"}, NOW)
    alice = client_as("alice")
    assert "Nothing was answered." in alice.get("/check-ins").words()
    with db.write() as s:
        checkin(s, cast.alice, target, TODAY, {"insight": "the sea was flat"}, NOW)
    assert "Nothing was answered." not in alice.get("/check-ins").words()
