"""The lines as CSV: what was asked for and all of it, safe in a spreadsheet, streamed, and itself a line."""

import csv
from datetime import timedelta
from io import StringIO

import pytest

from diary import db
from diary.audit import actions as audit
from diary.audit import views
from diary.audit.models import AuditEvent
from tests.audit.test_index import NOW, PATH, by, lines  # noqa: F401  a fixture
from tests.conftest import stored


def table(page) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(page.text, newline="")))


@pytest.mark.both
def test_what_was_asked_for(client_as, cast, lines):  # noqa: F811
    page = client_as("dana").get(f"{PATH}.csv?who={cast.bob.uuid}")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/csv")
    assert page.headers["Content-Disposition"] == 'attachment; filename="neap-audit.csv"'
    assert page.headers["Cache-Control"] == "no-store"
    made, looked = table(page)
    assert tuple(made) == views.COLUMNS
    assert made | {"event": ""} == {
        "event": "", "at": "2026-11-21T12:00:00+00:00", "who": "Dr Bob Ansah", "who_id": str(cast.bob.uuid),
        "role": "clinician", "code": "view.report", "words": "read a diary, for a report", "patient_id": str(cast.alice.uuid), "whose": str(cast.alice.uuid)[:8],
        "thing": "2026-08-25/2026-11-19", "address": "", "request_id": "",
    }  # fmt: skip
    assert looked["code"] == "view.scores"


def test_all_of_it_in_blocks(client_as, cast, written, monkeypatch):
    monkeypatch.setattr(views, "LINES_AT_ONCE", 7)
    with written() as s:
        ids = [audit.record(s, by(cast.bob), "goal.create", cast.alice.id) for _ in range(40)]
    found = table(client_as("dana").get(f"{PATH}.csv?what=goal.create"))
    assert [int(row["event"]) for row in found] == ids[::-1]


def test_no_patients_name(client_as, cast, lines):  # noqa: F811
    text = client_as("dana").get(f"{PATH}.csv").text
    assert str(cast.alice.uuid) in text
    for hidden in ("Alice", "Marlow", "Charlie", "Erin", str(cast.charlie.uuid)):
        assert hidden not in text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\tTab"])
def test_cells_are_no_formulas(client_as, cast, written, name):
    from diary.accounts.models import Person

    with written() as s:
        s.get_one(Person, cast.bob.id).name = name
        audit.record(s, by(cast.bob), "goal.create", cast.alice.id, thing=name)
    (row,) = table(client_as("dana").get(f"{PATH}.csv?what=goal.create"))
    assert row["who"] == row["thing"] == f"'{name}"


def test_it_is_a_line_itself_each_time(client_as, cast, lines):  # noqa: F811
    dana = client_as("dana")
    for _ in range(2):
        dana.get(f"{PATH}.csv?patient={cast.alice.uuid}&since=2026-11-01")
    with db.read_anew() as s:
        events = stored(s, AuditEvent, action="audit.download")
        assert [(e.actor_id, e.patient_id, e.thing, e.clinic_id) for e in events] == [
            (cast.dana.id, cast.alice.id, "2026-11-01/", cast.dana.clinic_id)
        ] * 2
    assert "downloaded who looked at your diary, 2 times" in client_as("alice").get("/who-looked").words()


def test_who_did_not_prove_of_late_who_they_are_does_so_first(client_as, cast, lines, clock_at):  # noqa: F811
    dana = client_as("dana")
    clock_at(NOW + timedelta(minutes=11))
    page = dana.get(f"{PATH}.csv?what=looked")
    assert page.status == 303 and page.location.startswith("/prove?next=/clinic/audit.csv")
    with db.read_anew() as s:
        assert not stored(s, AuditEvent, action="audit.download")


def test_nothing_is_handed_out_when_it_can_not_be_written(client_as, cast, lines, monkeypatch):  # noqa: F811
    monkeypatch.setattr(audit, "record", lambda *_a, **_k: 1 / 0)
    page = client_as("dana").get(f"{PATH}.csv")
    assert page.status == 500 and "view.scores" not in page.text


def test_what_was_read_is_let_go_between_blocks(app, client_as, cast, lines, monkeypatch):  # noqa: F811
    """Whoever takes it slowly must not hold one picture of the database open all along."""
    reads, kept = [], db.Database.reading
    monkeypatch.setattr(db.Database, "reading", lambda self: (reads.append(1), kept(self))[1])
    monkeypatch.setattr(views, "LINES_AT_ONCE", 2)
    found = table(client_as("dana").get(f"{PATH}.csv"))
    assert len(reads) >= len(found) // 2 > 1
