"""The journal as anybody else reads it: by a connection of its own, and not by the client's code."""

import sqlite3
from pathlib import Path

from wanlib.runtime.journal import Journal

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

    def knows(self, task_id: str) -> bool:
        """Whether a task stands in it."""
        found = self._connection.execute("SELECT 1 FROM entry WHERE task_id = ?", (task_id,))
        return found.fetchone() is not None

    def pictures(self) -> int:
        """The whole pictures beside it."""
        found = (path.read_bytes() for path in self.path.parent.glob("*.png"))
        return sum(each.startswith(_PNG[0]) and each.endswith(_PNG[1]) for each in found)

    def clear(self) -> None:
        """Ends a story: no entry and no picture is left of it."""
        self._connection.execute("DELETE FROM entry")
        for path in self.path.parent.iterdir():
            if not path.name.startswith(self.path.name):
                path.unlink()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
