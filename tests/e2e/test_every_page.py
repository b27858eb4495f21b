"""What holds for every page in a real browser, one visit each: axe finds nothing serious, in light and in dark; the console is
quiet; targets are large enough; nothing is cut at 320 px, nor with text twice as large."""

import os
from datetime import timedelta

import pytest

from tests.e2e.conftest import EXPECTED, NOW
from tests.e2e.pages import faults, grow, pages_of
from tests.safety.flags import raise_flag

PAGES_AT_LEAST = {"alice": 8, "bob": 6, "cora": 4, "dana": 4, "charlie": 6, None: 2}
NARROW = {"width": 320, "height": 640}
# What another scheme or width can break; the rest is the same page.
BY_SCHEME, BY_WIDTH = ["color-contrast"], ["color-contrast", "scrollable-region-focusable"]
LOOKED_AT_CLOSELY = (
    "alice",
    "bob",
)  # in dark too, and at 320 px: the phone's pages, and in long runs the desk's
LONG = bool(os.environ.get("NEAP_LONG"))
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


class Judge:
    """Looks at one page after another and collects what is wrong."""

    def __init__(self, page, name: str | None) -> None:
        self.page, self.name = page, name
        self.own = page.viewport_size
        self.found: list[str] = []
        self.hears = True
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))

    def _hear(self, line) -> None:
        # axe puts a style sheet of its own into the page, which the content policy refuses aloud.
        if self.hears and line.type in ("error", "warning") and not line.text.startswith(EXPECTED):
            self.found.append(f"{self.page.url}: {line.text}")

    def faults(self, where: str, rules: list[str] | None = None) -> None:
        self.hears = False
        self.found += [f"{self.page.url} {where}: {fault}" for fault in faults(self.page, rules)]
        self.page.evaluate("0")  # what axe caused has been heard
        self.hears = True

    def cut(self, where: str) -> None:
        self.found += [
            f"{self.page.url} {where} is cut: {what}" for what in self.page.evaluate(WIDER_THAN_SCREEN)
        ]

    def look(self, path: str) -> None:
        self.page.goto(path)
        assert self.page.title().endswith("Neap")
        self.faults("in light")
        if self.name in LOOKED_AT_CLOSELY:
            small = self.page.evaluate(SMALL, 44)
            self.found += [f"{self.page.url} is small: {what}" for what in small]
            self.page.emulate_media(color_scheme="dark")
            self.faults("in dark", BY_SCHEME)
            self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(NARROW)
        self.cut("at 320 px")
        if self.name in LOOKED_AT_CLOSELY[: None if LONG else 1]:
            self.faults("at 320 px", BY_WIDTH)
        grow(self.page, 32)
        self.cut("at 320 px with doubled text")
        self.page.set_viewport_size(self.own)


@pytest.fixture(autouse=True)
def flag(history):
    """One that waits, so that its page and the marks of it elsewhere are there."""
    return raise_flag(history.alice, now=NOW - timedelta(minutes=20))


@pytest.mark.parametrize("name", PAGES_AT_LEAST)
def test_every_page(app, open_as, history, name):
    judge = Judge(open_as(name, watch=False), name)
    paths = list(pages_of(app, history, name))
    assert len(paths) >= PAGES_AT_LEAST[name], paths
    for path in paths:
        judge.look(path)
    assert not judge.found, "\n".join(judge.found)


PLANTED = {
    "label (critical)": "document.querySelector('label[for=email]').remove()",
    "in dark: color-contrast": "document.querySelector('h1').classList.add('planted')",
    "is small": "document.querySelector('main button').style.cssText = 'height: 20px; min-height: 0; padding: 0'",
    "at 320 px is cut": "document.querySelector('h1').style.cssText = 'width: 330px'",
    "doubled text is cut": "document.querySelector('h1').style.cssText = 'width: 12rem'",
    "a word of a script": "console.warn('a word of a script')",
}


def test_a_planted_fault_of_each_kind_is_found(open_as, live):
    page = open_as(watch=False)
    judge = Judge(page, "alice")
    goto = page.goto
    for fault, script in PLANTED.items():
        judge.found.clear()

        def planted(path, script=script):
            goto(path)
            page.evaluate(
                """const sheet = new CSSStyleSheet();
                sheet.replaceSync('@media (prefers-color-scheme: dark) { .planted { color: #333 } }');
                document.adoptedStyleSheets = [sheet]"""
            )
            page.evaluate(script)

        page.goto = planted
        judge.look("/sign-in")
        assert any(fault in found for found in judge.found), (fault, judge.found)
