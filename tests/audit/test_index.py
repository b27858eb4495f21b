"""The admin's page of the trail: in words, codes and opaque ids, of their own clinics; filtered, and paged by id."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from diary import db
from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.audit import queries, worker
from diary.audit.models import AuditEvent
from diary.audit.rules.trail import Wanted
from diary.careteam import access, actions
from diary.careteam import queries as careteam
from diary.careteam.rules import Role
from diary.lib.errors import Hidden
from tests.conftest import stored
from tests.page_client import HEALTH_WORDS

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PATH = "/clinic/audit"


def by(person, clinic_id=0):
    return SimpleNamespace(
        person_id=person.id,
        role_code=person.role,
        clinic_id=person.clinic_id if clinic_id == 0 else clinic_id,
    )


@pytest.fixture
def lines(cast, clock_at, written):
    """What stands there: three looks of Bob's, a change of Dana's, and the other clinic's."""
    moments = (
        (3, by(cast.bob), "view.scores", cast.alice.id, ""),
        (2, by(cast.bob), "view.report", cast.alice.id, "2026-08-25/2026-11-19"),
        (1, by(cast.dana), "clinic.contacts", None, ""),
        (0, by(cast.cora), "view.notes", cast.alice.id, ""),
        (0, by(cast.erin), "view.notes", cast.charlie.id, ""),
    )
    for days, actor, action, patient, thing in moments:
        clock_at(NOW - timedelta(days=days))
        with written() as s:
            audit.record(s, actor, action, patient, thing)
    clock_at(NOW)


def rows(page) -> list[list[str]]:
    found = [row for row in page.all("tr") if "group" not in (row.get("class") or "")]
    return [[page.words(cell) for cell in row] for row in found if next(iter(row)).tag.endswith("td")]


@pytest.mark.both
def test_in_words_codes_and_opaque_ids(client_as, cast, lines):
    page = client_as("dana").get(PATH)
    id_ = str(cast.alice.uuid)[:8]
    assert rows(page)[:5] == [
        ["12:00:00", "Dana Whitlock admin", "looked at", "who looked view.audit", "nobody’s", "127.0.0.0/24"],
        ["12:00:00", "Cora Lindqvist coach", "looked at", "shared notes view.notes", id_, ""],
        ["12:00:00", "Dana Whitlock admin", "changed", "contacts and opening hours clinic.contacts", "nobody’s", ""],
        ["12:00:00", "Dr Bob Ansah clinician", "read", "a diary, for a report view.report", id_, ""],
        ["12:00:00", "Dr Bob Ansah clinician", "looked at", "diary answers view.scores", id_, ""],
    ]  # fmt: skip


def test_no_patients_name_and_no_word_of_health(client_as, cast, lines, written):
    with written() as s:
        for action in ("infusion.create", "medication.stop", "consent.give.scores", "entry.create"):
            audit.record(s, by(cast.alice), action, cast.alice.id, str(cast.bob.id))
    page = client_as("dana").get(PATH)
    for name in ("Alice", "Marlow", "Charlie", "Erin", cast.alice.email):
        assert name not in page.text
    said = [cell for row in rows(page) for place, cell in enumerate(row) if place != 3]
    assert not [cell for cell in said if HEALTH_WORDS.search(cell)]


def test_only_of_ones_own_clinics(client_as, cast, lines, written):
    with written() as s:
        erin = s.get_one(Person, cast.erin.id)
        actions.add_member(s, cast.erin.clinic_id, erin.id, Role.ADMIN, NOW)
    mine, theirs = client_as("dana").get(PATH), client_as("erin").get(PATH)
    assert str(cast.charlie.uuid)[:8] not in mine.text
    assert str(cast.alice.uuid)[:8] not in theirs.text and "Bob" not in theirs.text
    assert "Dr Erin Vale" in theirs.text


@pytest.mark.both
def test_of_several_clinics_where_it_concerns_one(client_as, cast, clock_at, written):
    """Somebody of two clinics signs in: both admins see that. What they did in the other one, this admin does not."""
    clock_at(NOW)
    with written() as s:
        actions.add_member(s, cast.erin.clinic_id, cast.bob.id, Role.CLINICIAN, NOW)
        audit.record(s, by(cast.bob, None), "sign_in", cast.bob.id)
        audit.record(s, by(cast.bob, None), "view.notes", cast.charlie.id)
        audit.record(
            s, by(cast.bob, None), "view.sessions", cast.charlie.id, clinic_id=cast.charlie.clinic_id
        )
        audit.record(s, by(cast.bob, None), "view.caseload")
    codes = [row[3].split()[-1] for row in rows(client_as("dana").get(PATH))]
    assert {"sign_in", "view.caseload"} <= set(codes) and not {"view.notes", "view.sessions"} & set(codes)


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie", "erin"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv"])
def test_a_stranger_gets_404(client_as, who, path):
    assert client_as(who).get(path).status == 404


@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv"])
def test_without_a_session(client_as, path):
    assert client_as().get(path).status == 303


