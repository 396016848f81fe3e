"""The SQLite file of a data folder: made, opened and checked; its changes all or none."""

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
_SHELF = "(place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, record TEXT NOT NULL)"
_SCHEMA = (
    *(f"CREATE TABLE {name} {_SHELF}" for name in ("works", "uploads", "accounts")),
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
    """A data folder that can't be used; one line says which file, what is wrong and what to do."""


class TransactionListener(Protocol):
    """Somebody who keeps something beside the file, and hears what became of a change."""

    def on_commit(self) -> None: ...

    def on_rollback(self) -> None: ...


class Database:
    """One connection, which no other process can have beside it. Safe to be used by several threads."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder where there is none. Raises StoreError."""
        self.path = folder / _NAME
        self.listeners: list[TransactionListener] = []
        self._lock = RLock()
        self._deep = 0
        with sqlite_errors(self.path):
            _create_folder(folder, self.path)
            self._connection = sqlite_file.open_sqlite_file(self.path, _FORMAT, partial(_error, self.path))

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """One statement's rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is run inside is kept together, or nothing of it; a change inside a change belongs to it."""
        with self._lock:
            if self._deep:
                yield
                return
            self._deep = 1
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo()
                raise
            finally:
                self._deep = 0
            for watcher in self.listeners:
                watcher.on_commit()

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # some errors have rolled back by themselves
            self._connection.execute("ROLLBACK")
        for watcher in self.listeners:
            watcher.on_rollback()


def sqlite_errors(path: Path) -> AbstractContextManager[None]:
    """Translate errors of SQLite and of the file system into a StoreError that names the file."""
    return sqlite_file.sqlite_errors(_FORMAT, partial(_error, path))


def _error(path: Path, problem: str) -> StoreError:
    return StoreError(f"{redact_text(str(path))} {problem}")


def _create_folder(folder: Path, path: Path) -> None:
    """Create the data folder, for its owner alone; refuse what is not one."""
    if folder.exists() and not folder.is_dir():
        raise _error(folder, f"is not a folder: {_ELSEWHERE}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or path.is_dir():
        raise _error(path, f"is not a regular file: {_ELSEWHERE}")
