"""Roles and memberships: changed by another admin only, sessions end at once, the last admin stays."""

from datetime import UTC, datetime

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import LoginSession, Person
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Membership
from diary.careteam.rules import Role
from diary.lib import clock
from tests.conftest import stored
from tests.people import Someone


def roles_of(person, clinic_id=None) -> set[str]:
    with db.read() as s:
        rows = stored(s, Membership, person_id=person.id)
    return {row.role for row in rows if row.ended_at is None and clinic_id in (None, row.clinic_id)}


def live_sessions(person) -> int:
    with db.read() as s:
        return len([row for row in stored(s, LoginSession, person_id=person.id) if row.ended_at is None])


def live_links(**where) -> int:
    with db.read() as s:
        return len([row for row in stored(s, CareLink, **where) if row.ended_at is None])


@pytest.fixture
def second_admin(app, cast, passphrase_hash):
    with db.write() as s:
        person = create_person(s, "ruth@example.org", "Ruth Okafor", "Europe/London", clock.now())
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, cast.dana.clinic_id, person.id, Role.ADMIN, clock.now())
    return Someone(person.id, person.uuid, "ruth@example.org", "Ruth Okafor", "admin", cast.dana.clinic_id)


def test_a_role_is_changed_and_holds_at_once(client_as, cast):
    bob, dana = client_as("bob"), client_as("dana")
    assert bob.get("/patients").status == 200
    page = dana.get(f"/clinic/people/{cast.bob.uuid}")
    assert [b.get("value") for b in page.all("input", name="role") if b.get("checked") is not None] == [
        "clinician"
    ]
    answer = dana.post(f"/clinic/people/{cast.bob.uuid}/roles", {"role": ["coach", "admin"]})
    assert (answer.status, answer.location) == (303, "/clinic?saved=roles")
    assert roles_of(cast.bob) == {"coach", "admin"}
    assert bob.get("/patients").status == 303, "the old session is over"
    assert live_sessions(cast.bob) == 0
    assert live_links(staff_id=cast.bob.id) == 1, "a coach still cares"
    with db.read() as s:
        done = [e.action for e in stored(s, AuditEvent, actor_id=cast.dana.id, thing=str(cast.bob.id))]
    assert done == ["role.end.clinician", "role.give.admin", "role.give.coach"]


def test_without_a_care_role_the_links_end(client_as, cast):
    client_as("dana").post(f"/clinic/people/{cast.bob.uuid}/roles", {"role": ["admin"]})
    assert live_links(staff_id=cast.bob.id) == 0


def test_the_same_roles_again_change_nothing(client_as, cast):
    bob = client_as("bob")
    assert (
        client_as("dana").post(f"/clinic/people/{cast.bob.uuid}/roles", {"role": "clinician"}).status == 303
    )
    assert bob.get("/patients").status == 200


@pytest.mark.parametrize("roles", [[], ["patient"], ["owner"], ["coach", "patient"]])
def test_bad_roles(client_as, cast, roles):
    page = client_as("dana").post(f"/clinic/people/{cast.bob.uuid}/roles", {"role": roles})
    assert page.status == 422 and "role" in page.words(page.one("p", id="role-error"))
    assert roles_of(cast.bob) == {"clinician"}


def test_ending_a_staff_membership_ends_sessions_and_links(client_as, cast):
    bob = client_as("bob")
    assert (
        client_as("dana").post(f"/clinic/people/{cast.bob.uuid}/staff/end").location == "/clinic?saved=left"
    )
    assert bob.get("/patients").status == 303
    assert roles_of(cast.bob) == set() and live_links(staff_id=cast.bob.id) == 0
    assert "Dr Bob Ansah" not in client_as("dana").get("/clinic").words()


def test_ending_a_patients_last_membership(client_as, cast):
    alice, bob = client_as("alice"), client_as("bob")
    assert client_as("dana").post(f"/clinic/people/{cast.alice.uuid}/patient/end").status == 303
    assert alice.get("/today").status == 303
    assert bob.get(f"/patients/{cast.alice.uuid}").status == 404
    assert live_links(patient_id=cast.alice.id) == 0
    with db.read() as s:
        (row,) = stored(s, LoginSession, person_id=cast.alice.id)
    assert row.revoked, "the phone is told to wipe what it keeps"


def test_a_patient_of_two_clinics_stays_signed_in_at_the_other(client_as, cast):
    with db.write() as s:
        actions.add_member(s, cast.erin.clinic_id, cast.alice.id, Role.PATIENT, clock.now())
    alice = client_as("alice")
    client_as("dana").post(f"/clinic/people/{cast.alice.uuid}/patient/end")
    assert alice.get("/today").status == 200
    assert roles_of(cast.alice) == {"patient"}


