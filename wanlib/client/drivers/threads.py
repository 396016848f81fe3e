"""`run_in_threads`: functions side by side, in threads that an interrupted caller does not wait for."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


def run_in_threads(functions: Sequence[Callable[[], T]], width: int) -> list[T]:
    """Call functions in at most `width` threads and return what they return, in order.

    If the caller is interrupted, as by Ctrl-C, no further function starts, and the exception is raised at
    once. Functions that are under way end by themselves; the process does not wait for them at its exit.

    Raises:
        BaseException: The first exception of a function; the others are called all the same.
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
    """Functions that threads take one after the other, and what came of each."""

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
