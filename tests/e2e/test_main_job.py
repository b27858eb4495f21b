"""The main job from end to end: Alice logs, Cora reviews, Bob records an infusion and reads the PDF."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.e2e.conftest import PATIENCE, TODAY
from tests.people import PASSPHRASE
from tests.reports import reading


def sign_in(page, email: str) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in").click()


def test_log_review_record_read(open_as, history):
    phone = open_as()
    sign_in(phone, history.alice.email)
    expect(phone).to_have_title("Today - Neap")
    for symptom in ("pain", "fatigue", "sleep", "mood", "cognition"):
        phone.locator(f"#q-{symptom} input[value='8']").locator("xpath=..").click()
        expect(phone.locator(f"#row-{symptom} .n")).to_have_text("8")

    coach = open_as(viewport={"width": 1280, "height": 800})
    sign_in(coach, history.cora.email)
    expect(coach).to_have_title("Patients - Neap")
    coach.get_by_role("link", name="Alice Marlow", exact=True).click()
    expect(coach.get_by_role("heading", level=1)).to_have_text("Alice Marlow")
    assert "walked to the harbour" in coach.inner_text("main")
    assert coach.get_by_role("link", name="Record infusion").count() == 0

    doctor = open_as(viewport={"width": 1280, "height": 800})
    sign_in(doctor, history.bob.email)
    doctor.get_by_role("link", name="Alice Marlow", exact=True).click()
    record_infusion(doctor)
    doctor.get_by_role("link", name="Make report").click()
    with doctor.expect_download(timeout=4 * PATIENCE) as download:
        doctor.get_by_role("button", name="Two pages as PDF").click()
    expect(doctor.locator("#made tbody tr")).to_have_count(1)
    pdf = download.value.path().read_bytes()
    assert len(reading.opened(pdf).pages) == 2
    words = reading.flat(pdf)
    assert "Alice Marlow" in words
    assert "46.5 mg" in words

    phone.goto("/infusions")
    assert "Infusion 4" in phone.inner_text("main") or "4" in phone.locator(".num").first.inner_text()


def record_infusion(page) -> None:
    page.get_by_role("link", name="Record infusion").click()
    page.get_by_label("Day").fill((TODAY - timedelta(days=1)).isoformat())
    page.get_by_label("Started at").fill("10:30")
    page.get_by_label("Weight").fill("70")
    page.get_by_label("Dose").fill("46.5")
    expect(page.locator("[data-per-kg]")).to_have_text("0.66 mg/kg")
    page.get_by_label("Length").fill("40")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice Marlow")
