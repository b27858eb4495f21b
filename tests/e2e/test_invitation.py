"""An invited patient comes in with a passkey in Chromium, and with it alone again; without scripts by passphrase."""

import pytest
from playwright.sync_api import expect

from diary import db
from diary.careteam import access, actions
from diary.careteam.models import Clinic
from diary.careteam.rules import Role
from diary.lib import clock
from tests.e2e.test_factors import judge
from tests.e2e.test_passkey import Phone
from tests.people import PASSPHRASE


def invited(cast) -> str:
    with db.write() as s:
        clinic = s.get(Clinic, cast.alice.clinic_id)
        token = actions.invite(
            s, access.OPERATOR, clinic, "noor@example.org", Role.PATIENT, clock.now(), name="Noor"
        )
    return f"/invitations/{token}"


@pytest.mark.parametrize("width", [412, 320])
def test_she_needs_no_passphrase_then_or_later(open_as, cast, width):
    page = open_as(None, viewport={"width": width, "height": 915}, watch=False)
    phone = Phone(page)
    phone.fit()
    page.goto(invited(cast))
    judge(page)
    begin = page.get_by_role("button", name="Begin with a passkey")
    begin.click()  # without a name: said at its field, and the phone has made nothing
    expect(page.get_by_label("Your name")).to_have_attribute("aria-invalid", "true")
    assert phone.passkeys() == []
    judge(page)
    page.get_by_label("Your name").fill("Noor Haddad")
    page.locator("input[name=consent][value=scores]").check()
    begin.click()
    page.wait_for_url("**/today")
    assert len(phone.passkeys()) == 1
    page.goto("/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/today")


def test_a_refused_passkey_leaves_the_form_and_enter_means_the_passphrase(open_as, cast):
    page = open_as(None)
    Phone(page).fit(isUserVerified=False)
    page.goto(invited(cast))
    page.get_by_label("Your name").fill("Noor Haddad")
    page.get_by_role("button", name="Begin with a passkey").click()
    expect(page.locator(".told")).to_contain_text("Nothing was shown to Neap")
    expect(page.get_by_label("Your name")).to_have_value("Noor Haddad")
    page.get_by_label("A passphrase").fill(PASSPHRASE)
    page.get_by_label("A passphrase").press("Enter")
    page.wait_for_url("**/today")


def test_without_scripts_the_passphrase_stands(open_as, cast):
    page = open_as(None, java_script_enabled=False)
    page.goto(invited(cast))
    expect(page.get_by_role("button", name="Begin with a passkey")).to_be_hidden()
    page.get_by_label("Your name").fill("Noor Haddad")
    page.get_by_label("A passphrase").fill(PASSPHRASE)
    page.get_by_label("A passphrase").press("Enter")
    page.wait_for_url("**/today")
