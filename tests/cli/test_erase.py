"""`people erase`: only with --yes, and only when nothing has to be done before."""

import pytest

from diary import db
from diary.accounts.models import Person
from diary.records import worker
from diary.safety.actions import open_flag
from tests import factories
from tests.records.test_erase import NOW


@pytest.fixture
def erase(app):
    yield lambda *given: app.test_cli_runner().invoke(args=["people", "erase", *given])
    with app.app_context():
        worker.list_path().unlink(missing_ok=True)


def is_erased(one) -> bool:
    with db.read_anew() as s:
        return s.get_one(Person, one.id).erased_at is not None


def test_with_yes_it_goes_and_stands_on_the_list(erase, cast):
    done = erase(cast.alice.email, "--yes")
    assert done.exit_code == 0 and "35 days" in done.output
    assert is_erased(cast.alice) and worker.listed(worker.list_path()) == {cast.alice.uuid}
    again = erase(cast.alice.email, "--yes")
    assert again.exit_code == 2 and "Nobody here" in again.stderr


def test_without_it_nothing_does(erase, cast):
    done = erase(cast.alice.email)
    assert done.exit_code == 2 and "--yes" in done.stderr
    assert not is_erased(cast.alice)


def test_staff_and_live_flags_come_first(erase, cast, written):
    assert "work at a clinic" in erase(cast.bob.email, "--yes").stderr
    with written() as s:
        open_flag(s, factories.access.OPERATOR, cast.alice.id, "fall", "a fall", NOW, NOW)
    assert "close that first" in erase(cast.alice.email, "--yes").stderr
    assert not is_erased(cast.alice)
