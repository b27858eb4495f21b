"""Page weight and load on a phone: Today against the least page that does the same, behind a proxy that compresses."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from tests.bench import handset, product, proxy
from tests.bench.measure import Line, Void, again_when_void, median, ratio, steady
from tests.bench.proxy import Proxy, Sent
from tests.serving import Client

TITLE = "Page weight and load (Chromium, CPU 4x slower, 150 ms, 1.6 Mbit/s)"
ROUNDS = 5
GOALS = {
    "first_visit_but_the_font_over_limit_plus": "<= 2.0",
    "repeat_visit_over_limit_plus": "<= 6",
    "lcp_first_over_limit_plus": "<= 1.15",
    "tbt_first_ms": "<= 100 ms",
    "tbt_over_limit_plus": "<= 1.5",
    "files_asked_for_when_the_worker_serves": "<= 0",
}
CRITICAL = "day_html_and_css_before_first_paint_gzip_kb"
SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
ACTIVE = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  while (active.state !== "activated") await new Promise((done) => setTimeout(done, 20));
}"""
WATCH = """
window.seen = { lcp: 0, tbt: 0 };
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.lcp = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.tbt += Math.max(0, e.duration - 50); })
  .observe({ type: "longtask", buffered: true });
"""
PICO = Path(__file__).with_name("data") / "pico-2.1.1.classless.min.css"
LIGHTHOUSE = ("performance", "accessibility", "best-practices")


@dataclass(frozen=True)
class Visit:
    """One opening of a page: what came over the wire, and when the largest piece of it was painted."""

    sent: list[Sent]
    lcp: float
    tbt: float

    def kb(self, font: bool = False) -> float:
        return sum(one.whole for one in self.sent if font or not one.path.endswith(".woff2")) / 1e3

    def bodies(self) -> float:
        return sum(one.body for one in self.sent if not one.path.endswith(".woff2")) / 1e3


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place)
        patient = product.patients(app, 1)[0]
        with product.server(place) as server:
            yield critical(server.port, patient)
            with handset.chromium() as browser:
                if browser is None:
                    yield from (Line(name, None, goal, handset.NOT_FOUND) for name, goal in GOALS.items())
                else:
                    with (
                        proxy.serving(server.port, {}) as ours,
                        proxy.serving(None, limit_pages()) as limit,
                    ):
                        yield from again_when_void(
                            lambda: in_turn(browser, ours, limit, patient.cookie), GOALS
                        )
            with proxy.serving(server.port, {}) as ours:
                yield from lighthouse(ours, patient.cookie)


def limit_pages() -> dict[str, tuple[str, bytes, str]]:
    """limit+: the day form with htmx and a classless style sheet, as the goals were measured against."""
    htmx = (handset.ROOT / "static/js/vendor/htmx-2.0.11.min.js").read_bytes()
    head = "<link rel=stylesheet href=/pico.css><script defer src=/htmx.js></script>"
    return {
        "/plus": ("text/html", handset.day_form(head), "no-store"),
        "/pico.css": ("text/css", PICO.read_bytes(), proxy.A_YEAR),
        "/htmx.js": ("text/javascript", htmx, proxy.A_YEAR),
    }


def critical(port: int, patient: product.SignedIn) -> Line:
    """The page and each style sheet that its first paint waits for, compressed one by one as a proxy does."""
    client = Client(port)
    page = client.get("/today", {"Cookie": patient.cookie})
    assert page.status == 200, page.status
    sheets = {path: len(gzip.compress(client.get(path).body, 9)) for path in SHEET.findall(page.text)}
    html = len(gzip.compress(page.body, 9))
    print(
        f"  html {html / 1e3:.2f} kB, {len(sheets)} style sheets {sum(sheets.values()) / 1e3:.2f} kB compressed",
        flush=True,
    )
    return Line(CRITICAL, (html + sum(sheets.values())) / 1e3, "<= 13.5 kB")


