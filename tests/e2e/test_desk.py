"""The desk by keyboard, and light or dark by one's own choice."""

from playwright.sync_api import expect


def test_keys_walk_the_caseload(open_as, history):
    page = open_as("cora")
    page.goto("/patients", wait_until="networkidle")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Alice Marlow", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice Marlow")


def test_slash_searches_and_letters_stay_letters(open_as, history):
    page = open_as("bob")
    page.goto("/patients", wait_until="networkidle")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("jk?")
    expect(search).to_have_value("jk?")


def test_question_mark_lists_the_keys(open_as, history):
    page = open_as("dana")
    page.goto("/clinic", wait_until="networkidle")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_everything_is_reached_by_tab(open_as, history):
    """The first stop is the link past the navigation, and focus can be seen."""
    page = open_as("bob")
    page.goto("/patients")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_dark_by_choice_is_kept_on_this_device(open_as, history):
    page = open_as("alice")
    page.goto("/more", wait_until="networkidle")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.evaluate(paper) != light
    page.goto("/today")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto("/more", wait_until="networkidle")
    page.get_by_role("button", name="As the device").click()
    assert page.evaluate(paper) == light


def test_a_wrong_passphrase_puts_the_focus_on_its_field(open_as, live):
    page = open_as()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Passphrase").fill("not the right words")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Passphrase")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value("nobody@example.org")
