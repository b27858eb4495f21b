"""One person in several clinics and roles: which one the lists are for is chosen plainly, and said."""

import pytest

from diary import db
from diary.careteam import access, actions
from diary.careteam.models import Clinic
from diary.careteam.rules import Kind, Role
from diary.lib import clock


@pytest.fixture
def both(app, cast):
    """Bob is a clinician and the admin of the other clinic too, and cares for Charlie there."""
    with db.write() as s:
        for role in (Role.CLINICIAN, Role.ADMIN):
            actions.add_member(s, cast.erin.clinic_id, cast.bob.id, role, clock.now())
        actions.add_member(s, cast.bob.clinic_id, cast.bob.id, Role.ADMIN, clock.now())
        actions.link(s, access.OPERATOR, cast.erin.clinic_id, cast.charlie.id, cast.bob.id, clock.now())
        actions.give_consent(s, access.OPERATOR, cast.charlie.id, cast.bob.id, [Kind.SCORES], clock.now())
        return {
            name: str(s.get_one(Clinic, who.clinic_id).uuid)
            for name, who in (("harbour", cast.bob), ("hillside", cast.erin))
        }


def test_all_of_them_unless_one_is_chosen(client_as, cast, both):
    bob = client_as("bob")
    words = bob.get("/patients").words()
    assert "Alice Marlow" in words and "Charlie Boone" in words and "2 clinics" in words
    answer = bob.post("/working-as", {"clinic": both["hillside"]})
    assert answer.status == 303
    page = bob.get("/patients")
    assert "Charlie Boone" in page.words() and "Alice Marlow" not in page.words()
    assert "Admin, clinician, Hillside Clinic" in page.words()
    assert "Hillside Clinic" in page.words(bob.get("/clinic").one("h1"))
    bob.post("/working-as", {"clinic": both["harbour"]})
    assert "Harbour Pain Clinic" in page.words(bob.get("/clinic").one("h1"))
    assert "Charlie Boone" not in bob.get("/patients").words()
    bob.post("/working-as", {"clinic": ""})
    assert "Charlie Boone" in bob.get("/patients").words()


def test_it_hides_no_record_that_is_open_to_them(client_as, cast, both):
    bob = client_as("bob")
    bob.post("/working-as", {"clinic": both["hillside"]})
    assert bob.get(f"/patients/{cast.alice.uuid}").status == 200


def test_what_is_done_on_the_clinics_page_is_done_to_the_one_chosen(client_as, cast, both):
    bob = client_as("bob")
    bob.post("/working-as", {"clinic": both["hillside"]})
    bob.post("/clinic/retention", {"months": "12"})
    with db.read() as s:
        months = [s.get_one(Clinic, one.clinic_id).retention_months for one in (cast.alice, cast.charlie)]
    assert months == [None, 12]


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "erin"])
def test_a_clinic_that_is_not_theirs_is_not_there(client_as, cast, both, who):
    theirs = "hillside" if who == "erin" else "harbour"
    client = client_as(who)
    for name, uuid in both.items():
        assert client.post("/working-as", {"clinic": uuid}).status == (303 if name == theirs else 404)
    assert client.post("/working-as", {"clinic": "nonsense"}).status == 404


def test_with_one_clinic_there_is_nothing_to_choose(client_as):
    page = client_as("cora").get("/patients")
    assert "Coach, Harbour Pain Clinic" in page.words()
    assert not [form for form in page.all("form") if form.get("action") == "/working-as"]


def test_a_choice_ends_with_the_membership(client_as, cast, both):
    bob = client_as("bob")
    bob.post("/working-as", {"clinic": both["hillside"]})
    with db.write() as s:
        from diary.careteam.models import Membership
        from tests.conftest import stored

        for row in stored(s, Membership, person_id=cast.bob.id, clinic_id=cast.erin.clinic_id):
            row.ended_at = clock.now()
            s.add(row)
    assert "Alice Marlow" in bob.get("/patients").words()


def test_signed_out(client_as, both):
    assert client_as().post("/working-as", {"clinic": both["harbour"]}).status == 303
