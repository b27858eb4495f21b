"""Nothing is lost on the phone: answers without internet, across reloads, restarts, tabs, portals and people."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from diary import db
from diary.accounts.actions import end_sessions
from diary.entries.models import Entry, EntryRevision
from diary.lib import clock
from tests import browsers
from tests.e2e.conftest import PATIENCE, PHONE, TODAY
from tests.page_client import PageClient

FIVE = {"pain": 6, "fatigue": 3, "sleep": 0, "mood": 10, "cognition": 5}
PUT = "**/api/v1/sync/*-*"


def tap(page: Page, symptom: str, n: int) -> None:
    page.locator(f"#row-{symptom} a").click()
    page.locator(f"#q-{symptom} input[value='{n}']").locator("xpath=..").click()
    expect(page.locator(f"#row-{symptom} .n")).to_have_text(str(n))


def ready(page: Page, path: str = "/today") -> Page:
    """A page whose scripts have taken over, with the worker in control."""
    page.goto(path)
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    if page.evaluate("navigator.onLine"):
        poll(page, lambda: page.evaluate("neap.store.meta('looked_at').then(Boolean)"))
    return page


def scores(person, day=TODAY) -> dict[str, float | None] | None:
    with db.read() as s:
        entry = s.exec(select(Entry).where(Entry.person_id == person.id, Entry.day == day)).first()
        return {name: getattr(entry, name) for name in FIVE} if entry else None


def revisions() -> int:
    with db.read() as s:
        return len(s.exec(select(EntryRevision)).all())


def waiting(page: Page) -> int:
    return page.evaluate(
        "neap.store.meta('person').then((p) => neap.store.waiting(p)).then((found) => found.length)"
    )


def all_sent(page: Page) -> None:
    poll(page, lambda: waiting(page) == 0)


def poll(page: Page, is_so) -> None:
    for _ in range(PATIENCE // 100):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come about")


def test_saved_on_this_phone_then_saved(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    page.context.set_offline(True)
    tap(page, "pain", 6)
    expect(page.locator("#state")).to_contain_text("Saved on this phone")
    assert scores(cast.alice) is None
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    expect(page.locator("#state")).to_have_text("Saved")
    assert scores(cast.alice)["pain"] == 6


def test_a_day_without_internet_outlives_a_reload(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)  # the second visit is the worker's
    page.context.set_offline(True)
    for symptom, n in FIVE.items():
        tap(page, symptom, n)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    for symptom, n in FIVE.items():
        expect(page.locator(f"#row-{symptom} .n")).to_have_text(str(n))
    expect(page.locator("#state")).to_contain_text("Saved on this phone")
    assert scores(cast.alice) is None
    page.context.set_offline(False)
    page.reload()
    all_sent(page)
    assert scores(cast.alice) == FIVE


def test_three_days_and_a_restart_of_the_browser(app, cast, live, tmp_path, browser):
    """A persistent profile: the browser is closed and opened again while everything waits."""
    playwright = browser.browser_type
    cookie = PageClient(app, cast.alice).http.get_cookie("neap")
    options = {
        "executable_path": browsers.whole(), "args": browsers.QUIET, "base_url": live, "viewport": PHONE,
    }  # fmt: skip
    days = [TODAY - timedelta(days=ago) for ago in range(3)]
    context = playwright.launch_persistent_context(str(tmp_path / "profile"), **options)
    session = [{"name": "neap", "value": cookie.value, "url": live}]
    context.add_cookies(session)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    ready(page)
    ready(page)
    context.set_offline(True)
    for day in days:
        ready(page, f"/days/{day}")
        tap(page, "pain", 7)
        tap(page, "mood", 2)
    context.close()

    context = playwright.launch_persistent_context(str(tmp_path / "profile"), **options)
    context.add_cookies(session)  # the test's session is none that lasts, the product's is
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    context.set_offline(True)
    page.goto(f"/days/{days[1]}")
    expect(page.locator("#row-pain .n")).to_have_text("7")
    assert waiting(page) + revisions() >= 6, "what the worker sent by itself meanwhile is no longer waiting"
    context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    context.close()
    for day in days:
        assert scores(cast.alice, day) == {**dict.fromkeys(FIVE), "pain": 7, "mood": 2}
    assert revisions() == 6


def test_two_tabs_have_one_flusher(open_as, cast):
    """Each write is sent once, though both tabs try as soon as the internet is back."""
    first = ready(open_as("alice", watch=False, service_workers="allow"))
    second = first.context.new_page()
    second.set_default_timeout(PATIENCE)
    ready(second, f"/days/{TODAY - timedelta(days=1)}")
    sent: list[str] = []
    first.context.on("request", lambda r: sent.append(r.url) if r.method == "PUT" else None)
    first.context.set_offline(True)
    tap(first, "pain", 1)
    tap(second, "pain", 2)
    tap(first, "mood", 3)
    sent.clear()
    first.context.set_offline(False)
    first.evaluate("neap.outbox.flush()")
    second.evaluate("neap.outbox.flush()")
    all_sent(first)
    reached = [url for url in sent if url]
    assert scores(cast.alice)["mood"] == 3 and scores(cast.alice, TODAY - timedelta(days=1))["pain"] == 2
    assert revisions() == 3, "one write, one revision"
    assert len(set(reached)) >= 3
    expect(second.locator("#state")).to_contain_text("Saved")


def test_a_portals_page_is_no_answer(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    portal = "<!doctype html><title>Hotel</title><h1>Welcome! Please sign in to the Wi-Fi</h1>"
    page.context.route(PUT, lambda route: route.fulfill(status=200, content_type="text/html", body=portal))
    tap(page, "pain", 4)
    expect(page.locator("#state")).to_contain_text("Saved on this phone")
    assert waiting(page) == 1 and scores(cast.alice) is None
    page.context.unroute(PUT)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert scores(cast.alice)["pain"] == 4


def test_a_lost_answer_is_asked_for_again(open_as, cast):
    """The server stored it, the answer never came: the repeat is the same write."""
    page = ready(open_as("alice", watch=False, service_workers="allow"))

    def lose(route):
        route.fetch()
        route.abort()

    page.context.route(PUT, lose, times=2)
    tap(page, "pain", 4)
    page.wait_for_timeout(300)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert scores(cast.alice)["pain"] == 4 and revisions() == 1


def test_one_bad_extra_keeps_no_answer_back(open_as, cast):
    page = ready(open_as("alice", service_workers="allow"))
    tap(page, "pain", 4)
    for symptom in ("fatigue", "sleep", "mood", "cognition"):
        tap(page, symptom, 5)
    page.get_by_text("Hours slept", exact=False).first.click()
    page.locator("#sleep_hours").fill("75")
    page.locator("#sleep_hours").blur()
    expect(page.locator("#sleep_hours-error")).to_contain_text("Did you mean 7.5?")
    page.locator("#row-mood a").click()
    tap(page, "mood", 9)
    all_sent(page)
    assert scores(cast.alice)["mood"] == 9
    assert page.locator("#sleep_hours").input_value() == "75"
    page.locator("#sleep_hours").fill("7,5")
    page.locator("#sleep_hours").blur()
    expect(page.locator("#sleep_hours-error")).to_have_count(0)
    all_sent(page)


def test_a_refused_write_stays_with_its_reason(open_as, cast):
    """The server's word comes to the field; the others go on; mended it is taken."""
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    refusal = {"status": 422, "json": {"fields": {"times_awake": "Times awake is out of reach."}}}

    def refuse(route):
        if "times_awake" in (route.request.post_data or ""):
            route.fulfill(**refusal)
        else:
            route.fallback()

    page.context.route(PUT, refuse)
    for symptom, n in FIVE.items():
        tap(page, symptom, n)
    page.get_by_text("Hours slept", exact=False).first.click()
    page.locator("#times_awake").fill("3")
    page.locator("#times_awake").blur()
    expect(page.locator("#times_awake-error")).to_have_text("Times awake is out of reach.")
    assert scores(cast.alice) == FIVE
    page.goto("/more")
    expect(page.locator("[data-part='list']")).to_contain_text("Times awake is out of reach.")
    page.context.unroute(PUT)
    ready(page)
    expect(page.locator("#times_awake-error")).to_have_text("Times awake is out of reach.")
    page.locator("#times_awake").fill("4")
    page.locator("#times_awake").blur()
    all_sent(page)
    with db.read() as s:
        assert s.exec(select(Entry.times_awake)).one() == 4


