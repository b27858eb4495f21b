"""The worker in a real browser: pages without internet, portals, a newer Neap and back, and the switch."""

import threading
import time
from uuid import uuid4

import pytest
from flask import Response
from playwright.sync_api import expect

from tests.e2e.pages import until

pytestmark = pytest.mark.browser

ACTIVE = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  while (active.state !== "activated") await new Promise((done) => setTimeout(done, 20));
}"""
LOOK = "navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => null)"
IS_WAITING = "async () => Boolean((await navigator.serviceWorker.getRegistration())?.waiting)"
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    kept[name] = (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname);
  }
  return kept;
}"""
OPEN = """(open) => new Promise((done, failed) => {
  const asked = indexedDB.open("waiting", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("rows");
  asked.onerror = failed;
  asked.onsuccess = () => done(asked.result);
})"""
WRITE = f"""async () => {{
  const db = await ({OPEN})();
  await new Promise((done) => {{
    const change = db.transaction("rows", "readwrite");
    change.objectStore("rows").put("not sent yet", 1);
    change.oncomplete = done;
  }});
  db.close();
}}"""
READ = f"""async () => {{
  const db = await ({OPEN})();
  const asked = db.transaction("rows").objectStore("rows").get(1);
  await new Promise((done) => (asked.onsuccess = done));
  db.close();
  return asked.result;
}}"""
OTHER, THIRD = "0" * 12, "1" * 12
NO_INTERNET = "No internet just now"


@pytest.fixture
def visit(open_as):
    """A phone that has been here once: the worker is active, has what it keeps, and has the page in its care."""

    def begin(path: str = "/more", name: str = "alice"):
        page = open_as(name, watch=False, service_workers="allow")
        page.goto(path)
        page.evaluate(ACTIVE)
        page.reload()
        return page

    return begin


@pytest.fixture
def server_says(app, monkeypatch):
    """Until it is called with None, whatever is asked gets this answer and not Neap's."""
    own = app.wsgi_app

    def say(status: str | None, body: str = "", after: threading.Event | None = None, only: str = "") -> None:
        def portal(environ, start_response):
            if only and environ["PATH_INFO"] != only:
                return own(environ, start_response)
            if after:
                after.wait()
            if status == "own":
                return own(environ, start_response)
            start_response(status, [("Content-Type", "text/html")])
            return [body.encode()]

        monkeypatch.setattr(app, "wsgi_app", portal if status else own)

    return say


@pytest.fixture
def serve(app, monkeypatch):
    """Another version of Neap from now on."""

    def change(version: str) -> None:
        monkeypatch.setattr(app.extensions["assets"], "version", version)

    return change


def version_of(page) -> str:
    return page.locator("link[href$='/css/phone.css']").get_attribute("href").split("/")[2].removeprefix("v-")


def look_for_newer(page) -> None:
    page.evaluate(LOOK)
    until(page, IS_WAITING)


# Without internet ------------------------------------------------------------------------------------


