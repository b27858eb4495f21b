"""Appending: by itself each minute, in short turns, by two at once, out of order; the head, and the anchor further out."""

import json
import stat
import subprocess
import sys
import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import text

from diary import db, jobs
from diary.audit import actions, worker
from diary.audit.models import AuditChain
from diary.careteam import access
from diary.config import ROOT
from tests.audit.tamper import appended, events, scalar
from tests.conftest import ENVIRON, stored

MISSING = "The head file is missing: audit-head.json in DATA_DIR, without which a cut tail can't be found."
NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
INSERT = text(
    "INSERT INTO audit_event (at, role, action, thing, address, request_id) "
    "SELECT at + 1, 'coach', 'view.notes', '', '', '' FROM audit_event ORDER BY id DESC LIMIT 1"
)


def chained() -> list[int]:
    with db.read_anew() as s:
        return [line.event_id for line in sorted(stored(s, AuditChain), key=lambda line: line.seq)]


@pytest.fixture
def folder(app):
    return app.config["SETTINGS"].data_dir


def test_a_tick_of_the_jobs_process_appends_everything(app, cast):
    ids = events(cast.alice)
    done = jobs.tick(app)
    assert done["audit_lines"] >= len(ids) and "broken_off" not in done
    assert chained()[-10:] == ids
    assert jobs.tick(app)["audit_lines"] == 0


@pytest.mark.both
def test_in_blocks_and_with_its_head(app, cast, folder, monkeypatch):
    monkeypatch.setattr(actions, "BLOCK", 4)
    heads = []
    monkeypatch.setattr(
        worker.files, "replace", lambda path, said: heads.append((path.name, json.loads(said)["count"]))
    )
    before = scalar("SELECT count(*) FROM audit_event")
    events(cast.alice, 10)
    assert worker.append() == before + 10
    assert len(heads) == -(-(before + 10) // 4) and heads[-1] == (worker.HEAD, before + 10)


def test_the_head_is_for_its_owner_only_and_says_how_far(app, cast, folder):
    appended(cast.alice)
    path = folder / worker.HEAD
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text())
    assert kept["count"] == scalar("SELECT max(seq) FROM audit_chain")
    assert bytes.fromhex(kept["mac"]) == bytes(
        scalar("SELECT mac FROM audit_chain ORDER BY seq DESC LIMIT 1")
    )
    assert not list(folder.glob("*.part"))


def test_a_head_that_lags_behind_is_no_fault(app, cast, folder):
    """The process may die between a block and its head."""
    appended(cast.alice)
    old = (folder / worker.HEAD).read_text()
    appended(cast.alice)
    (folder / worker.HEAD).write_text(old)
    assert worker.is_head_fitting() and appended(cast.alice)
    assert json.loads((folder / worker.HEAD).read_text())["count"] == scalar(
        "SELECT max(seq) FROM audit_chain"
    )


def four_at_once(app) -> int:
    """Four threads append; how many lines in all."""
    counts, failures = [], []

    def work():
        try:
            with app.app_context():
                counts.append(worker.append())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return sum(counts)


@pytest.mark.both
def test_four_at_once_make_one_chain(app, cast, monkeypatch):
    monkeypatch.setattr(actions, "BLOCK", 7)
    events(cast.alice, 120)
    assert four_at_once(app) == scalar("SELECT count(*) FROM audit_event")
    assert app.test_cli_runner().invoke(args=["verify"]).exit_code == 0


@pytest.mark.both
def test_four_machines_at_once_make_one_chain(app, cast, monkeypatch):
    """Without the file that lets one in after the other, as between machines: the database does it alone."""
    monkeypatch.setattr(worker, "_alone", nullcontext)
    monkeypatch.setattr(worker, "_keep", lambda *_a: None)
    monkeypatch.setattr(actions, "BLOCK", 7)
    events(cast.alice, 120)
    assert (
        four_at_once(app)
        == scalar("SELECT count(*) FROM audit_event")
        == scalar("SELECT max(seq) FROM audit_chain")
    )
    assert len(chained()) == len(set(chained()))
    assert worker.verify(access.OPERATOR).faults == (MISSING,)


def test_two_processes_at_once_make_one_chain(app, cast, store, folder):
    """Real ones, with the file between them."""
    events(cast.alice, 700)
    environ = {**ENVIRON, "DATA_DIR": str(folder), "DATABASE_URL": store[0], "LOG_LEVEL": "critical"}
    program = "from diary import create_app\nfrom diary.audit import worker\nwith create_app().app_context(): print(worker.append())"
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environ, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    counts = [int(one.communicate(timeout=60)[0]) for one in started]
    assert sum(counts) == scalar("SELECT count(*) FROM audit_event")
    assert app.test_cli_runner().invoke(args=["verify"]).exit_code == 0


