"""An event gives its id, and the reason beside it is sealed, bound to its event, and can be erased."""

import pytest
from sqlalchemy import delete, text

from diary import db
from diary.audit import actions
from diary.audit.models import AuditEvent, AuditReason
from diary.careteam import access
from diary.lib import sealing
from tests.conftest import stored


@pytest.mark.both
def test_an_event_gives_its_id(app, cast):
    with db.write() as s:
        first = actions.record(s, access.OPERATOR, "export", cast.alice.id)
        second = actions.record(s, access.OPERATOR, "import", cast.alice.id)
    with db.read() as s:
        assert {e.id: e.action for e in stored(s, AuditEvent) if e.id >= first} == {
            first: "export",
            second: "import",
        }


@pytest.mark.both
def test_a_reason_is_kept_sealed_and_can_be_erased(app, cast):
    with db.write() as s:
        event = actions.record(s, access.OPERATOR, "export", cast.alice.id)
        actions.explain(s, event, "A court asked for it")
    with db.read_anew() as s:
        (reason,) = stored(s, AuditReason)
        assert (reason.event_id, reason.words) == (event, "A court asked for it")
        assert b"court" not in bytes(reason.words_sealed)
    with pytest.raises(sealing.Unsealable):
        sealing.unseal("audit_reason", event + 1, "words", bytes(reason.words_sealed))
    with db.write() as s:
        s.execute(delete(AuditReason))
    with db.read_anew() as s:
        assert not stored(s, AuditReason) and s.get(AuditEvent, event)


def test_an_event_and_its_reason_share_the_transaction(app, cast):
    class Broken(Exception):
        pass

    with pytest.raises(Broken), db.write() as s:
        actions.explain(s, actions.record(s, access.OPERATOR, "export", cast.alice.id), "Never said")
        s.flush()
        raise Broken
    with db.read_anew() as s:
        assert not stored(s, AuditReason) and not stored(s, AuditEvent, action="export")
        assert not s.execute(text("SELECT 1 FROM audit_reason")).all()
