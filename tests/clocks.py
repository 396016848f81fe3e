"""A client's clock for tests: it stands still until somebody waits."""


class Time:
    """at: monotonic seconds. start: the seconds since 1970 at which `at` is 0. slept: each wait."""

    waits = False

    def __init__(self, at: float = 0.0, start: float = 0.0) -> None:
        self.at, self.start = at, start
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.start + self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
