"""When to try again: the waits between tries, and what the service asks for."""

from collections.abc import Callable
from math import ldexp
from random import Random
from threading import Lock
from typing import NamedTuple


class Backoff(NamedTuple):
    """Waits that double from `first` to `most` seconds, each cut by up to half by chance.

    random: the source of chance, handed in so that a run can be played again.
    """

    first: float
    maximum: float
    random: Random

    def wait(self, tries: int, retry_after: float | None = None) -> float:
        """Seconds to wait after so many failed tries; never less than what the service asked for."""
        delay = min(self.maximum, ldexp(self.first, min(tries - 1, 30))) * self.random.uniform(0.5, 1.0)
        return delay if retry_after is None else max(delay, retry_after)


class PollIntervals(NamedTuple):
    """The waits between the polls of a task: from `first` doubling to `most` seconds."""

    first: float
    maximum: float

    def delay_after(self, polls: int) -> float:
        """Seconds from the poll of this number (0: the submission) to the next."""
        return min(self.maximum, ldexp(self.first, min(polls, 30)))


class Deadline(NamedTuple):
    """A moment that nothing outlives. now: monotonic seconds."""

    at: float
    now: Callable[[], float]

    @property
    def remaining(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self.at - self.now())

    def permits_wait(self, wait: float) -> bool:
        """Whether a wait ends before it."""
        return self.now() + wait < self.at


class RateLimiter:
    """Hands out moments, one after another, never closer than the rate allows: first come, first served."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = Lock()

    def reserve(self, now: float) -> float:
        """Takes the next free moment -> seconds until it comes, 0 where it is now. now: monotonic seconds."""
        with self._lock:
            at = max(now, self._next)
            self._next = at + self._interval
        return at - now
