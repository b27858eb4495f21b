"""axe finds nothing serious on any page, as any of the cast: light, dark, and at 320 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.pages import pages_of

GRAVE = {"serious", "critical"}
PAGES_AT_LEAST = {"alice": 8, "bob": 6, "cora": 4, "dana": 4, "charlie": 6, None: 2}


# axe puts a style sheet of its own into the page, which the content policy refuses aloud: watch=False.
def faults(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {fault['id']} ({fault['impact']}): {[node['target'] for node in fault['nodes']][:3]}"
        for fault in found
        if fault["impact"] in GRAVE
    ]


@pytest.mark.parametrize("name", PAGES_AT_LEAST)
def test_every_page(app, open_as, history, name):
    page = open_as(name, watch=False)
    paths = list(pages_of(app, history, name))
    assert len(paths) >= PAGES_AT_LEAST[name], paths
    found = []
    for path in paths:
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["alice", "bob"])
@pytest.mark.parametrize(
    "look",
    [{"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 640}}],
    ids=["dark", "320px"],
)
def test_dark_and_narrow(app, open_as, history, name, look):
    page = open_as(name, watch=False, **look)
    found = []
    for path in pages_of(app, history, name):
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)


def test_axe_itself_finds_a_planted_fault(open_as, live):
    page = open_as(watch=False)
    page.goto("/sign-in")
    page.locator("label[for=email]").evaluate("label => label.remove()")
    assert any("label (critical)" in fault for fault in faults(page))
