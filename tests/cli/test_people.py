"""`people add`, `response`, `demo` and `migrate` as the operator runs them."""

import json
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from diary import db
from diary.accounts.queries import person_by_email
from diary.careteam.models import Clinic, Membership
from tests import factories
from tests.accounts.ways import app_of, by_passphrase
from tests.conftest import stored


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args, **kw: runner.invoke(args=[str(a) for a in args], **kw)


def test_an_invitation_link_that_works(run, client_as):
    result = run("people", "add", "noor@example.org", "--role", "coach", "--clinic", "A New Clinic")
    assert result.exit_code == 0
    link = re.fullmatch(r"http://localhost:8000(/invitations/[\w-]{43})\n", result.stdout)[1]
    assert client_as().get(link).status == 200
    with db.read() as s:
        assert len(stored(s, Clinic, name="A New Clinic")) == 1


def test_a_passphrase_from_stdin(run, client_as):
    result = run(
        "people", "add", "noor@example.org", "--role", "patient", "--clinic", "harbour pain clinic",
        "--zone", "Pacific/Auckland", "--name", "Noor Haddad", "--born", "1980-02-01", "--passphrase-stdin",
        input="eleven herons by the weir\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    entered = client_as().post(
        "/sign-in", {"email": "noor@example.org", "passphrase": "eleven herons by the weir"}
    )
    assert entered.location == "/today"
    with db.read() as s:
        person = person_by_email(s, "noor@example.org")
        assert (person.name, person.zone, str(person.born_on)) == (
            "Noor Haddad",
            "Pacific/Auckland",
            "1980-02-01",
        )
        assert len(stored(s, Clinic)) == 2


def test_second_factors_are_taken_away(run, client_as, cast):
    app_of(cast.bob)
    bob = client_as("bob")
    result = run("people", "reset-factors", cast.bob.email)
    assert (result.exit_code, result.stdout) == (0, "0 passkey, 1 authenticator, 0 recovery code removed\n")
    assert bob.get("/patients").status == 303, "signed out everywhere"
    assert by_passphrase(client_as(), cast.bob).location == "/patients"
    assert run("people", "reset-factors", "nobody@example.org").exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ("noor", "--role", "patient", "--clinic", "X"),
        ("noor@example.org", "--role", "owner", "--clinic", "X"),
        ("noor@example.org", "--role", "patient"),
        ("noor@example.org", "--role", "patient", "--clinic", "X", "--zone", "Mars/Base"),
        ("noor@example.org", "--role", "patient", "--clinic", "X", "--born", "yesterday"),
    ],
)
def test_bad_arguments_are_exit_2_and_leave_nothing(run, args):
    result = run("people", "add", *args)
    assert result.exit_code == 2 and result.stdout == "" and result.stderr
    with db.read() as s:
        assert person_by_email(s, "noor@example.org") is None


def test_a_weak_passphrase_is_refused(run):
    result = run(
        "people",
        "add",
        "n@example.org",
        "--role",
        "patient",
        "--clinic",
        "X",
        "--passphrase-stdin",
        input="short\n",
    )
    assert result.exit_code == 2 and "at least 10" in result.stderr


def test_response_as_json(run, cast):
    day = date(2026, 3, 15)
    with db.write() as s:
        factories.days(
            day - timedelta(days=14),
            [7, 8, 7, 6, 7, 8, 7, 7, 6, 7, 8, 7, 7, 7, 7, 6, 4, 3, 3, 4, 4, 5, 6, 7, 7, 7],
            s,
            cast.alice,
        )
        factories.infusion(s, cast.alice, day)
    result = run("response", "alice@example.org", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["definitions"], document["patient"]) == ("neap-response-1", "alice@example.org")
    assert list(document["symptoms"]) == ["pain", "fatigue", "sleep", "mood", "cognition"]
    (course,) = document["symptoms"]["pain"]
    assert course["infusions"][0]["duration"] == {"low": 5, "high": 5, "censored": False, "by": None}
    assert round(course["baseline"], 4) == 7.0714
    assert document["symptoms"]["mood"][0]["infusions"][0]["status"] == "no_window"


def test_response_of_nobody(run):
    result = run("response", "nobody@example.org", "--json")
    assert result.exit_code == 2 and result.stdout == "" and "nobody@example.org" in result.stderr


def test_migrate_twice(run):
    assert run("migrate").exit_code == 0


def test_demo_refuses_a_database_with_people(run):
    result = run("demo", "--patients", "2", "--days", "10")
    assert result.exit_code == 2 and "--anyway" in result.stderr


def rows_of(s):
    """Every row of the demo as far as it is not sealed with a fresh nonce, tokens and ids left out."""
    days = s.execute(
        text(
            "SELECT person_id, day, pain, fatigue, sleep, mood, cognition, sleep_hours, late, unwell, changed_at FROM entry ORDER BY person_id, day"
        )
    ).all()
    infusions = s.execute(
        text(
            "SELECT patient_id, number, day, at_time, dose_mg, status FROM infusion ORDER BY patient_id, number"
        )
    ).all()
    return [tuple(r) for r in days], [tuple(r) for r in infusions]


def test_the_demo_is_the_same_for_the_same_arguments(run, app, work):
    from alembic import command

    from diary.cli.database import alembic_config
    from diary.db import Database

    found = []
    kept = app.extensions["database"]
    for n in range(2):
        url = f"sqlite:///{work / f'demo{n}.db'}"
        command.upgrade(alembic_config(url), "head")
        app.extensions["database"] = Database(url)
        result = run("demo", "--patients", "6", "--days", "60", "--seed", "7", "--until", "2026-11-01")
        assert result.exit_code == 0, result.stderr
        assert "passphrase: seven quiet waves" in result.stdout and "alice@demo.example" in result.stdout
        with db.read() as s:
            found.append(rows_of(s))
            people = len(stored(s, Membership, role="patient"))
        app.extensions["database"].engine.dispose()
    app.extensions["database"] = kept
    assert found[0] == found[1]
    assert people == 6 and len(found[0][0]) > 150


def test_the_demo_is_refused_in_production(app, run, monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], production=True))
    assert run("demo").exit_code == 2


def test_jobs_once(run):
    result = run("jobs", "--once")
    assert result.exit_code == 0 and "sessions ended: 0" in result.stdout
