"""The data inside the PDF, who gets what of it, and a consent that is taken back while the report is made."""

import json
from datetime import UTC, date, datetime
from threading import Thread

import pytest

from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Kind
from diary.reports import queries
from tests import factories
from tests.reports import reading

NOW = datetime(2026, 4, 12, 12, tzinfo=UTC)
PERIOD = "since=2026-03-01&until=2026-04-10"


@pytest.fixture(autouse=True)
def _diary(clock_at, cast, written):
    clock_at(NOW)
    with written() as s:
        factories.entry(s, cast.alice, date(2026, 2, 28), pain=9, note="day-canary", note_private="no")
        factories.entry(s, cast.alice, date(2026, 3, 2), pain=4, note="shared words", note_private="no")
        factories.entry(s, cast.alice, date(2026, 3, 3), pain=5, note="private-canary", note_private="yes")
        factories.infusion(s, cast.alice, date(2026, 3, 4), note="infusion-canary")
        factories.medication(
            s, cast.alice, "duloxetine", date(2026, 1, 2), dose=60, dose_unit="mg", times_per_day=1
        )
        factories.session(
            s, cast.alice, date(2026, 3, 20), commitment_1="Ten quiet minutes", note="note-canary",
            private_note="staff-canary",
        )  # fmt: skip


def got(client, cast, base=None) -> bytes:
    base = f"/patients/{cast.alice.uuid}" if base is None else base
    answer = client.get(f"{base}/report.pdf?{PERIOD}")
    assert answer.status == 200
    return answer.data


def inside(pdf: bytes) -> dict:
    opened = reading.opened(pdf)
    (name,) = opened.attachments
    assert name == "neap-data.json"
    assert [str(one.AFRelationship) for one in opened.Root.AF] == ["/Data"]
    text = opened.attachments[name].get_file().read_bytes().decode()
    for canary in ("day-canary", "private-canary", "staff-canary", "note-canary"):
        assert canary not in text
    return json.loads(text)


def test_the_period_is_inside_as_data(client_as, cast):
    data = inside(got(client_as("bob"), cast))
    assert (data["format"], data["since"], data["until"]) == ("neap-period-1", "2026-03-01", "2026-04-10")
    assert data["kinds"] == ["infusions", "notes", "scores", "sessions"]
    assert [(day["date"], day["pain"], day["fatigue"]) for day in data["days"]] == [
        ("2026-03-02", 4, None),
        ("2026-03-03", 5, None),
    ]
    assert [note["note"] for note in data["notes"]] == ["shared words"]
    assert [(one["number"], one["dose_mg"], one["note"]) for one in data["infusions"]] == [
        (1, 40, "infusion-canary")
    ]
    assert [one["name"] for one in data["medications"]] == ["duloxetine"]
    assert [one["words"] for one in data["commitments"]] == ["Ten quiet minutes"]


def test_the_patients_own_has_no_note_of_staff(client_as, cast):
    pdf = got(client_as("alice"), cast, "")
    data = inside(pdf)
    assert "infusion-canary" not in json.dumps(data)
    assert "canary" not in reading.text(pdf)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.SCORES, {"days"}),
        (Kind.NOTES, {"notes"}),
        (Kind.INFUSIONS, {"infusions", "medications", "checkins"}),
        (Kind.SESSIONS, {"sessions", "commitments", "goals"}),
    ],
)
def test_what_is_not_shared_is_neither_shown_nor_inside(client_as, cast, written, kind, parts):
    before = inside(got(client_as("bob"), cast))
    with written() as s:
        careteam.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, [kind], NOW)
    pdf = got(client_as("bob"), cast)
    assert set(before) - set(inside(pdf)) == parts
    assert "Not shared with the reader of this report" in reading.flat(pdf)


@pytest.mark.both
def test_a_consent_taken_back_while_it_is_made_is_heeded(app, client_as, cast, written, monkeypatch):
    report = queries.report

    def withdraw():
        with app.app_context(), written() as s:
            careteam.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, [Kind.NOTES], NOW)

    def slow(*args):
        """Another request takes it back: what this one has read stays as it was."""
        body = report(*args)
        other = Thread(target=withdraw)
        other.start()
        other.join()
        return body

    monkeypatch.setattr(queries, "report", slow)
    bob = client_as("bob")
    page = bob.get(f"/patients/{cast.alice.uuid}/report.pdf?{PERIOD}")
    assert page.status == 404
    assert b"%PDF" not in page.data and "shared words" not in page.text
    assert bob.get(f"/patients/{cast.alice.uuid}/report.pdf?{PERIOD}").status == 200  # what is still shared


def test_the_same_twice_and_dated_by_the_data(client_as, cast, clock_at):
    first = got(client_as("bob"), cast)
    clock_at(datetime(2026, 4, 13, 12, tzinfo=UTC))
    assert got(client_as("bob"), cast) == first


def test_a_stranger_gets_nothing(client_as, cast):
    for name in ("erin", "charlie", "dana"):
        assert client_as(name).get(f"/patients/{cast.alice.uuid}/report.pdf?{PERIOD}").status == 404
