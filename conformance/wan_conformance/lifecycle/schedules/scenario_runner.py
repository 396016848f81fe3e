"""Plays a schedule to its end, and has it judged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import ClientAdapter
from wan_conformance.lifecycle.clients.sdk import Sdk, SdkAdapter, SdkError
from wan_conformance.lifecycle.clients.wan import create_adapter
from wan_conformance.lifecycle.schedules.invariants import InvariantViolation, judge
from wan_conformance.lifecycle.schedules.scenarios import STORIES, CallRecord, Session
from wan_conformance.lifecycle.schedules.schedules import OURS, Schedule
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import Books, tmpfs_folder
from wan_conformance.lifecycle.simulation.service import Exchange, FaultyService, RunawayClient


class ScenarioResult(NamedTuple):
    """A story that has ended. broken: the promises that were not kept."""

    schedule: Schedule
    done: tuple[CallRecord, ...]
    exchanges: tuple[Exchange, ...]
    broken: tuple[InvariantViolation, ...]

    @property
    def outcome(self) -> str:
        """How it ended for the caller, in a word."""
        return self.done[-1].said.kind if self.done else "no end"

    @property
    def steps(self) -> frozenset[str]:
        """The steps that came; a story may end before the others."""
        return frozenset(each.step for each in self.exchanges)


class ScenarioRunner:
    """Plays one schedule after another; a journal, a loop and the SDKs serve them all."""

    def __init__(self, folder: Path, sdks: Mapping[str, Path]) -> None:
        self._books = Books(folder)
        self._loop = SimulatedEventLoop()
        self._pythons = sdks
        self._sdks: dict[str, Sdk] = {}

    def play(self, schedule: Schedule) -> ScenarioResult:
        """The story of a schedule, judged."""
        story = STORIES[schedule.story]
        stage = Session(schedule, self._books, self._loop, self._create_client, story.settings, story.fate)
        try:
            try:
                story.play(stage)
            except RunawayClient:
                stage.endless = True
            return ScenarioResult(
                schedule, tuple(stage.done), tuple(stage.service.exchanges), tuple(judge(stage))
            )
        finally:
            stage.close()

    def version(self, client: str) -> str:
        """Of an SDK that was played; "" for others."""
        return self._sdks[client].version if client in self._sdks else ""

    def close(self) -> None:
        """Ends what serves the stories."""
        for sdk in self._sdks.values():
            sdk.close()
        self._books.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _create_client(
        self, name: str, service: FaultyService, time: SimulatedClock, loop: SimulatedEventLoop, journal: Path
    ) -> ClientAdapter:
        """A new client; an SDK is started when it is first wanted."""
        if name in OURS:
            return create_adapter(name, service, time, loop, journal)
        if name not in self._sdks:
            if name not in self._pythons:
                raise SdkError(f"{name} is not there; give the Python that has it: --sdk {name[4:]}=PYTHON")
            self._sdks[name] = Sdk(self._pythons[name])
        return SdkAdapter(name, self._sdks[name], service, time, journal.parent)


@contextmanager
def scenario_runner(sdks: Mapping[str, Path] | None = None) -> Iterator[ScenarioRunner]:
    """A theatre in a folder in memory, where there is one: each story writes a journal.

    sdks: by the name of a client, the Python of the environment that has its SDK.
    """
    with tmpfs_folder() as folder:
        made = ScenarioRunner(folder, sdks or {})
        try:
            yield made
        finally:
            made.close()
