"""What the tests of copies share: asking as somebody, a round of the jobs process, the rows that are there."""

from datetime import UTC, datetime

from diary import db
from diary.careteam import access
from diary.copies import actions
from diary.copies.models import Copy
from diary.copies.worker import make_copies
from tests.careteam.test_loaders import viewer as viewer_named
from tests.conftest import stored

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


def ask(cast, name="alice", at=NOW) -> None:
    viewer = viewer_named(name, cast)
    with db.write() as s:
        actions.ask_for_copy(s, viewer, at)


def make(at=NOW, window=lambda _name: None):
    return dict(make_copies(lambda: at, window))


def copies(person=None) -> list[Copy]:
    with db.read_anew() as s:
        return stored(s, Copy, **({"person_id": person.id} if person else {}))


def own(cast, name="alice") -> access.PatientRef:
    with db.read_anew() as s:
        return access.own_ever(s, viewer_named(name, cast))
