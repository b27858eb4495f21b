"""Mails and reminders that waited when the copy was made do not go a second time; what is of safety, or of a right, does."""

from datetime import time

import pytest

from diary import db
from diary.accounts.actions import mails
from diary.accounts.models import AccountMail
from diary.accounts.rules import RESET
from diary.accounts.rules.letters import GLASS, NEW_DEVICE
from diary.accounts.worker import send_mails
from diary.reminders.models import Delivery
from diary.reminders.rules.message import DAILY, SAFETY, Outcome
from tests.conftest import stored
from tests.reminders.engine import Engine, at, wish
from tests.safety.flags import raise_flag, set_hours

NOON, NIGHT = "2026-03-09T12:00", "2026-03-09T20:40"


@pytest.fixture
def engine(app, clock_at):
    clock_at(at(NOON))
    return Engine(NOON)


@pytest.mark.both
def test_what_waited_in_a_copy_does_not_go_again(engine, vault, cast, clock_at, tmp_path):
    set_hours(cast.alice)
    raise_flag(cast.alice, now=at(NOON))
    wish(cast.alice, NOON)  # a reminder at half past eight
    wish(cast.charlie, NOON, daily=(time(12, 5),) * 7)
    engine.sink.answers["email", None] = Outcome("retry", "connect")
    engine.tick("2026-03-09T12:05")  # the flag and Charlie's reminder wait for the mail server
    with db.write() as s:
        for kind in (RESET, NEW_DEVICE, GLASS):
            mails.put(s, cast.alice.id, kind, at(NOON))
    assert vault("backup", tmp_path / "copies").exit_code == 0
    (copy,) = (tmp_path / "copies").iterdir()
    engine.sink.answers.clear()
    engine.tick("2026-03-09T20:30")
    went = {(parcel.person_id, parcel.message.kind) for parcel in engine.sink.sent}
    assert (cast.alice.id, DAILY) in went

    clock_at(at(NIGHT))
    done = vault("restore", copy, "--force")
    assert done.exit_code == 0, done.output
    assert "Not sent any more: 3 mails and reminders" in done.stdout
    engine.sink.took.clear()
    engine.tick(NIGHT)
    again = {(parcel.person_id, parcel.message.kind) for parcel in engine.sink.sent}
    assert again and {kind for _, kind in again} <= SAFETY
    sent = []
    send_mails(lambda to, letter: sent.append(letter) or Outcome("sent"), lambda: at(NIGHT))
    assert len(sent) == 1
    with db.read_anew() as s:
        assert {(row.kind, row.state) for row in stored(s, AccountMail)} == {
            (RESET, "skipped"), (NEW_DEVICE, "skipped"), (GLASS, "sent"),
        }  # fmt: skip
        (mine,) = stored(s, Delivery, person_id=cast.charlie.id)
        assert (mine.state, mine.reason) == ("skipped", "restored")
    engine.sink.took.clear()
    engine.tick("2026-03-10T20:30")
    assert (cast.alice.id, DAILY) in {(p.person_id, p.message.kind) for p in engine.sink.sent}, "the next day"
