"""The SQLite file of a data folder: made, opened and checked; its changes all or none."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Protocol

from wanlib.base.redaction import redact_text

APPLICATION = int.from_bytes(b"WANE", "big")
VERSION = 1
_NAME = "emulator.sqlite"
_SHELF = "(place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, record TEXT NOT NULL)"
_SCHEMA = (
    *(f"CREATE TABLE {name} {_SHELF}" for name in ("works", "uploads", "accounts")),
    "CREATE TABLE pieces (key TEXT PRIMARY KEY, users INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE numbers (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID",
)
_ELSEWHERE = "give --data another folder"
_ADVICE = {
    sqlite3.SQLITE_BUSY: f"is in use by another process: end that one, or {_ELSEWHERE}",
    sqlite3.SQLITE_FULL: "can't grow, the disk is full: make room",
    sqlite3.SQLITE_READONLY: f"can't be written: give this user the right to, or {_ELSEWHERE}",
    sqlite3.SQLITE_CANTOPEN: f"can't be opened: give this user the right to, or {_ELSEWHERE}",
    sqlite3.SQLITE_CORRUPT: f"is damaged: move the folder away, or {_ELSEWHERE}",
    sqlite3.SQLITE_NOTADB: f"is no data of the emulator, or damaged: move it away, or {_ELSEWHERE}",
}


class StoreError(ValueError):
    """A data folder that can't be used; one line says which file, what is wrong and what to do."""


class Watcher(Protocol):
    """Somebody who keeps something beside the file, and hears what became of a change."""

    def on_commit(self) -> None: ...

    def on_rollback(self) -> None: ...


class Database:
    """One connection, which no other process can have beside it. Safe to be used by several threads."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder where there is none. Raises StoreError."""
        self.path = folder / _NAME
        self.watchers: list[Watcher] = []
        self._lock = RLock()
        self._deep = 0
        with sqlite_errors(self.path):
            _make(folder, self.path)
            self._connection = _open(self.path)

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
            for watcher in self.watchers:
                watcher.on_commit()

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # some errors have rolled back by themselves
            self._connection.execute("ROLLBACK")
        for watcher in self.watchers:
            watcher.on_rollback()


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system say into a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None) or 0
        advice = _ADVICE.get(code & 0xFF) or f"can't be used: {redact_text(str(error))}; {_ELSEWHERE}"
        raise _wrong(path, advice) from None
    except OSError as error:
        raise _wrong(path, f"can't be made: {error.strerror or error}; {_ELSEWHERE}") from None


def _wrong(path: Path, advice: str) -> StoreError:
    return StoreError(f"{redact_text(str(path))} {advice}")


def _make(folder: Path, path: Path) -> None:
    """An empty file that only its owner may read; SQLite gives its -wal the same mode."""
    if folder.exists() and not folder.is_dir():
        raise _wrong(folder, f"is no folder: {_ELSEWHERE}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise _wrong(path, f"is no ordinary file: {_ELSEWHERE}")
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _init_schema(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; a power cut may cost the last moments, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection
    except BaseException:
        connection.close()
        raise


def _init_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Writes the tables into an empty file; refuses what is not ours, and leaves it as it is."""
    connection.execute("BEGIN IMMEDIATE")
    found = tuple(_number(connection, f"PRAGMA {name}") for name in ("application_id", "user_version"))
    if found == (0, 0) and not _number(connection, "SELECT count(*) FROM sqlite_master"):
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif found[0] != APPLICATION:
        raise _wrong(path, f"is the file of another program: {_ELSEWHERE}")
    elif found[1] != VERSION:
        raise _wrong(path, f"has version {found[1]}, this wanlib knows {VERSION}: update it, or {_ELSEWHERE}")
    elif connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _wrong(path, _ADVICE[sqlite3.SQLITE_CORRUPT])
    connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])
