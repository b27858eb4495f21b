"""The list of the erased goes with the test that wrote it."""

import pytest

from diary.records import worker


@pytest.fixture(autouse=True)
def no_list(app):
    yield
    with app.app_context():
        worker.list_path().unlink(missing_ok=True)