@pytest.mark.both
def test_an_earlier_id_that_is_committed_later_is_not_skipped(app, cast):
    """On PostgreSQL two transactions may end in another order than their ids began."""
    if db.database().is_sqlite:
        pytest.skip("SQLite has one writer")
    events(cast.alice, 1)
    with db.engine().connect() as slow:
        slow.begin()
        slow.execute(INSERT)
        early = slow.execute(text("SELECT max(id) FROM audit_event")).scalar()
        (late,) = events(cast.alice, 1)
        assert early < late
        worker.round(NOW)
        assert late in chained() and early not in chained()
        slow.commit()
    worker.round(NOW + timedelta(minutes=1))
    assert chained()[-1] == early
    assert app.test_cli_runner().invoke(args=["verify"]).exit_code == 0


@pytest.mark.both
def test_one_that_was_passed_over_is_found_within_the_hour(app, cast, monkeypatch):
    monkeypatch.setattr(worker, "OVERLAP", 0)
    if db.database().is_sqlite:
        pytest.skip("SQLite has one writer")
    app.extensions.pop("audit", None)
    events(cast.alice, 1)
    with db.engine().connect() as slow:
        slow.begin()
        slow.execute(INSERT)
        early = slow.execute(text("SELECT max(id) FROM audit_event")).scalar()
        events(cast.alice, 1)
        worker.round(NOW)
        slow.commit()
    worker.round(NOW + timedelta(minutes=1))
    assert early not in chained()
    worker.round(NOW + timedelta(hours=1))
    assert chained()[-1] == early


def test_a_busy_store_costs_this_round_only(app, cast, monkeypatch):
    monkeypatch.setattr(worker.actions, "append_block", lambda *_a: (_ for _ in ()).throw(db.Busy()))
    events(cast.alice)
    assert jobs.tick(app)["broken_off"] == 1
    monkeypatch.undo()
    assert jobs.tick(app)["audit_lines"] >= 10


def test_an_install_whose_chain_does_not_fit_is_not_ready(app, cast, client_as, folder):
    appended(cast.alice)
    assert client_as().get("/readyz").status == 200
    kept = json.loads((folder / worker.HEAD).read_text())
    (folder / worker.HEAD).write_text(json.dumps(kept | {"count": kept["count"] + 1}))
    page = client_as().get("/readyz")
    assert page.status == 503 and b"audit trail" in page.data


# Further out ----------------------------------------------------------------------------------------


class Elsewhere(BaseHTTPRequestHandler):
    """A server on this machine that takes heads, or answers as it was told."""

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, said))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/other")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def elsewhere(app, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    server.taken, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/neap"
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], audit_anchor_url=url))
    app.extensions.pop("audit", None)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_head_goes_further_out_once_a_day(app, cast, elsewhere, folder):
    appended(cast.alice)
    assert worker.round(NOW)["audit_anchored"] == 1
    head = json.loads((folder / worker.HEAD).read_text())
    assert elsewhere.taken == [("/neap", head)]
    assert set(head) == {"count", "mac", "at"}
    for later in (timedelta(minutes=1), timedelta(hours=23)):
        appended(cast.alice)
        assert "audit_anchored" not in worker.round(NOW + later)
    assert worker.round(NOW + timedelta(hours=24))["audit_anchored"] == 1
    assert elsewhere.taken[1][1]["count"] == head["count"] + 20


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_failure_is_told_and_tried_again(app, cast, elsewhere, status, capsys, monkeypatch):
    told = []
    monkeypatch.setattr(worker.log, "warning", lambda name, **more: told.append((name, more)), raising=False)
    appended(cast.alice)
    elsewhere.status = status
    assert worker.round(NOW)["audit_anchor_failed"] == 1
    assert told == [("audit_anchor_failed", {"why": f"status {status}"})]
    assert len(elsewhere.taken) == 1, "a redirect is not followed"
    assert "audit_anchor_failed" not in worker.round(NOW + timedelta(minutes=1))
    elsewhere.status = 200
    assert worker.round(NOW + timedelta(minutes=10))["audit_anchored"] == 1


def test_nobody_there_is_a_failure_too(app, cast, elsewhere, monkeypatch):
    appended(cast.alice)
    here = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", replace(here, audit_anchor_url="http://127.0.0.1:9/neap"))
    assert worker.round(NOW)["audit_anchor_failed"] == 1


def test_what_went_out_is_a_head_to_verify_by(app, cast, elsewhere, folder):
    from tests.audit.tamper import tamper

    ids = appended(cast.alice)
    worker.round(NOW)
    tamper("DELETE FROM audit_chain WHERE event_id >= :id", id=ids[5])
    (folder / worker.HEAD).unlink()
    done = app.test_cli_runner().invoke(args=["verify"])
    assert done.exit_code == 1 and "what was put away outside knows line" in done.stderr