def test_the_loader_tells_nobody_but_an_admin(app, cast):
    with db.read() as s:
        for name in ("alice", "bob", "erin"):
            viewer = access.viewer_of(s, s.get_one(Person, getattr(cast, name).id))
            with pytest.raises(Hidden):
                queries.of_clinics(s, viewer, careteam.ever_in(viewer), Wanted("UTC"))


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("what=looked", ["view.audit", "view.notes", "view.scores"]),
        ("what=took", ["view.report"]),
        ("what=view.scores", ["view.scores"]),
        ("who={bob}", ["view.report", "view.scores"]),
        ("who={bob}&what=took", ["view.report"]),
        ("patient={alice}", ["view.audit", "view.notes", "view.report", "view.scores"]),
        ("patient={alice_short}&who={cora}", ["view.notes"]),
        ("since=2026-11-21&until=2026-11-22&who={bob}", ["view.report"]),
        ("until=2026-11-21&since=2026-11-20", ["view.report", "view.scores"]),
        ("what=care_link.end", []),
    ],
)
def test_filters(client_as, cast, lines, query, codes):
    ids = {"bob": cast.bob.uuid, "cora": cast.cora.uuid, "alice": cast.alice.uuid, "alice_short": str(cast.alice.uuid)[:8].upper()}  # fmt: skip
    page = client_as("dana").get(f"{PATH}?{query.format(**ids)}")
    assert page.status == 200
    found = [row[3].split()[-1] for row in rows(page)]
    assert [code for code in found if code.startswith("view.") or code in codes] == codes


def test_the_operator_can_be_asked_for(client_as, cast, lines):
    found = rows(client_as("dana").get(f"{PATH}?who=operator"))
    assert found and {row[1] for row in found} == {"operator at the command line"}


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("since=soup", "since", "This is no date"),
        ("until=20261101", "until", "This is no date"),
        ("since=0001-01-01", "since", "This is no date"),
        ("since=2026-11-02&until=2026-11-01", "until", "before the first day"),
        ("who=soup", "who", "from the list"),
        ("who={erin}", "who", "from the list"),
        ("what=soup", "what", "from the list"),
        ("patient=1", "patient", "No patient of yours"),
        ("patient={charlie}", "patient", "No patient of yours"),
        ("patient={nobody}", "patient", "No patient of yours"),
        ("patient=%25%25%25%25%25%25%25%25", "patient", "No patient of yours"),
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv"])
def test_what_can_not_be_understood_is_said_at_its_field(client_as, cast, lines, query, field, words, path):
    ids = {
        "erin": cast.erin.uuid,
        "charlie": cast.charlie.uuid,
        "nobody": "00000000-0000-4000-8000-000000000000",
    }
    page = client_as("dana").get(f"{path}?{query.format(**ids)}")
    assert page.status == 422 and words in page.error_of(field)
    assert not rows(page)


def test_somebody_elses_patient_is_as_unknown_as_nobody(client_as, cast, lines):
    dana = client_as("dana")
    token = re.compile(r'name="csrf_token" value="[^"]+"')  # it tells the second in which the page was made
    theirs, nobody = (
        token.sub("", dana.get(f"{PATH}?patient={uuid}").text.replace(str(uuid), "X"))
        for uuid in (cast.charlie.uuid, "00000000-0000-4000-8000-000000000000")
    )
    assert theirs == nobody and "X" in theirs


def test_paged_by_id_with_and_without_scripts(client_as, cast, clock_at, written, monkeypatch):
    clock_at(NOW)
    with written() as s:
        for n in range(120):
            audit.record(s, by(cast.bob), "goal.create", cast.alice.id, thing=str(n))
    dana = client_as("dana")
    query = f"what=goal.create&who={cast.bob.uuid}"
    page, seen = dana.get(f"{PATH}?{query}"), 0
    for wanted in (50, 50, 20):
        assert len(rows(page)) == wanted
        seen += wanted
        links = [a for a in page.all("a", class_="btn") if page.words(a) == "Earlier"]
        if not links:
            break
        assert query in links[0].get("href").replace("&amp;", "&") or "who=" in links[0].get("href")
        assert links[0].get("href") == links[0].get("hx-get")
        part = dana.get(links[0].get("href"), htmx=True)
        assert "<html" not in part.text and "HX-Request" in part.headers["Vary"]
        page = dana.get(links[0].get("href"))
        assert rows(page) == rows(part)
    assert seen == 120 and not links


def test_a_look_at_somebodys_lines_is_a_look_at_them(client_as, cast, lines):
    client_as("dana").get(f"{PATH}?patient={cast.alice.uuid}")
    with db.read_anew() as s:
        (event,) = stored(s, AuditEvent, action="view.audit")
        assert (event.actor_id, event.patient_id, event.clinic_id) == (
            cast.dana.id,
            cast.alice.id,
            cast.dana.clinic_id,
        )
    assert "looked at who looked at your diary" in client_as("alice").get("/who-looked").words()


def test_how_the_chain_stands(client_as, cast, lines, app):
    dana = client_as("dana")
    assert "chain" not in dana.get(PATH).words().replace("Nothing", "")
    worker.append()
    assert "The chain fits what was put away." in dana.get(PATH).words()
    path = app.config["SETTINGS"].data_dir / worker.HEAD
    path.write_text("{}")
    assert "The chain does not fit what was put away." in dana.get(PATH).words()


def test_the_side_column_leads_there(client_as):
    assert client_as("dana").get("/clinic").all("a", href=PATH)
    assert not client_as("bob").get("/patients").all("a", href=PATH)
