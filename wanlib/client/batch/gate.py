"""`JobGate`: how many jobs are under way at once, and which call may be sent next.

The number adapts as TCP's congestion window does: it is halved when the service refuses a call for its rate,
and grows by one after as many jobs in a row as it allows. The calls of a model are sent one after the other:
if a response is lost, a task of that time that no other call explains is the task of the lost call. That
costs no time, since the documented rate of submissions is far below what one connection can send.
"""

from threading import Lock


class StoppedError(Exception):
    """The batch is interrupted: nothing more is sent."""


class JobGate:
    """Threads may share it.

    Args:
        most: The most jobs at once.
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
        """The most jobs at once as of now."""
        return int(self._limit)

    @property
    def running(self) -> int:
        """The jobs under way."""
        return self._running

    @property
    def is_sending(self) -> bool:
        """Whether a call is being sent, or searched for."""
        return bool(self._sending)

    @property
    def is_stopped(self) -> bool:
        """Whether no further job may start."""
        return self._is_stopped

    def stop(self) -> None:
        """Let no job start and no call be sent any more."""
        self._is_stopped = True

    def try_start(self) -> bool:
        """Count a job as under way, unless as many are as may be. Raise StoppedError."""
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
        """Let the next call of a model be sent."""
        with self._lock:
            self._sending.discard(model)

    def _check(self) -> None:
        if self._is_stopped:
            raise StoppedError

    def refused(self) -> None:
        """Halve the number of jobs: the service refused a call for its rate."""
        with self._lock:
            self._limit = max(1.0, self._limit / 2)
            self._successes = 0

    def succeeded(self) -> None:
        """Let the number grow by one after as many calls as it allows."""
        with self._lock:
            self._successes += 1
            if self._successes >= self._limit and self._limit < self._most:
                self._limit = min(self._limit + 1, float(self._most))
                self._successes = 0