def test_after_one_visit_pages_open_without_internet(visit):
    page = visit()
    page.context.set_offline(True)
    page.goto("/help")
    page.reload()
    expect(page.locator("a[href='tel:999']")).to_be_visible()
    expect(page.locator("a[href='sms:988']")).to_be_visible()
    page.goto("/story?span=30")
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Story")).to_be_visible()
    expect(page.get_by_text(NO_INTERNET)).to_be_visible()
    for path in ("/today", "/days/2026-11-20", "/infusions", f"/infusions/{uuid4()}", "/more", "/copy"):
        page.goto(path)
        expect(page.locator("nav.tabs")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.tabs')).position") == "sticky"
    page.context.set_offline(False)
    page.goto("/story")
    expect(page.get_by_text(NO_INTERNET)).to_have_count(0)


def test_nothing_under_more_ends_in_the_browsers_own_error_page(visit):
    page = visit()
    linked = page.evaluate("[...document.querySelectorAll('main a[href^=\"/\"]')].map((one) => one.pathname)")
    assert {"/sharing", "/erase", "/copy", "/signing-in", "/report"} <= set(linked)
    page.context.set_offline(True)
    for path in (*dict.fromkeys(linked), "/medications/new", "/email", "/passphrase"):
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert page.title().endswith("Neap"), path


def test_a_page_of_another_kind_is_left_to_the_browser(visit):
    page = visit()
    page.context.set_offline(True)
    for path in ("/clinic", "/report.pdf", "/consent"):
        with pytest.raises(Exception, match=r"ERR_|chrome-error"):
            page.goto(path)
        page.wait_for_url("chrome-error://**")


def test_the_style_of_a_page_is_there_without_internet(visit):
    page = visit()
    page.context.set_offline(True)
    page.goto("/help")
    page.evaluate("document.fonts.ready.then(() => null)")
    assert page.evaluate("document.fonts.check('17px \"Atkinson Hyperlegible Next\"')")
    assert page.locator("html.js").count() == 1
    assert page.locator("script[src*='htmx']").count() == 0  # it asks the server, which is not there


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", "<h1>Free wireless: please sign in</h1>"),
        ("502 Bad Gateway", "<h1>Bad gateway</h1>"),
        ("404 Not Found", "<h1>No such host</h1>"),
    ],
)
def test_the_answer_of_a_portal_is_none_of_ours(visit, server_says, status, body):
    page = visit()
    before = page.evaluate(KEPT)
    server_says(status, body)
    for path in ("/help", "/story", "/more", "/today"):
        page.goto(path)
        expect(page.locator("nav.tabs")).to_be_visible()
        assert body not in page.content()
    page.goto("/help")
    expect(page.locator("a[href='tel:999']")).to_be_visible()
    assert page.evaluate(KEPT) == before
    server_says(None)
    page.goto("/story")
    expect(page.get_by_text(NO_INTERNET)).to_have_count(0)


@pytest.mark.as_shipped
def test_a_slow_answer_is_waited_for_three_seconds(visit, server_says):
    page = visit()
    seen = threading.Event()
    server_says("own", after=seen, only="/story")
    began = time.monotonic()
    try:
        page.goto("/story")
        assert time.monotonic() - began > 2.5
        expect(page.get_by_text(NO_INTERNET)).to_be_visible()
    finally:
        seen.set()


def test_an_ill_server_of_ours_shows_what_is_kept(app, visit, monkeypatch):
    page = visit()

    def fails():
        raise RuntimeError

    monkeypatch.setitem(app.view_functions, "review.story", fails)
    page.goto("/story")
    expect(page.get_by_text(NO_INTERNET)).to_be_visible()


def test_who_is_signed_out_is_led_to_sign_in(visit):
    page = visit()
    page.context.clear_cookies()
    page.goto("/story")
    assert "/sign-in" in page.url


# What is kept ----------------------------------------------------------------------------------------


def test_only_shells_and_versioned_files_are_kept(app, visit):
    page = visit()
    version = app.extensions["assets"].version
    for path in ("/today", "/story", "/infusions", "/help", "/passphrase", "/install", "/more"):
        page.goto(path, wait_until="networkidle")
    kept = page.evaluate(KEPT)
    assert all(name.startswith("neap-") for name in kept)
    urls = [url for urls in kept.values() for url in urls]
    shells = {
        "/shell/arrival",
        "/shell/check-in",
        "/shell/intention",
        "/shell/day",
        "/shell/extras",
        "/shell/kept",
        "/shell/more",
        "/shell/reminders",
        "/shell/word",
        "/shell/help",
    }
    assert {url for url in urls if not url.startswith(f"/static/v-{version}/")} == shells
    assert len(urls) == len(set(urls)) > 40
    assert (
        page.evaluate("""async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const { status, redirected, type, headers } = await cache.match(request);
          const isFine = status === 200 && !redirected && type === "basic" && !headers.has("Set-Cookie");
          if (!isFine) return request.url;
        }
      }
      return null;
    }""")
        is None
    )


