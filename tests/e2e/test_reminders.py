"""Reminders in a real browser: this phone's switch, pushes shown by the worker, receipts, touches, another zone.

No push service can be reached from here, so the browser's `pushManager` is a stand-in that hands out a subscription as
a browser does; everything behind it is real: the worker, the push that Chromium delivers to it through the debugging
protocol, its notification, the server. The protocol has no touch on a notification: the event that one makes is
dispatched in the worker with the very notification that is shown.
"""

import json
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from diary import db
from diary.reminders.models import Delivery, Nudge, PushSubscription, ReminderSettings
from tests.conftest import stored
from tests.e2e.conftest import TODAY
from tests.e2e.pages import until
from tests.e2e.test_worker import ACTIVE
from tests.reminders.phones import ENDPOINT, KEYS, a_delivery, put

pytestmark = pytest.mark.browser
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
STAND_IN = """
  let kept = %s;
  const made = (options) => ({
    endpoint: "%s", options: { applicationServerKey: options?.applicationServerKey?.buffer ?? null },
    toJSON: () => ({ endpoint: "%s", keys: %s }),
    unsubscribe: async () => { kept = false; return true; },
  });
  PushManager.prototype.getSubscription = async () => (kept ? made(kept) : null);
  PushManager.prototype.subscribe = async (options) => {
    if (%s) throw new DOMException("Registration failed - push service error", "AbortError");
    window.asked = options;
    kept = options;
    return made(options);
  };
"""


def stand_in(kept="false", fails="false") -> str:
    return STAND_IN % (kept, ENDPOINT, ENDPOINT, json.dumps(KEYS), fails)


@pytest.fixture
def browser(whole_browser):
    """The shell without windows has no push."""
    return whole_browser


@pytest.fixture
def visit(open_as):
    """A phone with the worker active; by default it has been asked for notifications and has said yes."""

    def begin(path="/reminders", name="alice", allowed=True, script="", **options):
        page = open_as(name, watch=False, service_workers="allow", **options)
        if allowed:
            page.context.grant_permissions(["notifications"])
        page.add_init_script(script or stand_in())
        page.goto("/more")
        page.evaluate(ACTIVE)
        page.goto(path)
        return page

    return begin


def row_of(page):
    return page.locator("[data-module=reminded]")


def rows(model, **where):
    with db.read() as s:
        return stored(s, model, **where)


# This phone -----------------------------------------------------------------------------------------


def test_a_touch_switches_this_phone_on_and_off(app, visit, cast):
    page = visit()
    row = row_of(page)
    expect(row).to_contain_text("touch to have them here")
    assert page.evaluate("window.asked") is None, "nothing is asked before a touch"
    row.click()
    expect(row).to_have_attribute("aria-checked", "true")
    (phone,) = rows(PushSubscription)
    assert (phone.person_id, phone.endpoint) == (cast.alice.id, ENDPOINT)
    assert page.evaluate("window.asked.userVisibleOnly") is True
    assert page.evaluate("window.asked.applicationServerKey.length") == 65
    row.click()
    expect(row).to_have_attribute("aria-checked", "false")
    assert rows(PushSubscription)[0].ended_why == "switched_off"
    assert not rows(ReminderSettings)[0].by_push


def test_at_the_next_opening_it_is_on_and_looked_after(visit, cast, written):
    page = visit()
    row_of(page).click()
    expect(row_of(page)).to_have_attribute("aria-checked", "true")
    with written() as s:
        (phone,) = stored(s, PushSubscription)
        s.delete(phone)  # as after a backup that is older than it
    page.evaluate("sessionStorage.clear()")
    page.add_init_script(stand_in("{}"))
    page.goto("/today")
    until(page, lambda: rows(PushSubscription))
    assert rows(PushSubscription)[0].person_id == cast.alice.id


