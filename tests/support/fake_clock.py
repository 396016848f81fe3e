"""A clock for tests of the client, and the moments at which tests start."""

NEW_YEAR_2026 = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC in Unix seconds."""

MAY_2026 = 1_777_852_800.0
"""2026-05-04 00:00:00 UTC in Unix seconds."""

LATE_MAY_2026 = 1_780_000_000.0
"""2026-05-28 20:26:40 UTC, a round number of Unix seconds."""


class FakeClock:
    """A clock that advances only when something sleeps.

    Attributes:
        at: monotonic seconds.
        start: Unix seconds at which `at` is 0.
        slept: the seconds of each sleep.
    """

    waits = False

    def __init__(self, at: float = 0.0, start: float = 0.0) -> None:
        self.at, self.start = at, start
        self.slept: list[float] = []

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.at

    def wall(self) -> float:
        """Return Unix seconds."""
        return self.start + self.at

    def sleep(self, seconds: float) -> None:
        """Record a sleep and advance the clock by it."""
        self.slept.append(seconds)
        self.at += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Do the same as `sleep`."""
        self.sleep(seconds)