def test_a_staff_page_has_no_worker(open_as):
    page = open_as("bob", watch=False, service_workers="allow")
    page.goto("/patients", wait_until="networkidle")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_nothing_is_kept_of_a_version_that_the_server_has_left(app, open_as, serve, monkeypatch):
    """While a server changes its version the worker's script may be of one and the files of another: then none."""
    told = app.test_client().get("/sw.js").get_data()
    serve(OTHER)
    monkeypatch.setitem(
        app.view_functions, "worker_script", lambda: Response(told, mimetype="text/javascript")
    )
    page = open_as("alice", watch=False, service_workers="allow")
    page.goto("/sign-in")
    state = page.evaluate("""navigator.serviceWorker.register("/sw.js").then(async ({ installing }) => {
      while (installing.state === "installing") await new Promise((done) => setTimeout(done, 20));
      return installing.state;
    })""")
    assert state == "redundant"
    assert page.evaluate(KEPT) == {}


def test_the_outbox_is_in_the_worker(visit):
    page = visit()
    worker = page.context.service_workers[0]
    assert worker.evaluate("typeof self.neap.outbox.flush") == "function"


# A newer Neap ----------------------------------------------------------------------------------------


def test_a_page_opened_before_there_was_a_worker_can_use_it_too(open_as, serve):
    """The newer one does not wait for such a page: it is not in the older one's care."""
    page = open_as("alice", watch=False, service_workers="allow")
    page.goto("/more")
    page.evaluate(ACTIVE)
    serve(OTHER)
    page.evaluate(LOOK)
    until(page, "async () => !(await navigator.serviceWorker.getRegistration()).installing")
    until(page, f"async () => JSON.stringify(await ({KEPT})()).includes('{OTHER}')")
    with page.expect_navigation():
        page.get_by_role("button", name="Use it now").click()
    assert version_of(page) == OTHER
    expect(page.get_by_label("A newer Neap", exact=True)).to_be_hidden()


def test_a_newer_neap_is_offered_and_used(app, visit, serve):
    page = visit()
    first = app.extensions["assets"].version
    bar = page.get_by_label("A newer Neap", exact=True)
    expect(bar).to_be_hidden()
    serve(OTHER)
    look_for_newer(page)
    expect(bar).to_be_visible()
    expect(page.locator("#announce")).to_have_text("A newer Neap is ready.")

    # The old page goes on working: what it loads now is there, with internet and without.
    module = f"import('/static/v-{first}/js/modules/theme.mjs').then((found) => typeof found.default)"
    assert page.evaluate(module) == "function"
    page.context.set_offline(True)
    assert page.evaluate(module.replace("theme", "install")) == "function"
    page.context.set_offline(False)

    with page.expect_navigation():
        bar.get_by_role("button", name="Use it now").click()
    assert version_of(page) == OTHER
    page.evaluate(ACTIVE)
    expect(bar).to_be_hidden()
    page.context.set_offline(True)
    page.goto("/help")
    assert version_of(page) == OTHER
    page.context.set_offline(False)

    # And back to the version before.
    serve(first)
    page.goto("/more")
    look_for_newer(page)
    expect(bar).to_be_visible()
    with page.expect_navigation():
        bar.get_by_role("button", name="Use it now").click()
    assert version_of(page) == first
    page.context.set_offline(True)
    page.goto("/help")
    assert version_of(page) == first


def test_the_version_before_is_kept_and_older_ones_are_not(visit, serve):
    page = visit()
    seen = [version_of(page)]
    for version in (OTHER, THIRD):
        serve(version)
        look_for_newer(page)
        with page.expect_navigation():
            page.get_by_role("button", name="Use it now").click()
        page.evaluate(ACTIVE)
        seen.append(version)
    kept = {url.split("/")[2] for urls in page.evaluate(KEPT).values() for url in urls if "/v-" in url}
    assert kept == {f"v-{version}" for version in seen[-2:]}


