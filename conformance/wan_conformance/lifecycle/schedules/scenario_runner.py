"""Runs single schedules to their end and checks them.

One journal, one loop and one SDK process serve all schedules of a runner.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import ClientAdapter
from wan_conformance.lifecycle.clients.sdk import SdkAdapter, SdkError, SdkProcess
from wan_conformance.lifecycle.clients.wan import create_adapter, create_network_adapter
from wan_conformance.lifecycle.invariants import InvariantViolation
from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.schedules.expected_ends import violations
from wan_conformance.lifecycle.schedules.scenarios import SCENARIOS, ScenarioSession
from wan_conformance.lifecycle.schedules.schedules import CONDITIONS, OUR_CLIENTS, Schedule, has_network
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import JournalReader, failing_writes, tmpfs_folder
from wan_conformance.lifecycle.simulation.network import simulated_network
from wan_conformance.lifecycle.simulation.service import Exchange, FaultyService, RunawayClient
from wanlib.emulator import Clock

_WRITE_STEPS = frozenset(condition for condition in CONDITIONS if condition.startswith("write"))


class ScenarioResult(NamedTuple):
    """A schedule that was run.

    Attributes:
        schedule: The schedule.
        calls: The calls of the caller, without one that was stopped.
        exchanges: All exchanges.
        violations: The violations.
        writes: The writes of the client to its journal.
    """

    schedule: Schedule
    calls: tuple[RecordedCall, ...]
    exchanges: tuple[Exchange, ...]
    violations: tuple[InvariantViolation, ...]
    writes: int = 0

    @property
    def outcome(self) -> str:
        """The kind of the last call's outcome."""
        return self.calls[-1].outcome.kind if self.calls else "no end"

    @property
    def steps(self) -> frozenset[str]:
        """The steps and conditions that were reached; a scenario may end before the others."""
        steps = {exchange.step for exchange in self.exchanges}
        writes = (f"write{number}" for number in range(1, self.writes + 1))
        return frozenset((*steps, *(CONDITIONS.keys() - _WRITE_STEPS), *writes))


class ScenarioRunner:
    """Runs one schedule after another.

    Attributes:
        journal: The journal of all clients, empty between schedules.
    """

    def __init__(self, folder: Path, sdks: Mapping[str, Path]) -> None:
        """Create a runner.

        Args:
            folder: For the journal and the pictures.
            sdks: The Python that has the SDK, by the name of the client.
        """
        self.journal = JournalReader(folder)
        self._loop = SimulatedEventLoop()
        self._pythons = sdks
        self._sdks: dict[str, SdkProcess] = {}

    def run(self, schedule: Schedule) -> ScenarioResult:
        """Run a schedule and check it."""
        scenario = SCENARIOS[schedule.scenario]
        session = ScenarioSession(
            schedule,
            self.journal,
            self._loop,
            self._create_client,
            scenario.settings,
            scenario.job_fault,
        )
        try:
            with self._network(session):
                with suppress(RunawayClient):  # the session has recorded it
                    session.start_client()
                    scenario.run(session)
                session.close_client()
            exchanges = tuple(session.service.exchanges)
            return ScenarioResult(
                schedule,
                tuple(session.calls),
                exchanges,
                tuple(violations(session)),
                self.journal.write_faults.count,
            )
        finally:
            session.close()

    def version(self, client: str) -> str:
        """Return the version of an SDK that was run, "" for other clients."""
        return self._sdks[client].version if client in self._sdks else ""

    def close(self) -> None:
        """End the SDK processes, and close journal and loop."""
        for sdk in self._sdks.values():
            sdk.close()
        self.journal.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _network(self, session: ScenarioSession) -> AbstractContextManager[None]:
        """Return the network of a session, or a block without effect for a client without connections."""
        if has_network(session.schedule):
            return simulated_network(session.service, self._loop)
        return nullcontext()

    def _create_client(
        self,
        schedule: Schedule,
        service: FaultyService,
        clock: Clock,
        loop: SimulatedEventLoop,
        journal: Path,
    ) -> ClientAdapter:
        """Create a client; the process of an SDK is started when it is first needed."""
        name = schedule.client
        if has_network(schedule):
            return create_network_adapter(name, clock, loop, journal)
        if name in OUR_CLIENTS:
            return create_adapter(name, service, clock, loop, journal)
        if name not in self._sdks:
            if name not in self._pythons:
                raise SdkError(f"No SDK is given for {name}. Pass its Python: --sdk {name[4:]}=PYTHON")
            self._sdks[name] = SdkProcess(self._pythons[name])
        return SdkAdapter(name, self._sdks[name], service, loop.clock, journal.parent)


@contextmanager
def scenario_runner(sdks: Mapping[str, Path] | None = None) -> Iterator[ScenarioRunner]:
    """Yield a runner with a folder in memory, since each scenario writes a journal.

    Args:
        sdks: The Python that has the SDK, by the name of the client; None for our clients alone.
    """
    with tmpfs_folder() as folder:
        runner = ScenarioRunner(folder, sdks or {})
        try:
            with failing_writes(runner.journal):
                yield runner
        finally:
            runner.close()
