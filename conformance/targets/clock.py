"""Time for targets: sleeping moves it, and nothing else does."""


class Leaping:
    """A `wanlib.runtime.clock.Clock` on which no wait lasts."""

    def __init__(self) -> None:
        self._at = 1_780_000_000.0

    def now(self) -> float:
        """Seconds, on the same scale as `wall`."""
        return self._at

    wall = now

    def sleep(self, seconds: float) -> None:
        """Moves the time on."""
        self._at += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Moves the time on."""
        self._at += seconds
