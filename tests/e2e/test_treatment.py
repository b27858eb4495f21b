"""The treatment from the plan to the session: as Bob, Alice without internet, and Cora, in one real browser."""

from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect
from sqlmodel import select

from diary import db
from diary.checkins.models import Checkin
from diary.safety.models import Flag, FlagEvent
from tests.e2e.conftest import NOW
from tests.e2e.test_outbox import all_sent, ready

FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
TOLD = ["detached_next_day", "fall"]


def all_of(model):
    with db.read() as s:
        return s.exec(select(model)).all()


def said(page: Page) -> Locator:
    return page.locator("#main").get_by_role("status").first


def plan_a_course(page: Page, alice) -> None:
    """Six infusions, Sundays and Wednesdays: the dates are shown before anything is stored."""
    page.goto(f"/patients/{alice.uuid}/infusions")
    page.get_by_role("link", name="Plan a course").click()
    page.get_by_label("How many").fill("6")
    page.get_by_label("From", exact=True).fill("2026-11-22")
    for day in ("Sunday", "Wednesday"):
        page.get_by_label(day).check()
    page.get_by_label("At", exact=True).fill("10:00")
    page.get_by_label("Dose").fill("40")
    page.get_by_label("Length").fill("40")
    page.get_by_label("Route").select_option("IV")
    page.get_by_role("button", name="Show the dates").last.click()
    expect(page.locator("ol.dates li")).to_have_count(6)
    page.get_by_role("button", name="Plan 6 infusions").click()
    expect(said(page)).to_have_text("The infusions are planned.")


def record_the_first(page: Page, alice) -> None:
    """The nurse records today's: Neap knows that it was planned."""
    page.goto(f"/patients/{alice.uuid}/infusions/new", wait_until="networkidle")
    page.get_by_role("link", name="Record it as that one").click()
    page.get_by_label("Weight").fill("70")
    expect(page.get_by_label("Dose")).to_have_value("40")
    expect(page.locator("[data-per-kg]")).to_have_text("0.57 mg/kg")
    page.get_by_label("Pain before").fill("7")
    page.get_by_label("Pain at discharge").fill("4")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(said(page)).to_contain_text("Infusion 1")


def visited(open_as) -> Page:
    """A phone with Neap on it: its worker has the pages, and what is due is known."""
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    return ready(page)


def answer_without_internet(page: Page) -> None:
    """The morning after: still detached, and a fall; the words that help stand there at once."""
    page.context.set_offline(True)
    page.goto("/check-in")
    page.locator("main[data-ready]").wait_for(state="attached")
    expect(page.get_by_role("heading", level=1)).to_have_text("The morning after infusion 1")
    page.get_by_role("button", name="None of these").click()
    help_now = page.locator("#help-now")
    for name, value, words in (
        ("still_detached", "moderate", "Please call your clinic about how you feel"),
        ("fall", "yes", "Please call your clinic about the fall"),
    ):
        page.locator(f"label:has(input[type='radio'][name='{name}'][value='{value}'])").click()
        expect(help_now).to_contain_text(words)
    expect(help_now).to_contain_text("Nobody watches")
    expect(help_now).to_contain_text("Your clinic has not been told yet")
    expect(page.locator("[data-state]")).to_contain_text("Saved on this phone")


def back_online(page: Page) -> None:
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    expect(page.locator("#help-now")).to_contain_text("Your clinic has been told at")


def close_the_fall(page: Page) -> None:
    page.goto("/flags")
    rows = page.locator("table.flags tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("#main")).to_contain_text("2 flags open")
    rows.filter(has_text="fall").get_by_role("link").click()
    expect(page.locator("#main")).to_contain_text("A fall: yes")
    page.get_by_label("What you are doing now").fill("I call her now.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(said(page)).to_contain_text("You are on it.")
    page.get_by_label("What came of it").fill("A bruise, nothing else. Her sister stays tonight.")
    page.get_by_role("button", name="Close the flag").click()
    expect(said(page)).to_have_text("The flag is closed.")
    expect(page.locator(".happened")).to_contain_text("Her sister stays tonight.")
    page.goto("/flags")
    expect(page.locator("#main")).to_contain_text("1 flag open")
    closed = page.locator("section").filter(
        has=page.get_by_role("heading", name="Closed in the last 30 days")
    )
    expect(closed.locator("tbody tr")).to_have_count(1)


def hold_a_session(page: Page, alice) -> None:
    """Prepared first, then recorded with what they agree on."""
    page.goto(f"/patients/{alice.uuid}/sessions")
    page.get_by_role("link", name="Plan a session").first.click()
    page.get_by_label("Day").fill("2026-11-23")
    page.get_by_label("From", exact=True).fill("17:00")
    page.get_by_label("To", exact=True).fill("17:50")
    page.get_by_role("button", name="Save, do not share yet").click()
    expect(said(page)).to_have_text("The session is planned.")
    page.get_by_label("It is").select_option("held")
    page.get_by_role("textbox", name="Notes Alice can read").fill("The stairs, and whom to ring at night.")
    page.get_by_label("Commitment 1", exact=True).fill("Ten quiet minutes after lunch")
    page.get_by_role("radio", name="yes, on the phone").first.check()
    page.get_by_role("button", name="Save and share with Alice").click()
    expect(said(page)).to_have_text("The session is saved and shared.")


def test_from_the_plan_to_the_session(open_as, cast, clock_at):
    clock_at(FRIDAY)
    plan_a_course(open_as("bob"), cast.alice)
    clock_at(SUNDAY)
    record_the_first(open_as("bob"), cast.alice)

    clock_at(NOW)
    phone, tablet = visited(open_as), visited(open_as)
    answer_without_internet(phone)
    answer_without_internet(tablet)
    assert all_of(Checkin) == all_of(Flag) == []
    back_online(phone)
    assert sorted(flag.rule for flag in all_of(Flag)) == TOLD
    assert len(all_of(FlagEvent)) == 2
    back_online(tablet)
    assert sorted(flag.rule for flag in all_of(Flag)) == TOLD, "said again, not told as another matter"
    assert len(all_of(Checkin)) == 1

    close_the_fall(open_as("bob"))
    hold_a_session(open_as("cora"), cast.alice)
    phone.goto("/sessions")
    phone.get_by_role("button", name="I did it today").click()
    expect(phone.locator("#main")).to_contain_text("1 of 1 day")