def test_staff_who_are_patients_too_are_signed_out_and_stay_patients(client_as, cast):
    with db.write() as s:
        actions.add_member(s, cast.bob.clinic_id, cast.bob.id, Role.PATIENT, clock.now())
    bob = client_as("bob")
    client_as("dana").post(f"/clinic/people/{cast.bob.uuid}/staff/end")
    assert bob.get("/today").status == 303
    assert roles_of(cast.bob) == {"patient"}


def test_nobody_changes_their_own_role(client_as, cast, second_admin):
    dana = client_as("dana")
    assert "This is you" in dana.get(f"/clinic/people/{cast.dana.uuid}").words()
    page = dana.post(f"/clinic/people/{cast.dana.uuid}/roles", {"role": ["admin", "clinician"]})
    assert page.status == 422
    assert dana.post(f"/clinic/people/{cast.dana.uuid}/staff/end").status == 422
    assert roles_of(cast.dana) == {"admin"}


def test_nobody_gives_themselves_a_role_by_an_invitation(client_as, cast):
    typed = {"email": cast.dana.email.upper(), "name": "Dana", "role": "clinician", "born_on": ""}
    page = client_as("dana").post("/clinic/invitations", typed)
    assert page.status == 422 and "themselves" in page.error_of("email")


def test_the_last_admin_is_neither_demoted_nor_ended(client_as, cast, second_admin, app):
    ruth = access.Viewer(second_admin.id, roles=frozenset({(cast.dana.clinic_id, Role.ADMIN)}))
    now = datetime(2026, 5, 4, tzinfo=UTC)
    with db.write() as s:
        actions.change_roles(s, ruth, cast.dana.clinic_id, cast.dana.uuid, [Role.COACH], now)
    dana = access.Viewer(cast.dana.id, roles=frozenset({(cast.dana.clinic_id, Role.ADMIN)}))
    for act in (
        lambda s: actions.change_roles(s, dana, cast.dana.clinic_id, second_admin.uuid, [Role.COACH], now),
        lambda s: actions.end_membership(s, dana, cast.dana.clinic_id, second_admin.uuid, now, False),
        lambda s: actions.end_membership(
            s, access.OPERATOR, cast.dana.clinic_id, second_admin.uuid, now, False
        ),
    ):
        with pytest.raises(actions.Refused, match="last admin"), db.write() as s:
            act(s)
    assert roles_of(second_admin) == {"admin"}


def test_an_admin_who_was_only_invited_is_no_other_admin(cast, second_admin):
    with db.write() as s:
        s.get_one(Person, second_admin.id).passphrase_hash = None
    ruth = access.Viewer(second_admin.id, roles=frozenset({(cast.dana.clinic_id, Role.ADMIN)}))
    with pytest.raises(actions.Refused, match="last admin"), db.write() as s:
        actions.end_membership(s, ruth, cast.dana.clinic_id, cast.dana.uuid, clock.now(), False)


POSTS = ("roles", "staff/end", "patient/end")


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie", "erin"])
def test_strangers_get_404(client_as, cast, who):
    client = client_as(who)
    assert client.get(f"/clinic/people/{cast.bob.uuid}").status == 404
    for path in POSTS:
        assert client.post(f"/clinic/people/{cast.bob.uuid}/{path}", {"role": "admin"}).status == 404
    assert roles_of(cast.bob) == {"clinician"}


def test_another_clinics_people_are_not_there(client_as, cast):
    client = client_as("dana")
    for person in (cast.erin, cast.charlie):
        assert client.get(f"/clinic/people/{person.uuid}").status == 404
        for path in POSTS:
            assert client.post(f"/clinic/people/{person.uuid}/{path}", {"role": "admin"}).status == 404
    assert client.post(f"/clinic/people/{cast.alice.uuid}/roles", {"role": "admin"}).status == 404, (
        "a patient"
    )
    assert client.post(f"/clinic/people/{cast.alice.uuid}/staff/end").status == 404
    assert roles_of(cast.erin) == {"clinician"} and roles_of(cast.alice) == {"patient"}


def test_an_admin_of_another_clinic_is_none_here(app, cast):
    """In the action, whatever clinic a page would hand over."""
    foreign = access.Viewer(cast.erin.id, roles=frozenset({(cast.erin.clinic_id, Role.ADMIN)}))
    for act in (
        lambda s: actions.change_roles(
            s, foreign, cast.bob.clinic_id, cast.bob.uuid, [Role.ADMIN], clock.now()
        ),
        lambda s: actions.end_membership(s, foreign, cast.bob.clinic_id, cast.bob.uuid, clock.now(), False),
        lambda s: actions.link(s, foreign, cast.bob.clinic_id, cast.alice.id, cast.bob.id, clock.now()),
    ):
        with pytest.raises(access.Hidden), db.write() as s:
            act(s)
