"""Where a client can be interrupted: around each effect of its driver, and each change on the disk."""

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from signal import SIGKILL
from typing import Any

from wanlib.client.results import partial_file as part_file


class CrashPoints:
    """Those that were passed, by name. The one of number `kill_at` is the last; 0 for none.

    counting: whether the life has begun. told: hears of the last before it kills.
    """

    def __init__(self, kill_at: int, told: Callable[[str], object]) -> None:
        self.names: list[str] = []
        self.counting = False
        self._kill_at = kill_at
        self._told = told

    def __call__(self, name: str) -> None:
        """A point is reached."""
        if not self.counting:
            return
        self.names.append(name)
        if len(self.names) == self._kill_at:
            self._told(name)
            os.kill(os.getpid(), SIGKILL)

    def around(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """The same with a point before and after it."""

        def done(*given: Any) -> Any:
            self(f"before {name}")
            try:
                return do(*given)
            finally:
                self(f"after {name}")

        return done

    def around_async(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """The same for what is awaited."""

        async def done(*given: Any) -> Any:
            self(f"before {name}")
            try:
                return await do(*given)
            finally:
                self(f"after {name}")

        return done


def instrument_effects(wan: Any, points: CrashPoints) -> None:
    """Puts points around all that a client's driver does: the one place where effects are carried out."""
    driver = wan._driver
    around = points.around_async if iscoroutinefunction(driver.run) else points.around
    driver._handlers = {effect: around(effect.__name__, do) for effect, do in driver._handlers.items()}


def instrument_files(points: CrashPoints) -> None:
    """Puts points around each statement that changes a journal, and into the middle of a picture.

    What is replaced here is replaced for the whole process, which has no other use.
    """

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if statement.startswith("SELECT"):
                return super().execute(statement, *values)
            done = points.around(" ".join(statement.split()[:2]), super().execute)
            cursor: sqlite3.Cursor = done(statement, *values)
            return cursor

    def write(part: part_file.PartialFile, chunk: bytes) -> None:
        if not part._size:
            half = len(chunk) // 2
            whole(part, chunk[:half])
            points("in the middle of a picture")
            chunk = chunk[half:]
        whole(part, chunk)

    whole = part_file.PartialFile.write
    setattr(part_file.PartialFile, "write", write)  # noqa: B010 - mypy lets no method be assigned to
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))  # noqa: B010
