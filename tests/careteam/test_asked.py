"""Which side effects a clinic's check-ins ask about: page, phone and plain forms follow; old and late answers stay."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.checkins.queries import checkins_of, plan_for_phone
from diary.checkins.rules import ALWAYS_ASKED, EFFECTS, unasked_of, usual_effects
from tests import factories
from tests.checkins.said import checkin
from tests.conftest import stored

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
HEAD = {"dizziness", "headache", "vision"}


@pytest.fixture
def target(app, cast, clock_at):
    clock_at(NOW)
    with db.write() as s:
        return factories.infusion(s, cast.alice, TODAY - timedelta(days=1)).uuid


def leave_out(client_as, *keys):
    asked = [key for key in EFFECTS if key not in (*keys, *ALWAYS_ASKED)]
    return client_as("dana").post("/clinic/asked", {"asked": asked}, follow=True)


def tiles(page):
    """The side effects that the check-in's first step shows, and the names of its groups."""
    groups = [
        one
        for one in page.all("fieldset")
        if "tiles" in (one.get("class") or "").split() and one.get("hidden") is None
    ]
    labels = [label for group in groups for label in group.iter("label") if label.get("hidden") is None]
    names = [field.get("name") for label in labels for field in label.iter("input")]
    return set(names), [page.words(next(group.iter("legend"))) for group in groups]


def test_what_is_left_out_is_not_asked_on_page_or_phone(client_as, cast, target):
    assert tiles(client_as("alice").get("/check-in"))[0] == set(EFFECTS)
    page = leave_out(client_as, *HEAD)
    assert "Saved" in page.words(page.one("p", role="status"))
    boxes = {one.get("value"): one.get("checked") for one in page.all("input", name="asked")}
    assert {key for key, is_on in boxes.items() if is_on is None} == HEAD and not set(ALWAYS_ASKED) & set(
        boxes
    )
    assert tiles(client_as("alice").get("/check-in")) == (set(EFFECTS) - HEAD, ["Mind and rest", "Body"])
    with db.read() as s:
        viewer = access.viewer_of(s, s.get_one(access.Person, cast.alice.id))
        assert plan_for_phone(s, viewer, cast.alice.id, TODAY, NOW)["unasked"] == sorted(HEAD)
        assert {row.unasked for row in stored(s, Clinic)} == {"dizziness headache vision", ""}
        assert len(stored(s, AuditEvent, action="clinic.unasked")) == 1
    leave_out(client_as)
    assert tiles(client_as("alice").get("/check-in"))[0] == set(EFFECTS)


def test_what_was_answered_before_or_comes_late_is_taken_and_read(client_as, cast, target):
    leave_out(client_as, *HEAD)
    with db.write() as s:
        checkin(s, cast.alice, target, TODAY, {"vision": "severe"}, NOW)
    assert tiles(client_as("alice").get("/check-in"))[0] == set(EFFECTS) - HEAD | {"vision"}
    with db.read() as s:
        assert checkins_of(s, access.OPERATOR, cast.alice.id)[0].effects == [
            ("Blurred or double vision", "severe")
        ]
    for who, path in (("alice", "/check-ins"), ("bob", f"/patients/{cast.alice.uuid}/check-ins")):
        assert "Blurred or double vision" in client_as(who).get(path).words()


def test_her_usual_ones_are_of_those_that_are_asked():
    earlier = [(object(), {"vision": "mild", "nausea": "mild", "itching": "mild"}) for _ in range(3)]
    assert usual_effects(earlier, 4) == ("vision", "nausea", "itching")
    assert usual_effects(earlier, 4, {"vision"}) == ("nausea", "itching")
    assert usual_effects(earlier, 4, {"vision", "nausea"}) == (), "one alone is no list of usual ones"


def test_what_a_rule_of_safety_hangs_on_can_not_be_left_out(client_as, cast, target):
    assert client_as("dana").post("/clinic/asked", {}).status == 303
    shown, groups = tiles(client_as("alice").get("/check-in"))
    assert shown == set(ALWAYS_ASKED) and groups == ["Mind and rest"]
    assert not unasked_of("detached confusion chest_pain fall urine_blood"), "whatever the database says"


@pytest.mark.parametrize("typed", [["nausea", "pox"], ["fall"], [""], ["x" * 5000]])
def test_bad_input_stands_at_its_field(client_as, cast, typed):
    page = client_as("dana").post("/clinic/asked", {"asked": typed})
    assert page.status == 422 and "does not know this side effect" in page.words()
    with db.read() as s:
        assert {row.unasked for row in stored(s, Clinic)} == {""}


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "erin"])
def test_nobody_else(client_as, cast, who):
    assert client_as(who).post("/clinic/asked", {"asked": "nausea"}).status == 404