def test_a_phone_of_somebody_else_is_not_taken_over(visit, client_as, cast):
    put(client_as("charlie"), cast.charlie)
    page = visit(script=stand_in("{}"))
    expect(row_of(page)).to_have_attribute("aria-checked", "false")
    expect(row_of(page)).to_contain_text("touch to have them here")
    assert [phone.person_id for phone in rows(PushSubscription)] == [cast.charlie.id]


def test_a_push_service_that_cannot_be_reached_is_said(visit):
    page = visit(script=stand_in(fails="true"))
    row_of(page).click()
    expect(row_of(page)).to_contain_text("push service can’t be reached")
    assert not rows(PushSubscription)


def test_a_phone_that_says_no_is_told_how_to_change_it(visit):
    denied = 'Object.defineProperty(Notification, "permission", { get: () => "denied" });'
    page = visit(allowed=False, script=stand_in() + denied)
    expect(row_of(page)).to_have_attribute("aria-disabled", "true")
    page.get_by_text("How to let Neap remind you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This phone does not let Neap remind you")


def test_on_an_iphone_the_installed_app_only(visit):
    page = visit(user_agent=IPHONE)
    expect(row_of(page)).to_contain_text("from the home screen only")
    row_of(page).click(force=True)
    assert page.evaluate("window.asked") is None


def test_without_scripts(open_as):
    page = open_as("alice", java_script_enabled=False)
    page.goto("/reminders")
    expect(page.get_by_text("needs scripts, and they are off")).to_be_visible()
    expect(row_of(page)).to_be_hidden()
    page.locator("#w-by_email").check(force=True)
    page.get_by_role("button", name="Save").click()
    assert rows(ReminderSettings)[0].by_email


def test_a_switch_keeps_itself_and_a_time_is_saved(open_as):
    page = open_as("alice")
    page.goto("/reminders", wait_until="networkidle")
    expect(page.get_by_role("button", name="Save")).to_be_hidden()
    page.get_by_text("the day before", exact=True).click()
    expect(page.locator("#saved")).to_have_text("Saved")
    assert not rows(ReminderSettings)[0].ahead
    page.locator("#w-time").fill("07:15")
    page.get_by_role("button", name="Save").click()
    until(page, lambda: rows(ReminderSettings)[0].daily.startswith("07:15"))
    expect(page.get_by_role("button", name="Save")).to_be_hidden()


# Pushes ---------------------------------------------------------------------------------------------


HEARD = """() => {
  if ("came" in self) return;
  self.came = self.seen = 0;
  self.addEventListener("push", () => (self.came += 1));
  const show = self.registration.showNotification.bind(self.registration);
  self.registration.showNotification = async (...those) => { await show(...those); self.seen += 1; };
}"""


