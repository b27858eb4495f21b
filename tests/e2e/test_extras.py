"""Where it hurts and what happened, on the phone: touched on the body without internet, stored once with it."""

from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from sqlmodel import select

from diary import db
from diary.careteam import access
from diary.careteam.actions import set_factors
from diary.careteam.models import Clinic, ClinicFactor
from diary.entries.models import Entry
from tests.e2e.conftest import TODAY
from tests.e2e.pages import faults
from tests.e2e.test_outbox import all_sent, poll, ready, revisions, waiting

URL = f"/days/{TODAY}/more"
MARKED = '{"regions":"left_upper_leg neck","factor_stress":true}'


def touched(page: Page, region: str, view: int = 0) -> None:
    page.locator("figure.body").nth(view).locator(f"label[for='at-{region}']").click()


def marked(page: Page) -> list[str]:
    return page.locator("#more-form input:checked").evaluate_all("all => all.map((one) => one.value)")


def test_two_places_and_a_factor_without_internet(open_as, cast):
    with db.write() as s:
        clinic = s.get_one(Clinic, cast.alice.clinic_id)
        set_factors(s, access.OPERATOR, clinic, ["long drive"], datetime(2026, 1, 2, tzinfo=UTC))
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    ready(page)  # the second visit is the worker's
    page.context.set_offline(True)
    ready(page)
    page.goto(URL)
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    touched(page, "neck")
    touched(page, "left_upper_leg", view=1)
    touched(page, "chest")
    page.get_by_label("Chest").uncheck()  # the list is the body's equal
    page.get_by_text("Stress").click()
    page.get_by_text("Long drive").click()
    expect(page.locator("#state")).to_contain_text("Saved on this phone")
    poll(page, lambda: waiting(page) == 6)
    page.reload()
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    assert marked(page) == ["neck", "left_upper_leg", "yes", "yes"]
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#marked")).to_have_text("2 places, 2 things that happened")
    assert revisions() == 0

    page.goto(URL)
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    expect(page.locator("#state")).to_have_text("Saved")
    assert revisions() == 6
    with db.read() as s:
        entry = s.exec(select(Entry).where(Entry.person_id == cast.alice.id)).one()
        (drive,) = s.exec(select(ClinicFactor)).all()
    told = MARKED.replace("}", f',"factor_{drive.uuid.hex}":true}}')
    assert (entry.extras, entry.has_conflict) == (told, False)
    page.goto(URL)
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    assert marked(page) == ["neck", "left_upper_leg", "yes", "yes"]
    assert not faults(page)


def test_a_score_of_her_own_without_internet(open_as, cast):
    page = open_as("alice", watch=False, service_workers="allow")
    page.goto("/own-scores")
    page.get_by_label("In a word or a few").fill("Tingling")
    page.get_by_role("button", name="Score it from now on").click()
    ready(page)
    ready(page)  # the second visit is the worker's
    page.context.set_offline(True)
    page.goto(URL)
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    own = page.get_by_role("group", name="Tingling")
    assert own.locator("input:checked").count() == 0, "nothing is preset"
    own.locator("label.w0").click()
    expect(page.locator("#state")).to_contain_text("Saved on this phone")
    page.reload()
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    expect(own.locator("input:checked")).to_have_value("0")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#marked")).to_have_text("1 score of your own")
    page.context.set_offline(False)
    page.evaluate("neap.outbox.flush()")
    all_sent(page)
    with db.read() as s:
        entry = s.exec(select(Entry).where(Entry.person_id == cast.alice.id)).one()
    assert entry.extras is not None and entry.extras.endswith(":0}")
    page.goto(URL)
    page.locator("#more-form[data-ready]").wait_for(state="attached")
    expect(own.locator("input:checked")).to_have_value("0")
    assert not faults(page)