def test_another_tab_goes_on_as_it_is_until_its_own_person_says_so(visit, serve):
    page = visit()
    other = page.context.new_page()
    other.goto("/story")
    first = version_of(other)
    other.evaluate("window.isTheSame = true")
    serve(OTHER)
    look_for_newer(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Use it now").click()
    page.evaluate(ACTIVE)
    expect(other.get_by_label("A newer Neap", exact=True)).to_be_visible()
    assert other.evaluate("window.isTheSame") and version_of(other) == first
    with other.expect_navigation():
        other.get_by_role("button", name="Use it now").click()
    assert version_of(other) == OTHER


def test_it_is_never_offered_in_the_middle_of_an_entry(visit, serve):
    page = visit("/today")
    bar = page.get_by_label("A newer Neap", exact=True)
    expect(page.locator(".question.now")).to_be_visible()
    serve(OTHER)
    look_for_newer(page)
    page.wait_for_timeout(2500)
    expect(bar).to_be_hidden()
    page.goto("/more")
    expect(bar).to_be_visible()
    page.evaluate("document.body.setAttribute('data-busy', '')")
    expect(bar).to_be_hidden()
    page.evaluate("document.body.removeAttribute('data-busy')")
    expect(bar).to_be_visible()
    page.goto("/passphrase")
    page.locator("input[name=passphrase]").fill("half a")
    page.locator("h1").click()
    page.wait_for_timeout(2500)
    expect(bar).to_be_hidden()


def test_later_is_until_the_next_page(visit, serve):
    page = visit()
    serve(OTHER)
    look_for_newer(page)
    page.get_by_role("button", name="Later").click()
    page.wait_for_timeout(2500)
    expect(page.get_by_label("A newer Neap", exact=True)).to_be_hidden()
    page.goto("/infusions")
    expect(page.get_by_label("A newer Neap", exact=True)).to_be_visible()


# The switch ------------------------------------------------------------------------------------------


def test_switched_off_the_worker_goes_away_and_what_waits_stays(app, visit, monkeypatch):
    page = visit()
    page.evaluate(WRITE)
    assert page.evaluate(KEPT)
    monkeypatch.setitem(app.config, "WORKER", False)
    page.goto("/more")
    until(
        page,
        "async () => (await navigator.serviceWorker.getRegistrations()).length + (await caches.keys()).length === 0",
    )
    assert page.evaluate(READ) == "not sent yet"
    page.goto("/more", wait_until="networkidle")
    assert page.evaluate("navigator.serviceWorker.controller") is None
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    monkeypatch.setitem(app.config, "WORKER", True)
    page.goto("/more")
    page.evaluate(ACTIVE)
    assert page.evaluate(READ) == "not sent yet"


# On the home screen ----------------------------------------------------------------------------------


def test_the_browser_finds_nothing_wrong_with_the_manifest(visit):
    page = visit()
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert found["url"].endswith("/manifest.webmanifest")
    assert not found["errors"], found["errors"]
    faults = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [fault["errorId"] for fault in faults] in (
        [],
        ["in-incognito"],
    )  # as every context of these tests is


ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 7) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


def test_the_button_asks_where_the_browser_can(open_as):
    page = open_as("alice", user_agent=ANDROID)
    page.goto("/install", wait_until="networkidle")
    page.evaluate("""() => {
      const event = new Event("beforeinstallprompt", { cancelable: true });
      event.prompt = async () => (window.asked = (window.asked ?? 0) + 1);
      event.userChoice = Promise.resolve({ outcome: "dismissed" });
      dispatchEvent(event);
    }""")
    button = page.get_by_role("button", name="Put Neap on this phone")
    button.click()
    until(page, "window.asked === 1")
    button.click()
    expect(page.locator("[data-part=by-hand]")).to_be_focused()
    assert page.evaluate("window.asked") == 1


def test_the_hint_shows_once(open_as):
    page = open_as("alice")
    page.goto("/more", wait_until="networkidle")
    module = (
        page.locator("script[type=module]")
        .get_attribute("src")
        .replace("app.mjs", "modules/install-hint.mjs")
    )
    shows = f"""async () => {{
      const element = document.createElement("p");
      element.hidden = true;
      (await import("{module}")).default(element);
      return !element.hidden;
    }}"""
    assert page.evaluate(shows) is True
    assert page.evaluate(shows) is True  # swapped in anew on the same page
    page.reload(wait_until="networkidle")
    assert page.evaluate(shows) is False
