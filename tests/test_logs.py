"""Logs hold a request id and nothing of what people wrote, who they are, or their tokens."""

import json

import pytest
import structlog

from diary.lib import log
from tests import sieve
from tests.people import PASSPHRASE

CANARIES = ("herons-by-the-weir", "alice@example.org", "Marlow", PASSPHRASE, "hunter2-hunter2")


@pytest.fixture
def lines(app, capfd):
    log.configure("info")
    yield lambda: capfd.readouterr().err.splitlines()
    log.configure("critical")


def test_what_is_logged_of_a_day(client_as, lines):
    client = client_as("alice")
    client.get("/today?q=herons-by-the-weir")
    client.post("/today", {"note": "herons-by-the-weir", "pain": "7"})
    client.post("/today", {"note": "herons-by-the-weir", "pain": "77"})
    client_as().post("/sign-in", {"email": "alice@example.org", "passphrase": "hunter2-hunter2"})
    client_as().get("/invitations/" + "herons-by-the-weir" * 3)
    written = lines()
    assert len(written) >= 5
    for line in written:
        entry = json.loads(line)
        assert set(entry) >= {"request_id", "route", "status", "ms"}
        assert not [canary for canary in CANARIES if canary in line]
    assert any(json.loads(line)["route"] == "/invitations/<token>" for line in written)


def test_an_unexpected_error_shows_an_id_and_logs_no_data(app, client_as, lines, monkeypatch):
    def broken(*_args, **_kw):
        raise RuntimeError("herons-by-the-weir")

    monkeypatch.setattr("diary.accounts.queries.live_sessions", broken)
    page = client_as("alice").get("/signing-in")
    assert page.status == 500 and "herons" not in page.text and "Traceback" not in page.text
    assert page.headers["X-Request-Id"] in page.text
    written = "\n".join(lines())
    assert "RuntimeError" in written and page.headers["X-Request-Id"] in written
    assert "herons" not in written


def test_the_grep_finds_a_leak_planted_on_purpose(lines):
    structlog.get_logger("neap").info("leak", note="herons-by-the-weir")
    assert any(canary in line for line in lines() for canary in CANARIES)
    assert len(sieve.taken()) == 1


@pytest.mark.parametrize(
    "planted", ["Dr Marlow", "bob@example.org", "seven quiet waves", "x" * 43, "/codes/" + "y" * 43]
)
def test_the_look_at_each_line_of_each_test_finds_a_leak_below_the_level_too(app, planted, capfd):
    before = sieve.lines
    structlog.get_logger("neap").debug("leak", about=f"of {planted}")
    structlog.get_logger("neap").debug("no leak", about="/days/<day:day>", request_id="1ccdb321313df3a4")
    assert sieve.lines == before + 2 and capfd.readouterr().err == ""
    (line,) = sieve.taken()
    assert planted in line
