"""The response by keyboard: another infusion and another symptom come in place, and the focus stays where it was."""

from playwright.sync_api import expect


def test_choosing_by_keyboard_swaps_the_page_in_place(open_as, history):
    page = open_as("bob")
    page.goto(f"/patients/{history.alice.uuid}/response", wait_until="networkidle")
    page.keyboard.press("j")
    first = page.get_by_role("link", name="Infusion 1 as the strong line")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr.on th")).to_have_text("1")
    expect(page.get_by_role("img", name="Pain around each infusion, aligned at day 0")).to_be_visible()
    expect(first).to_be_focused()
    page.get_by_role("link", name="Low mood").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Low mood,", exact=False)).to_be_visible()
    expect(page.get_by_role("link", name="Low mood")).to_be_focused()
    expect(page.locator("tr.on th")).to_have_text("1")
    page.go_back()
    expect(page.get_by_role("heading", name="Pain,", exact=False)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
