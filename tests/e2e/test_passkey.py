"""The app lock opened by fingerprint or face in Chromium, whose virtual authenticator stands for the phone's own."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.e2e.conftest import TODAY
from tests.e2e.test_lock import OVER, PIN, TRIES, WRONG, give, opens
from tests.e2e.test_lock import turn_on as lock_with_pin
from tests.e2e.test_outbox import all_sent, poll, ready, tap

UNTRIED = {"failed": 0, "until": 0}
WAY = "neap.store.meta('lock').then((on) => on?.passkey ?? null)"
KNOWN = "([p, d]) => neap.store.dayOf(p, d)"
# What the browser was asked for, and with which words; the asking itself goes on.
LISTEN = """() => {
  window.asked = [];
  for (const name of ['create', 'get']) {
    const really = navigator.credentials[name].bind(navigator.credentials);
    navigator.credentials[name] = (options) => (window.asked.push([name, options.publicKey]), really(options));
  }
}"""


class Phone:
    """A page, and the part of its phone that checks who holds it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tools: CDPSession = page.context.new_cdp_session(page)
        self.id = ""

    def fit(self, **abilities: bool) -> None:
        """A platform authenticator, as in a phone; PRF as asked for."""
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            "hasPrf": True,
            **abilities,
        }
        self.tools.send("WebAuthn.enable", {"enableUI": False})
        self.id = self.tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def knows_her_no_more(self) -> None:
        """For good: after one refusal Chromium's counts as blocked, until it is `fit` anew."""
        self.tools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": False})

    def remove(self) -> None:
        self.tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})

    def passkeys(self) -> list[dict]:
        return self.tools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]


@pytest.fixture
def phone(open_as) -> Phone:
    phone = Phone(ready(open_as("alice", watch=False, service_workers="allow")))
    phone.fit()
    return phone


def door(page: Page) -> Locator:
    return page.get_by_role("button", name="Open with fingerprint or face")


def ask_for(page: Page, pin: str = PIN) -> None:
    page.get_by_text("Also open with fingerprint or face").click()
    page.get_by_label("The PIN, to set this up").fill(pin)
    page.get_by_role("button", name="Set up", exact=True).click()


def turn_on(page: Page) -> None:
    lock_with_pin(page)
    ask_for(page)
    expect(page.get_by_role("button", name="Open with the PIN only")).to_be_visible()


def close(page: Page, path: str = "/today") -> None:
    """As after the browser was closed: the same phone, without what the tab held."""
    page.evaluate("neap.lock.leave()")
    page.goto(path)
    expect(page.get_by_role("heading", name="Neap is locked")).to_be_visible()


def test_it_opens_what_the_pin_sealed(phone):
    page = phone.page
    tap(page, "pain", 7)
    all_sent(page)
    turn_on(page)
    close(page)
    person = page.evaluate("neap.store.meta('person')")
    assert page.evaluate(KNOWN, [person, str(TODAY)]) is None
    assert page.evaluate("neap.lock.isOpen()") is False
    expect(door(page)).to_be_focused()
    door(page).click()
    expect(page.locator(".lock")).to_have_count(0)
    expect(page.locator("#row-pain .n")).to_have_text("7")
    assert page.evaluate(KNOWN, [person, str(TODAY)])["values"]["pain"]["value"] == 7
    close(page)
    opens(page)  # and so does the PIN, as before


def test_it_opens_without_internet(phone):
    page = phone.page
    tap(page, "pain", 7)
    all_sent(page)
    turn_on(page)
    ready(page)
    page.context.set_offline(True)
    close(page)
    door(page).click()
    expect(page.locator("#row-pain .n")).to_have_text("7")


