"""Plays a schedule to its end, and has it judged."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from conformance.lifecycle.clock import Loop
from conformance.lifecycle.oracle import judge
from conformance.lifecycle.schedule import Schedule
from conformance.lifecycle.service import Endless, Exchange
from conformance.lifecycle.stage import Done, Stage
from conformance.lifecycle.stories import STORIES


class Played(NamedTuple):
    """A story that has ended. broken: the promises that were not kept."""

    schedule: Schedule
    done: tuple[Done, ...]
    exchanges: tuple[Exchange, ...]
    broken: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """How it ended for the caller, in a word."""
        last = self.done[-1].outcome if self.done else None
        return "saved pictures" if isinstance(last, list) else type(last).__name__

    @property
    def met(self) -> bool:
        """Whether every fault met its step; a story may end before."""
        return sum(bool(each.fault) for each in self.exchanges) == len(self.schedule.faults)


class Theatre:
    """Plays one schedule after another; a folder and a loop serve them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = Loop()

    def play(self, schedule: Schedule) -> Played:
        """The story of a schedule, judged."""
        settings, story = STORIES[schedule.story]
        stage = Stage(schedule, settings, self._folder, self._loop)
        try:
            try:
                story(stage)
            except Endless:
                stage.endless = True
            return Played(schedule, tuple(stage.done), tuple(stage.service.exchanges), tuple(judge(stage)))
        finally:
            stage.close()

    def close(self) -> None:
        """Ends the loop."""
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


@contextmanager
def theatre() -> Iterator[Theatre]:
    """A theatre in a folder in memory, where there is one: each story writes a journal."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        made = Theatre(Path(folder))
        try:
            yield made
        finally:
            made.close()
