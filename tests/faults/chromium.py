"""The shipped outbox module in real Chromium: pages on the proxy's address that record, are closed and come again."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from diary.lib.pwa import OUTBOX
from tests import browsers, people
from tests.faults import oracle
from tests.people import Someone
from tests.serving import Client

PAGE = "<!doctype html><title>Phone</title>" + "".join(
    f'<script src="/static/{path}"></script>' for path in OUTBOX
)

# What was said to be "Saved on this phone" is noted apart from the outbox, or its loss would not be seen.
RECORD = """
async ({ person, device, seed, share, slow }) => {
  const { store, outbox } = self.neap;
  await store.setMeta("person", person);
  await store.setMeta("around", { device, zone: "Europe/London" });
  let x = seed;
  const chance = () => (x = (x * 1664525 + 1013904223) % 4294967296) / 4294967296;
  const one = (...from) => from[Math.floor(chance() * from.length)];
  const score = () => one("", "0", "3", "7", "10", String(Math.floor(chance() * 11)));
  const some = () => {
    const found = {};
    const scores = ["pain", "fatigue", "sleep", "mood", "cognition"];
    for (let n = one(1, 1, 2, 5); n > 0; n -= 1) found[one(...scores)] = score();
    if (chance() < 0.12) Object.assign(found, { note: `note ${x}\\nline`, note_private: one("yes", "no") });
    else if (chance() < 0.1) found.unwell = one("", "yes");
    else if (chance() < 0.1) Object.assign(found, { sleep_hours: one("7:30", "6.5", ""), times_awake: one("0", "3") });
    return found;
  };
  const noted = () => JSON.parse(localStorage.getItem(device) ?? "[]");
  self.finished = false;
  while (noted().length < share) {
    const now = await outbox.now();
    const day = new Date(now - 864e5 * (1 + Math.floor(chance() * 5))).toISOString().slice(0, 10);
    const fields = some();
    const { base: shown } = await outbox.shown(person, day);
    const names = Object.keys(fields).filter((name) => name !== "note_private");
    const base = Object.fromEntries(names.map((name) => [name, shown[name] ?? []]));
    const { id, body } = await outbox.record({ kind: "day", day, fields, base });
    localStorage.setItem(device, JSON.stringify([...noted(), { id, body }]));
    if (chance() < 0.1) await outbox.look();
    await new Promise((go) => setTimeout(go, chance() * slow));
  }
  self.finished = true;
}
"""
LEFT = """
async (person) => {
  const waiting = await self.neap.store.waiting(person);
  const log = await self.neap.store.log(person);
  return { waiting: waiting.map(({ id, state, why }) => ({ id, state, why })), log: log.map(({ id }) => id) };
}
"""


def with_chromium(work: Callable, *given, **more):
    """Call `work` with a browser of its own, in a thread of its own: the browser tests' one may live in this one."""

    def begun():
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.shell(), args=browsers.QUIET)
            try:
                return work(*given, browser=browser, **more)
            finally:
                browser.close()

    with ThreadPoolExecutor(1) as alone:
        return alone.submit(begun).result()


@dataclass
class BrowserPhone:
    """One phone: a browser's storage of its own, and two tabs that use it at once."""

    person: Someone
    context: BrowserContext
    address: str
    device: str
    seed: int
    writes: int
    tabs: list[Page] = field(default_factory=list)

    def open(self, which: int) -> None:
        """A tab begins where the last one of its name was closed."""
        while len(self.tabs) <= which:
            self.tabs.append(None)  # type: ignore[arg-type]
        page = self.tabs[which] = self.context.new_page()
        for _ in range(200):
            try:
                page.goto(f"{self.address}/faults-page")
                page.wait_for_function("self.neap?.outbox !== undefined", timeout=4000)
                break
            except Error:
                page.wait_for_timeout(100)
        self.seed += 1
        told = {"person": str(self.person.uuid), "device": f"{self.device} tab {which}", "seed": self.seed,
                "share": self.writes // 2, "slow": 60}  # fmt: skip
        page.evaluate(
            f"(told) => void ({RECORD})(told).catch((error) => {{ self.failed = String(error); }})", told
        )

    def close(self, which: int) -> None:
        self.tabs[which].close()

    def first(self) -> Page:
        return self.tabs[0]

    def left(self) -> dict:
        return self.first().evaluate(LEFT, str(self.person.uuid))

    def noted(self) -> list[dict]:
        found = self.first().evaluate("Object.values(localStorage)")
        return [entry for text in found for entry in json.loads(text)]


class BrowserPhones:
    """Several of them, driven by one thread: `poll` lets them go on, `is_done` says that all is recorded and sent."""

    def __init__(self, phones: list[BrowserPhone], seed: int):
        self.phones, self.random = phones, random.Random(seed)
        self.reopened = 0
        for phone in phones:
            phone.open(0)
            phone.open(1)

    @property
    def writes(self) -> int:
        return sum(phone.writes for phone in self.phones)

    def acknowledged(self) -> int:
        return sum(len(phone.left()["log"]) for phone in self.phones)

    def poll(self) -> None:
        """A while of life, in which sometimes a tab is killed and comes again, and sometimes somebody says "send now"."""
        phone = self.random.choice(self.phones)
        if self.random.random() < 0.06:
            phone.close(1)
            phone.open(1)
            self.reopened += 1
        for tab in phone.tabs:
            assert not (failed := tab.evaluate("self.failed")), failed
        phone.first().evaluate("void self.neap.outbox.flush()")
        phone.first().wait_for_timeout(60)

    def is_done(self) -> bool:
        is_recorded = all(tab.evaluate("self.finished") for phone in self.phones for tab in phone.tabs)
        return is_recorded and not any(
            entry["state"] == "waiting" for phone in self.phones for entry in phone.left()["waiting"]
        )

    def promises(self) -> oracle.Promises:
        found = oracle.Promises()
        for phone in self.phones:
            me, left = phone.person.id, phone.left()
            noted = {(me, UUID(entry["id"])) for entry in phone.noted()}
            told = {(me, UUID(i)) for i in left["log"]}
            waiting = {(me, UUID(entry["id"])) for entry in left["waiting"]}
            found.recorded |= noted
            # A tab that was closed between "recorded" and its note has issued what only the outbox or the log knows.
            found.issued |= noted | told | waiting
            found.acknowledged |= told
            found.waiting |= waiting
        return found

    def bodies(self) -> dict:
        return {(p.person.id, UUID(entry["id"])): entry["body"] for p in self.phones for entry in p.noted()}

    def held(self) -> list[dict]:
        return [
            entry for phone in self.phones for entry in phone.left()["waiting"] if entry["state"] == "held"
        ]

    def close(self) -> None:
        for phone in self.phones:
            phone.context.close()


def chromium_phones(
    browser: Browser, persons: list[Someone], server_port: int, proxy_port: int, writes: int, seed: int = 1
) -> BrowserPhones:
    """A phone for each of `persons`, signed in, each with its share of the writes."""
    phones = []
    for n, person in enumerate(persons):
        address = f"http://127.0.0.1:{proxy_port}"
        client = Client(server_port).sign_in(person.email, people.PASSPHRASE)
        client.close()
        context = browser.new_context(service_workers="block")
        context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in client.cookies.items()]
        )
        context.route("**/faults-page", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        phones.append(
            BrowserPhone(
                person, context, address, f"Chromium {n}", seed * 1000 + n * 100, writes // len(persons)
            )
        )
    return BrowserPhones(phones, seed)
