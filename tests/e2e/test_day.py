"""Alice logs her day in a real browser: five taps, the keyboard alone, without JavaScript, without a connection."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy.exc import NoResultFound
from sqlmodel import select

from diary import db
from diary.entries.models import Entry
from tests.e2e.conftest import NOW, PATIENCE, TODAY
from tests.e2e.pages import until
from tests.page_client import PageClient

FIVE = {"pain": 6, "fatigue": 3, "sleep": 0, "mood": 10, "cognition": 5}


def stored(person) -> dict[str, float | None]:
    with db.read() as s:
        entry = s.exec(select(Entry).where(Entry.person_id == person.id, Entry.day == TODAY)).one()
        return {name: getattr(entry, name) for name in FIVE}


def comes_to(page, person, wanted: dict[str, float]) -> bool:
    """Whether the server holds these scores in the end; the phone keeps them first and then sends them."""
    for _ in range(PATIENCE // 100):
        try:
            if stored(person).items() >= wanted.items():
                return True
        except NoResultFound:
            pass
        page.wait_for_timeout(100)
    return False


def tap(page, symptom: str, n: int) -> None:
    page.locator(f"#q-{symptom} input[value='{n}']").locator("xpath=..").click()


@pytest.mark.parametrize(("width", "height"), [(412, 915), (360, 800)])
def test_five_taps_make_a_day(open_as, history, width, height):
    page = open_as("alice", viewport={"width": width, "height": height}, has_touch=True)
    page.goto("/today")
    assert page.locator(".pad input:checked").count() == 0, "something was preset"
    places = []
    for symptom, n in FIVE.items():
        expect(page.locator(".question.now")).to_have_id(f"q-{symptom}")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "Today scrolls"
        places.append(page.locator(f"#q-{symptom} input[value='5']").bounding_box())
        tap(page, symptom, n)
        expect(page.locator(f"#row-{symptom} .n")).to_have_text(str(n))
    assert all(place == places[0] for place in places), "the keys moved"
    expect(page.get_by_role("heading", name="Saved. Anything else?")).to_be_visible()
    expect(page.locator("#place")).to_contain_text("Saved")
    assert comes_to(page, history.alice, FIVE)


PHONES = [(412, 915), (360, 800)]
COVERED = """(el) => { const r = el.getBoundingClientRect();
  const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
  return !(at && (el.contains(at) || at.contains(el))) || r.bottom > innerHeight; }"""
NIGHT = datetime(2026, 11, 24, 2, tzinfo=UTC)  # still the diary's 23 November
OPEN_DAY = (TODAY - timedelta(days=4)).isoformat()  # history leaves it empty


@pytest.mark.parametrize(("width", "height"), PHONES)
@pytest.mark.parametrize(
    ("path", "now"), [(f"/days/{OPEN_DAY}", NOW), ("/today", NIGHT), (f"/days/{OPEN_DAY}?low=1", NOW),
                      (f"/days/{TODAY}?low=1", NIGHT)],
)  # fmt: skip
def test_nothing_scrolls_on_earlier_days_and_after_midnight(
    open_as, history, clock_at, width, height, path, now
):
    clock_at(now)
    page = open_as("alice", viewport={"width": width, "height": height}, has_touch=True)
    page.goto(path)
    asked = [question.get_attribute("data-key") for question in page.locator(".question").all()]
    assert page.locator(".late-note").count() == 1
    for symptom in asked:
        expect(page.locator(".question.now")).to_have_id(f"q-{symptom}")
        until(page, "document.documentElement.scrollHeight <= innerHeight")  # once the sheet has its height
        for touched in (".switch", ".easebtn", ".score.now"):
            assert not page.locator(touched).first.evaluate(COVERED), f"{touched} lies under the sheet"
        tap(page, symptom, 4)
        expect(page.locator(f"#row-{symptom} .n")).to_have_text("4")


def test_an_earlier_day_asks_for_that_day(open_as, history):
    page = open_as("alice")
    page.goto(f"/days/{OPEN_DAY}")
    for question in page.locator(".question legend").all():
        assert "that day" in question.text_content() and "today" not in question.text_content()
    page.goto(f"/days/{TODAY - timedelta(days=1)}")
    assert page.locator(".late-note").count() == 0, "nothing is left to be late"


@pytest.mark.parametrize(("width", "height"), PHONES)
def test_too_unwell_can_be_taken_back(open_as, history, width, height):
    page = open_as("alice", viewport={"width": width, "height": height})
    page.goto("/today")
    page.get_by_role("button", name="Too unwell to log").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert not undo.evaluate(COVERED), "Undo is out of sight"
    undo.click()
    expect(page.locator(".question.now")).to_have_id("q-pain")
    assert "after infusion" not in page.inner_text("body"), "nothing is told any more"


def test_enough_in_low_energy_can_be_more_after_all(open_as, history):
    page = open_as("alice")
    page.goto(f"/days/{TODAY}?low=1")
    tap(page, "pain", 4)
    page.get_by_text("Enough for today").click()
    expect(page.locator("#anything")).to_be_visible()
    page.get_by_role("switch", name="Low energy").click()
    expect(page.locator(".question.now")).to_have_id("q-fatigue")


@pytest.mark.parametrize(("width", "height"), PHONES)
def test_two_answers_are_seen_before_anything_else(app, open_as, history, width, height):
    client = PageClient(app, history.alice)
    for pain in (5, 7):
        client.post("/today", {"pain": pain, "base": "", "write_id": str(uuid4())})
    page = open_as("alice", viewport={"width": width, "height": height})
    page.goto("/today")
    keep = page.locator("[data-conflict='pain'] .btn")
    assert [button.evaluate(COVERED) for button in keep.all()] == [False, False]
    page.get_by_role("button", name="Keep 5").click()
    expect(page.locator("#row-pain .n")).to_have_text("5")
    expect(page.locator("#two")).to_have_count(0)


def test_the_first_answer_is_not_coloured(open_as, history):
    """Where we are in the course, and yesterday's scores, appear only after an answer."""
    page = open_as("alice")
    page.goto("/today")
    assert "after infusion" not in page.inner_text("body")
    assert page.locator(".gauge").count() == 0
    tap(page, "pain", 4)
    expect(page.locator("#place")).to_contain_text("Day 14 after infusion 3")


