"""axe finds nothing serious on any page, as any of the cast: light, dark, and at 320 px."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import NOW
from tests.e2e.pages import pages_of
from tests.safety.flags import raise_flag

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


@pytest.fixture(autouse=True)
def flag(history):
    """One that waits, so that its page and the marks of it elsewhere are there."""
    return raise_flag(history.alice, now=NOW - timedelta(minutes=20))


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
