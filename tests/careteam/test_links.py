"""Care links begin and end with their dates; a cover shows what the patient agreed to, for a time, and no more."""

from datetime import UTC, datetime, timedelta

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import Person
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Consent, Notice
from diary.careteam.rules import Kind, Role
from tests.conftest import stored

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def tomas(app, cast, clock_at):
    """A second coach of Alice's clinic, with no link."""
    clock_at(NOW)
    with db.write() as s:
        person = create_person(s, "tomas@example.org", "Tomas Birk", "Europe/London", NOW)
        actions.add_member(s, cast.alice.clinic_id, person.id, Role.COACH, NOW)
    return person


def viewer(person_id: int) -> access.Viewer:
    with db.read() as s:
        return access.viewer_of(s, s.get_one(Person, person_id))


def seen(person_id: int, patient) -> frozenset | None:
    """The kinds that somebody sees of a patient; None where there is no such patient for them."""
    who = viewer(person_id)
    with db.read() as s:
        listed = {ref.id: ref.kinds for ref in access.caseload(s, who)}
        try:
            kinds = access.load_patient(s, who, patient.uuid).kinds
        except access.Hidden:
            kinds = None
        assert access.kinds(s, who, patient.id) == (kinds or frozenset())
    assert listed.get(patient.id) == kinds, "the list and the page disagree"
    return kinds


def link_of(patient, staff_id: int) -> CareLink:
    with db.read() as s:
        return stored(s, CareLink, patient_id=patient.id, staff_id=staff_id)[-1]


def dana(cast) -> access.Viewer:
    return viewer(cast.dana.id)


def test_a_planned_link_begins_and_ends_by_itself(cast, tomas, clock_at):
    with db.write() as s:
        actions.link(
            s, dana(cast), cast.alice.clinic_id, cast.alice.id, tomas.id, NOW, NOW + A_DAY, NOW + 3 * A_DAY
        )
        actions.give_consent(s, viewer(cast.alice.id), cast.alice.id, tomas.id, [Kind.SCORES], NOW)
    assert seen(tomas.id, cast.alice) is None
    clock_at(NOW + A_DAY)
    assert seen(tomas.id, cast.alice) == {Kind.SCORES}
    clock_at(NOW + 3 * A_DAY - timedelta(milliseconds=1))
    assert seen(tomas.id, cast.alice) == {Kind.SCORES}
    clock_at(NOW + 3 * A_DAY)
    assert seen(tomas.id, cast.alice) is None


def test_a_new_link_shows_nothing_of_what_was_given_under_an_old_one(cast, tomas, clock_at):
    link = link_of(cast.alice, cast.cora.id)
    with db.write() as s:
        actions.end_link(s, dana(cast), cast.alice.clinic_id, link.uuid, NOW)
        actions.link(s, dana(cast), cast.alice.clinic_id, cast.alice.id, cast.cora.id, NOW)
    assert seen(cast.cora.id, cast.alice) == frozenset()
    with db.read() as s:
        assert not [c for c in stored(s, Consent, staff_id=cast.cora.id) if c.withdrawn_at is None]


@pytest.fixture
def cover(cast, tomas):
    """Tomas covers for Cora from tomorrow for two days; Cora is shown scores and notes."""
    with db.write() as s:
        rest = set(Kind) - {Kind.SCORES, Kind.NOTES}
        actions.withdraw_consent(s, viewer(cast.alice.id), cast.alice.id, cast.cora.id, rest, NOW)
        actions.link(
            s, dana(cast), cast.alice.clinic_id, cast.alice.id, tomas.id, NOW, NOW + A_DAY, NOW + 3 * A_DAY, cast.cora.id
        )  # fmt: skip
    return link_of(cast.alice, tomas.id)


def test_a_cover_sees_nothing_until_the_patient_agrees(cast, tomas, cover, clock_at, client_as):
    clock_at(NOW + A_DAY)
    assert seen(tomas.id, cast.alice) == frozenset()
    alice = client_as("alice")
    page = alice.get("/sharing")
    assert "covers for Cora Lindqvist" in page.words() and "Sees nothing" in page.words()
    assert alice.post(f"/sharing/covers/{cover.uuid}/agreement").status == 303
    assert seen(tomas.id, cast.alice) == {Kind.SCORES, Kind.NOTES}
    assert "Sees what Cora Lindqvist sees" in alice.get("/sharing").words()
    assert alice.post(f"/sharing/covers/{cover.uuid}/agreement/end").status == 303
    assert seen(tomas.id, cast.alice) == frozenset()


def test_a_cover_sees_no_more_and_no_longer_than_whom_it_covers_for(cast, tomas, cover, clock_at):
    alice = viewer(cast.alice.id)
    with db.write() as s:
        actions.agree_to_cover(s, alice, cover.uuid, NOW)
    assert seen(tomas.id, cast.alice) is None, "it begins tomorrow"
    clock_at(NOW + A_DAY)
    assert seen(tomas.id, cast.alice) == {Kind.SCORES, Kind.NOTES}
    with db.write() as s:
        actions.withdraw_consent(s, alice, cast.alice.id, cast.cora.id, [Kind.NOTES], NOW)
        # What Tomas himself was given counts for a link of his own, not for this one.
        actions.give_consent(s, alice, cast.alice.id, tomas.id, [Kind.SESSIONS], NOW)
    assert seen(tomas.id, cast.alice) == {Kind.SCORES}
    clock_at(NOW + 3 * A_DAY)
    assert seen(tomas.id, cast.alice) is None


