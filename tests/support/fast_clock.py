"""`FastClock`: real time that passes faster, the same in several processes, for tests of signals."""

import asyncio
import time

FACTOR = 10.0


class FastClock:
    """A clock that passes ten times as fast as real time.

    Args:
        anchor: The moment, in real seconds since 1970, at which it agrees with real time.
    """

    waits = True

    def __init__(self, anchor: float) -> None:
        self._anchor = anchor

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return self._anchor + (time.time() - self._anchor) * FACTOR

    def now(self) -> float:
        """Return the same seconds as `wall`."""
        return self.wall()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds) / FACTOR)

    async def sleep_async(self, seconds: float) -> None:
        """Wait on an event loop."""
        await asyncio.sleep(max(0.0, seconds) / FACTOR)
