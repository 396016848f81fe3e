"""Time, handed in."""

import time
from typing import Protocol


class Clock(Protocol):
    """What a client knows of time. A test hands in one of its own, so that a day takes a millisecond."""

    def now(self) -> float:
        """Monotonic seconds, for waits and deadlines."""

    def wall(self) -> float:
        """Seconds since the epoch, for the life of tasks and links."""

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""

    async def sleep_async(self, seconds: float) -> None:
        """Lets time pass on an event loop."""


class RealClock:
    """The machine's own."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
    sleep = staticmethod(time.sleep)

    async def sleep_async(self, seconds: float) -> None:
        """asyncio's sleep; the sync client never loads asyncio."""
        import asyncio

        await asyncio.sleep(seconds)