def test_a_cover_ends_with_the_link_that_it_covers(cast, tomas, cover, clock_at):
    clock_at(NOW + A_DAY)
    with db.write() as s:
        actions.agree_to_cover(s, viewer(cast.alice.id), cover.uuid, NOW)
        actions.end_link(
            s, dana(cast), cast.alice.clinic_id, link_of(cast.alice, cast.cora.id).uuid, NOW + A_DAY
        )
    assert seen(tomas.id, cast.alice) is None
    assert link_of(cast.alice, tomas.id).ended_at is not None


def test_a_second_cover_is_asked_for_anew(cast, tomas, cover, clock_at):
    clock_at(NOW + A_DAY)
    with db.write() as s:
        actions.agree_to_cover(s, viewer(cast.alice.id), cover.uuid, NOW)
        actions.end_link(s, dana(cast), cast.alice.clinic_id, cover.uuid, NOW + A_DAY)
        actions.link(
            s, dana(cast), cast.alice.clinic_id, cast.alice.id, tomas.id, NOW + A_DAY, ends_at=NOW + 9 * A_DAY,
            covers_id=cast.cora.id,
        )  # fmt: skip
    assert seen(tomas.id, cast.alice) == frozenset()


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "charlie", "erin"])
def test_nobody_but_the_patient_agrees(client_as, cast, cover, who):
    for path in ("agreement", "agreement/end"):
        assert client_as(who).post(f"/sharing/covers/{cover.uuid}/{path}").status == 404
    assert link_of(cast.alice, cover.staff_id).agreed_at is None


def test_an_ordinary_link_is_no_cover_to_agree_to(client_as, cast):
    link = link_of(cast.alice, cast.bob.id)
    assert client_as("alice").post(f"/sharing/covers/{link.uuid}/agreement").status == 404


FORM = {"covers": "", "begins_on": "", "ends_on": ""}


def test_the_admin_makes_one_with_dates(client_as, cast, tomas, clock_at):
    client = client_as("dana")
    typed = {
        "patient": str(cast.alice.uuid),
        "staff": str(tomas.uuid),
        "begins_on": "2026-05-06",
        "ends_on": "2026-05-08",
    }
    assert client.post("/clinic/care-links", FORM | typed).status == 303
    link = link_of(cast.alice, tomas.id)
    assert (link.began_at, link.ends_at) == (
        datetime(2026, 5, 5, 23, tzinfo=UTC),
        datetime(2026, 5, 8, 23, tzinfo=UTC),
    )
    page = client.get("/clinic").words()
    assert "6 May 2026 planned 8 May 2026" in page
    with db.read() as s:
        assert [n.kind for n in stored(s, Notice, person_id=cast.alice.id)] == ["link"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"ends_on": "2026-05-03"}, "staff", "ends after it begins"),
        ({"begins_on": "2026-05-09", "ends_on": "2026-05-08"}, "staff", "ends after it begins"),
        ({"begins_on": "soon"}, "begins_on", "not a date"),
        ({"ends_on": "2999-01-01"}, "ends_on", "too far"),
        ({"covers": "cora"}, "staff", "choose a patient"),
    ],
)
def test_bad_dates_are_said_and_what_was_typed_stays(client_as, cast, tomas, typed, field, words):
    form = FORM | {"patient": str(cast.alice.uuid), "staff": str(tomas.uuid)} | typed
    page = client_as("dana").post("/clinic/care-links", form)
    assert page.status == 422 and words in page.error_of(field)
    for name in ("begins_on", "ends_on"):
        assert page.one("input", id=name).get("value") == form[name]


def test_a_cover_has_an_end_and_covers_for_somebody_who_cares(client_as, cast, tomas):
    client, form = client_as("dana"), FORM | {"patient": str(cast.alice.uuid), "staff": str(tomas.uuid)}
    page = client.post("/clinic/care-links", form | {"covers": str(cast.cora.uuid)})
    assert page.status == 422 and "until when" in page.error_of("staff")
    own = form | {"covers": str(tomas.uuid), "ends_on": "2026-05-08"}
    assert "Nobody covers for themselves" in client.post("/clinic/care-links", own).error_of("staff")
    with db.write() as s:
        actions.end_link(s, dana(cast), cast.alice.clinic_id, link_of(cast.alice, cast.cora.id).uuid, NOW)
    gone = client.post("/clinic/care-links", form | {"covers": str(cast.cora.uuid), "ends_on": "2026-05-08"})
    assert "does not care for" in gone.error_of("staff")


def test_nobody_makes_a_link_for_themselves_and_only_an_admin_makes_one(cast, tomas):
    """Enforced in the action, whatever a page would show."""
    both = access.Viewer(
        tomas.id, roles=frozenset({(cast.alice.clinic_id, Role.ADMIN), (cast.alice.clinic_id, Role.COACH)})
    )
    with pytest.raises(actions.Refused, match="themselves"), db.write() as s:
        actions.link(s, both, cast.alice.clinic_id, cast.alice.id, tomas.id, NOW)
    for actor in (viewer(cast.bob.id), viewer(cast.erin.id), viewer(cast.alice.id)):
        with pytest.raises(access.Hidden), db.write() as s:
            actions.link(s, actor, cast.alice.clinic_id, cast.alice.id, tomas.id, NOW)
    assert seen(tomas.id, cast.alice) is None


def test_only_the_patient_gives_and_takes_consent(cast, tomas):
    for actor in (viewer(cast.bob.id), viewer(cast.dana.id), viewer(cast.charlie.id)):
        for do in (actions.give_consent, actions.withdraw_consent):
            with pytest.raises(access.Hidden), db.write() as s:
                do(s, actor, cast.alice.id, cast.bob.id, [Kind.NOTES], NOW)
