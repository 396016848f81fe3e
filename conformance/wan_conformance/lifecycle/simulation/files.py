"""The journal as anybody else reads it: by a connection of its own, and not by the client's code."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib.client.journal.journal import Journal

_PNG = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
"""How it begins, and how it ends."""


class Books:
    """One journal for story after story: to make a file for each would cost as much as the rest of it.

    path: where it is; beside it stories put their pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "calls.sqlite"
        Journal(self.path).close()
        self._connection = sqlite3.connect(self.path, isolation_level=None)

    def has_task(self, task_id: str) -> bool:
        """Whether a task stands in it."""
        found = self._connection.execute("SELECT 1 FROM entry WHERE task_id = ?", (task_id,))
        return found.fetchone() is not None

    def saved_pictures(self) -> int:
        """The whole pictures beside it."""
        found = (path.read_bytes() for path in self.path.parent.glob("*.png"))
        return sum(each.startswith(_PNG[0]) and each.endswith(_PNG[1]) for each in found)

    def reset(self) -> None:
        """Ends a story: no entry and no picture is left of it."""
        self._connection.execute("DELETE FROM entry")
        for path in self.path.parent.iterdir():
            if not path.name.startswith(self.path.name):
                path.unlink()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


_MEMORY = "/dev/shm"


@contextmanager
def tmpfs_folder() -> Iterator[Path]:
    """A folder for as long as the block runs; on disk where a system keeps none in memory."""
    with TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)