class Pushes:
    """What Chromium's worker is handed through the debugging protocol, and what it shows."""

    def __init__(self, page):
        self.page = page
        self.worker = page.context.service_workers[0]
        self._session = page.context.new_cdp_session(page)
        found: dict[str, str] = {}
        self._session.on("ServiceWorker.workerRegistrationUpdated", lambda told: self._note(found, told))
        self._session.send("ServiceWorker.enable")
        until(page, lambda: found)
        (self._registration,) = found.values()

    def _note(self, found: dict[str, str], told: dict) -> None:
        """The living registration of this page's own server; the browser may hold others of tests before."""
        for one in told["registrations"]:
            if self.page.url.startswith(one["scopeURL"]):
                found.pop(one["registrationId"], None)
                if not one["isDeleted"]:
                    found[one["registrationId"]] = one["registrationId"]

    def deliver(self, data: str) -> None:
        """Hands a push to the worker, which has to show it each time that it hears one.

        On a busy machine the protocol loses one now and then before the worker, and the browser one after it, that the
        worker has shown and that is then in no list: both are handed over again.
        """
        self.worker.evaluate(HEARD)
        origin = "/".join(self.page.url.split("/")[:3])
        for _ in range(5):
            before = self.worker.evaluate("self.came")
            self._session.send(
                "ServiceWorker.deliverPushMessage",
                {"origin": origin, "registrationId": self._registration, "data": data},
            )
            if self._in_time(lambda before=before: self.worker.evaluate("self.came") > before):
                until(self.page, lambda: self.worker.evaluate("self.seen == self.came"))
                # Chromium throws a notification away that is asked about while it is being shown.
                self.page.wait_for_timeout(200)
                if self._in_time(self.shown):
                    return
        raise AssertionError("nothing was handed over, or nothing shown stayed")

    def _in_time(self, question) -> bool:
        for _ in range(60):
            if question():
                return True
            self.page.wait_for_timeout(50)
        return False

    def shown(self) -> list[dict]:
        return self.page.evaluate("""async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          return (await registration.getNotifications()).map(
            ({ title, body, tag, data, actions }) => ({ title, body, tag, data, actions: actions.map((a) => a.action) }));
        }""")

    def touch(self, action="") -> str | None:
        """The event of a touch; gives the address of the window that it opened, where it opened one."""
        return self.worker.evaluate(
            """async (action) => {
          const [notification] = await self.registration.getNotifications();
          let opened = null;
          self.clients.openWindow = async (url) => (opened = url); // only a true touch may open one
          const waited = [];
          const event = new NotificationEvent("notificationclick", { notification, action });
          event.waitUntil = (promise) => waited.push(promise);
          self.dispatchEvent(event);
          await Promise.all(waited);
          return opened;
        }""",
            action,
        )


def message(uuid, path="/check-in", **changed) -> str:
    usual = {"title": "Neap", "body": "Neap has a question.", "path": path, "tag": "daily", "day": str(TODAY)}
    return json.dumps({**usual, "id": str(uuid), **changed})


def test_a_push_is_shown_told_and_opens_the_right_page(visit, cast):
    pushes, uuid = Pushes(visit()), a_delivery(cast.alice, day=TODAY)
    pushes.deliver(message(uuid))
    until(pushes.page, pushes.shown)
    (shown,) = pushes.shown()
    assert (shown["title"], shown["body"], shown["tag"]) == ("Neap", "Neap has a question.", "daily")
    assert shown["actions"] in (["later", "not_today"], [])  # only where the system has them
    until(pushes.page, lambda: rows(Delivery)[0].received_at)
    assert pushes.touch() == "/check-in"
    assert pushes.shown() == []


def test_the_same_reminder_twice_is_one_notification(visit, cast):
    pushes, uuid = Pushes(visit()), a_delivery(cast.alice, day=TODAY)
    for body in ("Neap has a question.", "Time for a moment."):
        pushes.deliver(message(uuid, body=body))
        until(pushes.page, lambda body=body: [one["body"] for one in pushes.shown()] == [body])


def test_garbage_still_shows_something(visit):
    pushes = Pushes(visit())
    for data in ("", "hello", "[]", '{"title": 7}', '{"title": "Neap", "body": "x"}'):
        pushes.deliver(data)
        until(pushes.page, pushes.shown)
        assert [(one["title"], one["body"]) for one in pushes.shown()] == [("Neap", "Time for a moment.")]
        assert pushes.touch() == "/today", data
        assert pushes.shown() == []


