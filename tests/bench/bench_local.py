"""A tap until "Saved on this phone" is painted: the day's page against a bare page that stores strictly, CPU 4x slower."""

from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from tests.bench import handset, product, proxy
from tests.bench.measure import Line, again_when_void, median, ratio, steady
from tests.bench.proxy import Proxy

TITLE = "Local save (Chromium, CPU 4x slower, 60 taps a round)"
ROUNDS, TAPS, COLD = 3, 60, 3
REST = 150  # ms
GOALS = {
    "tap_to_saved_on_this_phone_p95_over_strict_page": "<= 2.0",
    "tap_to_saved_on_this_phone_p95_ms": "<= 100 ms",
    "confirmation_without_network_over_with": "<= 1.1",
}
# One put, on the disk, and a text: the least that may say it.
STRICT = b"""<!doctype html><meta charset=utf-8><title>t</title><button>Save</button><p id=o role=status></p><script>
const opened = new Promise((done, failed) => {
  const asked = indexedDB.open("d", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "id" });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = failed;
});
const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
async function tap(number) {
  const began = performance.now();
  const db = await opened;
  await new Promise((done, failed) => {
    const change = db.transaction("outbox", "readwrite", { durability: "strict" });
    change.objectStore("outbox").put({ id: number, day: "2026-01-01", v: [1, 2, 3, 4, 5], at: Date.now(), rev: 0 });
    change.oncomplete = done;
    change.onerror = failed;
  });
  document.getElementById("o").textContent = `Saved on this phone ${number}`;
  await frames();
  return performance.now() - began;
}
</script>"""
# The pad shows the tap's question first, as a thumb would have it. The words of the tap before are taken away, so that
# they can't stand for this one's. What is timed begins with the tap, in a task of its own as the strict page's does.
PRODUCT = """
window.frames2 = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.ask = async (symptom) => {
  document.querySelector(`#row-${symptom} [data-key]`).click();
  document.getElementById("state").replaceChildren();
  await frames2();
};
window.tap = async (symptom, score) => {
  const input = document.querySelector(`#q-${symptom} input[value="${score}"]`);
  const place = document.getElementById("state");
  const isPainted = () => place.textContent.trim().startsWith("Saved")
    && document.querySelector(`#row-${symptom} b.n`)?.textContent === String(score);
  const told = new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (!isPainted()) return;
      watch.disconnect();
      done(place.textContent.trim());
    });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  const began = performance.now();
  input.click();
  const words = await told;
  await frames2();
  return [performance.now() - began, words];
};
window.isSent = async () => (await neap.store.waiting(await neap.store.meta("person"))).length === 0;
"""
SYMPTOMS = ("pain", "fatigue", "sleep", "mood", "cognition")


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place)
        patients = product.patients(app, 2)
        with product.server(place) as server, handset.chromium() as browser:
            if browser is None:
                yield from (Line(name, None, goal, handset.NOT_FOUND) for name, goal in GOALS.items())
                return
            pages = {"/strict": ("text/html", STRICT, "no-store")}
            with proxy.serving(server.port, pages) as ours:
                cookies = [patient.cookie for patient in patients]
                yield from again_when_void(lambda: in_turn(browser, ours, cookies), GOALS)


def in_turn(browser: Browser, ours: Proxy, cookies: list[str]) -> Iterator[Line]:
    """Strict page, with network, without: a tap each in turn; a new phone each round."""
    p95: dict[str, list[float]] = {"strict page": [], "with network": [], "without": []}
    p50: dict[str, list[float]] = {name: [] for name in p95}
    for turn in range(ROUNDS):
        contexts = [handset.phone(browser, ours.url, cookie) for cookie in ("", *cookies)]
        pages = dict(zip(p95, (opened(context, turn) for context in contexts), strict=True))
        cpus = {name: handset.slow(page, network=name == "with network") for name, page in pages.items()}
        pages["without"].context.set_offline(True)  # the worker's network too, which would send by itself
        took = taps(pages, cpus)
        for name, times in took.items():
            ordered = sorted(times[COLD:])
            p50[name].append(median(ordered))
            p95[name].append(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))])
        for context in contexts:
            context.close()
    for name in p95:
        print(f"  {name}: p50 {median(p50[name]):.1f} ms, p95 {median(p95[name]):.1f} ms", flush=True)
    steady(p95["strict page"])
    values = (
        ratio(p95["without"], p95["strict page"]),
        median(p95["without"]),
        ratio(p50["without"], p50["with network"]),
    )
    for (name, goal), value in zip(GOALS.items(), values, strict=True):
        yield Line(name, value, goal)


def opened(context: BrowserContext, turn: int) -> Page:
    page = context.new_page()
    if not context.cookies():
        page.goto("/strict")
        return page
    page.add_init_script(PRODUCT)
    page.goto(f"/days/{product.days()[turn]}")
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def taps(pages: dict[str, Page], cpus: dict[str, CDPSession]) -> dict[str, list[float]]:
    """One page at a time is slow and works; the next has its turn when this one has sent what it will, and rests."""
    took: dict[str, list[float]] = {name: [] for name in pages}
    for cpu in cpus.values():
        handset.slow_cpu(cpu, 1)
    for number in range(TAPS):
        for name, page in pages.items():
            handset.slow_cpu(cpus[name])
            took[name].append(a_tap(name, page, number))
            if name == "with network":
                page.wait_for_function("isSent()", polling=50)
            page.wait_for_timeout(REST)
            handset.slow_cpu(cpus[name], 1)
    return took


def a_tap(name: str, page: Page, number: int) -> float:
    if name == "strict page":
        return page.evaluate(f"tap({number})")
    symptom, score = SYMPTOMS[number % 5], (number // 5 + number) % 11
    page.evaluate(f"ask('{symptom}')")
    time, words = page.evaluate(f"tap('{symptom}', {score})")
    assert words == "Saved on this phone", words  # with network too: it does not wait for the server
    return time
