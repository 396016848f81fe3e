"""Scenarios of `wan-conformance client` on a cluster: a worker runs the command with its own emulator."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Event

from wan_conformance.conduct.run import ClientResult, run_command_scenario
from wan_conformance.conduct.scenarios import ConductScenario, scenarios
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import Workers
from wanlib.spec import load

_load = lru_cache(maxsize=1)(load)


@dataclass(frozen=True, slots=True)
class ScenarioTask:
    """Runs a command in a scenario; it is sent to the workers.

    Attributes:
        command: The command and its arguments, by paths that are the same on every machine.
        spec: The folder of the spec; None for the packaged one.
    """

    command: tuple[str, ...]
    spec: Path | None

    def __call__(self, name: str) -> ClientResult:
        """Return the record of the client in the scenario of this name."""
        spec = _load(self.spec)
        return run_command_scenario(self.command, scenarios(spec)[name], spec, Event())


def shared_scenarios(
    command: Sequence[str], chosen: Sequence[ConductScenario], spec: Path | None, workers: Workers
) -> list[ClientResult]:
    """Return the records of a command in scenarios, in order.

    Args:
        command: The command and its arguments.
        chosen: The scenarios.
        spec: The folder of the spec; None for the packaged one.
        workers: The processes that run them.

    Raises:
        ScaleError: The work can't be distributed.
    """
    task = ScenarioTask(tuple(command), spec and spec.absolute())
    with closing(map_shards(task, [scenario.name for scenario in chosen], workers)) as results:
        return [*results]
