"""The fixture of batches in simulated time."""

from collections.abc import Iterator

import pytest

from tests.client.batch.batch_world import World, batch_world


@pytest.fixture
def world() -> Iterator[World]:
    with batch_world() as world:
        yield world