def test_a_row_can_be_changed(open_as, history):
    page = open_as("alice")
    page.goto("/today")
    tap(page, "pain", 4)
    page.locator("#row-pain a").click()
    expect(page.locator(".question.now")).to_have_id("q-pain")
    tap(page, "pain", 2)
    expect(page.locator("#row-pain .n")).to_have_text("2")
    expect(page.locator(".question.now")).to_have_id("q-fatigue")
    page.wait_for_load_state("networkidle")
    assert comes_to(page, history.alice, {"pain": 2})


@pytest.mark.parametrize(
    ("touches", "asked", "told"),
    [
        ([("pain", 4), ("pain", None)], "pain", {"pain": 4}),
        ([("pain", None), ("pain", 4)], "fatigue", {"pain": 4}),
        ([("pain", 4), ("pain", None), ("pain", 2)], "fatigue", {"pain": 2}),
        ([("pain", 4), ("mood", None)], "mood", {"pain": 4}),
    ],
    ids=["key row", "row key", "key row key", "key and another row"],
)
def test_what_was_touched_before_the_pad_came_is_taken_in_its_order(open_as, history, touches, asked, told):
    """None for a score: the row itself was touched, which asks its question again."""
    page = open_as("alice")
    held = []
    page.route("**/modules/pad.mjs", lambda route: held.append(route))
    with page.expect_request("**/modules/pad.mjs"):
        page.goto("/today", wait_until="commit")
    for symptom, n in touches:
        if n is None:
            page.locator(f"#row-{symptom} a").click()
        else:
            tap(page, symptom, n)
    expect(page.locator(".question.now")).to_have_id("q-pain")  # nothing has moved yet
    assert len(held) == 1
    held[0].fallback()
    page.wait_for_load_state("networkidle")  # the pad has come and begun
    expect(page.locator(".question.now")).to_have_id(f"q-{asked}")
    assert comes_to(page, history.alice, told)


def test_by_keyboard_alone(open_as, history):
    page = open_as("alice", viewport={"width": 1280, "height": 800})
    page.goto("/today", wait_until="networkidle")
    for symptom, n in FIVE.items():
        page.keyboard.press("t" if n == 10 else str(n))
        expect(page.locator(f"#row-{symptom} .n")).to_have_text(str(n))
    expect(page.locator("#anything")).to_be_focused()
    assert comes_to(page, history.alice, FIVE)


