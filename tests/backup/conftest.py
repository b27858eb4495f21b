"""The commands with a key of the test's own, and looks at what they changed."""

import pyrage
import pytest
from sqlalchemy import text

from diary import db
from diary.accounts.models import Person
from diary.backup import worker


@pytest.fixture(scope="module")
def pair():
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def vault(app, pair, tmp_path, monkeypatch):
    """Runs the commands, with the key of this test."""
    monkeypatch.setenv("BACKUP_RECIPIENT", str(pair.to_public()))
    key = tmp_path / "key.txt"
    key.write_text(f"# created: today\n{pair}\n")
    monkeypatch.setenv("BACKUP_IDENTITY", str(key))
    yield lambda *arguments: app.test_cli_runner().invoke(args=list(map(str, arguments)))
    (worker._data() / worker.ERASED).unlink(missing_ok=True)


@pytest.fixture
def copy(vault, tmp_path):
    """A copy of the database of this test."""
    done = vault("backup", tmp_path / "copies")
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "copies").iterdir()
    return path


def rename(cast, name: str) -> None:
    with db.write() as s:
        s.get_one(Person, cast.alice.id).zone = name


def zone(cast) -> str:
    with db.read_anew() as s:
        return s.get_one(Person, cast.alice.id).zone


def epoch() -> str:
    with db.read_anew() as s:
        return s.execute(text("SELECT epoch FROM sync_epoch")).scalar_one()
