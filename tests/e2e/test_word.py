"""A word from a good day on the phone: written and read without internet, offered to who is too unwell, sent once."""

from playwright.sync_api import Page, expect
from sqlmodel import select

from diary import db
from diary.goodday.models import GoodDayWord
from tests.e2e.pages import faults
from tests.e2e.test_outbox import all_sent, poll, ready, tap, waiting

SOUP = "Ring Ida. The soup is in the freezer."


def opened(page: Page, path: str = "/word") -> Page:
    page.goto(path)
    page.locator("#main[data-ready]").wait_for(state="attached")
    return page


def kept() -> list[str | None]:
    with db.read() as s:
        return [row.word for row in s.exec(select(GoodDayWord).order_by(GoodDayWord.id)).all()]


def test_written_and_read_without_internet_and_offered_at_too_unwell(open_as, history):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)  # the second visit is the worker's
    page.context.set_offline(True)
    opened(page)
    expect(page.get_by_role("link", name="Not today")).to_be_visible()
    page.get_by_role("textbox").fill(SOUP)
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/word")
    page.locator("#main[data-ready]").wait_for(state="attached")
    expect(page.locator("#letter")).to_have_text(SOUP)
    expect(page.get_by_text("You wrote this on Monday 23 November")).to_be_visible()
    assert kept() == [] and waiting(page) == 1

    ready(page)
    expect(page.get_by_text("A word from a good day").first).to_be_hidden()
    page.get_by_role("button", name="Too unwell to log").click()
    page.get_by_role("link", name="A word from a good day").click()
    expect(page.locator("#letter")).to_have_text(SOUP)

    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert kept() == [SOUP]
    # What the server has is still read without internet.
    page.context.set_offline(True)
    opened(page)
    expect(page.locator("#letter")).to_have_text(SOUP)
    assert not faults(page)
    page.get_by_role("link", name="Change it").click()
    page.get_by_role("link", name="Take it away").click()
    page.wait_for_url("**/today")
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    poll(page, lambda: kept() == [SOUP, None])


def test_the_second_hard_day_offers_it_when_that_is_answered(open_as, history):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    opened(page, "/word?write=1")
    page.get_by_role("textbox").fill(SOUP)
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#letter")).to_have_text(SOUP)
    ready(page)
    for symptom in ("pain", "fatigue", "sleep", "mood"):
        tap(page, symptom, 9)
        expect(page.locator("#offer")).to_be_hidden()
    tap(page, "cognition", 9)
    expect(page.locator("#offer")).to_be_visible()
    assert not faults(page)
    page.locator("#offer").get_by_role("link", name="A word from a good day").click()
    expect(page.locator("#letter")).to_have_text(SOUP)
