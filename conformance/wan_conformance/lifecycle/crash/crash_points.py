"""The points at which a client can be killed.

They are around each effect of its driver, and around each change on disk.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from signal import SIGKILL
from typing import Any

from wanlib.client.results import partial_file


class CrashPoints:
    """The points that a process has passed; it kills itself at one of them.

    Attributes:
        names: The names of the points so far.
        is_counting: True once the workload has begun.
    """

    def __init__(self, kill_at: int, report: Callable[[str], object]) -> None:
        """Start without points.

        Args:
            kill_at: The number of the point at which the process is killed, from 1; 0 for none.
            report: Called with its name just before.
        """
        self.names: list[str] = []
        self.is_counting = False
        self._kill_at = kill_at
        self._report = report

    def __call__(self, name: str) -> None:
        """Pass a point."""
        if not self.is_counting:
            return
        self.names.append(name)
        if len(self.names) == self._kill_at:
            self._report(name)
            os.kill(os.getpid(), SIGKILL)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function with a point before and after it."""

        def wrapped(*arguments: Any) -> Any:
            self(f"before {name}")
            try:
                return function(*arguments)
            finally:
                self(f"after {name}")

        return wrapped

    def around_async(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a coroutine function with a point before and after it."""

        async def wrapped(*arguments: Any) -> Any:
            self(f"before {name}")
            try:
                return await function(*arguments)
            finally:
                self(f"after {name}")

        return wrapped


def instrument_effects(wan: Any, points: CrashPoints) -> None:
    """Put points around each effect of a client's driver, which is the only place that has effects."""
    driver = wan._driver
    if iscoroutinefunction(driver.run):
        driver._handlers = _instrumented(driver._handlers, points.around_async)
        return
    perform = driver._perform  # a wait has its own handlers
    driver._perform = lambda protocol, handlers: perform(protocol, _instrumented(handlers, points.around))


def _instrumented(handlers: Mapping[type, Any], around: Callable[[str, Any], Any]) -> dict[type, Any]:
    return {effect: around(effect.__name__, handler) for effect, handler in handlers.items()}


def instrument_files(points: CrashPoints) -> None:
    """Put points around each statement that changes a journal, and into the middle of a picture.

    This changes modules of the process, which is used for one workload only.
    """

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if statement.startswith("SELECT"):
                return super().execute(statement, *values)
            execute = points.around(" ".join(statement.split()[:2]), super().execute)
            cursor: sqlite3.Cursor = execute(statement, *values)
            return cursor

    def write(file: partial_file.PartialFile, chunk: bytes) -> None:
        if not file.furthest:
            half = len(chunk) // 2
            original_write(file, chunk[:half])
            points("in the middle of a picture")
            chunk = chunk[half:]
        original_write(file, chunk)

    original_write = partial_file.PartialFile.write
    setattr(partial_file.PartialFile, "write", write)  # noqa: B010 - mypy rejects an assignment to a method
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))  # noqa: B010
