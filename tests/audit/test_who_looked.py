"""Who looked: the patient's own, by day, in plain words; nobody else's, and not their own looks."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from diary import db
from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.audit import queries
from diary.careteam import access
from diary.careteam.models import Membership
from diary.careteam.rules import Role
from diary.lib.errors import Hidden
from tests.conftest import stored

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def by(person, role=None):
    return SimpleNamespace(person_id=person.id, role_code=role or person.role, clinic_id=person.clinic_id)


@pytest.fixture
def at(clock_at, written):
    """Write an event at a moment: at(moment, actor, action, patient, ...)."""

    def write(moment, actor, action, patient, thing="", words=""):
        clock_at(moment)
        with written() as s:
            event = audit.record(s, actor, action, patient.id, thing)
            if words:
                audit.explain(s, event, words)
        clock_at(NOW)

    clock_at(NOW)
    return write


def accepted(s, patient, moment):
    """As if the patient's invitation had been taken up then, and nobody had confirmed who it was."""
    (membership,) = stored(s, Membership, person_id=patient.id, role=Role.PATIENT)
    membership.accepted_at, membership.confirmed_at = moment, None
    s.add(membership)


def rows(page) -> list[str]:
    return [page.words(row).replace(" ,", ",") for row in page.all("li", class_="r")]


def headings(page) -> list[str]:
    return [page.words(one) for one in page.all("h2")]


def test_nobody_looked_yet(client_as, cast, at, written):
    with written() as s:  # nothing of before is theirs to see
        accepted(s, cast.charlie, NOW)
    page = client_as("charlie").get("/who-looked")
    assert page.status == 200 and "As soon as somebody looks" in page.text


@pytest.mark.both
def test_by_day_who_what_and_when(client_as, cast, at):
    morning = NOW.replace(hour=8, minute=34)
    for minutes, kind in ((0, "scores"), (0, "notes"), (41, "scores"), (41, "sessions")):
        at(morning + timedelta(minutes=minutes), by(cast.bob), f"view.{kind}", cast.alice)
    at(NOW - timedelta(days=1), by(cast.cora), "view.infusions", cast.alice)
    page = client_as("alice").get("/who-looked")
    assert headings(page)[:2] == ["Today", "Sunday 22 November"]
    assert rows(page)[:2] == [
        "Dr Bob Ansah, your clinician looked at your scores, the notes you share and your sessions and goals 08:34 to 09:15",
        "Cora Lindqvist, your coach looked at your infusions and medicines 12:00",
    ]


def test_days_and_times_are_those_of_her_zone(client_as, cast, at, written):
    with written() as s:
        s.get_one(Person, cast.alice.id).zone = "Pacific/Auckland"
    at(NOW - timedelta(hours=2), by(cast.bob), "view.scores", cast.alice)  # 23:00 there
    at(NOW - timedelta(minutes=30), by(cast.bob), "view.scores", cast.alice)  # 00:30 of the next day
    page = client_as("alice").get("/who-looked")
    assert headings(page)[:2] == ["Today", "Monday 23 November"]
    assert [row[-5:] for row in rows(page)[:2]] == ["00:30", "23:00"]


def test_what_was_taken_along_and_what_was_changed(client_as, cast, at):
    at(NOW, by(cast.bob), "view.report", cast.alice, "2026-08-25/2026-11-19")
    at(NOW - timedelta(minutes=1), by(cast.bob), "medication.create", cast.alice, "7")
    at(NOW - timedelta(minutes=2), by(cast.bob), "medication.create", cast.alice, "8")
    at(NOW - timedelta(minutes=10), by(cast.bob), "goal.create", cast.alice, "8")
    at(NOW - timedelta(minutes=3), access.OPERATOR, "export", cast.alice)
    found = rows(client_as("alice").get("/who-looked"))[:3]
    assert found == [
        "Dr Bob Ansah, your clinician made your report, 25 Aug to 19 Nov 2026 12:00",
        "Dr Bob Ansah, your clinician added a medicine, 2 times set a goal 11:50 to 11:59",
        "Whoever runs Neap here made a copy of everything you keep here 11:57",
    ]


