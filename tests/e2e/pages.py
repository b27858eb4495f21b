"""Every page that one of the cast can open, found from the routes themselves."""

from collections.abc import Callable, Iterator
from itertools import product

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from sqlmodel import select

from diary import db
from diary.infusions.models import Infusion
from diary.medications.models import Medication
from diary.safety.models import Flag
from diary.sessions.models import CareSession
from tests.e2e.conftest import PATIENCE, TODAY
from tests.page_client import PageClient

AXE = Axe().axe_script
# The faults alone come over: all that passed is a hundred times as much.
FAULTS = """async (options) => (await axe.run(options)).violations
  .filter((fault) => ["serious", "critical"].includes(fault.impact))
  .map((fault) => `${fault.id} (${fault.impact}): ${JSON.stringify(fault.nodes.slice(0, 3).map((node) => node.target))}`)"""
DAYS = (TODAY.isoformat(), "2026-10-01")
QUERIES = {"/today": ("", "?low=1"), "/check-in": ("", "?step=now"), "/story": ("", "?span=30", "?span=all")}


def pages_of(app: Flask, cast, name: str | None) -> Iterator[str]:
    """Paths that answer this person with a page: 200 and HTML."""
    client = PageClient(app, getattr(cast, name) if name else None)
    for path in paths(app, cast):
        answer = client.http.get(path)
        assert answer.status_code < 500, path
        if answer.status_code == 200 and answer.mimetype == "text/html":
            yield path


def paths(app: Flask, cast) -> Iterator[str]:
    with db.read() as s:
        infusions = [str(row.uuid) for row in s.exec(select(Infusion)).all()][:1]
        medicines = [str(row.uuid) for row in s.exec(select(Medication)).all()][:1]
        flags = [str(row.uuid) for row in s.exec(select(Flag)).all()][:1]
        sessions = [str(row.uuid) for row in s.exec(select(CareSession)).all()][:1]
    known = [str(cast.alice.uuid), *infusions, *medicines, *flags, *sessions]
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()) or rule.rule.endswith(".pdf"):
            continue
        pools = [_values(name, rule._converters[name], known) for name in sorted(rule.arguments)]
        for values in product(*pools):
            built = dict(zip(sorted(rule.arguments), values, strict=True))
            path = adapter.build(rule.endpoint, built, method="GET")
            for query in QUERIES.get(rule.rule, ("",)):
                yield path + query


def _values(name: str, converter, known: list[str]) -> list:
    if converter.__class__.__name__ == "UUIDConverter":
        return known[:1] if name == "patient_uuid" else known
    try:
        return [converter.to_python(day) for day in DAYS]
    except Exception:
        return ["x" * 43]


def faults(page, rules: list[str] | None = None) -> list[str]:
    """What axe finds serious or critical, by these of its rules or by all of them."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(FAULTS, {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {}))


def grow(page, size: int) -> None:
    """As the browser's own text size: the root's size, and media queries do not move with it."""
    page.evaluate(
        """size => { const sheet = new CSSStyleSheet();
        sheet.replaceSync(`html { font-size: ${size}px }`); document.adoptedStyleSheets = [sheet]; }""",
        size,
    )


def until(page, question: str | Callable[[], object]) -> None:
    """Ask the page an expression, or the test a function, again and again.

    Playwright's own waiting takes a promise for a yes, and evaluates within the page, which the content policy forbids.
    """
    for _ in range(PATIENCE // 50):
        if page.evaluate(question) if isinstance(question, str) else question():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"it never came: {question}")
