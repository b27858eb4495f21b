"""A patient's own copy in the browser: asked for, waited for without a touch, downloaded."""

from zipfile import ZipFile

from playwright.sync_api import expect

from diary.copies.worker import make_copies
from tests.e2e.pages import faults


def test_asked_for_waited_for_and_downloaded(open_as, history, tmp_path):
    page = open_as("alice")
    page.goto("/more")
    page.get_by_role("link", name="Take your data with you").click()
    page.get_by_role("button", name="Make a copy").click()
    expect(page.get_by_role("heading", name="Your copy is being made")).to_be_visible()
    assert faults(page) == []
    assert make_copies()["made"] == 1
    # The page asks by itself, and says so to whoever listens.
    expect(page.get_by_role("heading", name="Your copy is ready")).to_be_visible()
    expect(page.locator("#announce")).to_have_text("Your copy is ready.")
    assert faults(page) == []
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename == "neap-copy.zip"
    fetched.value.save_as(tmp_path / "copy.zip")
    with ZipFile(tmp_path / "copy.zip") as bundle:
        assert b"The stairs." in bundle.read("sessions.csv")
