"""Concurrent functions, in threads that the process does not wait for at its exit.

`run_in_threads` waits for all of them, `BackgroundThreads` for a limited time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


def run_in_threads(functions: Sequence[Callable[[], T]], width: int) -> list[T]:
    """Call functions in at most `width` threads and return what they return, in order.

    If the caller is interrupted, as by Ctrl-C, no further function starts, and the exception is raised at
    once. Functions that are running finish on their own; the process does not wait for them at exit.

    Raises:
        BaseException: The first exception of a function; the others are still called.
    """
    batch = _Batch(functions)
    threads = [Thread(target=batch.work, name=f"wanlib_{number}", daemon=True) for number in range(width)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        batch.stopped.set()
        raise
    for index in sorted(batch.errors):
        raise batch.errors[index]
    return [batch.outcomes[index] for index in range(len(functions))]


class _Batch(Generic[T]):
    """Functions that threads take one after another, and the outcome of each."""

    def __init__(self, functions: Sequence[Callable[[], T]]) -> None:
        self.stopped = Event()
        self.outcomes: dict[int, T] = {}
        self.errors: dict[int, BaseException] = {}
        self._pending = deque(enumerate(functions))

    def work(self) -> None:
        """Call functions until none is left, or the caller is gone."""
        while not self.stopped.is_set():
            try:
                index, function = self._pending.popleft()
            except IndexError:
                return
            try:
                self.outcomes[index] = function()
            except BaseException as error:
                self.errors[index] = error


class BackgroundThreads:
    """Threads whose functions may outlast the call that started them."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = 0
        self._ended = 0
        self._seen = 0  # of those that have ended, how many `wait` has reported

    @property
    def is_idle(self) -> bool:
        """Whether no function is running or about to run."""
        return not self._running

    def run(self, functions: Sequence[Callable[[], object]], width: int, patience: float) -> None:
        """Call functions in at most `width` threads; return when all have ended, or after some seconds."""
        pending, ended = deque(functions), [0]

        def work() -> None:
            while pending:
                try:
                    function = pending.popleft()
                except IndexError:  # another thread was faster
                    return
                try:
                    function()
                finally:
                    with self._changed:
                        self._running -= 1
                        self._ended += 1
                        ended[0] += 1
                        self._changed.notify_all()

        with self._changed:
            self._running += len(functions)
        for _ in range(min(width, len(functions))):
            Thread(target=work, name="wanlib_poll", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: ended[0] == len(functions), patience)

    def wait(self, seconds: float) -> None:
        """Wait until a function ends, but not longer than some seconds."""
        with self._changed:
            if self._ended == self._seen:
                self._changed.wait(seconds)
            self._seen = self._ended