def test_what_the_phone_is_asked_for_and_what_lies_there(phone, cast):
    """Checked by the phone itself, on each occasion, and told nothing of the person or her account."""
    page = phone.page
    lock_with_pin(page)
    page.evaluate(LISTEN)
    ask_for(page)
    expect(page.get_by_role("button", name="Open with the PIN only")).to_be_visible()
    name, made = page.evaluate("window.asked[0]")
    assert name == "create" and made["rp"] == {"id": "localhost", "name": "Neap"}
    assert made["user"]["name"] == made["user"]["displayName"] == "Neap on this phone"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["authenticatorSelection"]["authenticatorAttachment"] == "platform"
    (kept,) = phone.passkeys()
    assert kept["rpId"] == "localhost" and cast.alice.uuid.hex not in str(kept)
    lies = page.evaluate(f"{WAY}.then((way) => Object.keys(way))")
    assert sorted(lies) == ["id", "iv", "prf", "salt", "wrapped"]
    held = """() => neap.store.meta('lock').then((on) => {
      const key = atob(JSON.parse(sessionStorage.getItem('neap-open')).key);
      const text = (part) => String.fromCharCode(...new Uint8Array(part));
      return [on.wrapped, on.passkey.wrapped].map((one) => [text(one).length - key.length, text(one).includes(key)]);
    })"""
    assert page.evaluate(held) == [[16, False]] * 2  # the key and a tag of 16 bytes, and not readable


def test_it_is_asked_at_a_touch_only(phone):
    page = phone.page
    turn_on(page)
    page.add_init_script(f"({LISTEN})()")
    close(page)
    page.wait_for_timeout(1000)
    assert page.evaluate("asked") == []
    door(page).click()
    expect(page.locator(".lock")).to_have_count(0)
    [(name, asked)] = page.evaluate("asked")
    assert name == "get" and asked["rpId"] == "localhost"
    assert asked["userVerification"] == "required"
    assert [one["transports"] for one in asked["allowCredentials"]] == [["internal"]]


def test_a_refusal_leads_back_to_the_pin_and_costs_no_try(phone):
    page = phone.page
    turn_on(page)
    close(page)
    phone.knows_her_no_more()
    for _ in range(3):
        door(page).click()
        expect(page.locator(".lock .told")).to_contain_text("not counted as a try")
        expect(page.get_by_label("PIN", exact=True)).to_be_focused()
    assert page.evaluate("neap.lock.isOpen()") is False
    assert page.evaluate(TRIES) == UNTRIED
    opens(page)


def test_the_pin_may_be_given_while_the_phone_asks(phone):
    page = phone.page
    turn_on(page)
    close(page)
    touch = {"authenticatorId": phone.id, "enabled": False}
    phone.tools.send("WebAuthn.setAutomaticPresenceSimulation", touch)
    door(page).click()
    give(page, WRONG)
    expect(page.locator("#unlock-pin-error")).to_contain_text("That is not the PIN.")
    expect(page.locator(".lock .told")).to_be_empty()
    page.evaluate(OVER)
    phone.tools.send("WebAuthn.setAutomaticPresenceSimulation", {**touch, "enabled": True})
    door(page).click()  # asked anew: the first asking has ended
    expect(page.locator(".lock")).to_have_count(0)


def test_it_opens_while_a_wrong_pin_waits_and_forgives_none(phone):
    """Who guesses PINs between two touches of hers gets no fresh row of quick tries by them."""
    page = phone.page
    turn_on(page)
    close(page)
    give(page, WRONG)
    expect(page.locator("#unlock-pin-error")).to_contain_text("That is not the PIN.")
    page.evaluate("neap.store.setMeta('lock_tries', { failed: 12, until: Date.now() + 200000 })")
    door(page).click()
    expect(page.locator(".lock")).to_have_count(0)
    assert page.evaluate(TRIES)["failed"] == 12


def test_a_passkey_that_is_gone_from_the_phone_leaves_the_pin(phone):
    page = phone.page
    turn_on(page)
    close(page)
    phone.tools.send("WebAuthn.clearCredentials", {"authenticatorId": phone.id})
    door(page).click()
    expect(page.locator(".lock .told")).to_contain_text("use the PIN")
    assert page.evaluate(TRIES) == UNTRIED
    opens(page)