def in_turn(browser: Browser, ours: Proxy, limit: Proxy, cookie: str) -> Iterator[Line]:
    found: dict[str, list[Visit]] = {name: [] for name in ("plus", "plus again", "first", "again")}
    asked = []
    for _ in range(ROUNDS):
        context = handset.phone(browser, limit.url)
        found["plus"].append(visit(context, limit, "/plus"))
        found["plus again"].append(visit(context, limit, "/plus"))
        context.close()
        context = handset.phone(browser, ours.url, cookie)
        found["first"].append(visit(context, ours, "/today", has_worker=True))
        found["again"].append(visit(context, ours, "/today", has_worker=True))
        asked.append(from_worker(context, ours))
        context.close()
    say(found)
    steady([one.lcp for one in found["plus"]])
    first, again, plus = found["first"], found["again"], found["plus"]
    values = (
        ratio([one.kb() for one in first], [one.kb() for one in plus]),
        ratio([one.kb() for one in again], [one.kb() for one in found["plus again"]]),
        ratio([one.lcp for one in first], [one.lcp for one in plus]),
        median([one.tbt for one in first]),
        tbt_ratio(first, plus),
        max(asked),
    )
    for (name, goal), value in zip(GOALS.items(), values, strict=True):
        note = "" if value is not None else "not measured: the limit page blocks nothing"
        yield Line(name, value, goal, note)


def tbt_ratio(first: list[Visit], plus: list[Visit]) -> float | None:
    limit = median([one.tbt for one in plus])
    return median([one.tbt for one in first]) / limit if limit else None


def say(found: dict[str, list[Visit]]) -> None:
    for name, visits in found.items():
        last = visits[-1]
        worker = sum(one.whole for one in last.sent if one.by_worker) / 1e3
        print(
            f"  {name}: {median([v.kb() for v in visits]):.1f} kB but the font in {len(last.sent)} answers"
            f" (bodies alone {median([v.bodies() for v in visits]):.1f} kB, of the worker {worker:.1f} kB),"
            f" LCP {median([v.lcp for v in visits]):.0f} ms, TBT {median([v.tbt for v in visits]):.0f} ms",
            flush=True,
        )


def visit(context: BrowserContext, served: Proxy, path: str, has_worker: bool = False) -> Visit:
    """Everything that comes until the page is still, the worker's own fetching included."""
    page = context.new_page()
    page.add_init_script(WATCH)
    handset.slow(page)
    served.taken()
    answer = page.goto(path, wait_until="load")
    if answer is None or answer.status != 200:
        raise Void(f"{path} was not answered")
    if has_worker:
        page.evaluate(ACTIVE)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(600)
    seen = page.evaluate("seen")
    page.close()
    return Visit(served.taken(), seen["lcp"], seen["tbt"])


def from_worker(context: BrowserContext, served: Proxy) -> int:
    """How many files a visit asks the network for while all that it gets there is a portal's page."""
    served.is_portal = True
    try:
        page = context.new_page()
        served.taken()
        page.goto("/today")
        page.locator("#day-form[data-ready]").wait_for(state="attached")
        page.wait_for_timeout(600)
        page.close()
        tried = ("/today", "/sw.js", "/api/", "/manifest.webmanifest")
        return sum(not one.path.startswith(tried) for one in served.taken())
    finally:
        served.is_portal = False


def lighthouse(ours: Proxy, cookie: str) -> Iterator[Line]:
    """Today by Lighthouse's own mobile preset, where that program is installed."""
    program = shutil.which("lighthouse")
    found: dict[str, float] = {}
    if program:
        options = ("--output=json", "--quiet", "--chrome-flags=--headless=new --no-sandbox")
        head = f"--extra-headers={json.dumps({'Cookie': cookie})}"
        only = f"--only-categories={','.join(LIGHTHOUSE)}"
        told = subprocess.run(
            [program, f"{ours.url}/today", *options, only, head], capture_output=True, check=True
        )
        categories = json.loads(told.stdout)["categories"]
        found = {name: 100 * categories[name]["score"] for name in LIGHTHOUSE}
    for name in LIGHTHOUSE:
        yield Line(
            f"lighthouse_today_{name.replace('-', '_')}", found.get(name), ">= 95",
            "not measured: no command `lighthouse` found",
        )  # fmt: skip
