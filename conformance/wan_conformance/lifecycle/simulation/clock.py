"""Simulated time for client, service and event loop: it passes only while one of them sleeps.

Use one `SimulatedClock` per test, and set `SimulatedEventLoop.clock` to it for asynchronous clients.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

START = 1_767_225_600.0
"""The wall time at which each test begins, seconds since 1970 (2026-01-01 UTC)."""


class SimulatedClock:
    """The clock of client and service.

    Attributes:
        at: Seconds since the test began.
        waits: False: sleeping costs no real time.
    """

    waits = False

    def __init__(self) -> None:
        """Start at second 0."""
        self.at = 0.0

    def now(self) -> float:
        """Return the seconds since the test began."""
        return self.at

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return START + self.at

    def sleep(self, seconds: float) -> None:
        """Advance the time; a negative duration counts as 0."""
        self.at += max(0.0, seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Advance the time on a `SimulatedEventLoop`."""
        await asyncio.sleep(seconds)


class SkewedClock:
    """The clock of a client whose wall time differs from that of the service.

    Attributes:
        waits: False: sleeping costs no real time.
    """

    waits = False

    def __init__(self, clock: SimulatedClock, ahead: float) -> None:
        """Wrap the clock of the service; `ahead` is the difference in seconds, negative for a late clock."""
        self._clock, self._ahead = clock, ahead

    def now(self) -> float:
        """Return the seconds since the test began."""
        return self._clock.now()

    def wall(self) -> float:
        """Return the seconds since 1970, as this clock shows them."""
        return self._clock.wall() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Advance the time; a negative duration counts as 0."""
        self._clock.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Advance the time on a `SimulatedEventLoop`."""
        await self._clock.sleep_async(seconds)


class SimulatedEventLoop(asyncio.SelectorEventLoop):
    """An event loop on simulated time, which runs the work of threads in place.

    Attributes:
        clock: The time of the current test.
    """

    def __init__(self) -> None:
        """Create a loop with its own clock."""
        self.clock = SimulatedClock()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return the seconds since the test began."""
        return self.clock.at

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, function: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Call the function at once, without a thread, so that the order of events is always the same."""
        future = self.create_future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Selector(selectors.DefaultSelector):
    """Advances the clock instead of waiting for a timer or a socket."""

    def __init__(self, loop: SimulatedEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:  # only another thread can end this wait
            return super().select(timeout)
        self._loop.clock.at += max(0.0, timeout)
        return []
