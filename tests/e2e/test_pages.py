"""Single pages in a real browser: whole charts, a day card that steps in place, room for words."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import TODAY
from tests.e2e.pages import grow, until


@pytest.mark.parametrize("width", [412, 360])
def test_charts_are_whole(open_as, history, width):
    """No chart scrolls where it need not, so that its scale is read as it is."""
    page = open_as("alice", viewport={"width": width, "height": 800})
    page.goto("/story?others=1")
    boxes = page.locator(".chartbox").evaluate_all("all => all.map(el => el.scrollWidth - el.clientWidth)")
    assert len(boxes) > 5 and not any(boxes), "the five, and the infusions as small curves"


def test_the_day_card_steps_in_place(open_as, history):
    page = open_as("alice")
    page.goto("/story?others=1")
    page.get_by_role("link", name="Look at a day").click()
    expect(page.locator("#day-name")).to_have_text("Monday 23 November")
    page.mouse.wheel(0, 300)
    until(page, "scrollY === 300")
    page.locator("#day-before").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#day-name")).to_have_text("Sunday 22 November")
    assert page.evaluate("scrollY") == 300
    expect(page.locator("#day-before")).to_be_focused()
    assert page.locator(".chosen-day").count() == 5


def test_the_day_card_steps_without_javascript(open_as, history):
    page = open_as("alice", java_script_enabled=False)
    page.goto(f"/story?day={TODAY}#day")
    page.locator("#day-before").click()
    expect(page.locator("#day-name")).to_be_in_viewport()
    expect(page.locator("#chart-name")).to_be_in_viewport()


def test_at_200_percent_rows_keep_room_for_their_words(open_as, history):
    page = open_as("alice", viewport={"width": 320, "height": 640})
    page.goto("/more")
    grow(page, 32)
    widths = page.locator(".rows .r > span").evaluate_all(
        "all => all.filter(el => el.textContent).map(el => el.getBoundingClientRect().width)"
    )
    assert min(widths) > 150, widths


@pytest.mark.parametrize("path", ["/today", "/story", "/infusions", "/more"])
def test_help_keeps_its_distance_from_the_edge(open_as, history, path):
    page = open_as("alice", viewport={"width": 320, "height": 640})
    page.goto(path)
    words = page.locator(".top .help").evaluate(
        "el => { const range = document.createRange(); range.selectNodeContents(el); return range.getBoundingClientRect().right; }"
    )
    assert 320 - words == pytest.approx(16, abs=1)


def test_a_long_name_of_ones_own_keeps_the_page_as_wide_as_the_phone(open_as):
    page = open_as("alice", viewport={"width": 320, "height": 640})
    page.goto("/own-scores")
    page.get_by_label("In a word or a few").fill("W" * 40)
    page.get_by_role("button", name="Score it from now on").click()
    page.get_by_text("W" * 40).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
