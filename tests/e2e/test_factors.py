"""Signing in by passkey and by code in Chromium, whose virtual authenticator stands for the device's own."""

import re

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.accounts.ways import require_second
from tests.e2e.conftest import NOW
from tests.e2e.test_passkey import Phone
from tests.people import PASSPHRASE


def by_passphrase(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()


def judge(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_staff_set_up_a_passkey_and_come_in_with_it(open_as, cast):
    require_second(cast.dana.clinic_id)
    page = open_as(None, viewport={"width": 1280, "height": 800})
    Phone(page).fit()
    by_passphrase(page, cast.dana.email)
    expect(page.get_by_role("heading", name="Set up a second step")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Set up a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(10)
    judge(page)
    page.get_by_role("link", name="I have them, go on").click()
    page.wait_for_url("**/clinic")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    judge(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/clinic")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    by_passphrase(page, cast.dana.email)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/clinic")


@pytest.mark.parametrize("width", [412, 320])
def test_a_patient_adds_a_passkey_and_proves_it_is_her(open_as, clock_at, width):
    page = open_as("alice", viewport={"width": width, "height": 900})
    Phone(page).fit()
    page.goto("/more")
    page.get_by_role("link", name="Signing in").click()
    clock_at(NOW.replace(hour=19))  # the proof of an hour ago is too old
    page.get_by_text("Add a passkey").click()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    judge(page)
    page.get_by_label("Your passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_text("Add a passkey").click()
    page.get_by_label("What to call it").fill("My phone")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("status").filter(has_text="It is set up")).to_be_visible()
    expect(page.get_by_text("My phone")).to_be_visible()
    judge(page)
    clock_at(NOW.replace(hour=20))
    page.get_by_role("button", name="Remove My phone").click()
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Thank you, it is you")).to_be_visible()
    judge(page)
    page.get_by_role("link", name="Back, without sending").click()
    page.goto("/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/today")


def test_a_code_is_typed(open_as, cast):
    page = open_as("bob")
    page.goto("/signing-in")
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_alt_text("A QR code")).to_be_visible()
    page.get_by_text("Or type this key").click()
    key = page.locator(".typedkey").inner_text().replace(" ", "")
    judge(page)
    page.get_by_label("The code that the app shows now").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_label("The code that the app shows now")).to_be_focused()
    page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(key).at(NOW))
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("link", name="I have them, go on").click()
    page.get_by_role("button", name="Sign out").click()
    by_passphrase(page, cast.bob.email)
    field = page.get_by_label(re.compile("code that your authenticator app shows"))
    field.fill(pyotp.TOTP(key).at(NOW.timestamp() + 30))
    field.press("Enter")
    page.wait_for_url("**/patients")


def test_a_refusal_is_said_and_without_scripts_the_passphrase_is_enough(open_as, cast):
    page = open_as(None)
    phone = Phone(page)
    phone.fit(isUserVerified=False)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".told").filter(has_text="Nothing was shown to Neap")).to_be_visible()
    plain = open_as(None, java_script_enabled=False)
    plain.goto("/sign-in")
    expect(plain.get_by_role("button", name="Use a passkey")).to_be_hidden()
    by_passphrase(plain, cast.alice.email)
    plain.wait_for_url("**/today")
