"""`check-production`: each thing that must not be is refused by a line of its own; what is right passes."""

import http.server
import os
import threading
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from diary import config, db, jobs
from diary.cli.production import look
from diary.config import ROOT
from tests.conftest import ENVIRON
from tests.test_config import GOOD

MORE = {
    "TRUSTED_PROXIES": "1", "SMTP_URL": "smtps://mail.clinic.org", "BACKUP_RECIPIENT": "age1" + "q" * 58,
    "AUDIT_KEY": "hT4pWm9ZqLx27RbVcKsYd0NfGaUj6EoI", "AUDIT_ANCHOR_URL": "https://elsewhere.clinic.org/neap",
    "HEARTBEAT_URL": "https://elsewhere.clinic.org/beat", "VAPID_PRIVATE_KEY": "A" * 43,
}  # fmt: skip


@pytest.fixture
def looked(app, tmp_path):
    """What is found of a good install with some settings changed; the database is the test's own."""
    os.chmod(tmp_path, 0o700)

    def run(**changed):
        environ = {**GOOD, **MORE, "DATA_DIR": str(tmp_path), **changed}
        settings = config.load({name: value for name, value in environ.items() if value})
        if not changed.get("DATABASE_URL"):
            settings = replace(settings, database_url=f"sqlite:///{tmp_path / 'neap.db'}")
        return look(settings, environ)

    return run


@pytest.fixture
def one(looked):
    """The only thing that is wrong."""

    def run(**changed):
        (words,) = looked(**changed).wrong
        return words

    return run


def test_a_good_install_passes(looked):
    found = looked()
    assert found.wrong == []
    assert found.mind == ["The jobs process has not made a round in the last three minutes."]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"NEAP_ENV": "development"}, "NEAP_ENV"),
        ({"PUBLIC_URL": "http://localhost:8000"}, "PUBLIC_URL is not https"),
        ({"TRUSTED_PROXIES": "0"}, "TRUSTED_PROXIES"),
        ({"SMTP_URL": ""}, "SMTP_URL"),
        ({"BACKUP_RECIPIENT": ""}, "BACKUP_RECIPIENT is not set"),
        ({"BACKUP_RECIPIENT": "AGE-SECRET-KEY-1QQ"}, "public part"),
        ({"WEB_CONCURRENCY": "2"}, "one web process only"),
        ({"GUNICORN_CMD_ARGS": "--threads 4 --workers=3"}, "one web process only"),
        ({"PUSH_HOSTS": "fcm.googleapis.com,127.0.0.1:9000"}, "127.0.0.1"),
        ({"PUSH_HOSTS": "push.example.org"}, "push.example.org"),
        ({"LOG_LEVEL": "debug"}, "LOG_LEVEL"),
    ],
)
def test_a_setting_that_must_not_be(one, changed, words):
    assert words in one(**changed)


@pytest.mark.parametrize("name", ["AUDIT_ANCHOR_URL", "VAPID_PRIVATE_KEY", "HEARTBEAT_URL", "AUDIT_KEY"])
def test_a_setting_to_mind(looked, name):
    found = looked(**{name: ""})
    assert found.wrong == [] and any(name in words for words in found.mind)


def test_files_that_others_may_read(one, looked, tmp_path):
    os.chmod(tmp_path, 0o755)  # noqa: S103  that is what is to be found
    assert "chmod 700" in one()
    os.chmod(tmp_path, 0o700)
    key = tmp_path / "key"
    key.write_text(GOOD["DATA_KEY"])
    key.chmod(0o644)
    changed = {"DATA_KEY": "", "DATA_KEY_FILE": str(key)}
    assert "DATA_KEY_FILE is open to other users" in one(**changed)
    key.chmod(0o600)
    assert looked(**changed).wrong == []


def test_demo_people_an_old_schema_a_strange_key_and_a_clock_that_was_wrong(app, looked, one, cast):
    def changed(statement):
        with db.engine().begin() as c:
            c.execute(text(statement))

    changed("UPDATE clinic SET is_demo = true")
    assert "demo clinics" in one()
    changed("UPDATE clinic SET is_demo = false")
    changed(
        "INSERT INTO audit_event (at, role, action, thing, address, request_id) VALUES (4102444800000, '', 'x', '', '', '')"
    )
    assert "clock" in one()
    changed("UPDATE person SET name_sealed = x'01232323'")
    assert len(looked().wrong) == 2 and "DATA_KEY_FALLBACKS" in looked().wrong[0]
    changed("UPDATE alembic_version SET version_num = '0001'")
    assert "run migrate" in one()
    changed("DROP TABLE alembic_version")
    assert "does not answer" in one()


def test_the_command_says_it_and_exits_with_1(app):
    done = app.test_cli_runner().invoke(args=["check-production"])
    assert done.exit_code == 1
    assert "no: NEAP_ENV is not production" in done.stderr and "to be put right" in done.stderr


def test_on_postgresql_the_owner_is_refused_and_the_lesser_role_is_not(app, pg_copies, looked, cast):
    url = pg_copies[0].fresh()
    with_password = {"DATABASE_URL": url}
    kept = app.extensions["database"]
    owner = create_engine(url)
    try:
        app.extensions["database"] = db.Database(url)
        wrong = looked(**with_password).wrong
        assert [words for words in wrong if "owns the tables" in words] and any(
            "fsync" in words for words in wrong
        )
        app.extensions["database"].engine.dispose()
        with owner.begin() as c:
            c.execute(text("CREATE ROLE neap_web LOGIN"))
            c.exec_driver_sql((ROOT / "deploy" / "lesser-role.sql").read_text())
        app.extensions["database"] = db.Database(url.replace("neap@", "neap_web@"))
        found = looked(**with_password)
        assert found.wrong == ["PostgreSQL runs with fsync off: what was acknowledged can be lost."]
        assert any("no synchronous standby" in words for words in found.mind)
        for statement in ("DROP TRIGGER audit_event_no_change ON audit_event", "DELETE FROM audit_chain"):
            with pytest.raises(Exception, match=r"must be owner|permission denied"), db.engine().begin() as c:
                c.execute(text(statement))
        done = app.test_cli_runner().invoke(args=["jobs", "--once"])
        assert done.exit_code == 0 and "broken_off" not in done.output, done.output
    finally:
        app.extensions["database"].engine.dispose()
        app.extensions["database"] = kept
        with owner.begin() as c:
            c.execute(text("DROP OWNED BY neap_web"))
            c.execute(text("DROP ROLE neap_web"))
        owner.dispose()


def test_the_heartbeat_comes_of_a_whole_round_only(app):
    asked = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_about):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept = app.config["SETTINGS"]
    try:
        app.config["SETTINGS"] = config.load(
            {
                **ENVIRON,
                "DATA_DIR": str(kept.data_dir),
                "HEARTBEAT_URL": f"http://127.0.0.1:{server.server_port}/neap",
            }
        )
        jobs.beat(app, {"broken_off": 1})
        assert asked == []
        jobs.beat(app, {})
        assert asked == ["/neap"]
    finally:
        app.config["SETTINGS"] = kept
        server.shutdown()
        server.server_close()
    jobs.beat(app, {})  # nobody listens any more, and none was set
