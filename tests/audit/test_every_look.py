"""Every page of somebody else's data writes down who looks, at what and in which clinic, before it is shown."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.audit import actions as audit
from diary.audit.models import AuditEvent
from tests import factories
from tests.conftest import stored

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
ANOTHERS_PAPER = (
    "/patients/<uuid:patient_uuid>/prep.pdf"  # noted by what makes the page, which is looked at below
)
# They show a name and an empty form, nothing that the patient shares.
EMPTY_FORMS = {
    "/patients/<uuid:patient_uuid>/sessions/new",
}


@pytest.fixture
def ids(app, cast, clock_at):
    """What the addresses of pages about Alice name."""
    clock_at(NOW)
    with db.write() as s:
        factories.days(date(2026, 3, 2), [7, 6, 5], s, cast.alice)
        given = factories.infusion(s, cast.alice, date(2026, 3, 16))
        taken = factories.medication(s, cast.alice, "Gabapentin", date(2026, 3, 2))
        met = factories.session(s, cast.alice, date(2026, 3, 20))
        found = {
            "patient_uuid": cast.alice.uuid,
            "infusion_id": given.uuid,
            "medication_id": taken.uuid,
            "session_id": met.uuid,
        }
    return found


def pages(app) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and "patient_uuid" in rule.arguments and rule.rule != ANOTHERS_PAPER
    )


def address(rule: str, ids) -> str:
    for name, value in ids.items():
        rule = rule.replace(f"<uuid:{name}>", str(value))
    assert "<" not in rule, f"{rule}: tell this test what it is about"
    return rule


def looks(person, patient) -> list[tuple[str, int]]:
    """The codes of one's views of another's data, and in which clinic, in their order."""
    with db.read_anew() as s:
        events = stored(s, AuditEvent, actor_id=person.id, patient_id=patient.id)
        return [(event.action, event.clinic_id) for event in events if event.action.startswith("view.")]


def test_each_page_about_a_patient(app, cast, client_as, ids, monkeypatch):
    monkeypatch.setattr(audit, "VIEWED_ONCE_IN", timedelta(0))  # a page is not to hide the next one
    bob, found, silent = client_as("bob"), pages(app), []
    assert len(found) >= 20
    for rule in found:
        before = len(looks(cast.bob, cast.alice))
        assert bob.get(address(rule, ids)).status == 200, rule
        events = looks(cast.bob, cast.alice)[before:]
        assert {clinic for _, clinic in events} <= {cast.alice.clinic_id}, rule
        if not events and rule not in EMPTY_FORMS:
            silent.append(rule)
    assert silent == []


def test_lists_are_one_event_without_subjects(cast, client_as):
    for who, path, action in (
        ("bob", "/patients", "view.caseload"),
        ("bob", "/flags", "view.flags"),
        ("dana", "/clinic", "view.people"),
    ):
        client_as(who).get(path)
        with db.read_anew() as s:
            (event,) = stored(s, AuditEvent, action=action)
            assert (event.actor_id, event.patient_id) == (getattr(cast, who).id, None)


def test_what_is_known_of_a_person_beside_the_diary(cast, client_as):
    alice = cast.alice.uuid
    for who, path, action in (
        ("dana", f"/clinic/people/{alice}", "view.people"),
        ("bob", f"/people/{alice}/phones", "view.phones"),
        ("dana", f"/people/{alice}/phones", "view.phones"),
    ):
        assert client_as(who).get(path).status == 200
        assert (action, cast.alice.clinic_id) in looks(getattr(cast, who), cast.alice)


def test_her_own_pages_are_no_looks(app, cast, client_as, ids):
    alice = client_as("alice")
    for path in (
        "/today",
        "/story",
        "/infusions",
        f"/infusions/{ids['infusion_id']}",
        "/medications",
        "/sessions",
        "/who-looked",
    ):
        assert alice.get(path).status == 200
    assert looks(cast.alice, cast.alice) == []


def test_nothing_is_shown_when_it_can_not_be_written(cast, client_as, ids, monkeypatch):
    monkeypatch.setattr(audit, "record", lambda *_a, **_k: 1 / 0)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}")
    assert page.status == 500 and "Gabapentin" not in page.text


def test_once_in_ten_minutes_by_person_patient_kind_and_part(cast, app, clock_at):
    from diary.accounts.models import Person
    from diary.careteam import access

    clock_at(NOW)
    with db.read() as s:
        bob = access.viewer_of(s, s.get_one(Person, cast.bob.id))
    for _ in range(2):
        audit.seen(bob, cast.alice.id, "scores", cast.alice.clinic_id)
        audit.seen(bob, cast.alice.id, "notes", cast.alice.clinic_id)
        audit.seen(bob, cast.alice.id, "report", cast.alice.clinic_id, "2026-01-01/2026-02-01")
        audit.seen(bob, cast.alice.id, "report", cast.alice.clinic_id, "2026-01-01/2026-03-01")
    with db.read_anew() as s:
        assert len(stored(s, AuditEvent, actor_id=cast.bob.id)) == 4
    clock_at(NOW + timedelta(minutes=11))
    audit.seen(bob, cast.alice.id, "scores", cast.alice.clinic_id)
    with db.read_anew() as s:
        assert len(stored(s, AuditEvent, actor_id=cast.bob.id)) == 5
