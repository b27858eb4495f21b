"""Fixtures of the browser tests: the app behind a real server, real Chromium, and pages that watch their console."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from diary import db
from diary.lib import pwa
from tests import browsers, factories
from tests.page_client import PageClient

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
PATIENCE = (
    30_000  # milliseconds; a busy machine may be slow, and a test that would pass shall not fail for it
)
PHONE = {"width": 412, "height": 915}
DESK = {"width": 1280, "height": 800}
EXPECTED = (
    # A refused form answers 422 on purpose; Chromium writes each such answer to the console.
    "Failed to load resource: the server responded with a status of 4",
    # Tests of the worker ask for it with `service_workers="allow"`; the others see each request themselves.
    "Service Worker registration blocked by Playwright",
)

expect.set_options(timeout=PATIENCE)


class Quiet(WSGIRequestHandler):
    """No access log between the dots of the tests; and no 40 ms until the second half of an answer is sent."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        pass


class Counted(ThreadedWSGIServer):
    """Knows how many connections it still answers."""

    def __init__(self, app: Flask) -> None:
        self.change = threading.Condition()
        self.open = 0
        super().__init__("localhost", 0, app, Quiet)

    def process_request(self, request, client_address) -> None:
        with self.change:
            self.open += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        super().shutdown_request(request)
        with self.change:
            self.open -= 1
            self.change.notify_all()

    def is_idle(self) -> bool:
        """Waits until nothing is answered any more; whoever came before this call has been counted by then."""
        with socket.create_connection(self.server_address) as last:
            last.sendall(b"GET /static/icons/icon.svg HTTP/1.0\r\n\r\n")
            while last.recv(65536):
                pass
        with self.change:
            return self.change.wait_for(lambda: self.open == 0, 4 * PATIENCE / 1000)


@pytest.fixture(autouse=True)
def worker_waits_longer(request, monkeypatch):
    """The worker waits three seconds for the network; a busy machine is no phone without signal.

    A test of those three seconds is marked `as_shipped`.
    """
    if request.node.get_closest_marker("as_shipped"):
        return
    told, shipped = pwa._told, "PATIENCE = 3000;"

    def patient() -> str:
        assert shipped in told()
        return told().replace(shipped, f"PATIENCE = {PATIENCE};")

    monkeypatch.setattr(pwa, "_told", patient)


@pytest.fixture(scope="session")
def server(the_app) -> Iterator[Counted]:
    serving = Counted(the_app)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield serving
    serving.shutdown()


@pytest.fixture
def live(app, server, clock_at) -> Iterator[str]:
    """The address of the app, on this test's own database, with the clock stopped at NOW."""
    clock_at(NOW)
    yield f"http://localhost:{server.server_port}"
    # The browser's pages are closed, but a write of theirs may still be on its way: it must not find the next test's
    # database, in which the same people live.
    assert server.is_idle(), "a request outlived its test"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=browsers.shell(), args=browsers.QUIET)
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def whole_browser(playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=browsers.whole(), args=browsers.QUIET)
    yield chromium
    chromium.close()


@pytest.fixture
def open_as(app, cast, live, browser):
    """`open_as("alice")`: a page, signed in; at the end its console must have been quiet (watch=False: need not)."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def begin(name: str | None = None, watch: bool = True, **options) -> Page:
        viewport = DESK if name in ("bob", "cora", "dana", "erin") else PHONE
        options = {"viewport": viewport, "service_workers": "block", **options}
        context = browser.new_context(base_url=live, **options)
        contexts.append(context)
        if name:
            cookie = PageClient(app, getattr(cast, name)).http.get_cookie("neap")
            context.add_cookies([{"name": "neap", "value": cookie.value, "url": live}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        if watch:
            _watch(page, complaints)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert not complaints, complaints


def _watch(page: Page, complaints: list[str]) -> None:
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: _listen(line, complaints))


def _listen(line, complaints: list[str]) -> None:
    if line.type in ("error", "warning") and not line.text.startswith(EXPECTED):
        complaints.append(f"{line.text} at {line.location.get('url')}")


@pytest.fixture
def history(live, cast):
    """Ten weeks of Alice's diary with three infusions, days missing, late and unwell; Charlie has a little."""
    with db.write() as s:
        for step in range(70, 0, -1):
            _day(s, cast.alice, step)
        for number, ago in enumerate((42, 28, 14), start=1):
            day = TODAY - timedelta(days=ago)
            given = factories.infusion(
                s, cast.alice, day, time="10:00", dose_mg=40 + number, series="maintenance"
            )
        factories.checkin(
            s, cast.alice, given, given.day + timedelta(days=1), dizziness="mild", insight="a boat", insight_private="no"
        )  # fmt: skip
        agreed = {"commitment_1": "Ten quiet minutes", "until_1": str(TODAY), "counted_1": "yes"}
        factories.session(s, cast.alice, TODAY - timedelta(days=6), note="The stairs.", **agreed)
        factories.goal(s, cast.alice, "Walk to the market and back")
        dose = {"dose": "20", "dose_unit": "mg", "times_per_day": "2"}
        factories.medication(s, cast.alice, "Oxycodone MR", TODAY - timedelta(days=300), **dose)
        factories.medication(
            s, cast.alice, "Tramadol", TODAY - timedelta(days=200), **dose, as_needed="yes", confirmed="no"
        )
        factories.medication(
            s, cast.alice, "Butrans", TODAY - timedelta(days=90), dose="5", dose_unit="mcg/h"
        )
        factories.entry(
            s, cast.charlie, TODAY - timedelta(days=2), pain=3, note="a quiet day", note_private="yes"
        )
    return cast


def _day(s, person, ago: int) -> None:
    """A wave that falls after each infusion; every ninth day is missing, every twentieth too unwell."""
    day = TODAY - timedelta(days=ago)
    if ago % 9 == 4:
        return
    if ago % 20 == 11:
        factories.entry(s, person, day, unwell="yes")
        return
    since = (42 - ago) % 14 if ago <= 42 else None
    level = 7 if since is None else min(7, 3 + since // 3)
    scores = {
        key: max(0, level - less)
        for less, key in enumerate(("pain", "fatigue", "sleep", "mood", "cognition"))
    }
    note = {"note": "walked to the harbour", "note_private": "no"} if ago % 15 == 2 else {}
    late = datetime.combine(day + timedelta(days=2), NOW.time(), UTC) if ago % 13 == 0 else None
    factories.entry(s, person, day, at=late, **scores, **note)
