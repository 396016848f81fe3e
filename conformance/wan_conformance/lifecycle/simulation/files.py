"""The files of a simulated client: a folder in memory, and the journal as a second program reads it.

`JournalReader` uses a connection and queries of its own, so that a fault in the client's journal code is
seen.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib.client.journal.journal import Journal

_PNG = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
"""The first and the last bytes of a PNG file."""
_TMPFS = "/dev/shm"


class JournalReader:
    """One journal file for many tests: creating a file for each would cost as much as the test.

    Attributes:
        path: The journal; clients save their pictures in the same folder.
    """

    def __init__(self, folder: Path) -> None:
        """Create an empty journal in a folder."""
        self.path = folder / "calls.sqlite"
        Journal(self.path).close()
        self._connection = sqlite3.connect(self.path, isolation_level=None)

    def has_task(self, task_id: str) -> bool:
        """Return True if the journal has an entry for a task."""
        rows = self._connection.execute("SELECT 1 FROM entry WHERE task_id = ?", (task_id,))
        return rows.fetchone() is not None

    def saved_pictures(self) -> int:
        """Count the complete pictures beside the journal."""
        contents = (path.read_bytes() for path in self.path.parent.glob("*.png"))
        return sum(data.startswith(_PNG[0]) and data.endswith(_PNG[1]) for data in contents)

    def reset(self) -> None:
        """Delete all entries and pictures, so that the next test starts empty."""
        self._connection.execute("DELETE FROM entry")
        for path in self.path.parent.iterdir():
            if not path.name.startswith(self.path.name):
                path.unlink()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def tmpfs_folder() -> Iterator[Path]:
    """Yield a temporary folder in memory, on disk if `/dev/shm` is not writable."""
    with TemporaryDirectory(dir=_TMPFS if os.access(_TMPFS, os.W_OK) else None) as folder:
        yield Path(folder)
