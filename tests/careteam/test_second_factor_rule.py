"""The clinic's rule on a second factor: set by its admin, who proves once more who they are."""

import re
from datetime import timedelta

import pytest

from diary import db
from diary.careteam.models import Clinic
from diary.lib import clock
from tests.accounts.keys import enrol
from tests.accounts.ways import app_of


def rule_of(person) -> str:
    with db.read() as s:
        return s.get_one(Clinic, person.clinic_id).second_factor


def test_it_is_set_and_holds_for_the_staff(client_as, cast):
    dana, cora = client_as("dana"), client_as("cora")
    before = rule_of(cast.dana)
    assert dana.post("/clinic/second-factor", {"rule": "off"}).location == "/clinic?saved=second-factor"
    assert rule_of(cast.dana) == "off" and rule_of(cast.erin) == before
    assert cora.get("/patients").status == 200
    assert dana.post("/clinic/second-factor", {"rule": "required"}).status == 303
    assert rule_of(cast.dana) == "required"


@pytest.mark.parametrize("rule", ["", "maybe", "OFF"])
def test_a_rule_that_is_none(client_as, cast, rule):
    before = rule_of(cast.dana)
    page = client_as("dana").post("/clinic/second-factor", {"rule": rule})
    assert page.status == 422 and page.error_of("rule")
    assert rule_of(cast.dana) == before


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie", "erin"])
def test_strangers_get_404(client_as, who):
    assert client_as(who).post("/clinic/second-factor", {"rule": "off"}).status == 404


def test_after_a_while_it_asks_who_it_is(client_as, cast, clock_at):
    clock_at(clock.now())
    dana = client_as("dana")
    clock_at(clock.now() + timedelta(minutes=11))
    answer = dana.post("/clinic/second-factor", {"rule": "off"})
    assert answer.status == 303 and answer.location.startswith("/prove")


@pytest.mark.both
def test_the_admin_sees_who_of_the_staff_has_a_second_step(client_as, cast, clock_at):
    clock_at(clock.now())
    enrol(client_as("bob"))
    app_of(cast.bob)
    app_of(cast.cora)
    enrol(client_as("alice"))  # a patient's passkey is nobody's business
    page = client_as("dana").get("/clinic")
    words = page.words()
    for name, second in (
        (cast.bob.name, "passkey, code app"),
        (cast.cora.name, "code app"),
        (cast.dana.name, "none yet"),
    ):
        assert re.search(rf"{name} \w+ \S+@\S+ {second} ", words), words
    assert "Without a second step nobody gets in" not in words


def test_that_nobody_gets_in_without_is_said_where_it_is_so(client_as, cast):
    dana = client_as("dana")
    enrol(dana)
    assert dana.post("/clinic/second-factor", {"rule": "required"}).status == 303
    assert "Without a second step nobody gets in" in dana.get("/clinic").words()
