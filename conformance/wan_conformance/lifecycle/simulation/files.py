"""The files of a simulated client: a folder in memory, and the journal as a second program reads it.

`JournalReader` uses its own connection and queries, so that a fault in the client's journal code is
detected. Its `write_faults` fail writes of the client to the journal, as a full disk does.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wanlib.client.journal.journal import Journal

_PNG = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
"""The first and the last bytes of a PNG file."""
_TMPFS = "/dev/shm"
_WRITES = ("INSERT", "UPDATE")


class WriteFaults:
    """The writes to a journal that fail.

    Attributes:
        count: The writes so far.
        failed: The number of failed writes.
    """

    def __init__(self, faults: Mapping[int, str] | None = None) -> None:
        """Plan faults: `once` or `full` (this write and all later ones) by the number of a write, from 1."""
        self._faults = faults or {}
        self.count = self.failed = 0

    def check(self, statement: str) -> None:
        """Count a statement, and raise the error of SQLite if it is a write that fails."""
        if not statement.lstrip().startswith(_WRITES):
            return
        self.count += 1
        is_full = any(kind == "full" and number < self.count for number, kind in self._faults.items())
        if is_full or self.count in self._faults:
            self.failed += 1
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


class JournalReader:
    """One journal file for many tests: creating a file for each would take as long as the test.

    Attributes:
        path: The journal; clients save their pictures in the same folder.
        write_faults: The writes of clients that fail, inside `failing_writes`.
    """

    def __init__(self, folder: Path) -> None:
        """Create an empty journal in a folder."""
        self.path = folder / "calls.sqlite"
        Journal(self.path).close()
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        self.write_faults = WriteFaults()

    def has_task(self, task_id: str) -> bool:
        """Return True if the journal has an entry for a task."""
        rows = self._connection.execute("SELECT 1 FROM entry WHERE task_id = ?", (task_id,))
        return rows.fetchone() is not None

    def saved_pictures(self) -> int:
        """Count the complete pictures next to the journal."""
        contents = (path.read_bytes() for path in self.path.parent.glob("*.png"))
        return sum(data.startswith(_PNG[0]) and data.endswith(_PNG[1]) for data in contents)

    def reset(self) -> None:
        """Delete all entries, pictures and faults, so that the next test starts empty."""
        self.write_faults = WriteFaults()
        self._connection.execute("DELETE FROM entry")
        for path in self.path.parent.iterdir():
            if not path.name.startswith(self.path.name):
                path.unlink()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def failing_writes(journal: JournalReader) -> Iterator[None]:
    """Let the writes of all clients that are created inside the block fail by `journal.write_faults`.

    The warnings of the logger `wanlib` are expected, so they are not printed.
    """

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            journal.write_faults.check(statement)
            return super().execute(statement, *values)

    original, silence = sqlite3.connect, logging.NullHandler()
    logging.getLogger("wanlib").addHandler(silence)
    setattr(sqlite3, "connect", partial(original, factory=Connection))  # noqa: B010 - as in `crash_points`
    try:
        yield
    finally:
        setattr(sqlite3, "connect", original)  # noqa: B010
        logging.getLogger("wanlib").removeHandler(silence)


@contextmanager
def tmpfs_folder() -> Iterator[Path]:
    """Yield a temporary folder in memory, on disk if `/dev/shm` is not writable."""
    with TemporaryDirectory(dir=_TMPFS if os.access(_TMPFS, os.W_OK) else None) as folder:
        yield Path(folder)
