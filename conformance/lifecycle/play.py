"""Plays a schedule to its end, and has it judged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from conformance.lifecycle.books import Books
from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.memory import folder_in_memory
from conformance.lifecycle.oracle import Broken, judge
from conformance.lifecycle.player import Player
from conformance.lifecycle.players.ours import player
from conformance.lifecycle.players.process import Sdk, SdkError
from conformance.lifecycle.players.sdk import SdkPlayer
from conformance.lifecycle.schedule import OURS, Schedule
from conformance.lifecycle.service import Endless, Exchange, Service
from conformance.lifecycle.stage import Done, Stage
from conformance.lifecycle.stories import STORIES


class Played(NamedTuple):
    """A story that has ended. broken: the promises that were not kept."""

    schedule: Schedule
    done: tuple[Done, ...]
    exchanges: tuple[Exchange, ...]
    broken: tuple[Broken, ...]

    @property
    def outcome(self) -> str:
        """How it ended for the caller, in a word."""
        return self.done[-1].said.kind if self.done else "no end"

    @property
    def steps(self) -> frozenset[str]:
        """The steps that came; a story may end before the others."""
        return frozenset(each.step for each in self.exchanges)


class Theatre:
    """Plays one schedule after another; a journal, a loop and the SDKs serve them all."""

    def __init__(self, folder: Path, sdks: Mapping[str, Path]) -> None:
        self._books = Books(folder)
        self._loop = Loop()
        self._pythons = sdks
        self._sdks: dict[str, Sdk] = {}

    def play(self, schedule: Schedule) -> Played:
        """The story of a schedule, judged."""
        story = STORIES[schedule.story]
        stage = Stage(schedule, self._books, self._loop, self._cast, story.settings, story.fate)
        try:
            try:
                story.play(stage)
            except Endless:
                stage.endless = True
            return Played(schedule, tuple(stage.done), tuple(stage.service.exchanges), tuple(judge(stage)))
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

    def _cast(self, name: str, service: Service, time: Time, loop: Loop, journal: Path) -> Player:
        """A new client; an SDK is started when it is first wanted."""
        if name in OURS:
            return player(name, service, time, loop, journal)
        if name not in self._sdks:
            if name not in self._pythons:
                raise SdkError(f"{name} is not there; give the Python that has it: --sdk {name[4:]}=PYTHON")
            self._sdks[name] = Sdk(self._pythons[name])
        return SdkPlayer(name, self._sdks[name], service, time, journal.parent)


@contextmanager
def theatre(sdks: Mapping[str, Path] | None = None) -> Iterator[Theatre]:
    """A theatre in a folder in memory, where there is one: each story writes a journal.

    sdks: by the name of a client, the Python of the environment that has its SDK.
    """
    with folder_in_memory() as folder:
        made = Theatre(folder, sdks or {})
        try:
            yield made
        finally:
            made.close()