def test_another_phones_answer_is_kept_and_shown(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    page.context.set_offline(True)
    tap(page, "pain", 4)
    PageClient(db_app(page), cast.alice).post("/today", {"pain": "9", "mood": "2"})
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    page.reload()
    expect(page.locator("#row-pain")).to_contain_text("two answers")
    keep = page.locator("form.two-opt", has_text="9").get_by_role("button")
    keep.click()
    expect(page.locator("#row-pain")).not_to_contain_text("two answers")
    all_sent(page)
    assert scores(cast.alice)["pain"] == 9


def db_app(_page):
    from flask import current_app

    return current_app._get_current_object()


def test_signed_out_keeps_what_waits_and_says_so(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    with db.write() as s:
        end_sessions(s, cast.alice.id, clock.now())
    tap(page, "pain", 4)
    expect(page.locator("#state").get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.locator("#announce")).to_contain_text("You have been signed out")
    assert page.evaluate("neap.store.waiting(document.body.dataset.person).then((w) => w.length)") == 1


def test_signing_out_asks_and_another_person_sees_nothing(open_as, cast, app, live):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    page.context.route(PUT, lambda route: route.abort())
    tap(page, "pain", 4)
    page.goto("/more")
    page.get_by_role("button", name="Sign out", exact=True).click()
    dialog = page.locator("#leaving")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Keep").click()
    page.wait_for_url("**/sign-in")
    page.context.unroute(PUT)
    cookie = PageClient(app, cast.charlie).http.get_cookie("neap")
    page.context.add_cookies([{"name": "neap", "value": cookie.value, "url": live}])
    ready(page)
    assert page.locator("#row-pain .n").count() == 0 and waiting(page) == 0
    page.goto("/more")
    expect(page.locator("[data-part='state']")).to_contain_text("Everything is sent")
    assert scores(cast.alice) is None and scores(cast.charlie) is None
    cookie = PageClient(app, cast.alice).http.get_cookie("neap")
    page.context.add_cookies([{"name": "neap", "value": cookie.value, "url": live}])
    ready(page)
    all_sent(page)
    assert scores(cast.alice)["pain"] == 4


def test_everything_that_waits_can_be_saved_as_a_file(open_as, cast):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    page.context.route(PUT, lambda route: route.abort())
    tap(page, "pain", 4)
    page.goto("/more")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    text = Path(download.value.path()).read_text()
    assert '"pain": "4"' in text and download.value.suggested_filename == "neap-waiting.json"


@pytest.mark.parametrize("unwell", ["yes"])
def test_too_unwell_and_low_energy_without_internet(open_as, cast, unwell):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Too unwell to log").click()
    expect(page.get_by_role("heading", name="Too unwell to log")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#row-pain")).to_be_visible()
    page.get_by_role("switch", name="Low energy").click()
    tap(page, "pain", 5)
    tap(page, "mood", 4)
    page.get_by_text("Enough for today").click()
    expect(page.locator(".question.now")).to_have_count(0)
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert scores(cast.alice) == {**dict.fromkeys(FIVE), "pain": 5, "mood": 4}


def test_an_answer_before_the_scripts_came_is_no_second_answer(open_as, cast):
    """What is tapped while the scripts still load is kept once, by the outbox; nothing else sends it as well."""
    page = open_as("alice", watch=False)
    page.route("**/modules/day.mjs", lambda route: (page.wait_for_timeout(1500), route.fallback()))
    page.goto("/today", wait_until="commit")
    page.locator("#q-pain input[value='6']").locator("xpath=..").click()
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    expect(page.locator(".question.now")).to_have_id("q-fatigue")
    all_sent(page)
    assert scores(cast.alice)["pain"] == 6 and revisions() == 1


def test_without_its_script_the_day_is_a_plain_form(open_as, cast):
    page = open_as("alice", watch=False)
    page.route("**/modules/day.mjs", lambda route: route.abort())
    page.goto("/today")
    save = page.get_by_role("button", name="Save", exact=True).last
    expect(save).to_be_visible()
    page.locator("#q-pain input[value='6']").locator("xpath=..").click()
    save.click()
    expect(page.locator("#row-pain .n")).to_have_text("6")
    assert scores(cast.alice)["pain"] == 6
