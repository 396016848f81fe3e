"""The runner that runs one schedule after another, once for each module of tests."""

from collections.abc import Iterator

import pytest
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner, scenario_runner


@pytest.fixture(scope="module")
def runner() -> Iterator[ScenarioRunner]:
    with scenario_runner() as made:
        yield made
