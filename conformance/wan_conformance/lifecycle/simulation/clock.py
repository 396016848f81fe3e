"""Time that passes only when somebody waits, for client, service and event loop alike."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

START = 1_767_225_600.0
"""Seconds since 1970 at which a story begins."""


class SimulatedClock:
    """The clock of client and service. `at`: seconds since the story began."""

    waits = False

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """Seconds since the story began."""
        return self.at

    def wall(self) -> float:
        """Seconds since 1970."""
        return START + self.at

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.at += max(0.0, seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Lets time pass on a `Loop`."""
        await asyncio.sleep(seconds)


class SimulatedEventLoop(asyncio.SelectorEventLoop):
    """An event loop on simulated time; work for threads is done in place. story_time: set for each story."""

    def __init__(self) -> None:
        self.story_time = SimulatedClock()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Seconds since the story began."""
        return self.story_time.at

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, work: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Does the work now. No thread: the order of all that happens is the same each time."""
        done = self.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class _Selector(selectors.DefaultSelector):
    """Where a loop would wait for a timer, its time passes. There are no sockets to look at."""

    def __init__(self, loop: SimulatedEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:  # only another thread can end this
            return super().select(timeout)
        self._loop.story_time.at += max(0.0, timeout)
        return []
