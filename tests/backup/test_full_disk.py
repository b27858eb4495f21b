"""A full disk while a copy is made or put back: words, exit status 2, nothing half under a copy's name, the database as it was."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import pytest

from diary import db
from diary.backup import sqlite, store, worker
from tests.backup.conftest import epoch, rename, zone

NO_SPACE = "No space left on device"


@contextmanager
def small_disk(path, size: int):
    """A disk of so many bytes, where this machine lets one be mounted."""
    path.mkdir(exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here; it takes root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def data_on(app):
    """Moves DATA_DIR to another disk, with what is there but the databases."""
    kept = app.config["SETTINGS"]

    def move(folder) -> None:
        for name in ("audit-head.json", "audit-anchor.json"):
            if (kept.data_dir / name).exists():
                shutil.copy(kept.data_dir / name, folder)
        app.config["SETTINGS"] = replace(kept, data_dir=folder)

    yield move
    app.config["SETTINGS"] = kept


@pytest.mark.both
def test_where_copies_go(vault, cast, tmp_path):
    with small_disk(tmp_path / "copies", 16_384) as folder:
        done = vault("backup", folder)
        assert done.exit_code == 2
        assert NO_SPACE in done.stderr, done.output
        assert not list(folder.iterdir())
    assert not (worker._data() / worker.WORK).exists()


@pytest.mark.both
def test_where_the_work_is_done(vault, cast, copy, tmp_path, data_on):
    rename(cast, "Asia/Tokyo")
    was = epoch()
    with small_disk(tmp_path / "data", 64 * 1024) as folder:
        data_on(folder)
        made = vault("backup", tmp_path / "more")
        back = vault("restore", copy, "--force")
        assert not (folder / worker.WORK).exists()
    for done in (made, back):
        assert done.exit_code == 2
        assert NO_SPACE in done.stderr or "disk is full" in done.stderr, done.output
    assert not (tmp_path / "more").exists()
    assert (zone(cast), epoch()) == ("Asia/Tokyo", was)


def test_where_the_database_is(app, cast, tmp_path):
    """The copy is put over it page by page, which takes the room of both until it is there."""
    live = sqlite.path_of(str(db.engine().url))
    other = tmp_path / "other.db"
    counts = sqlite.take(live, other)
    with small_disk(tmp_path / "small", live.stat().st_size * 5 // 4) as folder:
        target = folder / "neap.db"
        shutil.copy(other, target)
        rename(cast, "Asia/Tokyo")
        sqlite.take(live, other)
        with pytest.raises(store.Refused, match="no room"):
            sqlite.put(other, target)
        assert sqlite.faults(target, counts) == []