def test_arrows_walk_and_enter_answers(open_as, history):
    page = open_as("alice")
    page.goto("/today")
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.locator("#q-pain input[value='0']").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".question.now")).to_have_id("q-pain")
    page.keyboard.press("Enter")
    expect(page.locator("#row-pain .n")).to_have_text("3")
    page.wait_for_load_state("networkidle")
    assert comes_to(page, history.alice, {"pain": 3})


def test_without_javascript(open_as, history):
    page = open_as("alice", java_script_enabled=False)
    page.goto("/today")
    for symptom, n in FIVE.items():
        assert page.locator(f"#q-{symptom}").is_visible()
        tap(page, symptom, n)
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#row-mood .n")).to_have_text("10")
    assert comes_to(page, history.alice, FIVE)


def test_a_refused_field_without_javascript_keeps_everything(open_as, history):
    page = open_as("alice", java_script_enabled=False)
    page.goto("/today")
    tap(page, "pain", 6)
    page.locator("summary", has_text="Hours slept").click()
    page.fill("#sleep_hours", "30")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#sleep_hours")).to_have_value("30")
    expect(page.locator("#sleep_hours")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#q-pain input[value='6']")).to_be_checked()
    with db.read() as s:
        found = s.exec(select(Entry).where(Entry.person_id == history.alice.id, Entry.day == TODAY)).all()
    assert found == []


def test_too_unwell_is_one_tap(open_as, history):
    page = open_as("alice")
    page.goto("/today")
    page.get_by_role("button", name="Too unwell to log").click()
    expect(page.get_by_role("heading", name="Too unwell to log")).to_be_visible()


def test_saved_is_said_only_when_it_is_true(open_as, history):
    """Without the outbox (no IndexedDB, or its scripts did not come) the form itself says what became of it."""
    page = open_as("alice", watch=False)
    page.route("**/outbox/*.js", lambda route: route.abort())
    page.goto("/today")
    page.route("**/days/**", lambda route: route.abort())
    tap(page, "pain", 7)
    expect(page.locator("#place")).to_contain_text("Not saved yet")
    page.unroute("**/days/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#row-pain .n")).to_have_text("7")
    expect(page.locator("#place")).to_contain_text("Saved")
    assert comes_to(page, history.alice, {"pain": 7})


def test_what_is_skipped_says_so_at_once(open_as, history):
    page = open_as("alice")
    page.goto("/today")
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    tap(page, "pain", 3)
    expect(page.locator("#row-pain .n")).to_have_text("3")
    page.locator("#q-fatigue input[value='']").locator("xpath=..").click()
    expect(page.locator("#row-fatigue")).to_contain_text("skipped")
    expect(page.locator("#row-fatigue .hint-wait")).to_have_count(0)
    assert comes_to(page, history.alice, {"pain": 3, "fatigue": None})


def written_by(person) -> str | None:
    with db.read() as s:
        entry = s.exec(select(Entry).where(Entry.person_id == person.id, Entry.day == TODAY)).first()
        return entry and entry.written_by


def five_taps(page) -> None:
    page.locator("#day-form[data-ready]").wait_for(state="attached")
    for symptom, n in FIVE.items():
        tap(page, symptom, n)
        expect(page.locator(f"#row-{symptom} .n")).to_have_text(str(n))


@pytest.mark.parametrize("is_first", [True, False], ids=["first day ever", "any other day"])
def test_after_five_taps_somebody_can_say_that_they_wrote_it(request, open_as, cast, is_first):
    if not is_first:
        request.getfixturevalue("history")
    page = open_as("alice")
    page.goto("/today")
    five_taps(page)
    wrote = page.get_by_label("Somebody wrote this for me")
    expect(wrote).to_be_visible()
    expect(wrote).not_to_be_checked()
    assert comes_to(page, cast.alice, FIVE)
    assert written_by(cast.alice) == "self"
    wrote.check()
    until(
        page, "neap.store.meta('person').then((p) => neap.store.waiting(p)).then((all) => all.length === 0)"
    )
    assert written_by(cast.alice) == "helper"
    page.reload()
    expect(wrote).to_be_checked()
    expect(page.locator("input[type='checkbox'][name='written_by']")).to_have_count(1)


def test_who_said_first_that_they_write_need_not_say_it_again(open_as, history):
    page = open_as("alice")
    page.goto("/today")
    page.get_by_label("Somebody writes for me").check()
    five_taps(page)
    expect(page.get_by_label("Somebody wrote this for me")).to_be_checked()
    assert comes_to(page, history.alice, FIVE)
    assert written_by(history.alice) == "helper"
