"""The app lock in Chromium: what is kept is sealed and covered, what waits is still sent, and nothing is lost by it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PATIENCE, TODAY
from tests.e2e.test_outbox import all_sent, poll, ready, scores, tap, waiting
from tests.page_client import PageClient

PIN = "271828"
WRONG = "111111"
PUT = "**/api/v1/sync/*-*"
# Every row of every store as one text, the bytes in them as the letters that they would be.
RAW = """async () => {
  const text = (key, value) => {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    return bytes instanceof Uint8Array ? String.fromCharCode(...bytes) : value;
  };
  const all = {};
  for (const name of ['outbox', 'log', 'days', 'pages', 'meta']) {
    all[name] = (await neap.store.transact([name], 'readonly', (s) => s[name].getAll())).map((row) => JSON.stringify(row, text));
  }
  return all;
}"""
TRIES = "neap.store.meta('lock_tries')"
OVER = "neap.store.meta('lock_tries').then((t) => neap.store.setMeta('lock_tries', { ...t, until: 0 }))"
# The page is out of sight, and in sight again after so many minutes.
AWAY = """(minutes) => {
  const be = (state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  be('hidden');
  const kept = JSON.parse(sessionStorage.getItem('neap-open'));
  kept.used -= minutes * 60000;
  sessionStorage.setItem('neap-open', JSON.stringify(kept));
  be('visible');
}"""


@pytest.fixture
def alice(open_as) -> Page:
    return ready(open_as("alice", watch=False, service_workers="allow"))


def turn_on(page: Page) -> None:
    page.goto("/more")
    page.get_by_text("Set a PIN").click()
    page.get_by_label("A PIN for this phone").fill(PIN)
    page.get_by_label("The PIN once more").fill(PIN)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()


def closed(page: Page, path: str = "/today") -> Page:
    """Another tab: it has no key, as after the browser was closed."""
    other = page.context.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(path)
    expect(other.get_by_role("heading", name="Neap is locked")).to_be_visible()
    return other


def give(page: Page, pin: str) -> None:
    page.get_by_label("PIN", exact=True).fill(pin)
    page.get_by_role("button", name="Open", exact=True).click()


def opens(page: Page, pin: str = PIN) -> None:
    give(page, pin)
    expect(page.locator(".lock")).to_have_count(0)


def visible_text(page: Page) -> str:
    return page.locator("body").inner_text()


def test_locked_nothing_of_the_diary_is_seen_or_lies_readable(alice, history):
    for symptom in ("pain", "mood"):
        tap(alice, symptom, 7)
    all_sent(alice)
    alice.evaluate("neap.outbox.flush()")
    alice.goto("/story")
    poll(alice, lambda: len(alice.evaluate(RAW)["pages"]) == 1)
    before = alice.evaluate(RAW)
    assert '"pain"' in "".join(before["days"] + before["log"]) and "pain" in "".join(before["pages"])
    turn_on(alice)
    for path in ("/today", "/story", "/infusions", "/more"):
        page = closed(alice, path)
        assert visible_text(page).split("\n")[0] == "Neap"
        assert not re.search(r"(?i)pain|fatigue|mood|today|infusion|story", visible_text(page)), path
        assert page.evaluate("document.querySelector('.phone:not(.lock)').checkVisibility()") is False
        page.close()
    page = closed(alice)
    raw = page.evaluate(RAW)
    assert len(raw["log"]) == len(before["log"]) > 0
    assert len(raw["days"]) >= len(before["days"]) > 0 and len(raw["pages"]) >= len(before["pages"]) > 0
    for name in ("log", "days", "pages"):
        for row in raw[name]:
            assert "sealed" in row
            assert not re.search(r"(?i)pain|mood|fatigue|values|fields|class=", row), name
    assert not re.search(r"(?i)infusion\":{|sealed", "".join(raw["meta"]))
    person = page.evaluate("neap.store.meta('person')")
    assert page.evaluate("([p, d]) => neap.store.dayOf(p, d)", [person, str(TODAY)]) is None
    assert page.evaluate("(p) => neap.store.pageOf(p, '/story')", person) is None
    opens(page)
    expect(page.locator("#row-pain .n")).to_have_text("7")
    known = page.evaluate("([p, d]) => neap.store.dayOf(p, d)", [person, str(TODAY)])
    assert known["values"]["pain"]["value"] == 7
    assert "pain" in page.evaluate("(p) => neap.store.pageOf(p, '/story')", person)["html"]


def test_the_cover_is_there_before_any_script_of_the_page(open_as):
    alice = open_as("alice", watch=False)
    alice.goto("/today")
    turn_on(alice)
    page = alice.context.new_page()
    page.route(re.compile(r"\.mjs|outbox/"), lambda route: route.abort())
    page.goto("/today")
    assert (
        page.evaluate("document.querySelector('#row-pain').checkVisibility({visibilityProperty: true})")
        is False
    )
    assert visible_text(page).strip() == "Help"


def test_a_sealed_row_opens_in_its_own_place_only(alice):
    turn_on(alice)
    moved = """async () => {
      const on = await neap.store.meta('lock');
      const sealed = await neap.lock.seal(on, ['days', 'p', '2026-11-23'], { a: 1 });
      return [await neap.lock.open(['days', 'p', '2026-11-23'], sealed), await neap.lock.open(['days', 'p', '2026-11-22'], sealed)];
    }"""
    assert alice.evaluate(moved) == [{"a": 1}, None]


def test_a_wrong_pin_slows_down_and_the_right_one_opens(alice):
    turn_on(alice)
    page = closed(alice)
    for failed, seconds in ((1, 1), (2, 2), (3, 4)):
        page.evaluate(OVER)
        give(page, WRONG)
        expect(page.locator("#unlock-pin-error")).to_contain_text("That is not the PIN.")
        poll(page, lambda failed=failed: page.evaluate(TRIES)["failed"] == failed)
        expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
        tries = page.evaluate(TRIES)
        left = tries["until"] - page.evaluate("Date.now()")
        assert left <= seconds * 1000
    page.evaluate("neap.store.setMeta('lock_tries', { failed: 30, until: 0 })")
    give(page, WRONG)
    expect(page.locator("#unlock-pin-error")).to_contain_text("Please wait 5 minutes")
    left = page.evaluate(TRIES)["until"] - page.evaluate("Date.now()")
    assert 200_000 < left <= 300_000
    page.reload()  # neither that nor the right PIN shortens the wait
    give(page, PIN)
    expect(page.locator("#unlock-pin-error")).to_contain_text("Not tried yet.")
    assert page.evaluate("neap.lock.isOpen()") is False
    page.evaluate(OVER)
    opens(page)
    assert page.evaluate(TRIES) == {"failed": 0, "until": 0}
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def test_what_waits_is_sent_while_locked_and_joins_its_day(alice, cast):
    tap(alice, "mood", 3)
    all_sent(alice)
    turn_on(alice)
    ready(alice)
    alice.context.route(PUT, lambda route: route.abort())
    tap(alice, "pain", 6)
    expect(alice.locator("#state")).to_contain_text("Saved on this phone")
    page = closed(alice)
    alice.close()
    assert waiting(page) == 1 and "6" not in visible_text(page)
    page.context.unroute(PUT)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert page.evaluate("neap.lock.isOpen()") is False
    assert scores(cast.alice)["pain"] == 6
    assert '"pain"' not in "".join(page.evaluate(RAW)["log"])
    opens(page)
    person = page.evaluate("neap.store.meta('person')")
    known = page.evaluate("([p, d]) => neap.store.dayOf(p, d)", [person, str(TODAY)])
    assert known["values"]["pain"]["value"] == 6 and known["values"]["mood"]["value"] == 3


def test_a_write_acknowledged_while_locked_is_laid_beside_its_day(alice):
    """Without a look at the server: what the sealed day held and what came to it are one when opened."""
    tap(alice, "mood", 3)
    all_sent(alice)
    turn_on(alice)
    page = closed(alice)
    person = page.evaluate("neap.store.meta('person')")
    amend = (
        "([p, d]) => neap.store.amendDay(p, d, { values: { pain: { value: 9, ids: ['x'] } }, revision: 5 })"
    )
    page.evaluate(amend, [person, str(TODAY)])
    assert "after" in "".join(page.evaluate(RAW)["days"])
    known = alice.evaluate("([p, d]) => neap.store.dayOf(p, d)", [person, str(TODAY)])
    assert known["values"]["pain"] == {"value": 9, "ids": ["x"]} and known["values"]["mood"]["value"] == 3
    assert known["revision"] == 5


def test_after_a_restored_server_the_log_waits_for_the_pin(alice, cast):
    tap(alice, "mood", 3)
    all_sent(alice)
    turn_on(alice)
    page = closed(alice)
    former = """async () => {
      const rows = await neap.store.transact(['log'], 'readonly', (s) => s.log.getAll());
      await neap.store.transact(['log'], 'readwrite', (s) => rows.forEach((row) => s.log.put({ ...row, epoch: 'former' })));
      const now = await neap.store.meta('epoch');
      await neap.store.setMeta('epoch', 'former');
      return now;
    }"""
    epoch = page.evaluate(former)
    page.evaluate(f"neap.outbox.record({{ day: '{TODAY}', fields: {{ pain: '5' }} }})")
    all_sent(page)
    assert scores(cast.alice)["pain"] == 5
    assert page.evaluate("neap.store.meta('epoch')") == "former", "what was sent before could not be read yet"
    assert sum('"former"' in row for row in page.evaluate(RAW)["log"]) == 1
    opens(page)
    poll(page, lambda: page.evaluate("neap.store.meta('epoch')") == epoch)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert not any('"former"' in row for row in page.evaluate(RAW)["log"])
    assert scores(cast.alice)["mood"] == 3 and scores(cast.alice)["pain"] == 5


def test_out_of_sight_for_too_long_it_closes_and_keeps_what_is_typed(alice):
    tap(alice, "pain", 6)
    turn_on(alice)
    ready(alice)
    alice.evaluate(AWAY, 4)
    expect(alice.locator(".lock")).to_have_count(0)
    alice.evaluate(
        "document.body.append(Object.assign(document.createElement('textarea'), { id: 'typed', value: 'half a word' }))"
    )
    alice.evaluate(AWAY, 6)
    expect(alice.get_by_role("heading", name="Neap is locked")).to_be_visible()
    expect(alice.locator("#row-pain")).to_be_hidden()
    assert alice.evaluate("sessionStorage.getItem('neap-open')") is None
    opens(alice)
    expect(alice.locator("#row-pain .n")).to_have_text("6")
    assert alice.locator("#typed").input_value() == "half a word"


def test_another_open_tab_closes_when_the_lock_is_turned_on(alice):
    other = alice.context.new_page()
    other.set_default_timeout(PATIENCE)
    ready(other)
    turn_on(alice)
    expect(other.get_by_role("heading", name="Neap is locked")).to_be_visible()
    alice.get_by_label("The PIN, to turn the lock off").fill(PIN)
    alice.get_by_role("button", name="Turn off").click()
    expect(other.locator(".lock")).to_have_count(0)
    expect(other.locator("#row-pain")).to_be_visible()


def test_forgetting_the_pin_loses_nothing_that_was_sent_or_waits(alice, cast, app, live):
    tap(alice, "mood", 3)
    all_sent(alice)
    turn_on(alice)
    ready(alice)
    alice.context.route(PUT, lambda route: route.abort())
    tap(alice, "pain", 6)
    page = closed(alice)
    alice.close()
    page.get_by_text("Forgot the PIN?").click()
    expect(page.get_by_text("answers that are not sent yet")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Remove the lock").click()
    expect(page.get_by_text("Nothing was removed")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Remove the lock").click()
    page.wait_for_url("**/sign-in")
    expect(page.get_by_label("Passphrase")).to_be_visible()
    page.goto("/today")
    page.wait_for_url("**/sign-in**")
    page.context.unroute(PUT)
    cookie = PageClient(app, cast.alice).http.get_cookie("neap")
    page.context.add_cookies([{"name": "neap", "value": cookie.value, "url": live}])
    ready(page)
    all_sent(page)
    assert page.locator(".lock").count() == 0
    assert scores(cast.alice)["pain"] == 6 and scores(cast.alice)["mood"] == 3
    assert page.evaluate("neap.store.meta('lock')") is None


def test_help_is_one_tap_from_the_lock_screen(alice):
    turn_on(alice)
    page = closed(alice)
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You do not have to be alone with this")
    expect(page.locator(".calls a").first).to_be_visible()
    page.context.set_offline(True)
    page.goto("/today")
    expect(page.get_by_role("heading", name="Neap is locked")).to_be_visible()
    page.get_by_role("link", name="Help").click()
    expect(page.locator(".calls a").first).to_be_visible()


def test_turning_off_needs_the_pin_and_opens_all_again(alice):
    tap(alice, "pain", 6)
    all_sent(alice)
    alice.goto("/story")
    poll(alice, lambda: len(alice.evaluate(RAW)["pages"]) == 1)
    before = alice.evaluate(RAW)
    turn_on(alice)
    alice.get_by_label("The PIN, to turn the lock off").fill(WRONG)
    alice.get_by_role("button", name="Turn off").click()
    expect(alice.locator("#off-pin-error")).to_contain_text("That is not the PIN.")
    alice.evaluate(OVER)
    alice.get_by_label("The PIN, to turn the lock off").fill(PIN)
    alice.get_by_role("button", name="Turn off").click()
    expect(alice.get_by_text("Set a PIN")).to_be_visible()
    after = alice.evaluate(RAW)
    for name in ("log", "days", "pages"):
        assert len(after[name]) == len(before[name]) and "sealed" not in "".join(after[name])
    assert '"pain"' in "".join(after["days"])
    page = alice.context.new_page()
    ready(page)
    expect(page.locator("#row-pain .n")).to_have_text("6")


def test_signing_out_takes_the_lock_away(alice):
    turn_on(alice)
    alice.get_by_role("button", name="Sign out", exact=True).click()
    alice.wait_for_url("**/sign-in")
    assert alice.evaluate("sessionStorage.getItem('neap-open')") is None


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 640}}],
    ids=["light", "dark", "320"],
)
def test_axe_finds_nothing_on_the_lock_screen(open_as, options):
    page = open_as("alice", watch=False, **options)
    page.goto("/today")
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    turn_on(page)
    for name, screen in (("more", page), ("lock", closed(page))):
        if name == "lock":
            give(screen, WRONG)
            expect(screen.locator("#unlock-pin-error")).to_contain_text("not the PIN")
            screen.get_by_text("Forgot the PIN?").click()
        found = Axe().run(screen).response["violations"]
        assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    key = screen.get_by_role("button", name="Open", exact=True).bounding_box()
    assert key["height"] >= 52
