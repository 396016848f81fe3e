"""Calls kept within the rate that the account is allowed."""

from threading import Lock


class Pace:
    """Hands out moments, one after another, never closer than the rate allows: first come, first served."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = Lock()

    def wait(self, now: float) -> float:
        """Takes the next free moment -> seconds until it comes, 0 where it is now. now: monotonic seconds."""
        with self._lock:
            at = max(now, self._next)
            self._next = at + self._gap
        return at - now
