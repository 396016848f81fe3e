"""One story under way: a client, the service, a journal, and what each verb came to."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from conformance.lifecycle.books import Books
from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.player import Player
from conformance.lifecycle.said import Said
from conformance.lifecycle.schedule import Schedule
from conformance.lifecycle.service import Service
from wanlib.emulator import Fault, Settings
from wanlib.spec import Spec, load

_OF_A_TASK = ("poll", "wait", "save", "cancel")
Casting = Callable[[str, Service, Time, Loop, Path], Player]
"""Makes a new client: of this name, before this service, in this time, on this journal."""


class Done(NamedTuple):
    """One verb of the client.

    task: that it was about: the one it was asked for, else the first accepted, "" for none. state: of that
    task when the service answered last, as the service has it. bound: seconds that the verb might take.
    exchanges: so many were over at its end.
    """

    began: float
    ended: float
    verb: str
    said: Said
    bound: float
    task: str
    state: str
    exchanges: int


class Stage:
    """One story under way. done: the verbs so far. unjournaled: ids that were not written before a poll."""

    def __init__(
        self,
        schedule: Schedule,
        books: Books,
        loop: Loop,
        cast: Casting,
        settings: Settings,
        fate: Fault | None = None,
    ) -> None:
        self.schedule, self.books, self._loop, self._cast = schedule, books, loop, cast
        self.time = loop.story_time = Time()
        self.service = Service(spec(), self.time, settings, dict(schedule.faults), fate)
        self.service.before_query = self._look_at_journal
        self.done: list[Done] = []
        self.unjournaled: list[str] = []
        self.endless = False
        self.player = self._client()

    def anew(self) -> None:
        """The next process: what this one knew is gone, but for the journal."""
        self.player.close()
        self.player = self._client()

    def do(self, verb: str, bound: float, *given: object) -> Said:
        """Has the player do something and notes what it came to. bound: seconds that it may take."""
        began = self.time.at
        said: Said = getattr(self.player, verb)(*given)
        asked = str(given[0]) if verb in _OF_A_TASK else ""
        task = asked or next(iter(self.service.accepted), "")
        exchanges = self.service.exchanges
        state = self.service.state(task, exchanges[-1].at if exchanges else None) if task else ""
        self.done.append(Done(began, self.time.at, verb, said, bound, task, state, len(exchanges)))
        return said

    def close(self) -> None:
        """Ends the client, and takes away what it wrote."""
        self.player.close()
        self.books.clear()
        self.service.close()

    def _client(self) -> Player:
        return self._cast(self.schedule.client, self.service, self.time, self._loop, self.books.path)

    def _look_at_journal(self) -> None:
        self.unjournaled += [each for each in self.service.accepted if not self.books.knows(each)]


@lru_cache(1)
def spec() -> Spec:
    """The packaged one, read once for all stories."""
    return load()
