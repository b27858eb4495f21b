"""The list of flags: overdue first, then by level; codes only for an admin; nothing for strangers."""

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Membership
from diary.careteam.rules import Kind
from diary.safety import queries
from diary.safety.models import Flag
from tests.conftest import stored
from tests.safety.flags import MONDAY, raise_flag, set_hours


@pytest.fixture(autouse=True)
def now(clock_at, app, cast):
    clock_at(MONDAY + timedelta(minutes=5))
    set_hours(cast.alice)


def rows(page):
    return [page.words(row) for row in page.all("tr") if row.find("td") is not None]


def end(cast, model, **where):
    with db.write() as s:
        for row in stored(s, model, **where):
            row.ended_at = MONDAY
            s.add(row)


def test_empty_it_says_what_will_be_here(client_as):
    page = client_as("bob").get("/flags")
    assert page.status == 200 and "No flag is open" in page.text
    assert "told by mail that something waits, never what" in page.text


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_patients_get_404(client_as, who):
    assert client_as(who).get("/flags").status == 404


def test_signed_out(client_as):
    assert client_as().get("/flags").location.startswith("/sign-in")


def test_the_most_pressing_first(client_as, cast, clock_at):
    raise_flag(cast.alice, "silence", "silence")
    raise_flag(cast.alice, "fall", "one")
    raise_flag(cast.alice, "emergency_after_infusion", "two")
    raise_flag(cast.alice, "urinary", "late", now=MONDAY - timedelta(days=2))
    page = client_as("bob").get("/flags")
    assert [row.split(" ")[0] for row in rows(page)] == ["F-0004", "F-0003", "F-0002", "F-0001"]
    assert "High, overdue Alice Marlow Urinary symptoms Dr Bob Ansah" in rows(page)[0]
    assert "Urgent, not acknowledged Alice Marlow Emergency signs" in rows(page)[1]
    assert rows(page)[3].endswith("no timer runs")


def test_what_nobody_has_stands_first_in_its_level(client_as, cast):
    raise_flag(cast.alice, "fall", "one")
    raise_flag(cast.alice, "fall", "two")
    with db.write() as s:
        for flag in stored(s, Flag, number=2):
            flag.owner_id = None
    found = rows(client_as("cora").get("/flags"))
    assert found[0].startswith("F-0002") and "nobody yet" in found[0]


def test_consent_is_not_asked_but_a_link_is(client_as, cast):
    raise_flag(cast.alice)
    with db.write() as s:
        for staff in (cast.bob, cast.cora):
            actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, staff.id, list(Kind), MONDAY)
    for who in ("bob", "cora"):
        assert "A fall" in client_as(who).get("/flags").text
    end(cast, CareLink, staff_id=cast.cora.id)
    assert rows(client_as("cora").get("/flags")) == []
    end(cast, CareLink, staff_id=cast.bob.id)
    assert "A fall" in client_as("bob").get("/flags").text, "it is still his"


def test_another_clinic_is_told_nothing(client_as, cast):
    raise_flag(cast.alice)
    page = client_as("erin").get("/flags")
    assert rows(page) == [] and "F-0001" not in page.text
    assert not page.all("span", class_="cnt")


def test_an_admin_gets_codes_only(client_as, cast):
    raise_flag(cast.alice)
    page = client_as("dana").get("/flags")
    (row,) = rows(page)
    assert row.startswith("F-0001 High, not acknowledged not for you to see not for you to see Dr Bob Ansah")
    assert "Marlow" not in page.text and "fall" not in page.text.lower()
    assert not page.all("a", href=f"/flags/{stored_flag().uuid}")


def stored_flag():
    with db.read() as s:
        return stored(s, Flag)[-1]