@pytest.mark.parametrize("kept", ["wrapped", "salt", "iv"])
def test_what_was_altered_on_the_phone_does_not_open(phone, kept):
    page = phone.page
    turn_on(page)
    alter = """(name) => neap.store.meta('lock').then((on) => {
      new Uint8Array(on.passkey[name].buffer ?? on.passkey[name])[0] ^= 1;
      return neap.store.setMeta('lock', on);
    })"""
    page.evaluate(alter, kept)
    close(page)
    door(page).click()
    expect(page.locator(".lock .told")).to_contain_text("no longer works")
    assert page.evaluate("neap.lock.isOpen()") is False
    opens(page)


def test_another_passkeys_secret_does_not_open(phone):
    page = phone.page
    turn_on(page)
    close(page)
    page.evaluate(
        """() => {
          const first = crypto.getRandomValues(new Uint8Array(32)).buffer;
          navigator.credentials.get = async () => ({ getClientExtensionResults: () => ({ prf: { results: { first } } }) });
        }"""
    )
    door(page).click()
    expect(page.locator(".lock .told")).to_contain_text("no longer works")
    assert page.evaluate("neap.lock.isOpen()") is False


def test_a_passkey_without_a_secret_is_said_and_changes_nothing(open_as):
    phone = Phone(ready(open_as("alice", watch=False, service_workers="allow")))
    phone.fit(hasPrf=False)
    page = phone.page
    lock_with_pin(page)
    before = page.evaluate("neap.store.meta('lock').then((on) => JSON.stringify(on))")
    ask_for(page)
    expect(page.locator(".told").last).to_contain_text(
        "This phone can't open Neap this way. Nothing has changed"
    )
    assert page.evaluate("neap.store.meta('lock').then((on) => JSON.stringify(on))") == before
    assert page.evaluate(WAY) is None
    poll(page, lambda: phone.passkeys() == [])
    close(page)
    expect(door(page)).to_have_count(0)
    opens(page)


def test_a_phone_that_checks_nobody_is_not_offered_it(open_as):
    phone = Phone(ready(open_as("alice", watch=False, service_workers="allow")))
    phone.fit(hasUserVerification=False, isUserVerified=False)
    lock_with_pin(phone.page)
    expect(phone.page.get_by_text("Also open with fingerprint or face")).to_have_count(0)


def test_setting_it_up_asks_for_the_pin_and_for_her(phone):
    page = phone.page
    lock_with_pin(page)
    ask_for(page, WRONG)
    expect(page.locator("#passkey-pin-error")).to_contain_text("That is not the PIN.")
    assert page.evaluate(TRIES)["failed"] == 1
    assert phone.passkeys() == [] and page.evaluate(WAY) is None
    page.evaluate(OVER)
    phone.knows_her_no_more()
    page.get_by_label("The PIN, to set this up").fill(PIN)
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.locator(".told").last).to_contain_text("Not set up. Nothing has changed")
    assert phone.passkeys() == [] and page.evaluate(WAY) is None
    phone.remove()
    phone.fit()
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.get_by_role("button", name="Open with the PIN only")).to_be_visible()


def test_a_phone_that_gives_its_secret_at_the_second_asking_only(phone):
    """The passkey is made, the asking for its secret wants another touch: the next one goes on from there."""
    page = phone.page
    lock_with_pin(page)
    page.evaluate(
        """() => {
          const { create, get } = navigator.credentials;
          navigator.credentials.create = async (options) => {
            const { rawId } = await create.call(navigator.credentials, options);
            return { rawId, getClientExtensionResults: () => ({ prf: { enabled: true } }) };
          };
          navigator.credentials.get = () => {
            navigator.credentials.get = get;
            return Promise.reject(new DOMException('a touch is wanted', 'NotAllowedError'));
          };
        }"""
    )
    ask_for(page)
    expect(page.locator(".told").last).to_contain_text("One more touch")
    assert page.evaluate(WAY) is None
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.get_by_role("button", name="Open with the PIN only")).to_be_visible()
    assert len(phone.passkeys()) == 1
    close(page)
    door(page).click()
    expect(page.locator(".lock")).to_have_count(0)


