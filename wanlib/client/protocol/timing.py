"""Waits and limits of time: `Backoff`, `PollIntervals`, `Deadline`, `RateLimiter`."""

from collections.abc import Callable
from math import ldexp
from random import Random
from threading import Lock
from typing import NamedTuple


class Backoff(NamedTuple):
    """Waits that double from `first` to `maximum` seconds, each reduced by up to half at random.

    Attributes:
        first: Seconds of the first wait.
        maximum: Seconds of the longest wait.
        random: Source of the jitter, passed in so that a run can be repeated.
    """

    first: float
    maximum: float
    random: Random

    def wait(self, attempts: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after this many failed attempts, at least `retry_after`."""
        delay = min(self.maximum, ldexp(self.first, min(attempts - 1, 30))) * self.random.uniform(0.5, 1.0)
        return delay if retry_after is None else max(delay, retry_after)


class PollIntervals(NamedTuple):
    """The intervals between polls of a task, doubling from `first` to `maximum` seconds."""

    first: float
    maximum: float

    def delay_after(self, polls: int) -> float:
        """Return the seconds from the poll of this number (0: the submission) to the next."""
        return min(self.maximum, ldexp(self.first, min(polls, 30)))


class Deadline(NamedTuple):
    """A point in time after which a call must not continue.

    Attributes:
        at: Monotonic seconds.
        now: Returns the current monotonic seconds.
    """

    at: float
    now: Callable[[], float]

    @property
    def remaining(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self.at - self.now())

    def permits_wait(self, wait: float) -> bool:
        """Return whether a wait of this many seconds ends before the deadline."""
        return self.now() + wait < self.at


class RateLimiter:
    """Limit calls to a fixed rate, in FIFO order. Threads may share it."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = Lock()

    def reserve(self, now: float) -> float:
        """Take the next free time and return the seconds until then, 0 for now. now: monotonic seconds."""
        with self._lock:
            at = max(now, self._next)
            self._next = at + self._interval
        return at - now
