import pytest

from tests.copies.asked import NOW


@pytest.fixture(autouse=True)
def _today(app, clock_at):
    clock_at(NOW)
