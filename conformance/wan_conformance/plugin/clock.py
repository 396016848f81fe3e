"""`SharedClock`: the clock of a test, for the client and the emulator."""

import time

from wanlib.base.clock import ManualClock


class SharedClock(ManualClock):
    """A manual clock that can also run: it then advances on its own, and can still be advanced manually.

    It stands still as long as all clients are in the process of the test, so that a test takes no real time.
    A client in another process waits by its own clock, so the server's clock must advance, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._running_since: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether the clock advances on its own."""
        return self._running_since is not None

    def run(self) -> None:
        """Let the clock advance on its own from now on."""
        if self._running_since is None:
            self._running_since = time.monotonic()

    def now(self) -> float:
        """Return the same seconds as `wall`."""
        return self.wall()

    def wall(self) -> float:
        """Return the seconds since 1970."""
        if self._running_since is None:
            return self._at
        return self._at + time.monotonic() - self._running_since
