"""`flask --app app verify`: whole is one line and 0; each tampering is 1 and named, on both databases."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from diary import db
from diary.audit import worker
from diary.audit.rules.chain import chain_key, line_mac
from tests.audit.tamper import appended, events, past_the_triggers, scalar, tamper

CHAINED = """SELECT c.seq, e.id, e.at, e.actor_id, e.role, e.clinic_id, e.action, e.patient_id, e.thing, e.address, e.request_id
FROM audit_chain c JOIN audit_event e ON e.id = c.event_id ORDER BY c.seq"""


@pytest.fixture
def verify(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(args=["verify", *arguments])

    return run


@pytest.fixture
def ids(app, cast):
    """Ten events in the chain."""
    return appended(cast.alice)


@pytest.fixture
def head_file(app):
    return app.config["SETTINGS"].data_dir / worker.HEAD


def seq_of(event: int) -> int:
    return scalar("SELECT seq FROM audit_chain WHERE event_id = :event", event=event)


@pytest.mark.both
def test_a_whole_trail_is_one_line(verify, ids, cast):
    events(cast.alice, 3)
    done = verify()
    assert done.exit_code == 0, done.output
    assert re.fullmatch(
        r"The audit trail is whole: (\d+) events, \1 lines in the chain, 4 appended now; its head is \1:[0-9a-f]{64}\.\n",
        done.stdout,
    )
    assert not done.stderr
    assert verify().exit_code == 0


def test_an_empty_trail_is_whole(verify):
    assert verify().exit_code == 0


@pytest.mark.both
def test_an_edited_event(verify, ids):
    tamper("UPDATE audit_event SET actor_id = 3 WHERE id = :id", id=ids[4])
    done = verify()
    assert done.exit_code == 1
    assert (
        done.stderr
        == f"Event {ids[4]} (line {seq_of(ids[4])} of the chain) was changed after it was appended.\n"
    )
    assert done.stdout.startswith("The audit trail is not whole (1 found): ")


@pytest.mark.both
def test_a_removed_event(verify, ids):
    tamper("DELETE FROM audit_event WHERE id = :id", id=ids[4])
    done = verify()
    assert done.exit_code == 1
    assert f"Event {ids[4]} (line {seq_of(ids[4])} of the chain) was removed." in done.stderr


@pytest.mark.both
def test_a_removed_event_and_its_line(verify, ids):
    seq = seq_of(ids[4])
    tamper(
        "DELETE FROM audit_event WHERE id = :id", "DELETE FROM audit_chain WHERE event_id = :id", id=ids[4]
    )
    done = verify()
    assert done.exit_code == 1
    assert f"Line {seq} of the chain was removed." in done.stderr


@pytest.mark.both
def test_reordered_events(verify, ids):
    first, second = ids[2], ids[6]
    tamper(
        "UPDATE audit_chain SET event_id = -1 WHERE event_id = :first",
        "UPDATE audit_chain SET event_id = :first WHERE event_id = :second",
        "UPDATE audit_chain SET event_id = :second WHERE event_id = -1",
        first=first, second=second,
    )  # fmt: skip
    done = verify()
    assert done.exit_code == 1
    assert f"Events {first} and {second} were reordered." in done.stderr


@pytest.mark.both
def test_events_that_changed_places(verify, ids):
    first, second = ids[2], ids[6]
    tamper(
        "UPDATE audit_event SET thing = '6' WHERE id = :first",
        "UPDATE audit_event SET thing = '2' WHERE id = :second",
        first=first, second=second,
    )  # fmt: skip
    with past_the_triggers() as c:  # all else alike, the moment too
        c.execute(text("UPDATE audit_event SET at = (SELECT min(at) FROM audit_event) WHERE id IN (:a, :b)"), {"a": first, "b": second})  # fmt: skip
    assert verify().exit_code == 1


@pytest.mark.both
def test_a_changed_line(verify, ids):
    tamper("UPDATE audit_chain SET mac = :mac WHERE event_id = :id", mac=bytes(32), id=ids[4])
    done = verify()
    assert done.exit_code == 1
    assert f"Line {seq_of(ids[4])} of the chain was changed; its event {ids[4]} was not." in done.stderr


@pytest.mark.both
@pytest.mark.parametrize("and_grew_again", [False, True])
def test_a_cut_tail_with_its_events(verify, ids, cast, and_grew_again):
    tamper(
        "DELETE FROM audit_chain WHERE event_id >= :id", "DELETE FROM audit_event WHERE id >= :id", id=ids[6]
    )
    if and_grew_again:
        events(cast.alice, 20)
    for _ in range(2):  # the finding does not go away by looking
        done = verify()
        assert done.exit_code == 1
        assert "The chain's tail was cut: it ends at line " in done.stderr


@pytest.mark.both
def test_a_cut_tail_of_the_chain_alone(verify, ids):
    """The events are there, but what they were is proved by nothing any more."""
    tamper("DELETE FROM audit_chain WHERE event_id >= :id", id=ids[6])
    done = verify()
    assert done.exit_code == 1 and "tail was cut" in done.stderr


@pytest.mark.both
def test_nothing_is_appended_over_a_cut_tail(app, ids, cast):
    """Else the jobs process would put another head away a minute later, and nobody could tell."""
    tamper("DELETE FROM audit_chain WHERE event_id >= :id", id=ids[6])
    before = scalar("SELECT count(*) FROM audit_chain")
    events(cast.alice, 20)
    assert worker.round(datetime.now(UTC)) == {"audit_chain_stopped": 1}
    assert scalar("SELECT count(*) FROM audit_chain") == before


@pytest.mark.both
@pytest.mark.parametrize("since", [1, 5])
def test_a_chain_made_anew_without_the_key(verify, ids, head_file, since):
    thief = chain_key("a key that the thief made up, 32 characters")
    with past_the_triggers() as c:
        mac = b""
        for row in c.execute(text(CHAINED)).all():
            stored = c.execute(text("SELECT mac FROM audit_chain WHERE seq = :n"), {"n": row[0]}).scalar()
            mac = (
                bytes(stored) if row[0] < since else line_mac(thief, mac or bytes(32), row[0], tuple(row)[1:])
            )
            c.execute(text("UPDATE audit_chain SET mac = :mac WHERE seq = :n"), {"mac": mac, "n": row[0]})
    done = verify()
    assert done.exit_code == 1
    assert (
        "made anew without the key" in done.stderr
        and "is not the one that the head file holds" in done.stderr
    )
    kept = json.loads(head_file.read_text())
    head_file.write_text(json.dumps(kept | {"mac": mac.hex()}))  # and the head file with it
    done = verify()
    assert done.exit_code == 1 and "fits this install's key" in done.stderr


@pytest.mark.both
def test_the_head_file_is_missing(verify, ids, head_file, cast):
    head_file.unlink()
    events(cast.alice)
    worker.append()
    assert not head_file.exists(), "a tail that was cut before would never be found"
    done = verify()
    assert done.exit_code == 1
    assert (
        done.stderr
        == "The head file is missing: audit-head.json in DATA_DIR, without which a cut tail can't be found.\n"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"count": 1}', '{"count": "x", "mac": "00", "at": ""}', '{"count": 1, "mac": "zz", "at": ""}'])  # fmt: skip
def test_the_head_file_can_not_be_read(verify, ids, head_file, text):
    head_file.write_text(text)
    done = verify()
    assert done.exit_code == 1 and "audit-head.json in DATA_DIR can't be read" in done.stderr


@pytest.mark.both
def test_an_event_put_in_long_after(verify, ids, app):
    """By somebody who would have it that it was there before; it is not taken into the chain by anybody."""
    old = datetime.now(UTC) - timedelta(days=3)
    at = int(old.timestamp() * 1000)
    with db.engine().begin() as c:
        c.execute(
            text(
                "INSERT INTO audit_event (id, at, role, action, thing, address, request_id) "
                "VALUES (-5, :at, 'coach', 'view.notes', '', '', '')"
            ),
            {"at": at},
        )
    worker.append()
    for _ in range(2):
        done = verify()
        assert done.exit_code == 1
        assert done.stderr == "Event -5 was never appended: it was put in after later events.\n"


@pytest.mark.both
def test_a_head_put_away_elsewhere(verify, ids):
    known = re.search(r"head is (\d+:[0-9a-f]{64})", verify().stdout)[1]
    assert verify("--known", known).exit_code == 0
    other = known[:-1] + ("0" if known[-1] != "0" else "1")
    done = verify("--known", other)
    assert done.exit_code == 1 and "is not the one that the head you named holds" in done.stderr
    done = verify("--known", "99999:" + known.partition(":")[2])
    assert done.exit_code == 1 and "the head you named knows line 99999" in done.stderr
    assert verify("--known", "soup").exit_code == 2


@pytest.mark.both
def test_whoever_looked_into_it_puts_the_head_away_anew(verify, ids, cast):
    tamper(
        "DELETE FROM audit_chain WHERE event_id >= :id", "DELETE FROM audit_event WHERE id >= :id", id=ids[6]
    )
    assert verify().exit_code == 1
    assert verify("--set-head").exit_code == 0
    assert verify().exit_code == 0
    assert scalar("SELECT count(*) FROM audit_event WHERE action = 'audit.head'") == 1
    events(cast.alice)
    assert worker.append() == 10 and verify().exit_code == 0


def test_the_key_may_be_changed(app, verify, ids, cast, monkeypatch):
    old = app.config["SETTINGS"].audit_keys
    new = "another key of more than 32 characters, 7"

    def with_keys(*keys):
        found = replace(app.config["SETTINGS"], audit_keys=keys)
        monkeypatch.setitem(app.config, "SETTINGS", found)

    with_keys(new, *old)
    events(cast.alice)
    assert verify().exit_code == 0
    with_keys(new)
    done = verify()
    assert done.exit_code == 1 and "No line from 1 to " in done.stderr


def test_a_store_that_is_not_migrated_is_said(tmp_path):
    from diary import create_app
    from tests.conftest import ENVIRON

    url = f"sqlite:///{tmp_path / 'empty.db'}"
    empty = create_app({**ENVIRON, "DATA_DIR": str(tmp_path), "DATABASE_URL": url})
    with empty.app_context():
        done = empty.test_cli_runner().invoke(args=["verify"])
    assert done.exit_code == 2 and "migrate" in done.stderr
