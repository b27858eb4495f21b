"""The admin's page of reminders, the staff's banner and the install's alarm: silence is seen."""

from datetime import date, timedelta

import pytest

from diary import db
from diary.careteam.models import Clinic
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings, Tick
from diary.reminders.rules.silence import Pulse, alarm, is_silent
from tests.conftest import stored
from tests.safety.flags import MONDAY, raise_flag, set_hours

NOW = MONDAY + timedelta(minutes=5)
SILENT = "scheduler is silent"


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


def keep(*rows):
    with db.write() as s:
        for row in rows:
            s.add(row)


def delivery(person, state="sent", ago=timedelta(hours=1), number=0, **more):
    at = NOW - ago
    return Delivery(
        person_id=person, kind="daily_log", thing=f"{number}", day=date(2026, 3, 2), due_at=at, channel="email", state=state,
        expires_at=NOW + timedelta(hours=1), claimed_at=at, sent_at=None if state == "waiting" else at, **more,
    )  # fmt: skip


def cells(page, head):
    """The numbers of the row with that head."""
    row = next(row for row in page.all("tr") if page.words(row).startswith(head))
    return [page.words(cell) for cell in row.iter() if cell.tag.endswith("td")]


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie"])
def test_strangers_get_404(client_as, app, who):
    assert client_as(who).get("/clinic/reminders").status == 404


def test_signed_out(client_as, app):
    assert client_as().get("/clinic/reminders").status == 303


def test_before_anything_was_sent(client_as, app):
    page = client_as("dana").get("/clinic/reminders")
    assert page.status == 200
    assert cells(page, "Sent") == ["0", "0"]
    assert "none yet" in page.text and "nothing is due" in page.text


def test_counts_of_the_own_clinic_only(client_as, app, cast):
    alice, charlie = cast.alice.id, cast.charlie.id
    keep(
        *(delivery(alice, number=n) for n in range(3)),
        delivery(alice, number=3, is_late=True, received_at=NOW),
        delivery(alice, ago=timedelta(days=3), number=4),
        delivery(alice, ago=timedelta(days=8), number=5),
        delivery(alice, "failed", number=6, reason="550"),
        delivery(alice, "skipped", number=7, reason="done"),
        delivery(alice, "unknown", ago=timedelta(days=2), number=8),
        delivery(alice, "waiting", number=9, try_at=NOW - timedelta(minutes=7)),
        *(delivery(charlie, number=n) for n in range(20)),
    )
    page = client_as("dana").get("/clinic/reminders")
    assert cells(page, "Sent") == ["4", "5"]
    assert cells(page, "of them late") == ["1", "1"]
    assert cells(page, "of them shown") == ["1", "1"]
    assert cells(page, "Failed") == ["1", "1"]
    assert cells(page, "Not known, the process") == ["0", "1"]
    assert cells(page, "Not needed") == ["1", "1"]
    assert cells(page, "It was done already") == ["skipped", "1"]
    assert cells(page, "The other side said “550”") == ["failed", "1"]
    assert "23 November 2026, 08:10" in page.text  # 7 minutes before
    assert "Alice" not in page.text.split("<main")[1]


def test_phones(client_as, app, cast):
    def phone(number, **more):
        return PushSubscription(
            person_id=cast.alice.id, endpoint_index=bytes([number]) * 32, made_at=NOW, checked_at=NOW, **more
        )

    keep(phone(1), phone(2, failing_since=NOW), phone(3, ended_at=NOW - timedelta(days=1), ended_why="gone"))
    page = client_as("dana").get("/clinic/reminders")
    assert "2, 1 of them failing" in page.text
    assert page.words(page.all("dl")[0]).endswith("Phones gone within 7 days 1")


def ticked(ago):
    keep(Tick(name="reminders", began_at=NOW - ago, ended_at=NOW - ago))


@pytest.mark.parametrize(("ago", "rings"), [(60, False), (180, False), (181, True), (86_400, True)])
def test_three_minutes_of_silence_are_an_alarm(client_as, app, ago, rings):
    ticked(timedelta(seconds=ago))
    assert (SILENT in client_as("bob").get("/patients").text) == rings
    assert (SILENT in client_as("dana").get("/clinic/reminders").text) == rings
    ready = client_as().get("/readyz")
    assert (ready.status, ready.data) == (
        (503, b"not ready: the scheduler is silent\n") if rings else (200, b"ready\n")
    )


def test_a_patient_is_not_troubled(client_as, app):
    ticked(timedelta(hours=1))
    assert SILENT not in client_as("alice").get("/more").text


def test_before_the_first_round_only_what_waits_counts(client_as, app, cast):
    assert client_as().get("/readyz").status == 200
    keep(ReminderSettings(person_id=cast.alice.id, wake_at=NOW - timedelta(minutes=4), changed_at=NOW))
    assert client_as().get("/readyz").status == 503
    assert SILENT in client_as("cora").get("/patients").text


def test_an_overdue_flag_makes_the_install_not_ready(client_as, app, cast, clock_at):
    set_hours(cast.alice)
    raise_flag(cast.alice)
    clock_at(MONDAY + timedelta(minutes=59))
    assert client_as().get("/readyz").status == 200
    clock_at(MONDAY + timedelta(minutes=60))
    assert client_as().get("/readyz").data == b"not ready: a safety flag is overdue\n"
    with db.write() as s:
        for clinic in stored(s, Clinic):
            clinic.is_demo = True
            s.add(clinic)
    assert client_as().get("/readyz").status == 200  # invented people wait for nobody


@pytest.mark.parametrize(
    ("pulse", "words"),
    [
        (Pulse(None), ""),
        (Pulse(NOW, NOW - timedelta(days=1)), ""),
        (Pulse(NOW - timedelta(minutes=4)), "the scheduler is silent"),
        (Pulse(None, NOW - timedelta(minutes=4)), "the scheduler is silent"),
        (Pulse(NOW, None, 1), "a safety flag is overdue"),
        (Pulse(NOW + timedelta(hours=1)), ""),  # the clock was set back
    ],
)
def test_alarm(pulse, words):
    assert alarm(pulse, NOW) == words
    assert is_silent(pulse, NOW) == (words == "the scheduler is silent")
