"""The check-in on the phone: help at once and offline, told once when the internet is back; an intention likewise."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from diary import db
from diary.careteam.models import Clinic
from diary.checkins.models import Checkin
from diary.safety.models import Flag, FlagEvent
from diary.sessions.models import TickRevision
from tests import factories
from tests.e2e.conftest import TODAY
from tests.e2e.test_outbox import FIVE, all_sent, poll, ready, tap, waiting


@pytest.fixture
def infused(live, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, TODAY + timedelta(days=1), status="planned", time="10:00")
        return factories.infusion(s, cast.alice, TODAY - timedelta(days=1)).uuid


def all_of(model):
    with db.read() as s:
        return s.exec(select(model)).all()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"label:has(input[type='radio'][name='{name}'][value='{value}'])").click()


def opened(page: Page, path: str) -> Page:
    page.goto(path)
    page.locator("main[data-ready]").wait_for(state="attached")
    return page


def test_a_fall_and_still_detached_are_answered_without_internet(open_as, infused, cast):
    with db.write() as s:
        s.get_one(Clinic, cast.alice.clinic_id).unasked = "dizziness headache vision"
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)  # the second visit is the worker's, and the plan is on the phone
    page.context.set_offline(True)
    ready(page)
    for symptom, n in FIVE.items():  # the day's own questions come first
        tap(page, symptom, n)
    page.locator("#extras").get_by_text("A check-in").click()
    page.locator("main[data-ready]").wait_for(state="attached")
    expect(page.get_by_role("heading", level=1)).to_have_text("The morning after infusion 2")
    expect(page.get_by_text("Do not drive until the day after").first).to_be_visible()
    expect(page.get_by_text("Nausea", exact=True).first).to_be_visible()
    for name in ("Head and eyes", "Blurred or double vision"):  # the clinic leaves this group out
        expect(page.get_by_text(name, exact=True).first).to_be_hidden()
    page.get_by_role("button", name="None of these").click()

    help_now = page.locator("#help-now")
    expect(help_now).to_be_hidden()
    choose(page, "still_detached", "moderate")
    expect(help_now).to_contain_text("Please call your clinic about how you feel")
    expect(help_now).to_contain_text("Your clinic has not been told yet")
    choose(page, "fall", "yes")
    expect(help_now).to_contain_text("Please call your clinic about the fall")
    expect(page.locator("[data-state]")).to_contain_text("Saved on this phone")
    assert all_of(Checkin) == all_of(Flag) == []
    page.get_by_role("button", name="Next", exact=True).click()
    choose(page, "head", "clear")
    poll(page, lambda: waiting(page) == 9)
    page.reload()  # what was said outlives it
    page.locator("main[data-ready]").wait_for(state="attached")
    expect(page.locator("input[name='head'][value='clear']")).to_be_checked()
    expect(help_now).to_contain_text("Your clinic has not been told yet")

    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.post_data or "") if request.method == "PUT" else None
    )
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    expect(help_now).to_contain_text("Your clinic has been told at")
    assert sorted(flag.rule for flag in all_of(Flag)) == ["detached_next_day", "fall"]
    assert len(all_of(FlagEvent)) == 2, "each once"
    if sent:  # the worker may have been quicker
        assert "help_shown" in sent[0], "what calls for help goes first"
    assert '"none":"yes"' in all_of(Checkin)[0].answers
    page.reload()
    page.locator("main[data-ready]").wait_for(state="attached")
    expect(help_now).to_contain_text("Your clinic has been told at")
    assert len(all_of(FlagEvent)) == 2


def test_an_intention_without_internet(open_as, infused):
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)
    page.context.set_offline(True)
    opened(page, "/intention")
    expect(page.locator("#name")).to_have_text("Before infusion 1, tomorrow at 10:00")
    page.get_by_role("textbox").fill("let the music carry me")
    page.locator("label:has(input[value='no'])").click()
    poll(page, lambda: waiting(page) >= 1)
    page.get_by_role("button", name="Done").click()
    page.wait_for_url("**/today")
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    row = all_of(Checkin)[0]
    assert (row.kind, row.words, row.words_private) == ("intention", "let the music carry me", False)


def test_a_row_of_what_is_due_looks_the_same_whoever_makes_it(open_as, infused):
    """The script makes it after the first answer, the server when the page is opened again."""
    drawn = (
        "[...document.querySelectorAll('.duerow')].map((row) => [row.getAttribute('href'), row.innerHTML])"
    )
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)  # the plan is on the phone
    for symptom, n in FIVE.items():
        tap(page, symptom, n)
    expect(page.locator(".duerow[href='/intention']")).to_be_visible()
    by_script = page.evaluate(drawn)
    all_sent(page)
    ready(page)
    expect(page.locator(".duerow[href='/intention']")).to_be_visible()
    assert page.evaluate(drawn) == by_script


def test_what_is_said_twice_is_kept_twice_until_one_is_chosen(open_as, infused):
    """Two phones, one of them offline; with the pages of the server and of the outbox alike."""
    first = opened(open_as("alice"), "/check-in?step=mind")
    second = opened(open_as("alice"), "/check-in?step=mind")
    second.context.set_offline(True)
    choose(first, "head", "clear")
    all_sent(first)
    choose(second, "head", "foggy")
    second.context.set_offline(False)
    second.evaluate("neap.outbox.flush()")
    all_sent(second)
    assert all_of(Checkin)[0].has_conflict
    opened(first, "/check-in?step=mind")
    expect(first.locator("main")).to_contain_text("Two answers are kept")
    choose(first, "head", "clear")
    all_sent(first)
    poll(first, lambda: not all_of(Checkin)[0].has_conflict)


def test_a_commitment_is_ticked_without_internet(open_as, cast, live):
    """Once opened with internet, what she chose to count is there without it; the tick is sent once, and can be taken back."""
    agreed = {"commitment_1": "Ten quiet minutes", "until_1": str(TODAY), "counted_1": "yes"}
    with db.write() as s:
        factories.session(s, cast.alice, TODAY - timedelta(days=4), **agreed)
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)
    page.goto("/sessions")
    page.locator("[data-module=ticks][data-ready]").wait_for(state="attached")
    page.wait_for_timeout(300)  # the page is kept beside
    page.context.set_offline(True)
    page.goto("/sessions")
    expect(page.locator("main")).to_contain_text("No internet just now")
    page.get_by_role("button", name="I did it today").click()
    expect(page.locator("main")).to_contain_text("Saved on this phone")
    expect(page.locator("main")).to_contain_text("1 of 4 days")
    assert all_of(TickRevision) == []
    page.goto("/sessions")  # it outlives the page
    expect(page.get_by_role("button", name="Done today. Take it back")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    assert [row.is_done for row in all_of(TickRevision)] == [True]
    page.goto("/sessions")
    page.get_by_role("button", name="Done today. Take it back").click()
    poll(page, lambda: [row.is_done for row in all_of(TickRevision)] == [True, False])
    expect(page.locator("main")).to_contain_text("0 of 3 days")


def test_the_arrival_sheet_without_internet(open_as, live, cast):
    with db.write() as s:
        last = factories.infusion(s, cast.alice, TODAY - timedelta(days=2))
        factories.infusion(s, cast.alice, TODAY, status="planned", time="10:00")
        factories.entry(s, cast.alice, TODAY - timedelta(days=1), pain=6)
        factories.checkin(s, cast.alice, last, TODAY - timedelta(days=1), fall="no")
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)
    page.context.set_offline(True)
    opened(page, "/arrival")
    expect(page.get_by_role("heading", level=1)).to_have_text("How strong is your pain right now?")
    expect(page.locator("[data-line='pain']")).to_be_hidden()
    page.get_by_role("button", name="7", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For the nurse, from your diary")
    expect(page.locator("[data-line='pain']")).to_contain_text("1 of 1 day")
    expect(page.get_by_text("Pain right now: 7 of 10")).to_be_visible()
    page.locator("[data-line='fall']").click()
    choose(page, "fall", "yes")
    help_now = page.locator("#help-now")
    expect(help_now).to_contain_text("Please call your clinic about the fall")
    expect(help_now).to_contain_text("Your clinic has not been told yet")
    expect(page.locator("[data-line='fall']")).to_contain_text("said today")
    page.get_by_role("button", name="This is right").click()
    expect(page.locator("[data-state]")).to_contain_text("Saved on this phone")
    poll(page, lambda: waiting(page) == 3)
    assert all_of(Flag) == []
    opened(page, "/arrival")  # what was said outlives it
    expect(page.locator("[data-line='fall']")).to_contain_text("Yes")
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    expect(help_now).to_contain_text("Your clinic has been told at")
    assert [flag.rule for flag in all_of(Flag)] == ["fall"]
    answers = [row.answers for row in all_of(Checkin) if row.kind == "arrival"]
    assert answers == ['{"done":"yes","fall":"yes","pain_now":7}']


def test_without_scripts_the_words_of_help_can_be_read_after_the_answer(open_as, infused):
    page = open_as("alice", java_script_enabled=False)
    page.goto("/check-in?step=ask")
    choose(page, "urine_blood", "yes")
    page.get_by_role("button", name="Next").click()
    help_now = page.locator("#help-now")
    expect(help_now.locator("[data-help='urinary']")).to_be_visible()
    expect(help_now.get_by_text("Nobody watches this in real time")).to_be_visible()
