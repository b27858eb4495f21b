"""The desk by keyboard, the infusion form in a browser, and light or dark by one's own choice."""

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from diary import db
from diary.infusions.models import Infusion


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


def new_infusion(page, who) -> None:
    page.goto(f"/patients/{who.uuid}/infusions/new", wait_until="networkidle")
    page.get_by_label("Weight").fill("154")
    page.get_by_label("Unit, kg or lb").select_option("lb")
    page.get_by_label("Length").fill("40")


def doses() -> list[float]:
    with db.read() as s:
        return [row.dose_mg for row in s.exec(select(Infusion).order_by(Infusion.number)).all()]


def test_enter_stores_the_typed_dose_and_never_the_last_one(open_as, history):
    page = open_as("bob")
    new_infusion(page, history.alice)
    dose = page.get_by_label("Dose")
    dose.fill("400")
    dose.press("Enter")
    ask = page.get_by_role("group", name="Is 400 mg right?")
    expect(ask).to_be_focused()
    dose.fill("44")
    dose.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Infusion 4 is recorded.")
    assert doses()[-1] == 44


def test_the_page_that_asks_still_computes_and_copies(open_as, history):
    page = open_as("bob")
    new_infusion(page, history.alice)
    page.get_by_label("Dose").fill("400")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-per-kg]")).to_have_text("5.73 mg/kg")
    page.get_by_role("button", name="As planned: 43 mg").click()
    expect(page.get_by_label("Dose")).to_have_value("43")
    expect(page.locator("[data-per-kg]")).to_have_text("0.62 mg/kg")
    page.get_by_role("button", name="As on").click()
    expect(page.get_by_label("Unit, kg or lb")).to_have_value("kg")


def test_cancelling_without_scripts_asks_once_more(open_as, history):
    with db.read() as s:
        infusion = s.exec(select(Infusion).where(Infusion.number == 3)).one()
    page = open_as("bob", java_script_enabled=False)
    page.goto(f"/patients/{history.alice.uuid}/infusions/{infusion.uuid}/edit")
    sure = page.get_by_role("button", name="Yes, cancel infusion 3")
    expect(sure).to_be_hidden()
    page.get_by_text("Cancel this infusion").click()
    page.get_by_label("Why it is cancelled").fill("Recorded twice")
    sure.click()
    expect(page.get_by_role("status").first).to_have_text("Infusion 3 is cancelled.")


@pytest.mark.parametrize("width", [1280, 1024, 412])
def test_a_time_line_scrolls_before_its_letters_shrink(open_as, history, width):
    page = open_as("bob", viewport={"width": width, "height": 800})
    page.goto(f"/patients/{history.alice.uuid}", wait_until="networkidle")
    drawing = page.locator(".tl .ch svg").nth(2)
    units = drawing.evaluate("svg => svg.viewBox.baseVal.width")
    assert drawing.bounding_box()["width"] >= units, "12 units of a letter are 12 px"
    box = page.locator(".scroll-x:has(> .tl)")
    right = "box => box.getBoundingClientRect().right - box.firstElementChild.getBoundingClientRect().right"
    assert abs(box.evaluate(right)) < 2, "the newest end stands first"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_rows_of_people_and_of_links_are_equally_high(open_as, history):
    page = open_as("dana")
    page.goto("/clinic")
    heights = {round(row.bounding_box()["height"]) for row in page.locator("table.even tbody tr").all()}
    assert len(heights) == 1 and heights.pop() >= 44