def test_breaking_the_glass_stands_there_with_its_reason(client_as, cast, at):
    at(NOW, by(cast.bob), "break_glass.open", cast.alice, words="<b>She was brought in</b> unconscious")
    page = client_as("alice").get("/who-looked")
    assert "opened your diary without your consent" in page.text
    assert "The reason given: “<b>She was brought in</b> unconscious”" in page.words()


def test_her_own_consent_and_not_her_own_looks(client_as, cast, at):
    me = by(cast.alice)
    at(NOW, me, "consent.withdraw.notes", cast.alice, str(cast.bob.id))
    at(NOW, me, "consent.withdraw.scores", cast.alice, str(cast.bob.id))
    at(NOW, me, "view.scores", cast.alice)
    at(NOW, me, "entry.create", cast.alice)
    at(NOW, None, "sign_in.failed", cast.alice)
    page = client_as("alice").get("/who-looked")
    assert rows(page)[0] == "You hid your notes and your scores from Dr Bob Ansah 12:00"
    assert not [row for row in rows(page) if "Neap" in row or "wrote" in row]


def test_nobody_elses(client_as, cast, at):
    at(NOW, by(cast.erin), "view.scores", cast.charlie)
    at(NOW, by(cast.bob), "view.notes", cast.alice)
    assert "Erin" not in client_as("alice").get("/who-looked").text
    page = client_as("charlie").get("/who-looked")
    assert "Dr Erin Vale" in page.text and "Bob" not in page.text


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_a_stranger_has_none(client_as, who):
    assert client_as(who).get("/who-looked").status == 404


def test_without_a_session(client_as):
    assert client_as().get("/who-looked").status == 303


def test_the_loader_tells_nobody_but_the_patient(app):
    with db.read() as s, pytest.raises(Hidden):
        queries.about_me(s, access.OPERATOR, "UTC", NOW.date())


def test_in_whole_days_with_and_without_scripts(client_as, cast, at, monkeypatch):
    kept = queries.about_me
    monkeypatch.setattr(queries, "about_me", lambda *args: kept(*args, most=8))
    for day in range(4):
        for hour in range(3):
            at(NOW - timedelta(days=day, hours=hour), by(cast.bob), "view.scores", cast.alice)
    alice = client_as("alice")
    page = alice.get("/who-looked")
    assert headings(page) == ["Today", "Sunday 22 November"]
    (link,) = [a for a in page.all("a") if page.words(a) == "Earlier days"]
    assert link.get("href") == link.get("hx-get") == "/who-looked?before=2026-11-22"
    part = alice.get(link.get("href"), htmx=True)
    assert "<html" not in part.text and "HX-Request" in part.headers["Vary"]
    assert headings(part)[:2] == ["Saturday 21 November", "Friday 20 November"]
    whole = alice.get(link.get("href"))
    assert headings(whole) == headings(part) and "To the newest" in whole.text


def test_a_day_with_more_than_a_page_is_whole(client_as, cast, at, monkeypatch):
    kept = queries.about_me
    monkeypatch.setattr(queries, "about_me", lambda *args: kept(*args, most=3))
    for minute in range(6):
        at(NOW - timedelta(minutes=minute), by(cast.bob), "goal.create", cast.alice)
    assert "6 times" in rows(client_as("alice").get("/who-looked"))[0]


@pytest.mark.parametrize("before", ["soup", "2026-13-01", "<script>", "20"])
def test_what_is_no_date_is_said(client_as, cast, before):
    page = client_as("alice").get(f"/who-looked?before={before}")
    assert page.status == 422 and "This is no date" in page.text


@pytest.mark.parametrize("before", ["0001-01-01", "9999-12-31"])
def test_dates_beyond_all_are_no_error(client_as, before):
    assert client_as("alice").get(f"/who-looked?before={before}").status == 200


def test_whoever_is_not_confirmed_sees_nothing_from_before(client_as, cast, at, written):
    at(NOW - timedelta(days=3), by(cast.bob), "view.scores", cast.charlie)
    with written() as s:
        accepted(s, cast.charlie, NOW - timedelta(days=1))
    at(NOW, by(cast.erin), "view.scores", cast.charlie)
    page = client_as("charlie").get("/who-looked")
    assert "Erin" in page.text and "Bob" not in page.text


def test_more_leads_there(client_as):
    assert client_as("alice").get("/more").all("a", href="/who-looked")
    assert not client_as("bob").get("/more").all("a", href="/who-looked")
