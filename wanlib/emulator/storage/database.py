"""The SQLite file of a data folder, with transactions that also cover the files next to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Protocol

from wanlib.base import sqlite_file
from wanlib.base.redaction import redact_text
from wanlib.base.sqlite_file import SqliteFormat

_NAME = "emulator.sqlite"
_TABLE = "(place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, record TEXT NOT NULL)"
_SCHEMA = (
    *(f"CREATE TABLE {name} {_TABLE}" for name in ("works", "uploads", "accounts")),
    "CREATE TABLE pieces (key TEXT PRIMARY KEY, users INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE numbers (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID",
)
_ELSEWHERE = "give --data another folder"
_FORMAT = SqliteFormat(
    application="WANE",
    version=1,
    schema=_SCHEMA,
    elsewhere=_ELSEWHERE,
    wait=0.0,
    exclusive=True,
    synchronous="NORMAL",
    check_pages=True,
    messages={
        sqlite3.SQLITE_CORRUPT: f"is damaged: move the folder away, or {_ELSEWHERE}",
        sqlite3.SQLITE_NOTADB: f"is not data of the emulator, or damaged: move it away, or {_ELSEWHERE}",
    },
)


class StoreError(ValueError):
    """A data folder cannot be used. The message is one line: the file, the problem, what to do."""


class TransactionListener(Protocol):
    """Keeps data outside the file that follows its transactions."""

    def on_commit(self) -> None:
        """Called after a transaction was committed."""

    def on_rollback(self) -> None:
        """Called after a transaction was rolled back."""


class Database:
    """One exclusive connection to the file of a data folder. Safe for use by several threads.

    Attributes:
        path: The file.
        listeners: Notified of each transaction.
    """

    def __init__(self, folder: Path) -> None:
        """Open the file of a folder, and create both if they do not exist.

        Raises:
            StoreError: The folder or file cannot be used.
        """
        self.path = folder / _NAME
        self.listeners: list[TransactionListener] = []
        self._lock = RLock()
        self._is_in_transaction = False
        with sqlite_errors(self.path):
            _create_folder(folder, self.path)
            self._connection = sqlite_file.open_sqlite_file(self.path, _FORMAT, partial(_error, self.path))

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all changes inside the block, or none. A nested transaction belongs to the outer one."""
        with self._lock:
            if self._is_in_transaction:
                yield
                return
            self._is_in_transaction = True
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo()
                raise
            finally:
                self._is_in_transaction = False
            for listener in self.listeners:
                listener.on_commit()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # after some errors SQLite has rolled back already
            self._connection.execute("ROLLBACK")
        for listener in self.listeners:
            listener.on_rollback()


def sqlite_errors(path: Path) -> AbstractContextManager[None]:
    """Translate errors of SQLite and of the file system into a StoreError that names the file."""
    return sqlite_file.sqlite_errors(_FORMAT, partial(_error, path))


def _error(path: Path, problem: str) -> StoreError:
    return StoreError(f"{redact_text(str(path))} {problem}")


def _create_folder(folder: Path, path: Path) -> None:
    """Create the data folder, readable only by its owner; refuse anything that is not a folder."""
    if folder.exists() and not folder.is_dir():
        raise _error(folder, f"is not a folder: {_ELSEWHERE}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or path.is_dir():
        raise _error(path, f"is not a regular file: {_ELSEWHERE}")
