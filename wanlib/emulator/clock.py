"""Where the time comes from."""

import time
from typing import Protocol

START = 1_767_225_600.0
"""Where a clock by hand begins unless told: 2026-01-01, midnight UTC."""


class Clock(Protocol):
    """now: seconds since 1970. waits: whether time passes by itself, so that an answer may be waited for."""

    waits: bool

    def now(self) -> float: ...


class HandClock:
    """A clock that stands until it is advanced."""

    waits = False

    def __init__(self, start: float = START) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Lets time pass. ValueError for a step back."""
        if seconds < 0:
            raise ValueError(f"a step of {seconds} s, expected 0 or more: time does not go back")
        self._now += seconds


class RealClock:
    """The clock of this machine."""

    waits = True

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()
