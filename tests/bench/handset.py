"""A phone for the benches: Chromium with a CPU four times slower and the network of Lighthouse's mobile preset."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = {"width": 412, "height": 915}
SLOWER = 4
NETWORK = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
NOT_FOUND = "not measured: Chromium not installed"
SYMPTOMS = ("Pain", "Fatigue", "Poor rest", "Low mood", "Foggy thinking")
# The least day form: five scores, inline CSS, as in the reference measurements.
CSS = (
    "body{font:1rem/1.4 system-ui;margin:0 auto;max-width:34rem;padding:1rem}"
    "fieldset{border:0;padding:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem}label{flex:1 0 2.6rem}"
    "span{display:block;min-height:2.75rem;border:1px solid #678;border-radius:.4rem;text-align:center;line-height:2.75rem}"
    "input{position:absolute;opacity:0}input:checked+span{background:#135;color:#fff}"
    "input:focus-visible+span{outline:3px solid #c60}button{width:100%;min-height:3rem}"
)


def day_form(extra: str) -> bytes:
    fields = "".join(
        f"<fieldset><legend>{symptom}</legend>"
        + "".join(
            f"<label><input type=radio name=s{place} value={score}><span>{score}</span></label>"
            for score in range(11)
        )
        + "</fieldset>"
        for place, symptom in enumerate(SYMPTOMS)
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Today</title><style>{CSS}</style>{extra}<h1>Today</h1>"
        f"<form method=post>{fields}<button>Save</button></form>"
    ).encode()


@contextmanager
def chromium() -> Iterator[Browser | None]:
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def phone(browser: Browser, url: str, cookie: str = "") -> BrowserContext:
    """A phone that has never been here; signed in where there is a cookie."""
    context = browser.new_context(viewport=SIZE, base_url=url)
    if cookie:
        name, value = cookie.split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": url}])
    return context


def slow(page: Page, network: bool = True) -> CDPSession:
    session = page.context.new_cdp_session(page)
    slow_cpu(session)
    session.send("Network.enable")
    if network:
        session.send("Network.emulateNetworkConditions", {"offline": False, **NETWORK})
    return session


def slow_cpu(session: CDPSession, rate: int = SLOWER) -> None:
    """Chromium slows a page by keeping a core busy, even while the page rests: one page at a time, if there are more."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
