"""Erasing in a real browser: this phone is empty at once, another one at its next contact, with what waited on it."""

from playwright.sync_api import expect

from diary import db
from diary.accounts.models import Person
from diary.records import worker
from tests.e2e.test_outbox import PUT, poll, ready, tap, waiting

HOLDS = """async () => {
  const found = {};
  for (const { name } of await indexedDB.databases()) {
    const opened = await new Promise((done, failed) => {
      const asked = indexedDB.open(name); asked.onsuccess = () => done(asked.result); asked.onerror = failed;
    });
    for (const store of opened.objectStoreNames) {
      const rows = await new Promise((done) => { opened.transaction(store).objectStore(store).getAll().onsuccess = (e) => done(e.target.result); });
      found[store] = JSON.stringify(rows);
    }
    opened.close();
  }
  return found;
}"""


def test_this_phone_and_another(open_as, cast, app):
    other = ready(open_as("alice", watch=False, service_workers="allow"))
    other.context.route(PUT, lambda route: route.abort())
    tap(other, "pain", 4)
    assert waiting(other) == 1
    page = ready(open_as("alice", watch=False, service_workers="allow"))
    assert str(cast.alice.uuid) in str(page.evaluate(HOLDS))
    page.goto("/more")
    page.get_by_role("link", name="Erase your diary").click()
    page.get_by_role("button", name="Erase everything for good").click()
    expect(page.locator("#word-error")).to_contain_text("Please type the word erase")
    page.get_by_label("Type erase to erase everything").fill("erase")
    page.get_by_role("button", name="Erase everything for good").click()
    expect(page.get_by_role("heading", name="Everything is erased")).to_be_visible()
    with db.read() as s:
        assert s.get_one(Person, cast.alice.id).erased_at is not None
    assert str(cast.alice.uuid) not in str(page.evaluate(HOLDS))
    assert page.context.cookies() == [] or "neap" not in {one["name"] for one in page.context.cookies()}
    other.context.unroute(PUT)
    other.evaluate("neap.outbox.flush()")
    poll(other, lambda: str(cast.alice.uuid) not in str(other.evaluate(HOLDS)))
    with app.app_context():
        worker.list_path().unlink()