@pytest.mark.parametrize("gone", ["link and owner", "owner left"])
def test_everybody_of_the_clinic_sees_what_nobody_has(client_as, cast, gone):
    """Without a link too: else a flag of somebody whom nobody cares for would wait unseen."""
    raise_flag(cast.alice)
    end(cast, CareLink, staff_id=cast.cora.id)
    end(cast, Membership, person_id=cast.bob.id)
    (row,) = rows(client_as("cora").get("/flags"))
    assert "Alice Marlow A fall nobody yet" in row


def test_who_left_the_clinic_is_known_by_code_to_the_owner(client_as, cast):
    flag = raise_flag(cast.alice)
    end(cast, Membership, person_id=cast.alice.id)
    page = client_as("bob").get("/flags")
    assert "no longer a patient here" in page.text and "Marlow" not in page.text
    assert rows(client_as("cora").get("/flags")) == []
    client = client_as("bob")
    closing = client.get(f"/flags/{flag.uuid}")
    assert "Marlow" not in closing.text and "fall" not in closing.text.lower()
    done = client.post(f"/flags/{flag.uuid}/closing", {"outcome": "Moved away.", "seen": "9"})
    assert done.status == 303


def test_closed_ones_stand_below_for_thirty_days(client_as, cast, clock_at):
    flag = raise_flag(cast.alice)
    client = client_as("bob")
    client.post(f"/flags/{flag.uuid}/closing", {"outcome": "She is well.", "seen": "1"})
    page = client.get("/flags")
    assert "High, closed" in rows(page)[0] and "0 flags open" in page.words()
    clock_at(MONDAY + timedelta(days=31))
    assert "High, closed" not in client_as("bob").get("/flags").text


def test_the_side_column_counts_them(client_as, cast):
    assert not client_as("bob").get("/more").all("span", class_="cnt")
    raise_flag(cast.alice, matter="one")
    raise_flag(cast.alice, matter="two")
    for who in ("bob", "cora", "dana"):
        page = client_as(who).get("/more")
        assert page.words(page.one("span", class_="cnt")) == "2 open"
    assert "cnt" not in client_as("alice").get("/more").text


def test_what_is_overdue_is_said_on_every_page_of_the_staff(client_as, cast):
    raise_flag(cast.alice, matter="one")
    raise_flag(cast.alice, matter="two", now=MONDAY - timedelta(days=2))
    for who, page in (("bob", "/patients"), ("cora", "/more"), ("dana", "/clinic")):
        found = client_as(who).get(page)
        assert found.words(found.one("span", class_="cnt")) == "1 overdue"
    assert not client_as("erin").get("/patients").all("span", class_="cnt")


def test_a_store_that_is_gone_takes_no_page_along(app, cast):
    """The error page asks for the count too; where that can't be had, nothing is claimed."""
    from diary.safety import views

    with db.write() as s:
        s.execute(text("DROP TABLE flag_event"))
        s.execute(text("DROP TRIGGER flag_no_delete"))
        s.execute(text("DROP TABLE flag"))
    with app.test_request_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            access, "viewer", lambda: access.Viewer(cast.bob.id, roles=frozenset({(1, "clinician")}))
        )
        assert views._flags_waiting() is None


def test_the_count_and_the_lists_are_one_statement_each(app, cast):
    for n in range(5):
        raise_flag(cast.alice, matter=str(n))
    viewer = access.Viewer(cast.bob.id, roles=frozenset({(cast.bob.clinic_id, "clinician")}))
    said, engine = [], db.database().reader
    listen = lambda *args: said.append(args[2]) if args[2] != "BEGIN" else None  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    with db.read() as s:
        assert queries.waiting(s, viewer, MONDAY) == queries.Waiting(5, 0)
        assert len(queries.open_flags(s, viewer, MONDAY)) == 5
    event.remove(engine, "before_cursor_execute", listen)
    assert len(said) == 2


def test_looking_at_the_list_is_one_event(client_as, cast):
    client = client_as("bob")
    client.get("/flags")
    client.get("/flags")
    with db.read() as s:
        assert [(e.actor_id, e.patient_id) for e in stored(s, AuditEvent, action="view.flags")] == [
            (cast.bob.id, None)
        ]
