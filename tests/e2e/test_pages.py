"""What holds for every page in a real browser: a quiet console, nothing cut at 320 px or with text twice as large."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import TODAY
from tests.e2e.pages import pages_of

NAMES = ["alice", "bob", "dana", None]
WIDER_THAN_SCREEN = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const inside = (el) => el.closest('.scroll-x, .chartbox, .visually-hidden, .skip-link, svg, datalist');
  const out = [...document.body.querySelectorAll('*')].filter(
    (el) => !inside(el) && el.getClientRects().length && el.getBoundingClientRect().right > wide);
  return out.slice(0, 3).map((el) => el.tagName + '.' + el.className + ' ' + el.textContent.trim().slice(0, 30));
}"""
SMALL = """(least) => [...document.querySelectorAll('main a[href], main button, main summary, .tabs a, .pad label')]
  .filter((el) => el.getClientRects().length && getComputedStyle(el).display !== 'inline')
  .filter((el) => el.closest('p, li, td, th, dd, .visually-hidden, .skip-link') === null || el.matches('.btn'))
  .filter((el) => { const r = el.getBoundingClientRect(); return r.height < least - 0.5; })
  .map((el) => el.className + ' ' + el.textContent.trim().slice(0, 30))"""


@pytest.mark.parametrize("name", NAMES)
def test_the_console_is_quiet(app, open_as, history, name):
    page = open_as(name)
    for path in pages_of(app, history, name):
        page.goto(path, wait_until="networkidle")
        assert page.title().endswith("Neap")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text_size", [16, 32])
def test_nothing_is_cut_at_320_px(app, open_as, history, name, text_size):
    """At 320 px, with the person's own text size as it is and doubled, no page scrolls sideways."""
    page = open_as(name, viewport={"width": 320, "height": 640})
    cut = []
    for path in pages_of(app, history, name):
        page.goto(path)
        grow(page, text_size)
        cut += [f"{path}: {what}" for what in page.evaluate(WIDER_THAN_SCREEN)]
    assert not cut, "\n".join(cut)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_targets_are_large_enough(app, open_as, history, name):
    """52 px in the diary; 44 elsewhere."""
    page = open_as(name)
    small = []
    for path in pages_of(app, history, name):
        page.goto(path)
        small += [f"{path}: {what}" for what in page.evaluate(SMALL, 44)]
    assert not small, "\n".join(small)


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
    page.wait_for_function("scrollY === 300")
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


def grow(page, size: int) -> None:
    """As the browser's own text size: the root's size, and media queries do not move with it."""
    if size != 16:
        page.evaluate(
            """size => { const sheet = new CSSStyleSheet();
            sheet.replaceSync(`html { font-size: ${size}px }`); document.adoptedStyleSheets = [sheet]; }""",
            size,
        )
