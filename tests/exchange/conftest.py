import pytest

from tests.exchange.commands import Commands


@pytest.fixture
def commands(app, tmp_path):
    return Commands(app, tmp_path)
