"""The planted world, with the clock at noon of its day."""

import pytest

from tests.attack import world as worlds


@pytest.fixture
def world(app, cast, clock_at):
    clock_at(worlds.NOON)
    return worlds.build(cast)
