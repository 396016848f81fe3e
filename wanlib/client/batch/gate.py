"""`JobGate`: how many jobs are in flight, and which call may be sent next.

The number adapts like TCP's congestion window: it is halved when the service refuses a call because of a
rate limit, and grows by one after that many successful calls in a row. The calls of a model are sent one
after the other: if a response is lost, a task from that time that belongs to no other call is the task of
the lost call. This does not slow the batch down, because the documented submission rate is far below the
capacity of one connection.
"""

from threading import Lock


class StoppedError(Exception):
    """The batch was interrupted: nothing more is sent."""


class JobGate:
    """Threads may share it.

    Args:
        most: The maximum number of jobs in flight.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._successes = 0
        self._running = 0
        self._sending: set[str] = set()
        self._is_stopped = False
        self._lock = Lock()

    @property
    def limit(self) -> int:
        """The current limit of jobs in flight."""
        return int(self._limit)

    @property
    def running(self) -> int:
        """The number of jobs in flight."""
        return self._running

    @property
    def is_sending(self) -> bool:
        """Whether a call is being sent or looked up."""
        return bool(self._sending)

    @property
    def is_stopped(self) -> bool:
        """Whether no further job may start."""
        return self._is_stopped

    def stop(self) -> None:
        """Prevent further jobs from starting and further calls from being sent."""
        self._is_stopped = True

    def try_start(self) -> bool:
        """Count a job as in flight, unless the limit is reached. Raise StoppedError."""
        with self._lock:
            self._check()
            if self._running >= self.limit:
                return False
            self._running += 1
            return True

    def end(self) -> None:
        """Count a job as ended."""
        with self._lock:
            self._running -= 1

    def try_send(self, model: str) -> bool:
        """Count a call of a model as being sent, unless another one is. Raise StoppedError."""
        with self._lock:
            self._check()
            if model in self._sending:
                return False
            self._sending.add(model)
            return True

    def sent(self, model: str) -> None:
        """Allow the next call of a model to be sent."""
        with self._lock:
            self._sending.discard(model)

    def _check(self) -> None:
        if self._is_stopped:
            raise StoppedError

    def refused(self) -> None:
        """Halve the limit, because the service refused a call for its rate."""
        with self._lock:
            self._limit = max(1.0, self._limit / 2)
            self._successes = 0

    def succeeded(self) -> None:
        """Raise the limit by one after that many successful calls."""
        with self._lock:
            self._successes += 1
            if self._successes >= self._limit and self._limit < self._most:
                self._limit = min(self._limit + 1, float(self._most))
                self._successes = 0
