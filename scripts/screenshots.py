"""The README's pictures: the demo clinic on a database of its own, looked at with Chromium."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from diary.demo import PASSPHRASE
from tests.serving import Server

OUT = ROOT / "docs" / "screenshots"
PHONE, NARROW, DESK = (412, 915), (320, 640), (1280, 800)
COLOURS = 128
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
ACTIVE = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  while (active.state !== "activated") await new Promise((done) => setTimeout(done, 20));
}"""


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="neap-screens-") as folder:
        environ = {
            "DATA_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/neap.db",
            "NEAP_ENV": "development",
        }
        for command in ("migrate", "demo"):
            flask = [sys.executable, "-m", "flask", "--app", "app", command]
            subprocess.run(flask, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)
        with Server(environ).start() as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            phone(browser, f"http://localhost:{server.port}")
            offline(browser, f"http://localhost:{server.port}")
            desk(browser, f"http://localhost:{server.port}", Path(folder))
            browser.close()
    for picture in sorted(OUT.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} kB")


def phone(browser: Browser, url: str) -> None:
    context = signed_in(browser, url, "alice", PHONE)
    page = context.new_page()
    page.goto(url + "/today")
    shot(page, "phone-today")
    for key, score in (("pain", 4), ("fatigue", 6), ("sleep", 5)):
        page.locator(f"#q-{key} label", has_text=str(score)).first.click()
        page.locator(f"#row-{key} b.n").wait_for()
    page.locator("#state").filter(has_text=re.compile(r"^\s*Saved\s*$")).wait_for()
    settle(page)
    shot(page, "phone-today-three")
    for name, path in (
        ("story", "/story"),
        ("infusions", "/infusions"),
        ("help", "/help"),
        ("more", "/more"),
    ):
        page.goto(url + path)
        shot(page, f"phone-{name}")
    page.emulate_media(color_scheme="dark")
    for name, path in (("today-three", "/today"), ("story", "/story")):
        page.goto(url + path)
        shot(page, f"phone-{name}-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    page.goto(url + "/today")
    shot(page, "phone-320")
    context.close()


def offline(browser: Browser, url: str) -> None:
    """A phone that was here once and has no internet now; of somebody whose day is still empty."""
    context = signed_in(browser, url, "charlie", PHONE, user_agent=ANDROID)
    page = context.new_page()
    page.goto(url + "/install")
    shot(page, "phone-install")
    page.goto(url + "/today")
    page.evaluate(ACTIVE)
    page.reload()
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    settle(page)
    context.set_offline(True)
    page.reload()
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    for key, score in (("pain", 4), ("fatigue", 6), ("sleep", 5), ("mood", 3), ("cognition", 2)):
        page.locator(f"#q-{key} label", has_text=str(score)).first.click()
        page.locator(f"#row-{key} b.n").wait_for()
    page.get_by_text("No internet just now.").wait_for()
    shot(page, "phone-offline")
    page.goto(url + "/more")
    page.get_by_text("5 answers not sent yet.").wait_for()
    page.locator("#here").evaluate("heading => heading.scrollIntoView()")
    shot(page, "phone-waiting")
    context.close()


def desk(browser: Browser, url: str, folder: Path) -> None:
    context = signed_in(browser, url, "bob", DESK)
    page = context.new_page()
    page.goto(url + "/patients")
    shot(page, "desk-caseload")
    alice = page.get_by_role("link", name="Alice Marlow").first.get_attribute("href").split("?")[0]
    page.goto(url + alice)
    shot(page, "desk-timeline")
    page.goto(f"{url}{alice}/infusions/new")
    shot(page, "desk-infusion")
    answer = context.request.get(f"{url}{alice}/report.pdf")
    assert answer.ok, answer.status
    (folder / "report.pdf").write_bytes(answer.body())
    subprocess.run(["pdftoppm", "-r", "70", "-png", folder / "report.pdf", folder / "report"], check=True)
    for number, picture in enumerate(sorted(folder.glob("report-*.png")), 1):
        keep(picture.read_bytes(), f"report-{number}")
    context.close()


def signed_in(
    browser: Browser, url: str, who: str, size: tuple[int, int], user_agent: str | None = None
) -> BrowserContext:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", user_agent=user_agent)
    page = context.new_page()
    page.goto(url + "/sign-in")
    if who == "alice":
        shot(page, "phone-sign-in")
    page.get_by_label("E-mail").fill(f"{who}@demo.example")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.close()
    return context


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


def shot(page: Page, name: str) -> None:
    settle(page)
    keep(page.screenshot(), name)


def keep(png: bytes, name: str) -> None:
    """As PNG of few colours, a third of the size; nothing is lost that a reader would see."""
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
