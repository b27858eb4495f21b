"""Two at once, on both databases: each in a thread with its own connection, let go together at a barrier."""

import threading
from datetime import timedelta

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import Person
from diary.careteam import access, actions, queries
from diary.careteam.models import CareLink, Clinic, Consent, Invitation, Membership, SignInCode
from diary.careteam.rules import Kind, Role
from diary.lib import clock
from tests.conftest import stored

ROUNDS = 5
pytestmark = pytest.mark.both


def together(app, *acts) -> list[object]:
    """What each act, given a write session, came to: its result or its exception."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        with app.app_context():
            barrier.wait(10)
            try:
                with db.write() as s:
                    results[place] = act(s)
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def kinds_of(results) -> list[type]:
    return sorted((type(one) for one in results), key=lambda kind: kind.__name__)


def admin(person_id: int, clinic_id: int) -> access.Viewer:
    return access.Viewer(person_id, roles=frozenset({(clinic_id, Role.ADMIN)}))


def live(**where) -> list[Membership]:
    with db.read() as s:
        return [row for row in stored(s, Membership, **where) if row.ended_at is None]


@pytest.fixture
def ruth(app, cast, passphrase_hash):
    with db.write() as s:
        person = create_person(s, "ruth@example.org", "Ruth Okafor", "Europe/London", clock.now())
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, cast.dana.clinic_id, person.id, Role.ADMIN, clock.now())
    return person


def test_two_admins_end_each_other_and_one_stays(app, cast, ruth):
    clinic, now = cast.dana.clinic_id, clock.now()
    for _ in range(ROUNDS):
        results = together(
            app,
            lambda s: actions.end_membership(s, admin(cast.dana.id, clinic), clinic, ruth.uuid, now, False),
            lambda s: actions.end_membership(s, admin(ruth.id, clinic), clinic, cast.dana.uuid, now, False),
        )
        assert kinds_of(results) == [type(None), actions.Refused]
        assert len(live(clinic_id=clinic, role=Role.ADMIN)) == 1
        with db.write() as s:
            for person in (cast.dana.id, ruth.id):
                actions.add_member(s, clinic, person, Role.ADMIN, now)


def test_two_admins_change_one_role_at_once(app, cast, ruth):
    clinic, now = cast.dana.clinic_id, clock.now()
    for _ in range(ROUNDS):
        results = together(
            app,
            lambda s: actions.change_roles(
                s, admin(cast.dana.id, clinic), clinic, cast.bob.uuid, [Role.COACH, Role.CLINICIAN], now
            ),
            lambda s: actions.change_roles(
                s, admin(ruth.id, clinic), clinic, cast.bob.uuid, [Role.COACH], now
            ),
        )
        assert results == [None, None]
        held = [row.role for row in live(clinic_id=clinic, person_id=cast.bob.id)]
        assert sorted(held) in ([Role.COACH], [Role.CLINICIAN, Role.COACH]), (
            "one of the two, whole, and nothing twice"
        )


def test_two_invitations_of_one_new_person(app, cast, ruth):
    clinic, now = cast.dana.clinic_id, clock.now()
    for turn in range(ROUNDS):
        email = f"noor{turn}@example.org"
        results = together(
            app,
            *(
                lambda s, who=who, email=email: actions.invite(
                    s, admin(who, clinic), s.get_one(Clinic, clinic), email, Role.PATIENT, now, name="Noor"
                )
                for who in (cast.dana.id, ruth.id)
            ),
        )
        assert kinds_of(results) == [str, str]
        with db.read() as s:
            (person,) = [p for p in stored(s, Person) if p.email == email]
            rows = stored(s, Invitation, person_id=person.id)
            works = []
            for token in results:
                try:
                    queries.open_invitation(s, token, now)
                    works.append(True)
                except access.Hidden:
                    works.append(False)
        assert sorted(works) == [False, True] and len(rows) == 2
        assert len(live(person_id=person.id)) == 1


def test_two_clinics_invite_one_new_person(app, cast, ruth):
    now = clock.now()
    for turn in range(ROUNDS):
        email = f"nils{turn}@example.org"
        results = together(
            app,
            *(
                lambda s, who=who, email=email: actions.invite(
                    s,
                    admin(who.id, who.clinic_id),
                    s.get_one(Clinic, who.clinic_id),
                    email,
                    Role.PATIENT,
                    now,
                    name="Nils",
                )
                for who in (cast.dana, cast.erin)
            ),
        )
        assert kinds_of(results) == [str, str], results
        with db.read() as s:
            (person,) = [p for p in stored(s, Person) if p.email == email]
            joins = [queries.open_invitation(s, token, now).joins for token in results]
        assert sorted(joins) == [False, True], "one makes the account, the other waits for it"
        assert len(live(person_id=person.id)) == 1


def test_one_link_is_used_by_two_at_once(app, cast):
    now = clock.now()
    for turn in range(ROUNDS):
        with db.write() as s:
            clinic = s.get_one(Clinic, cast.dana.clinic_id)
            token = actions.invite(s, access.OPERATOR, clinic, f"ina{turn}@example.org", Role.PATIENT, now)
        with db.read() as s:
            found = queries.open_invitation(s, token, now)
        results = together(
            app,
            *(
                lambda s, name=name, found=found: (
                    actions.accept_invitation(
                        s, found.invitation, name, "UTC", f"{name} by the quiet weir", [], now
                    ).name
                )
                for name in ("Ina First", "Ina Second")
            ),
        )
        assert kinds_of(results) == [access.Hidden, str]
        with db.read() as s:
            person = s.get_one(Person, found.invitation.person_id)
        assert person.name == next(one for one in results if isinstance(one, str))


def test_one_code_signs_in_one_phone(app, cast):
    now = clock.now()
    for _ in range(ROUNDS):
        with db.write() as s:
            digits, token = actions.make_code(
                s, admin(cast.dana.id, cast.dana.clinic_id), cast.alice.uuid, now
            )
        results = together(
            app,
            lambda s, digits=digits: actions.use_code(s, now, digits=digits).id,
            lambda s, token=token: actions.use_code(s, now, token=token).id,
        )
        assert kinds_of(results) == [access.Hidden, int]
    with db.read() as s:
        assert all(row.used_at is not None for row in stored(s, SignInCode))


def test_one_care_link_is_made_by_two_admins(app, cast, ruth):
    clinic, now = cast.dana.clinic_id, clock.now()
    with db.write() as s:
        for row in stored(s, CareLink, patient_id=cast.alice.id, staff_id=cast.bob.id):
            actions.end_link(s, access.OPERATOR, clinic, row.uuid, now)
    results = together(
        app,
        *(
            lambda s, who=who: actions.link(s, admin(who, clinic), clinic, cast.alice.id, cast.bob.id, now)
            for who in (cast.dana.id, ruth.id)
        ),
    )
    assert kinds_of(results) == [type(None), actions.Refused]
    with db.read() as s:
        rows = stored(s, CareLink, patient_id=cast.alice.id, staff_id=cast.bob.id)
    assert len([row for row in rows if row.ended_at is None]) == 1


def test_given_and_taken_back_at_once_leaves_one_of_the_two(app, cast):
    """Whatever order they came in: after a taking-back that came last nothing stands, and never half a kind."""
    alice, now = access.Viewer(cast.alice.id), clock.now()
    for _ in range(ROUNDS):
        together(
            app,
            lambda s: actions.withdraw_consent(s, alice, cast.alice.id, cast.bob.id, [Kind.NOTES], now),
            lambda s: actions.give_consent(s, alice, cast.alice.id, cast.bob.id, [Kind.NOTES], now),
        )
        with db.write() as s:
            actions.withdraw_consent(
                s, alice, cast.alice.id, cast.bob.id, [Kind.NOTES], now + timedelta(seconds=1)
            )
        with db.read() as s:
            rows = stored(s, Consent, patient_id=cast.alice.id, staff_id=cast.bob.id, kind=Kind.NOTES)
        assert all(row.withdrawn_at is not None for row in rows)
