"""What holds for every page in a real browser: a quiet console, nothing cut at 320 px or with text twice as large."""

import pytest

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


def grow(page, size: int) -> None:
    """As the browser's own text size: the root's size, and media queries do not move with it."""
    if size != 16:
        page.evaluate(
            """size => { const sheet = new CSSStyleSheet();
            sheet.replaceSync(`html { font-size: ${size}px }`); document.adoptedStyleSheets = [sheet]; }""",
            size,
        )