def test_turned_off_the_button_is_gone_and_the_pin_stays(phone):
    page = phone.page
    turn_on(page)
    page.get_by_role("button", name="Open with the PIN only").click()
    expect(page.locator(".told").first).to_contain_text("you can remove it there")
    assert page.evaluate(WAY) is None
    poll(page, lambda: phone.passkeys() == [])
    close(page)
    expect(door(page)).to_have_count(0)
    opens(page)


def test_taken_away_in_another_tab_it_opens_nothing(phone):
    page = phone.page
    turn_on(page)
    close(page)
    taken = "neap.store.meta('lock').then((on) => neap.store.setMeta('lock', { ...on, passkey: undefined }))"
    page.evaluate(taken)
    door(page).click()
    expect(page.locator(".lock .told")).to_contain_text("no longer works")
    assert page.evaluate("neap.lock.isOpen()") is False


def test_the_lock_turned_off_takes_it_along(phone):
    page = phone.page
    turn_on(page)
    page.get_by_label("The PIN, to turn the lock off").fill(PIN)
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator(".told")).to_contain_text("you can remove it there")
    assert page.evaluate("neap.store.meta('lock')") is None
    poll(page, lambda: phone.passkeys() == [])
    lock_with_pin(page)
    assert page.evaluate(WAY) is None
    close(page)
    expect(door(page)).to_have_count(0)


def test_forgetting_the_pin_takes_it_along(phone):
    page = phone.page
    turn_on(page)
    close(page)
    page.get_by_text("Forgot the PIN?").click()
    expect(page.locator(".forgot")).to_contain_text("you can remove it there")
    page.get_by_role("button", name="Remove the lock").click()
    page.wait_for_url("**/sign-in")
    raw = """() => new Promise((resolve) => {
      indexedDB.open('neap').onsuccess = ({ target: { result: db } }) => {
        db.transaction(['meta']).objectStore('meta').get('lock').onsuccess = (event) => resolve(event.target.result ?? null);
      };
    })"""
    assert page.evaluate(raw) is None
    assert phone.passkeys() == []


def test_how_soon_it_closes_is_changed_without_losing_it(phone):
    page = phone.page
    turn_on(page)
    page.get_by_role("button", name="15 minutes").click()
    poll(page, lambda: page.evaluate("neap.store.meta('lock').then((on) => on.minutes)") == 15)
    close(page)
    door(page).click()
    expect(page.locator(".lock")).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 640}}],
    ids=["light", "dark", "320"],
)
def test_axe_finds_nothing_and_hands_find_it(open_as, options):
    page = open_as("alice", watch=False, **options)
    page.goto("/today")
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    phone = Phone(page)
    phone.fit()
    lock_with_pin(page)
    ask_for(page, WRONG)
    expect(page.locator("#passkey-pin-error")).to_contain_text("not the PIN")
    judge(page)
    page.evaluate(OVER)
    page.get_by_label("The PIN, to set this up").fill(PIN)
    page.get_by_role("button", name="Set up", exact=True).click()
    only = page.get_by_role("button", name="Open with the PIN only")
    expect(only).to_be_focused()
    assert only.bounding_box()["height"] >= 52
    judge(page)
    close(page)
    assert door(page).bounding_box()["height"] >= 60
    phone.knows_her_no_more()
    door(page).click()
    expect(page.locator(".lock .told")).not_to_be_empty()
    judge(page)
    below = page.get_by_label("PIN", exact=True).bounding_box()
    assert door(page).bounding_box()["y"] < below["y"]
    assert not re.search(
        r"(?i)pain|fatigue|diary|infusion", page.locator(".lock main").inner_text().split("Forgot")[0]
    )


def judge(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
