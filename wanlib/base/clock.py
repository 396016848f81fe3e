"""Clocks: the client and the emulator get theirs passed in, and can share one.

Both read the time from the clock that they are given, and wait by it. `RealClock` is the default of the
client. `ManualClock` stands still until it is advanced, so that a test of an entire day takes a
millisecond:

    clock = ManualClock()
    wan = Wan("sk-local", clock=clock, http_client=httpx.Client(transport=Transport(Emulator(clock=clock))))
"""

import time
from heapq import heappop, heappush
from itertools import count
from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:  # asyncio is slow to import, and the sync client never needs it
    from asyncio import AbstractEventLoop, Future

_TURNS = 8
"""Iterations of the event loop for which other coroutines may run before a manual clock is advanced."""


class ClockOffset(NamedTuple):
    """How far another clock is ahead of ours, in seconds; negative if it is behind.

    Attributes:
        low: At least so far.
        high: At most so far.
    """

    low: float
    high: float


class Clock(Protocol):
    """Source of time of the client and the emulator.

    Attributes:
        waits: Whether the clock advances on its own, so that a response may be delayed.
    """

    waits: bool

    def now(self) -> float:
        """Return monotonic seconds, for waits and deadlines."""

    def wall(self) -> float:
        """Return the seconds since 1970, for the lifetime of tasks and links."""

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""

    async def sleep_async(self, seconds: float) -> None:
        """Let this many seconds pass on an event loop of asyncio."""


class RealClock:
    """The clock of this machine.

    Args:
        ahead: Seconds that are added to the time since 1970, as on a machine whose clock is not set exactly;
            negative for a clock that is behind.
    """

    waits = True

    def __init__(self, ahead: float = 0.0) -> None:
        self._ahead = ahead

    def now(self) -> float:
        """Return monotonic seconds, for waits and deadlines."""
        return time.monotonic()

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let this many seconds pass on an event loop of asyncio."""
        import asyncio

        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until something sleeps on it or advances it.

    A wait advances it at once, so no call of a client that has this clock waits for real time. Of several
    coroutines that sleep at the same time, the one with the earliest end wakes first. Threads may share it.

    Args:
        start: Seconds since 1970 at which it starts; None means the present, in whole seconds.

    Raises:
        ValueError: `start` is not a finite number.
    """

    waits = False

    def __init__(self, start: float | None = None) -> None:
        self._at = float(int(time.time())) if start is None else _finite(start, "start")
        self._lock = Lock()
        self._order = count()
        self._sleepers: WeakKeyDictionary[AbstractEventLoop, list[tuple[float, int, Future[None]]]] = (
            WeakKeyDictionary()
        )

    def now(self) -> float:
        """Return the same seconds as `wall`."""
        return self._at

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return self._at

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass.

        Raises:
            ValueError: `seconds` is negative or not a finite number.
        """
        if _finite(seconds, "seconds") < 0:
            raise ValueError(f"seconds is {seconds}; allowed: 0 or more, because time cannot go back")
        with self._lock:
            self._at += seconds
        self._advanced()

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass, at once."""
        self._advance_to(self._at + max(_finite(seconds, "seconds"), 0.0))

    async def sleep_async(self, seconds: float) -> None:
        """Let this many seconds pass once nothing else on the event loop can run."""
        import asyncio

        loop = asyncio.get_running_loop()
        sleepers = self._sleepers.setdefault(loop, [])
        woken = loop.create_future()
        wake_at = self._at + max(_finite(seconds, "seconds"), 0.0)
        heappush(sleepers, (wake_at, next(self._order), woken))
        if len(sleepers) == 1:
            loop.call_soon(self._wake_first, loop, _TURNS)
        await woken

    def _wake_first(self, loop: "AbstractEventLoop", turns: int) -> None:
        """Advance to the earliest end of a sleep and wake that sleeper; then the next one."""
        if turns:
            loop.call_soon(self._wake_first, loop, turns - 1)
            return
        sleepers = self._sleepers[loop]
        until, _, woken = heappop(sleepers)
        if not woken.done():  # else its coroutine was cancelled
            self._advance_to(until)
            woken.set_result(None)
        if sleepers:
            loop.call_soon(self._wake_first, loop, _TURNS)

    def _advance_to(self, moment: float) -> None:
        """Advance to a time, unless it has passed: several threads may sleep at the same time."""
        with self._lock:
            self._at = max(self._at, moment)
        self._advanced()

    def _advanced(self) -> None:
        """Called after each step; a subclass can store the time here."""


def _finite(seconds: float, name: str) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds):
        raise ValueError(f"{name} is {seconds!r}; allowed: a finite number of seconds")
    return seconds
