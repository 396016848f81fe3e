"""Time that passes only when somebody waits, for client, service and event loop alike."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from wanlib.emulator.clock import START


class Time:
    """The client's clock. `at`: seconds since the story began."""

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


class ServiceTime:
    """The same time as the emulator has it."""

    waits = False

    def __init__(self, time: Time) -> None:
        self._time = time

    def now(self) -> float:
        """Seconds since 1970."""
        return self._time.wall()


class Loop(asyncio.SelectorEventLoop):
    """An event loop on simulated time; work for threads is done in place. story_time: set for each story."""

    def __init__(self) -> None:
        self.story_time = Time()
        super().__init__(_Selector(self))
        self.set_default_executor(_InPlace())

    def time(self) -> float:
        """Seconds since the story began."""
        return self.story_time.at


class _Selector(selectors.DefaultSelector):
    """Where a loop would wait for a timer, its time passes."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0 if timeout else timeout)
        if not found and timeout:
            self._loop.story_time.at += timeout
        return found


class _InPlace(ThreadPoolExecutor):
    """No thread: the order of all that happens is the same each time."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **named))
        except Exception as error:
            done.set_exception(error)
        return done
