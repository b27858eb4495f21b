"""Keep as draft: the infusion form kept as it was typed, by POST to the form's own address with keep=draft."""

import json
from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.infusions.models import Infusion, InfusionDraft
from tests import factories
from tests.conftest import stored

pytestmark = pytest.mark.both
NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)
TYPED = {
    "date": "2026-11-24",
    "time": "9:4",
    "dose_mg": "",
    "weight_kg": "68,4",
    "note": "tired <b>",
    "ended": "completed",
}


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


@pytest.fixture
def new(cast):
    return f"/patients/{cast.alice.uuid}/infusions/new"


def all_of(model):
    with db.read() as s:
        return stored(s, model)


def value(page, name):
    return page.one("input", name=name).get("value")


def test_kept_as_typed_and_gone_when_recorded(client_as, cast, new):
    bob = client_as("bob")
    page = bob.post(new, TYPED | {"keep": "draft", "unknown": "x", "confirm": "dose_mg=1"}, follow=True)
    assert "Your draft of 24 November 2026, 10:42" in page.words()
    assert (value(page, "time"), value(page, "dose_mg"), value(page, "weight_kg")) == ("9:4", "", "68,4")
    assert all_of(Infusion) == [], "nothing counts as given"
    [draft] = all_of(InfusionDraft)
    assert json.loads(draft.typed) == TYPED and b"tired" not in draft.typed_sealed
    page = bob.post(new, TYPED | {"weight_kg": "70", "keep": "draft"}, follow=True)
    assert value(page, "weight_kg") == "70" and len(all_of(InfusionDraft)) == 1
    done = TYPED | {"time": "09:40", "dose_mg": "50", "minutes": "40"}
    assert bob.post(new, done).status == 303
    assert all_of(InfusionDraft) == [] and len(all_of(Infusion)) == 1
    assert "Your draft" not in bob.get(new).words()


def test_of_a_planned_one_and_thrown_away(client_as, cast, new):
    with db.write() as s:
        infusion = factories.infusion(s, cast.alice, date(2026, 11, 24), status="planned").uuid
    edit = f"/patients/{cast.alice.uuid}/infusions/{infusion}/edit"
    bob = client_as("bob")
    page = bob.post(edit, TYPED | {"status": "done", "keep": "draft"}, follow=True)
    assert "Your draft" in page.words() and value(page, "weight_kg") == "68,4"
    assert "Your draft" not in bob.get(new).words(), "each form has its own"
    assert all_of(Infusion)[0].status == "planned"
    page = bob.post(edit, {"keep": "no"}, follow=True)
    assert (
        "Your draft" not in page.words() and value(page, "weight_kg") == "70" and all_of(InfusionDraft) == []
    )


def test_a_draft_is_its_authors(client_as, cast, new):
    for name in ("alice", "cora", "dana", "charlie", "erin"):
        assert client_as(name).post(new, TYPED | {"keep": "draft"}).status == 404
    assert all_of(InfusionDraft) == []
    client_as("bob").post(new, TYPED | {"keep": "draft"})
    with db.write() as s:
        s.get_one(InfusionDraft, 1).author_id = cast.erin.id
    assert "Your draft" not in client_as("bob").get(new).words()