def test_it_opens_no_page_of_others(visit, cast):
    pushes, uuid = Pushes(visit()), a_delivery(cast.alice, day=TODAY)
    for path in ("//evil.example/x", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example"):
        pushes.deliver(message(uuid, path))
        until(pushes.page, pushes.shown)
        assert pushes.touch() == "/today", path
        assert pushes.shown() == []


def test_later_and_not_today_reach_the_server_with_their_day(visit, cast):
    pushes, uuid = Pushes(visit()), a_delivery(cast.alice, day=TODAY)
    for action, arrived in (
        ("later", lambda: [nudge.day for nudge in rows(Nudge)] == [TODAY]),
        ("not_today", lambda: rows(ReminderSettings)[0].not_today == TODAY),
    ):
        pushes.deliver(message(uuid))
        until(pushes.page, pushes.shown)
        assert pushes.touch(action) is None
        assert arrived()
        assert pushes.shown() == []


def test_a_touch_without_internet_is_not_lost_in_silence(visit, cast):
    pushes = Pushes(visit())
    pushes.deliver(message(a_delivery(cast.alice, day=TODAY)))
    until(pushes.page, pushes.shown)
    pushes.page.context.set_offline(True)
    pushes.touch("not_today")
    assert "could not be reached" in pushes.shown()[0]["body"]
    assert not rows(ReminderSettings)


def test_at_the_next_opening_notifications_are_gone(visit, cast):
    pushes = Pushes(visit())
    pushes.deliver(message(a_delivery(cast.alice, day=TODAY)))
    until(pushes.page, pushes.shown)
    pushes.page.goto("/today")
    until(pushes.page, lambda: not pushes.shown())


def test_a_new_address_takes_the_place_of_the_old_one(visit, cast):
    page = visit()
    row_of(page).click()
    expect(row_of(page)).to_have_attribute("aria-checked", "true")
    page.context.service_workers[0].evaluate(
        """({ old, keys }) => self.neap.push.changed({
          oldSubscription: { endpoint: old, options: {} },
          newSubscription: { toJSON: () => ({ endpoint: old + "new", keys }) },
        })""",
        {"old": ENDPOINT, "keys": KEYS},
    )
    until(page, lambda: len(rows(PushSubscription)) == 2)
    assert {phone.endpoint: phone.ended_why for phone in rows(PushSubscription)} == {
        ENDPOINT: "replaced", ENDPOINT + "new": "",
    }  # fmt: skip


def test_signing_out_ends_them_on_this_phone(visit):
    page = visit()
    row_of(page).click()
    expect(row_of(page)).to_have_attribute("aria-checked", "true")
    page.goto("/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    assert rows(PushSubscription)[0].ended_why == "switched_off"


# Without internet, another zone, axe ------------------------------------------------------------------


def test_without_internet_the_page_says_so(visit):
    page = visit()
    page.context.set_offline(True)
    for path in ("/reminders", f"/open/{uuid4()}", f"/reminders/later/{uuid4()}"):
        page.goto(path)
        expect(page.get_by_text("No internet just now")).to_be_visible()


def test_another_zone_is_asked_once(open_as, cast):
    page = open_as("alice", timezone_id="Asia/Tokyo")
    bar = page.locator("[data-module=zone]")
    page.goto("/reminders")
    expect(bar).to_contain_text("You seem to be in Tokyo. Use Tokyo time")
    bar.get_by_role("button", name="Not now").click()
    expect(bar).to_be_hidden()
    page.goto("/more", wait_until="networkidle")
    expect(bar).to_be_hidden()
    page.evaluate("localStorage.clear()")
    page.goto("/reminders")
    bar.get_by_role("button", name="Yes").click()
    page.wait_for_url("**/reminders")
    expect(page.get_by_role("link", name="Tokyo")).to_be_visible()
    expect(bar).to_be_hidden()


def test_the_same_clock_by_another_name_is_not_asked(open_as):
    page = open_as("alice", timezone_id="Europe/Lisbon")
    page.goto("/reminders", wait_until="networkidle")
    expect(page.locator("[data-module=zone]")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe(open_as, client_as, cast, scheme):
    put(client_as("alice"), cast.alice)
    uuid = a_delivery(cast.alice, day=TODAY)
    page = open_as("alice", watch=False, color_scheme=scheme)
    for path in ("/reminders", "/reminders/phone?denied=1", "/reminders/zone", f"/reminders/later/{uuid}"):
        page.goto(path, wait_until="networkidle")
        for each in page.locator("details").all():
            each.evaluate("one => (one.open = true)")
        found = [
            (fault["id"], [node["target"] for node in fault["nodes"]])
            for fault in Axe().run(page).response["violations"]
        ]
        assert not found, (path, found)
