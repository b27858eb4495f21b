"""Amending and cancelling: every change is a revision, the number stays, nobody overwrites unseen."""

from datetime import UTC, date, datetime

import pytest

from diary import db
from diary.infusions.models import Infusion, InfusionRevision
from tests import factories
from tests.conftest import stored


@pytest.fixture
def infusion(app, cast, clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))
    with db.write() as s:
        return factories.infusion(
            s, cast.alice, date(2026, 11, 10), dose_mg="50", time="10:00", note="first words"
        )


@pytest.fixture
def base(cast, infusion):
    return f"/patients/{cast.alice.uuid}/infusions/{infusion.uuid}"


def typed(**changes):
    return {
        "date": "2026-11-10", "time": "10:00", "dose_mg": "50", "minutes": "40", "weight_kg": "70", "route": "IV",
        "status": "done", "note": "first words", "revision": "1", "reason": "Read from the pump's print", **changes,
    }  # fmt: skip


def now_stored(infusion):
    with db.read() as s:
        (row,) = stored(s, Infusion, id=infusion.id)
        return row, len(stored(s, InfusionRevision, infusion_id=infusion.id))


def test_a_change_is_a_revision(client_as, base, infusion):
    client = client_as("bob")
    assert client.get(f"{base}/edit").status == 200
    assert client.post(f"{base}/edit", typed(dose_mg="55")).status == 303
    row, revisions = now_stored(infusion)
    assert (row.dose_mg, row.revisions, revisions, row.number) == (55, 2, 2, 1)
    page = client.get(base)
    assert "50 mg" in page.text and "55 mg" in page.text


def said(page):
    return page.words(page.one("p", role="status"))


def test_what_was_done_is_said(client_as, base):
    client = client_as("bob")
    assert said(client.post(f"{base}/edit", typed(), follow=True)) == "Infusion 1 stays as it was."
    assert said(client.post(f"{base}/edit", typed(dose_mg="55"), follow=True)) == "Infusion 1 is changed."
    assert (
        said(client.post(f"{base}/cancellation", {"reason": "Twice"}, follow=True))
        == "Infusion 1 is cancelled."
    )
    again = typed(dose_mg="55", revision="3")
    assert said(client.post(f"{base}/edit", again, follow=True)) == "Infusion 1 is recorded."


@pytest.mark.parametrize(
    "query", ["?saved=nonsense", "?saved=recorded&infusion=nonsense", "?saved=" + "9" * 500]
)
def test_an_odd_address_claims_little(client_as, cast, base, query):
    for path in (f"/patients/{cast.alice.uuid}", base):
        page = client_as("bob").get(path + query)
        assert page.status == 200 and "nonsense" not in page.words()


def test_cancelling_asks_once_more(client_as, base):
    page = client_as("bob").get(f"{base}/edit")
    (button,) = (b for b in page.one("details", class_="once").iter("button"))
    assert page.words(button) == "Yes, cancel infusion 1"
    assert len([f for f in page.all("form") if (f.get("action") or "").endswith("/cancellation")]) == 1


@pytest.mark.parametrize("revision", ["9" * 5000, "-1", "x", "", "²"])
def test_an_odd_revision_is_an_old_one(client_as, base, infusion, revision):
    page = client_as("bob").post(f"{base}/edit", typed(dose_mg="55", revision=revision))
    assert page.status == 422 and "Somebody else changed this record" in page.text
    assert now_stored(infusion)[0].dose_mg == 50


def test_no_change_is_no_revision(client_as, base, infusion):
    assert client_as("bob").post(f"{base}/edit", typed()).status == 303
    assert now_stored(infusion)[1] == 1


def test_doses_by_weight_keep_both_decimals(client_as, cast, base):
    client = client_as("bob")
    client.post(f"{base}/edit", typed(dose_mg="35"))
    assert "0.50 mg/kg" in client.get(base).words()
    page = client.get(f"/patients/{cast.alice.uuid}/response")
    assert "0.50" in [page.words(cell) for cell in page.all("td")]


def test_a_stale_page_is_shown_both_values(client_as, base, infusion):
    client = client_as("bob")
    client.post(f"{base}/edit", typed(dose_mg="55"))
    page = client.post(f"{base}/edit", typed(dose_mg="60"))
    assert page.status == 422
    assert "Somebody else changed this record" in page.text
    assert page.one("input", name="dose_mg").get("value") == "60"
    assert "55" in page.words(page.all("div", class_="ask")[-1])
    assert now_stored(infusion)[0].dose_mg == 55


def test_a_number_can_not_be_changed(client_as, base, infusion):
    assert client_as("bob").post(f"{base}/edit", typed(number="9")).status == 422
    assert now_stored(infusion)[0].number == 1


def test_a_cancelled_one_keeps_its_number(client_as, cast, base, infusion):
    client = client_as("bob")
    assert client.post(f"{base}/cancellation", {"reason": "Twice"}).status == 303
    row, revisions = now_stored(infusion)
    assert (row.status, row.number, revisions) == ("cancelled", 1, 2)
    with db.write() as s:
        assert factories.infusion(s, cast.alice, date(2026, 11, 17)).number == 2


def test_a_planned_one_is_given_as_planned(client_as, cast, clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))
    with db.write() as s:
        planned = factories.infusion(s, cast.alice, date(2026, 11, 24), status="planned")
        ahead = factories.infusion(s, cast.alice, date(2026, 12, 24), status="planned")
    client = client_as("bob")
    client.post(f"/patients/{cast.alice.uuid}/infusions/{planned.uuid}/completion")
    assert now_stored(planned)[0].status == "done"
    answer = client.post(f"/patients/{cast.alice.uuid}/infusions/{ahead.uuid}/completion")
    form = client.get(answer.location)
    assert form.one("input", name="date").get("value") == "2026-11-24", "the day it was given is asked for"
    assert now_stored(ahead)[0].status == "planned"


@pytest.mark.parametrize("who", ["alice", "cora", "dana", "charlie", "erin"])
@pytest.mark.parametrize("tail", ["/edit", "/cancellation", "/completion"])
def test_strangers_get_404(client_as, base, infusion, who, tail):
    assert client_as(who).post(base + tail, typed(dose_mg="55")).status == 404
    assert now_stored(infusion)[1] == 1


@pytest.mark.parametrize(
    ("who", "status"), [("bob", 200), ("cora", 200), ("erin", 404), ("dana", 404), ("alice", 404)]
)
def test_who_reads_the_record(client_as, base, who, status):
    assert client_as(who).get(base).status == status


def test_another_patients_infusion_under_this_patient_is_not_there(client_as, cast, infusion):
    url = f"/patients/{cast.charlie.uuid}/infusions/{infusion.uuid}"
    assert client_as("erin").get(url).status == 404
    assert client_as("erin").post(f"{url}/cancellation").status == 404
