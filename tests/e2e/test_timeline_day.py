"""The timeline's chosen day in a browser: by touch, by the keys left and right, without scripts; and on paper."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from diary import db
from tests import factories
from tests.e2e.conftest import TODAY


@pytest.fixture
def url(app, cast, live):
    with db.write() as s:
        factories.days(TODAY - timedelta(days=29), [6] * 29, s, cast.alice)
        factories.infusion(s, cast.alice, TODAY - timedelta(days=9))
    return f"/patients/{cast.alice.uuid}?span=30"


def test_by_touch_and_by_keys(open_as, url):
    page = open_as("bob")
    page.goto(url, wait_until="networkidle")  # what listens is there
    drawing = page.locator(".ch > svg").nth(2)
    box = drawing.bounding_box()
    # The middle of the 21st of the 30 days: the axis lies from 58 to 774 of the drawing's 896.
    x = (58 + 716 * 20.5 / 30) / 896 * box["width"]
    drawing.click(position={"x": x, "y": box["height"] / 2})
    name = page.locator("#day-name")
    expect(name).to_have_text("Saturday 14 November 2026")
    page.keyboard.press("ArrowLeft")
    expect(name).to_have_text("Friday 13 November 2026")
    expect(page.locator("#announce")).to_have_text("Friday 13 November 2026")
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("Saturday 14 November 2026")
    assert page.url.endswith("day=2026-11-14")
    page.locator("#infusion-before").wait_for(state="detached")
    page.locator("#day-field").focus()
    page.keyboard.press("ArrowRight")  # a field keeps its keys
    expect(name).to_have_text("Saturday 14 November 2026")


def test_a_key_pressed_at_once_counts_from_the_day_just_shown(open_as, url):
    page = open_as("bob")
    page.goto(url, wait_until="networkidle")  # what listens is there
    page.evaluate(
        """() => document.addEventListener("htmx:afterSwap", () => queueMicrotask(() =>
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }))
        ), { once: true })"""
    )
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#day-name")).to_have_text("Sunday 22 November 2026")


def test_the_focus_stays_on_the_link_and_is_not_lost_with_it(open_as, url):
    page = open_as("bob")
    page.goto(f"{url}&day=2026-11-12")
    page.locator("#day-after").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#day-name")).to_have_text("Friday 13 November 2026")
    assert page.evaluate("document.activeElement.id") == "day-after"
    page.locator("#infusion-after").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#day-name")).to_have_text("Saturday 14 November 2026")
    expect(page.locator("#day")).to_be_focused()


def test_without_scripts(open_as, url):
    page = open_as("bob", java_script_enabled=False)
    page.goto(url)
    page.locator("#day-field").fill("2026-11-13")
    page.locator("#day-show").click()
    expect(page.locator("#day-name")).to_have_text("Friday 13 November 2026")
    page.locator("#infusion-after").click()
    expect(page.locator("#day-name")).to_have_text("Saturday 14 November 2026")


def test_on_paper_it_is_whole_and_leads_nowhere(open_as, url):
    page = open_as("bob", color_scheme="dark")
    page.goto(f"{url}&day=2026-11-14")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 within its margins
    for gone in (".side", ".tabs-d", ".seg", ".dayform", "#report", ".chosen .steps >> nth=0"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator("#day-name")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lanes = page.evaluate(
        "[...document.querySelectorAll('.ch > svg')].map((one) => one.getBoundingClientRect().x)"
    )
    assert len(lanes) >= 7 and max(lanes) - min(lanes) < 1
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(19, 36, 43)"
